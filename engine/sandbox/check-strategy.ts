import { fileURLToPath } from 'node:url';
import { RatchetError } from '#engine/errors.ts';
import { buildArtifact, type Verdict } from './artifact.ts';
import { Sandbox } from './sandbox.ts';
import { readStrategyFiles } from './strategy-files.ts';

const LOAD_PROGRAM = fileURLToPath(new URL('./load-program.ts', import.meta.url));
const LOAD_TIMEOUT_MS = 5_000;

/** The static wall's verdict on a file or folder, and, when it passes, whether it also loads inside the sandbox. */
export async function checkStrategy(path: string): Promise<Verdict> {
  const { files, entry } = await readStrategyFiles(path);
  const verdict = await buildArtifact(files, entry);
  if (!verdict.ok) return verdict;
  const sandbox = await Sandbox.start({ program: LOAD_PROGRAM });
  try {
    await sandbox.call('load', verdict.artifact.code, [], { timeoutMs: LOAD_TIMEOUT_MS });
    return verdict;
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    const line = typeof error.details.line === 'number' ? error.details.line : 1;
    return { ok: false, findings: [{ rule: error.code, message: error.message, file: entry, line, column: 1 }] };
  } finally {
    await sandbox.close();
  }
}
