import type { CommitHash, ListedFile, Repository } from '#engine/repository/repository.ts';
import { dependencyFileKind } from './dependency-files.ts';
import type { Inventory, Remark } from './inventory.ts';
import { readNpm } from './npm-lock.ts';
import { readPython } from './read-python.ts';

/** A lock of this repository has 130 kB; what is far over it is no lock a person has looked at. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** The tree that a merge would give: the change's own files, and everything else as the base has it. */
export interface Merged {
  readonly base: CommitHash;
  /** Paths that the change touches, those it left as well. */
  readonly touched: ReadonlySet<string>;
}

/**
 * Reads everything the tree of a commit says about what it depends on, from git's objects; nothing is installed or run.
 * @param registriesOf from which a lock of npm may take packages; asked only where there is one
 * @param merged looks at what a merge of the commit would give, where the base may have gone on; left out, at the commit itself
 */
export async function takeInventory(
  repository: Repository,
  commit: CommitHash,
  registriesOf: () => Promise<readonly string[]>,
  merged: Merged | null = null,
): Promise<Inventory> {
  const sourceOf = (path: string): CommitHash => (merged === null || merged.touched.has(path) ? commit : merged.base);
  const listed = await listedIn(repository, commit, merged);
  const remarks: Remark[] = [];
  const readable = listed.filter(({ path, mode, size }) => {
    if (mode.startsWith('100') && size !== null && size <= FILE_BYTES_MAX) return true;
    const message = mode.startsWith('100') ? 'It is too large to be read.' : 'It is a link: put the file itself here.';
    remarks.push({ kind: 'unread', file: path, line: 1, message });
    return false;
  });
  const contents = new Map<string, Uint8Array>();
  for (const source of new Set(readable.map(({ path }) => sourceOf(path)))) {
    const own = readable.map(({ path }) => path).filter((path) => sourceOf(path) === source);
    for (const [path, bytes] of await repository.readFiles(source, own)) contents.set(path, bytes);
  }
  const npm = new Map<string, string>();
  const python = new Map<string, string>();
  for (const { path, blob } of readable) {
    const text = decode(contents.get(path));
    const kind = dependencyFileKind(path);
    if (kind === 'npm-foreign-lock') {
      // Its digest makes another remark of it when it changes: what it brings then is unknown again.
      const message = `npm audit does not read it (${blob.slice(0, 12)}): lock with package-lock.json.`;
      remarks.push({ kind: 'unread', file: path, line: 1, message });
    } else if (text === null) remarks.push({ kind: 'unread', file: path, line: 1, message: 'It is not UTF-8: save it as such.' });
    else if (kind === 'npm-lock' || kind === 'npm-manifest') npm.set(path, text);
    else python.set(path, text);
  }
  const npmReading = readNpm(npm, npm.size === 0 ? [] : await registriesOf());
  const pythonReading = await readPython(python, async (path) => {
    const bytes = await repository.readFile(sourceOf(path), path);
    return bytes === null ? null : decode(bytes);
  });
  return {
    files: listed.map(({ path }) => path),
    packages: [...npmReading.locks.flatMap(({ places }) => [...places.values()]), ...pythonReading.packages],
    npmLocks: npmReading.locks,
    remarks: [...remarks, ...npmReading.remarks, ...pythonReading.remarks],
  };
}

async function listedIn(repository: Repository, commit: CommitHash, merged: Merged | null): Promise<readonly ListedFile[]> {
  const own = await repository.listFiles(commit, '');
  const all =
    merged === null
      ? own
      : [
          ...own.filter(({ path }) => merged.touched.has(path)),
          ...(await repository.listFiles(merged.base, '')).filter(({ path }) => !merged.touched.has(path)),
        ];
  return all.filter(({ path }) => dependencyFileKind(path) !== null);
}

function decode(bytes: Uint8Array | undefined): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Any other encoding is a remark of its caller.
    return null;
  }
}
