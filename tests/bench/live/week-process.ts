import { systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { Engine } from '#engine/runtime/engine.ts';
import { parseOptions } from '#engine/runtime/options.ts';
import { type WeekQuestion, WeekReport } from './week-report.ts';

/* An engine that catches up with a week, and says on the way what it holds in memory once everything that can be let go is. */

const minuteMs = 60_000;
const say = (report: WeekReport): void => void process.send!(WeekReport.parse(report));

process.once('message', (question: WeekQuestion) => {
  void run(question);
});

async function run({ options, from, everyBars }: WeekQuestion): Promise<void> {
  // From its start on it warms up: what it keeps as long as it runs is there after the first stretch.
  let next = everyBars;
  const engine = await Engine.open(parseOptions(options), {
    clock: systemClock,
    log: createLog('silent'),
    onEvent: (event) => {
      if (event.kind === 'status' && event.status.feed === 'end-of-data') engine.stop();
      if (event.kind !== 'bar') return;
      const bars = Math.round((event.time - from) / minuteMs);
      if (bars < next) return;
      next = bars + everyBars;
      global.gc!();
      const { rss, heapUsed, external } = process.memoryUsage();
      say({ bars, rss, heapUsed, external });
    },
  });
  await engine.run();
  process.disconnect();
}
