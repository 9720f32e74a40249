import { posix } from 'node:path';
import { dependencyFileKind, folderOf } from './dependency-files.ts';
import type { LockedPackage, Remark } from './inventory.ts';
import { satisfies } from './pep440.ts';
import { type ManifestReading, readPipfile, readPipfileLock, readPyproject, readTomlLock } from './python-locks.ts';
import { readRequirements, type Wanted } from './python-requirements.ts';

export interface PythonReading {
  readonly packages: readonly LockedPackage[];
  readonly remarks: readonly Remark[];
}

/**
 * Reads a tree's manifests and locks of Python, and compares them: each name a manifest asks for must be locked beside it, at a
 * version within what is asked where both are plain releases (see `satisfies`).
 * @param texts every dependency file of Python by its path
 * @param textAt any other file of the tree, for `-r`; null when there is none
 */
export async function readPython(
  texts: ReadonlyMap<string, string>,
  textAt: (path: string) => Promise<string | null>,
): Promise<PythonReading> {
  const pins = new Map<string, readonly LockedPackage[]>();
  const remarks: Remark[] = [];
  const waiting = [...texts].filter(([file]) => dependencyFileKind(file) === 'requirements');
  const included = new Set(waiting.map(([file]) => file));
  for (const [file, text] of waiting) {
    const reading = readRequirements(file, text);
    pins.set(file, reading.pins);
    remarks.push(...reading.remarks);
    for (const { path, line } of reading.includes) {
      const target = posix.join(folderOf(file), path);
      if (included.has(target)) continue;
      included.add(target);
      const content = posix.isAbsolute(path) || /^\.\.(?:\/|$)/.test(target) ? null : await textAt(target);
      if (content !== null) waiting.push([target, content]);
      else
        remarks.push({ kind: 'unread', file, line, message: `-r ${path} leads to no file of this repository: mend the path.` });
    }
  }
  for (const [file, text] of texts) {
    const kind = dependencyFileKind(file);
    if (kind === 'python-program') remarks.push(program(file));
    if (kind !== 'python-toml-lock' && kind !== 'pipfile-lock') continue;
    const reading = kind === 'pipfile-lock' ? readPipfileLock(file, text) : readTomlLock(file, text);
    pins.set(file, reading.pins);
    remarks.push(...reading.remarks);
  }
  for (const [file, text] of texts) remarks.push(...manifestRemarks(file, text, pins));
  return { packages: [...pins.values()].flat(), remarks };
}

function program(file: string): Remark {
  const message =
    'What it depends on is known only by running it, which a gate does not: move its dependencies to pyproject.toml.';
  return { kind: 'unread', file, line: 1, message };
}

type Pins = ReadonlyMap<string, readonly LockedPackage[]>;

function manifestRemarks(file: string, text: string, pins: Pins): readonly Remark[] {
  const reading = readManifest(file, text);
  if (reading === null) return [];
  const locks = locksOf(file, [...pins.keys()]);
  if (reading.wanted.length === 0) return reading.remarks;
  if (locks.length === 0) {
    const message =
      'It names dependencies and no lock beside it says which versions: commit one (pip-compile --generate-hashes).';
    return [...reading.remarks, { kind: 'unread', file, line: reading.wanted[0]!.line, message }];
  }
  const locked = locks.flatMap((lock) => pins.get(lock) ?? []);
  return [...reading.remarks, ...reading.wanted.flatMap((wanted) => outOfStep(file, wanted, locked, locks))];
}

function readManifest(file: string, text: string): ManifestReading | null {
  switch (dependencyFileKind(file)) {
    case 'pyproject':
      return readPyproject(file, text);
    case 'pipfile':
      return readPipfile(file, text);
    case 'requirements-source': {
      // That a source has no exact versions is its purpose; only where it leads elsewhere is worth a word, and the lock says so too.
      return { wanted: readRequirements(file, text).wanted, remarks: [] };
    }
    default:
      return null;
  }
}

/** `X.in` is locked by `X.txt`, the others by whatever lock stands in their folder. */
function locksOf(file: string, locks: readonly string[]): readonly string[] {
  if (file.endsWith('.in')) return locks.filter((lock) => lock === file.replace(/\.in$/, '.txt'));
  const beside = locks.filter((lock) => folderOf(lock) === folderOf(file));
  return file.endsWith('Pipfile') ? beside.filter((lock) => lock.endsWith('Pipfile.lock')) : beside;
}

function outOfStep(
  file: string,
  { name, specifier, line }: Wanted,
  locked: readonly LockedPackage[],
  locks: readonly string[],
): readonly Remark[] {
  const versions = locked.filter((item) => item.name === name).map(({ version }) => version);
  const where = locks.join(', ');
  const fault = (message: string): readonly Remark[] => [{ kind: 'fault', file, line, message }];
  if (versions.length === 0)
    return fault(`It asks for ${name}, which ${where} does not lock: write the lock anew and commit both.`);
  if (specifier === null || versions.some((version) => satisfies(version, specifier) !== false)) return [];
  return fault(`It asks for ${name} ${specifier}, and ${where} has ${versions.join(', ')}: write the lock anew and commit both.`);
}
