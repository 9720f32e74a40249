import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CandleColumns } from '#engine/candles/types.ts';

const SOURCE = fileURLToPath(new URL('./loop.c', import.meta.url));

/** The C loop over these candles, candles a second, as often as it is asked; null where there is no C compiler. */
export interface CLoop {
  measure(): number;
  readonly trades: number;
  close(): void;
}

export function compileCLoop(columns: CandleColumns): CLoop | null {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-'));
  const program = join(folder, 'loop');
  const close = () => rmSync(folder, { recursive: true, force: true });
  if (spawnSync('cc', ['-O2', '-o', program, SOURCE]).status !== 0) {
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
  return { measure: () => run()[0]!, trades: run()[1]!, close };
}
