import { fork } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineFixture, read, strategyText } from '#tests/engine/runtime/engine-fixture.ts';
import { type WeekQuestion, WeekReport } from './week-report.ts';

const SYMBOLS = ['BTC', 'ETH', 'SOL', 'ADA', 'LINK', 'DOT', 'XRP', 'LTC', 'ATOM'].map((base) => `${base}/USDT`);
const WEEK = 7 * 1_440;
const PAST = 500;
const program = fileURLToPath(new URL('./week-process.ts', import.meta.url));

export interface Week {
  readonly symbols: number;
  readonly bars: number;
  readonly seconds: number;
  readonly points: readonly (WeekReport & { readonly storeBytes: number })[];
  /** Rows of each table of the store that grew. */
  readonly rows: Readonly<Record<string, number>>;
}

/** One strategy over nine symbols of minute bars, a week of them at once, in the engine as it runs in paper. */
export async function replayWeek(bars = WEEK): Promise<Week> {
  const market = { symbols: SYMBOLS, timeframe: '1m', bars: PAST + bars, pastBars: PAST } as const;
  const fixture = await engineFixture(market);
  try {
    await fixture.deploy({ trend: strategyText({ timeframe: '1m', symbols: SYMBOLS }) });
    const options = fixture.options({ catchUpBars: bars });
    const began = performance.now();
    const child = fork(program, { execArgv: ['--import', 'tsx', '--expose-gc'] });
    const points: (WeekReport & { storeBytes: number })[] = [];
    child.on('message', (message) =>
      points.push({ ...WeekReport.parse(message), storeBytes: bytesOf(join(options.dir, 'engine.sqlite')) }),
    );
    const question: WeekQuestion = { options, from: options.market.replayFrom, everyBars: Math.floor(bars / 8) };
    child.send(question);
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`The engine ended with ${code}.`);
    const seconds = (performance.now() - began) / 1_000;
    const rows = read(options.dir, (reader) => reader.counts());
    return { symbols: SYMBOLS.length, bars, seconds, points, rows: { ...rows } };
  } finally {
    fixture.dispose();
  }
}

/** With what has not been written back to it yet. */
function bytesOf(file: string): number {
  return ['', '-wal'].reduce((sum, end) => sum + (statSync(`${file}${end}`, { throwIfNoEntry: false })?.size ?? 0), 0);
}
