import { type Check, good, missing, note, weak } from './check.ts';

/** What package.json asks for, as major and minor. */
export const NODE_LEAST = [20, 19] as const;
/** `git merge-tree --write-tree`, with which the forge merges, came with it. */
export const GIT_LEAST = [2, 38] as const;
/** A first loop on the simulated market writes about 7 MB; the candles people import are what fills a disk. */
const BYTES_LEAST = 64 * 1024 * 1024;
const BYTES_COMFORTABLE = 1024 * 1024 * 1024;

/** @param version as Node gives it, `v20.19.0` */
export function judgeNode(version: string): Check {
  const least = NODE_LEAST.join('.');
  if (isAtLeast(version, NODE_LEAST)) return good('node', version);
  return missing('node', version, `Install Node ${least} or newer, then run npm ci again.`);
}

/** @param text what `git --version` prints; null when git was not found */
export function judgeGit(text: string | null): Check {
  const mend = `Install git ${GIT_LEAST.join('.')} or newer: the forge merges with git merge-tree --write-tree.`;
  if (text === null) return missing('git', 'not found', mend);
  const version = /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0];
  if (version === undefined) return missing('git', `it says "${text.slice(0, 80)}"`, mend);
  return isAtLeast(version, GIT_LEAST) ? good('git', version) : missing('git', version, mend);
}

/** @param trouble why a database in memory could not be opened; null when it could */
export function judgeSqlite(trouble: string | null): Check {
  if (trouble === null) return good('better-sqlite3', 'loads');
  return missing('better-sqlite3', trouble, 'Run npm ci with the Node you use: the module is built for one Node version.');
}

/** @param trouble why nothing can be written at `folder`; null when something was */
export function judgeWritable(folder: string, trouble: string | null): Check {
  if (trouble === null) return good('workspace', `${folder} can be written`);
  return missing('workspace', trouble, 'Give a folder you may write to with --workspace.');
}

export function judgeDisk(freeBytes: number): Check {
  const found =
    freeBytes >= BYTES_COMFORTABLE ? `${(freeBytes / 1024 ** 3).toFixed(1)} GB free` : `${megabytes(freeBytes)} MB free`;
  if (freeBytes >= BYTES_COMFORTABLE) return good('disk', found);
  const mend = `Make room: a workspace wants ${megabytes(BYTES_COMFORTABLE)} MB, and imported candles more.`;
  return freeBytes < BYTES_LEAST ? missing('disk', found, mend) : weak('disk', found, mend);
}

/** Who holds a lock, as far as is known: a process, someone who has not said who, or nobody. */
export type Holding = { readonly pid: number; readonly since: string } | 'unknown' | null;

/** @param name whose lock: `engine`, or `ratchet up` */
export function judgeLock(name: string, holding: Holding): Check {
  if (holding === null) return note(name, 'does not run on this workspace', null);
  if (holding === 'unknown') return note(name, 'is starting', null);
  const mend = 'Reading commands work meanwhile; to start another one, stop it first or give another --workspace.';
  return note(name, `runs as process ${holding.pid} since ${holding.since}`, mend);
}

/** The report that `npm audit` prints came in this form with it. */
const NPM_LEAST = [7, 0] as const;

/** @param version what `npm --version` prints; null when it was not found */
export function judgeNpm(version: string | null): Check {
  const mend = 'The audit gate cannot look at npm packages without it: install Node with its npm, 7 or newer.';
  if (version === null) return weak('npm', 'not found', mend);
  return isAtLeast(version, NPM_LEAST) ? good('npm', version) : weak('npm', version, mend);
}

/** @param version what `pip-audit --version` prints; null when it was not found */
export function judgePipAudit(version: string | null): Check {
  if (version !== null) return good('pip-audit', version);
  const mend =
    'The audit gate cannot look at Python packages without it: pip install pip-audit, and name the program in RATCHET_PIP_AUDIT when it is not on the path.';
  return weak('pip-audit', 'not installed', mend);
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}

/** Compares major and minor; what follows does not matter. */
function isAtLeast(version: string, [leastMajor, leastMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
