import { systemClock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { Engine } from '#engine/runtime/engine.ts';
import type { EngineEvent } from '#engine/runtime/events.ts';
import { parseOptions } from '#engine/runtime/options.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import { rules } from '#tests/engine/runtime/engine-fixture.ts';
import { VirtualClock } from '#tests/simulate/virtual-clock.ts';
import { ExchangeProcess } from './exchange-process.ts';
import { Traffic } from './traffic.ts';
import { turnTogether } from './turn-together.ts';
import { VenueWeekEnd, type VenueWeekQuestion } from './venue-week-messages.ts';
import { WeekReport } from './week-report.ts';

/*
 * An engine that trades for a week on a venue account, and says on the way what it holds in memory once everything that can be let go is.
 * Time stands still while a request is under way or a bar is decided on, and jumps to what comes next when nothing is.
 */

const minuteMs = 60_000;
const start = Date.UTC(2026, 0, 5);
/** A bar's decisions are waited for so long by the machine's clock; then time goes on, and the bar counts as late. */
const patienceMs = 5_000;

process.once('message', (question: VenueWeekQuestion) => {
  void run(question);
});

async function run({ options, symbols, bars, everyBars }: VenueWeekQuestion): Promise<void> {
  const clock = new VirtualClock(start);
  const exchange = await ExchangeProcess.start({ now: start, symbols });
  const traffic = new Traffic();
  /** Close of the first bar that everything decided on, and of the last that is on disk. */
  let first: number | null = null;
  let last = start;
  let isSynced = false;
  let hasEnded = false;
  let lateBars = 0;
  let reported = 0;
  let wake = (): void => undefined;
  let finish = (): void => undefined;
  const week = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const faults: string[] = [];

  const taken = (): number => (first === null ? 0 : Math.round((last - first) / minuteMs) + 1);
  const onEvent = (event: EngineEvent): void => {
    if (event.kind === 'fault') faults.push(`${event.strategy}: ${event.message}`);
    if (event.kind === 'synced') isSynced = true;
    if (event.kind !== 'bar') return;
    last = event.time;
    // Where it is still behind, the next bar is there already, and nobody could wait for it.
    if (isSynced && clock.now() < last + minuteMs) first ??= last;
    wake();
    if (taken() >= bars) finish();
    if (first === null || taken() < reported + everyBars) return;
    reported = taken();
    global.gc!();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send!(WeekReport.parse({ bars: reported, rss, heapUsed, external }));
  };
  /** Waits where the exchange has told of a bar's end, and the engine has not yet written down what came of it. */
  const mayGoOn = async (next: number): Promise<void> => {
    const due = last + minuteMs;
    if (first === null || hasEnded || taken() >= bars || clock.now() < due || next <= due) return;
    await new Promise<void>((resolve) => {
      const cancel = systemClock.after(patienceMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
    if (last < due) lateBars += 1;
    await traffic.settled();
  };

  const turning = turnTogether({
    ...{ clock, exchange, traffic, mayGoOn },
    isStarting: () => first === null,
    isOver: () => hasEnded,
  });
  const { baseUrl, key, secret } = exchange.where;
  const place = { exchange: 'kraken', baseUrl } as const;
  const markets = Object.fromEntries(symbols.map((symbol) => [symbol, rules]));
  const market = { ...place, symbols: [...symbols], timeframe: '1m', markets } as const;
  const engine = await Engine.open(parseOptions({ ...options, market, venue: place }), {
    onEvent,
    // Some of its parts take a method out of the clock.
    clock: { now: () => clock.now(), after: (ms, work) => clock.after(ms, work) },
    log: createLog(process.env.RATCHET_LOG_LEVEL ?? 'silent'),
    venueKeys: new VenueKeys(key, secret),
  });
  const ended = engine.run();
  await week;
  engine.stop();
  await ended;
  hasEnded = true;
  await turning;
  const end: VenueWeekEnd = { lateBars, requests: traffic.count, faults, exchange: await exchange.tally() };
  process.send!(VenueWeekEnd.parse(end));
  exchange.close();
  traffic.close();
  process.disconnect();
}
