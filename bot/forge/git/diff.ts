import { LRUCache } from 'lru-cache';
import { git } from './run-git.ts';

export interface FileDiff {
  /** Blob after the change, or before it when the file went. */
  sha: string;
  path: string;
  previousPath: string | null;
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed';
  additions: number;
  deletions: number;
  /** The hunks from the first `@@`; null for binary files and for those too long to show. */
  patch: string | null;
}

/** A patch above this many bytes is left out, as GitHub does. */
const maxPatchBytes = 400_000;

export const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

const options = ['--no-color', '--no-ext-diff', '--no-textconv', '--find-renames', '--full-index', '-l1000'];

/** Two hashes differ by the same for ever; a push, its pull request and their pages ask for the same ones. Counted in characters of patches. */
const kept = new LRUCache<string, readonly FileDiff[]>({
  maxSize: 10_000_000,
  sizeCalculation: (files) => files.reduce((sum, { patch }) => sum + 200 + (patch?.length ?? 0), 1),
});

const hash = /^[0-9a-f]{40}$/;

/** What changed between two trees or commits, file by file in git's order. */
export async function diffFiles(gitDir: string, from: string, to: string): Promise<FileDiff[]> {
  if (!hash.test(from) || !hash.test(to)) return readDiff(gitDir, from, to);
  const key = `${gitDir} ${from} ${to}`;
  const files = kept.get(key) ?? (await readDiff(gitDir, from, to));
  kept.set(key, files);
  return structuredClone(files) as FileDiff[];
}

async function readDiff(gitDir: string, from: string, to: string): Promise<FileDiff[]> {
  const [summary, patchText] = await Promise.all([
    git(gitDir, ['diff', ...options, '--raw', '--numstat', '-z', from, to]),
    git(gitDir, ['diff', ...options, '--src-prefix=a/', '--dst-prefix=b/', '--patch', from, to]),
  ]);
  const files = parseSummary(summary.toString('utf8'));
  const patches = patchText.toString('utf8').split(/^(?=diff --git )/m);
  return files.map((file, index) => ({ ...file, patch: hunksOf(patches[index] ?? '') }));
}

/** The whole difference as text, the form `git apply` takes. */
export function diffText(gitDir: string, from: string, to: string): Promise<Buffer> {
  return git(gitDir, ['diff', ...options, '--src-prefix=a/', '--dst-prefix=b/', '--patch', from, to]);
}

const statuses: Readonly<Record<string, FileDiff['status']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
};

function parseSummary(text: string): Array<Omit<FileDiff, 'patch'>> {
  const fields = text.split('\0');
  const files: Array<Omit<FileDiff, 'patch'>> = [];
  let at = 0;
  for (; fields[at]?.startsWith(':'); ) {
    const [, , before, after, letter] = fields[at]!.split(' ');
    const moved = letter!.startsWith('R') || letter!.startsWith('C');
    const path = moved ? fields[at + 2]! : fields[at + 1]!;
    files.push({
      sha: /^0+$/.test(after!) ? before! : after!,
      path,
      previousPath: moved ? fields[at + 1]! : null,
      status: statuses[letter![0]!] ?? 'changed',
      additions: 0,
      deletions: 0,
    });
    at += moved ? 3 : 2;
  }
  // The counts follow in the same order: `added TAB deleted TAB path`, the path empty and two fields after it when renamed.
  for (const file of files) {
    const [added, deleted] = fields[at]!.split('\t');
    file.additions = added === '-' ? 0 : Number(added);
    file.deletions = deleted === '-' ? 0 : Number(deleted);
    at += file.previousPath === null ? 1 : 3;
  }
  return files;
}

function hunksOf(patch: string): string | null {
  const start = patch.search(/^@@ /m);
  if (start < 0 || patch.length - start > maxPatchBytes) return null;
  return patch.slice(start).replace(/\n$/, '');
}
