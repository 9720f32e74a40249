import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noCommit } from './references.ts';
import { askOnce, git, gitLine } from './run-git.ts';

export interface TreeEntry {
  mode: string;
  type: 'blob' | 'tree' | 'commit';
  sha: string;
  path: string;
  /** Bytes, of files only. */
  size: number | null;
}

/** The entries of a tree; `recursive` goes down and lists the folders too, as GitHub does. */
export async function listTree(gitDir: string, tree: string, recursive: boolean): Promise<TreeEntry[]> {
  const args = ['ls-tree', '-z', '--long', ...(recursive ? ['-r', '-t'] : []), tree];
  return parseEntries(await git(gitDir, args));
}

/** What stands at `path` in a commit's tree; null when nothing does. The root is a tree with an empty path. */
export async function entryAt(gitDir: string, commit: string, path: string): Promise<TreeEntry | null> {
  if (path === '') {
    const sha = await gitLine(gitDir, ['rev-parse', '--verify', `${commit}^{tree}`]);
    return { mode: '040000', type: 'tree', sha, path: '', size: null };
  }
  const output = await askOnce(gitDir, ['ls-tree', '-z', '--long', '--full-tree', commit, '--', path], [commit]);
  if (output.exitCode !== 0) return null;
  return parseEntries(output.stdout).find((entry) => entry.path === path) ?? null;
}

function parseEntries(output: Buffer): TreeEntry[] {
  return output
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode, type, sha, size] = line.slice(0, tab).split(/ +/);
      return {
        mode: mode!,
        type: type as TreeEntry['type'],
        sha: sha!,
        path: line.slice(tab + 1),
        size: size === undefined || size === '-' ? null : Number(size),
      };
    });
}

export function readBlob(gitDir: string, sha: string): Promise<Buffer> {
  return git(gitDir, ['cat-file', 'blob', sha]);
}

export function writeBlob(gitDir: string, content: Buffer): Promise<string> {
  return gitLine(gitDir, ['hash-object', '-t', 'blob', '-w', '--stdin'], { input: content });
}

/** One change to a tree: an object put at a path, or (`sha: null`) what stands there taken away. */
export interface TreeChange {
  path: string;
  mode: string;
  sha: string | null;
}

/** Writes the tree that `base` (or nothing) becomes with the changes applied; works in an index of its own. */
export async function writeTree(gitDir: string, base: string | null, changes: readonly TreeChange[]): Promise<string> {
  const index = join(gitDir, `index-${randomUUID()}`);
  const call = { env: { GIT_INDEX_FILE: index } };
  try {
    await git(gitDir, base === null ? ['read-tree', '--empty'] : ['read-tree', base], call);
    await git(gitDir, ['update-index', '-z', '--index-info'], { ...call, input: await removals(gitDir, base, changes) });
    const input = await additions(gitDir, changes);
    await git(gitDir, ['update-index', '-z', '--replace', '--index-info'], { ...call, input });
    return await gitLine(gitDir, ['write-tree'], call);
  } finally {
    await rm(index, { force: true });
    await rm(`${index}.lock`, { force: true });
  }
}

/** Index lines that take away what stood at the changed paths, a folder with all it holds. */
async function removals(gitDir: string, base: string | null, changes: readonly TreeChange[]): Promise<string> {
  const paths = changes.filter((change) => change.sha === null || change.mode === '040000').map((change) => change.path);
  if (base === null || paths.length === 0) return '';
  const entries = parseEntries(await git(gitDir, ['ls-tree', '-r', '-z', '--long', '--full-tree', base, '--', ...paths]));
  return entries.map((entry) => `0 ${noCommit}\t${entry.path}\0`).join('');
}

/** Index lines that put objects at the changed paths, a folder file by file. */
async function additions(gitDir: string, changes: readonly TreeChange[]): Promise<string> {
  let lines = '';
  for (const { path, mode, sha } of changes) {
    if (sha === null) continue;
    if (mode !== '040000') {
      lines += `${mode} ${sha}\t${path}\0`;
      continue;
    }
    for (const entry of await listTree(gitDir, sha, true)) {
      if (entry.type !== 'tree') lines += `${entry.mode} ${entry.sha}\t${path}/${entry.path}\0`;
    }
  }
  return lines;
}

/** The tree of both sides merged, or the paths they contend for. Nothing but objects is written. */
export async function mergeTrees(
  gitDir: string,
  base: string,
  head: string,
): Promise<{ kind: 'merged'; tree: string } | { kind: 'conflict'; paths: string[] }> {
  const args = ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', base, head];
  const output = await askOnce(gitDir, args, [base, head], [0, 1]);
  const [tree, ...paths] = output.stdout.toString('utf8').split('\0');
  if (output.exitCode === 0) return { kind: 'merged', tree: tree! };
  // Exit 1 is a conflict; anything else (unrelated histories, say) cannot be merged either, and there is no list of paths.
  return { kind: 'conflict', paths: output.exitCode === 1 ? paths.filter((path) => path !== '') : [] };
}

/** Like {@link mergeTrees} with the common ancestor given: how one commit is replayed elsewhere. */
export async function replayTree(gitDir: string, ancestor: string, onto: string, commit: string): Promise<string | null> {
  // git 2.39 has no --merge-base for merge-tree: dress the trees as two children of one commit and merge those.
  const dress = async (of: string, parents: string[]) =>
    gitLine(gitDir, ['commit-tree', `${of}^{tree}`, ...parents.flatMap((parent) => ['-p', parent]), '-m', 'replay'], {
      env: dressed,
    });
  const root = await dress(ancestor, []);
  const merged = await mergeTrees(gitDir, await dress(onto, [root]), await dress(commit, [root]));
  return merged.kind === 'merged' ? merged.tree : null;
}

const dressed = {
  GIT_AUTHOR_NAME: 'forge',
  GIT_AUTHOR_EMAIL: 'forge@localhost',
  GIT_AUTHOR_DATE: '@0 +0000',
  GIT_COMMITTER_NAME: 'forge',
  GIT_COMMITTER_EMAIL: 'forge@localhost',
  GIT_COMMITTER_DATE: '@0 +0000',
};
