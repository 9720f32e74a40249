import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';
import { engineFixture, strategyText } from '#tests/engine/runtime/engine-fixture.ts';
import { sandboxBytes } from './sandbox-memory.ts';
import { type Kind, kindsOf, storeBytes, storedDecisions, storePieces } from './store-growth.ts';
import { type WeekQuestion, WeekReport } from './week-report.ts';

const SYMBOLS = ['BTC', 'ETH', 'SOL', 'ADA', 'LINK', 'DOT', 'XRP', 'LTC', 'ATOM'].map((base) => `${base}/USDT`);
export const WEEK = 7 * 1_440;
const PAST = 500;
const program = fileURLToPath(new URL('./week-process.ts', import.meta.url));

/** Bytes: those of the engine's process, of its store on disk, and of its sandboxes where the system tells. */
export type WeekPoint = WeekReport & { readonly storeBytes: number; readonly sandboxBytes: number | null };

export function pointOf(message: unknown, dir: string, engine: number): WeekPoint {
  return { ...WeekReport.parse(message), storeBytes: storeBytes(dir), sandboxBytes: sandboxBytes(engine) };
}

/** What an engine did in a week, and what that takes. */
export interface Week {
  readonly strategies: number;
  readonly symbols: number;
  /** Of each symbol. */
  readonly bars: number;
  readonly seconds: number;
  /** Accounted for in the store, one by one or in runs. */
  readonly decisions: number;
  /** From the first look on: by then everything that is kept in memory as long as an engine runs is there. */
  readonly points: readonly WeekPoint[];
  readonly kinds: readonly Kind[];
  /** Of the store's file, pages that hold nothing any more included. */
  readonly fileBytes: number;
}

/** One strategy over nine symbols of minute bars, a week of them at once, in the engine as it runs in paper. */
export async function replayWeek(told: (point: WeekPoint) => void, bars = WEEK): Promise<Week> {
  const market = { symbols: SYMBOLS, timeframe: '1m', bars: PAST + bars, pastBars: PAST } as const;
  const fixture = await engineFixture(market);
  try {
    await fixture.deploy({ trend: strategyText({ timeframe: '1m', symbols: SYMBOLS }) });
    const options = fixture.options({ catchUpBars: bars });
    const began = performance.now();
    const child = fork(program, { execArgv: ['--import', 'tsx', '--expose-gc'] });
    const points: WeekPoint[] = [];
    child.on('message', (message) => {
      points.push(pointOf(message, options.dir, child.pid!));
      told(points.at(-1)!);
    });
    const question: WeekQuestion = { options, from: options.market.replayFrom, everyBars: Math.floor(bars / 8) };
    child.send(question);
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`The engine ended with ${code}.`);
    const seconds = (performance.now() - began) / 1_000;
    const fed = { bars, strategies: 1, symbols: SYMBOLS.length, keep: TierSettings.parse({}), exchange: null };
    const kinds = kindsOf(storePieces(options.dir), fed);
    const [fileBytes, decisions] = [storeBytes(options.dir), storedDecisions(options.dir)];
    return { strategies: 1, symbols: SYMBOLS.length, bars, seconds, points, decisions, kinds, fileBytes };
  } finally {
    fixture.dispose();
  }
}
