import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { bytesOfColumns, columnNames } from '#engine/candles/candle-columns.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Outcome } from './prove-determinism.ts';
import type { Subject } from './subject.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('./result-process.ts', import.meta.url));
const TIMEOUT_MS = 300_000;

/** What the other process says, and it alone. */
export const ProcessOutcome = z.strictObject({
  node: z.string(),
  artifact: z.string(),
  resultId: z.string(),
  resultDigest: z.string(),
});

/**
 * One backtest of the subject in a process of its own.
 * @param node path of the Node binary
 * @throws RatchetError `backtest/elsewhere` when it cannot be started or fails
 */
export async function runElsewhere(node: string, subject: Subject): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-verify-'));
  try {
    const { source, entry, request, columns } = subject;
    const files = [...columns].map(([symbol, series], index) => {
      const bars = series.time.length;
      const path = join(folder, `${index}.columns`);
      const bytes = new Uint8Array(bytesOfColumns(bars));
      columnNames.forEach((name, at) => {
        const { buffer, byteOffset, byteLength } = series[name];
        bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at * byteLength);
      });
      writeFileSync(path, bytes);
      return { symbol, path, bars };
    });
    const job = join(folder, 'job.json');
    writeFileSync(job, JSON.stringify({ source, entry, request, files }));
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const { stdout } = await run(node, ['--import', tsx, PROGRAM, job], { timeout: TIMEOUT_MS, maxBuffer: 1 << 20 });
    return { where: node, ...ProcessOutcome.parse(JSON.parse(stdout)) };
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    const why = (stderr ?? '').trim().split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
    throw new RatchetError(
      'backtest/elsewhere',
      `The backtest could not be run by ${node}: ${why}`,
      'Name the binary of a Node from 20.19 on, or leave it out.',
      { node },
      error,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
