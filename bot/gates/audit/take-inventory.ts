import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { dependencyFileKind } from './dependency-files.ts';
import type { Inventory, Remark } from './inventory.ts';
import { readNpm } from './npm-lock.ts';
import { readPython } from './read-python.ts';

/** A lock of this repository has 130 kB; what is far over it is no lock a person has looked at. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads everything the tree of a commit says about what it depends on, from git's objects; nothing is installed or run.
 * @param npmRegistry from which a lock may take packages, beside npm's own; null for none
 */
export async function takeInventory(repository: Repository, commit: CommitHash, npmRegistry: string | null): Promise<Inventory> {
  const listed = (await repository.listFiles(commit, '')).filter(({ path }) => dependencyFileKind(path) !== null);
  const remarks: Remark[] = [];
  const readable = listed.filter(({ path, mode, size }) => {
    if (mode.startsWith('100') && size !== null && size <= FILE_BYTES_MAX) return true;
    const message = mode.startsWith('100') ? 'It is too large to be read.' : 'It is a link: put the file itself here.';
    remarks.push({ kind: 'unread', file: path, line: 1, message });
    return false;
  });
  const contents = await repository.readFiles(
    commit,
    readable.map(({ path }) => path),
  );
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
  const npmReading = readNpm(npm, npmRegistry);
  const pythonReading = await readPython(python, async (path) => {
    const bytes = await repository.readFile(commit, path);
    return bytes === null ? null : decode(bytes);
  });
  return {
    files: listed.map(({ path }) => path),
    packages: [...npmReading.locks.flatMap(({ places }) => [...places.values()]), ...pythonReading.packages],
    npmLocks: npmReading.locks,
    remarks: [...remarks, ...npmReading.remarks, ...pythonReading.remarks],
  };
}

function decode(bytes: Uint8Array | undefined): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Any other encoding is a remark of its caller.
    return null;
  }
}
