import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import { runGit } from '#engine/repository/git.ts';

const GIT_TIMEOUT_MS = 10_000;

/**
 * The root of the git working tree a folder is.
 * @throws RatchetError `init/no-working-tree` for a folder that is none, or lies deeper inside of one
 */
export async function workingTreeAt(dir: string): Promise<string> {
  const full = resolve(dir);
  const top = existsSync(full) ? await ask(full, ['rev-parse', '--show-toplevel']) : null;
  if (top !== null && realpathSync(top) === realpathSync(full)) return full;
  throw new RatchetError(
    'init/no-working-tree',
    top === null ? `${dir} is no git working tree.` : `${dir} lies inside the working tree ${top}.`,
    'Clone the repository that is to be deployed from, even when it is empty, and name the clone; nothing was written.',
    { dir },
  );
}

/** `owner/name` of the remote that a clone came from; null when it has none of that form. */
export async function originOf(dir: string): Promise<string | null> {
  const url = await ask(dir, ['remote', 'get-url', 'origin']);
  return url?.match(/[/:]([A-Za-z0-9-]+\/[A-Za-z0-9._-]+?)(?:\.git)?\/?$/)?.[1] ?? null;
}

/** The commit that a checkout is at; null when it is none, or has changes that no commit holds. */
export async function cleanCommitOf(dir: string): Promise<string | null> {
  const changes = await ask(dir, ['status', '--porcelain', '--untracked-files=no']);
  return changes === '' ? ask(dir, ['rev-parse', 'HEAD']) : null;
}

async function ask(dir: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await runGit({ dir, args, timeoutMs: GIT_TIMEOUT_MS })).toString('utf8').trim();
  } catch {
    // git has no answer: there is nothing of the kind here.
    return null;
  }
}
