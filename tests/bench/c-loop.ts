import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CandleColumns } from '#engine/candles/types.ts';

const SOURCE = fileURLToPath(new URL('./loop.c', import.meta.url));

/** What the C loop came to; the engine must come to the same, to the last bit. */
export interface LoopFigures {
  readonly trades: number;
  /** Quote asset. */
  readonly fees: number;
  readonly finalEquity: number;
  readonly maxDrawdown: number;
  readonly maxDrawdownBars: number;
  /** Sum of every trade's worst and best excursion, in the order of the trades. */
  readonly excursions: number;
  /** Sum of the equity at the end of each day. */
  readonly dailyEquity: number;
}

/** The C loop over these candles, candles a second, as often as it is asked; null where there is no C compiler. */
export interface CLoop {
  measure(): number;
  readonly figures: LoopFigures;
  close(): void;
}

export function compileCLoop(columns: CandleColumns): CLoop | null {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-'));
  const program = join(folder, 'loop');
  const close = () => rmSync(folder, { recursive: true, force: true });
  if (spawnSync('cc', ['-O2', '-ffp-contract=off', '-o', program, SOURCE, '-lm']).status !== 0) {
    close();
    return null;
  }
  const { time, open, high, low, close: closes, volume } = columns;
  const input = Buffer.concat(
    [time, open, high, low, closes, volume].map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength)),
  );
  const run = (): number[] =>
    execFileSync(program, [String(time.length)], { input, encoding: 'utf8' })
      .split(' ')
      .map(Number);
  const [, trades, fees, finalEquity, maxDrawdown, maxDrawdownBars, excursions, dailyEquity] = run() as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const figures = { trades, fees, finalEquity, maxDrawdown, maxDrawdownBars, excursions, dailyEquity };
  return { measure: () => run()[0]!, figures, close };
}
