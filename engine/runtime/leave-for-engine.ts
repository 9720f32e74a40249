import { randomUUID } from 'node:crypto';
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Leaves a file in the engine's folder. Whole or not at all, and readable for the user that the engine runs as, whoever leaves it: that may be
 * root, whose files nobody else may read on some machines.
 */
export function leaveForEngine(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, text, { flag: 'wx' });
    chmodSync(draft, 0o644);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}
