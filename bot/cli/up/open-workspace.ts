import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import { acquireLock, type Lock } from '#engine/runtime/lock.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { type Workspace, workspaceAt } from './workspace.ts';

/** A workspace that is ours alone until it is closed. */
export interface OpenWorkspace {
  readonly workspace: Workspace;
  /** Lets go of it. When it has no market yet, what this start made goes too, so that a refused start leaves nothing behind. */
  close(): void;
}

/** The folders of a workspace, and what stands in each as soon as it is not empty: how we know one that lost its market. */
const FOLDERS = {
  candles: 'catalogue.sqlite',
  forge: 'forge.sqlite',
  engine: 'engine.lock',
  bot: 'queue.sqlite',
  keys: 'gate.pem',
} as const;

/** The same of folders that other commands make, before there is a market or after: the App, nights and the owner's mirror. */
const FOLDERS_OF_OTHERS = { github: 'app.json', night: 'engine.lock', owner: 'mirror.git' } as const;

/**
 * Takes a folder as a workspace: an old one, a new one, or one that a killed start left half made.
 * @throws RatchetError `up/not-a-workspace` for a folder with other things in it, which is left as it is;
 * `up/no-folder` when it cannot be made or written; `engine/locked`, `engine/no-lock`
 */
export function openWorkspace(dir: string, clock: () => number): OpenWorkspace {
  const workspace = workspaceAt(dir);
  const { root } = workspace;
  refuseForeign(workspace);
  const { lock: lockFile } = enginePaths(root);
  const isLockNew = !existsSync(lockFile);
  const roots = makeRoot(root);
  const folders: string[] = [];
  let lock: Lock | null = null;
  const close = (): void => {
    const isKept = existsSync(workspace.market);
    if (!isKept) for (const folder of folders) takeAway(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
    lock?.release();
    if (isKept) return;
    // Without the lock the file is that of whoever has it.
    if (isLockNew && lock !== null) takeAway(() => rmSync(lockFile, { force: true }));
    for (const folder of roots) takeAway(() => rmdirSync(folder));
  };
  try {
    lock = acquireLock(root, clock);
    for (const name of Object.keys(FOLDERS)) if (makeFolder(join(root, name))) folders.push(join(root, name));
  } catch (error) {
    close();
    throw error;
  }
  return { workspace, close };
}

function refuseForeign({ root, market }: Workspace): void {
  const foreign = readable(root, () => (existsSync(market) ? undefined : entriesOf(root).find((name) => !isOurs(root, name))));
  if (foreign === undefined) return;
  throw new RatchetError(
    'up/not-a-workspace',
    `${root} is no workspace: it holds no market.json, but ${foreign}.`,
    'Give an empty or a new folder with --workspace; nothing was changed.',
    { root, foreign },
  );
}

/** The lock, with what SQLite puts beside it, and the market in the making are files; a folder is ours when it is empty or holds what ours hold. */
function isOurs(root: string, name: string): boolean {
  const { lock, holder } = enginePaths(root);
  const path = join(root, name);
  if ([lock, `${lock}-journal`, holder, join(root, 'market.json.new')].includes(path)) return true;
  const sign = Object.entries({ ...FOLDERS, ...FOLDERS_OF_OTHERS }).find(([folder]) => folder === name)?.[1];
  if (sign === undefined || !statSync(path).isDirectory()) return false;
  const entries = readdirSync(path);
  return entries.length === 0 || entries.includes(sign);
}

function entriesOf(root: string): readonly string[] {
  return existsSync(root) ? readdirSync(root).sort() : [];
}

/** Makes the folder and those above it; gives those that were not there, innermost first. */
function makeRoot(root: string): readonly string[] {
  const first = readable(root, () => mkdirSync(root, { recursive: true }));
  if (first === undefined) return [];
  const made = [root];
  for (let folder = root; folder !== first && folder !== dirname(folder); folder = dirname(folder)) made.push(dirname(folder));
  return made;
}

/** True when it was not there before. */
function makeFolder(path: string): boolean {
  return readable(path, () => {
    const made = mkdirSync(path, { recursive: true, mode: path.endsWith('keys') ? 0o700 : 0o777 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return made !== undefined;
  });
}

function takeAway(remove: () => void): void {
  try {
    remove();
  } catch {
    // Somebody has put something there meanwhile, or it cannot be removed: what the start was refused for matters more.
  }
}

const REASONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  EEXIST: ['is a file, or a file stands in its path', 'Give a folder with --workspace.'],
  ENOTDIR: ['is a file, or a file stands in its path', 'Give a folder with --workspace.'],
  EACCES: ['may not be read and written by you', 'Work as its owner, or give another folder with --workspace.'],
  EPERM: ['may not be read and written by you', 'Work as its owner, or give another folder with --workspace.'],
  EROFS: ['is on a disk that cannot be written', 'Give another folder with --workspace.'],
  ENOSPC: ['is on a full disk', 'Make room, or give another folder with --workspace.'],
};

/** What the file system refuses, in words. */
function readable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof RatchetError) throw error;
    const [what, remedy] = REASONS[String(error.code)] ?? [
      `cannot be used: ${error.message}`,
      'Give another folder with --workspace.',
    ];
    throw new RatchetError('up/no-folder', `${path} ${what}.`, remedy, { path, code: error.code }, error);
  }
}
