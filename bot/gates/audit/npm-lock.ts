import semver from 'semver';
import { z } from 'zod';
import { folderOf, inFolder } from './dependency-files.ts';
import { type LockedPackage, lineOf, literally, type NpmLock, type Remark } from './inventory.ts';

const Ranges = z.record(z.string(), z.string());

/** What a lock copies from a manifest. */
const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
type Field = (typeof FIELDS)[number];

const Manifest = z.looseObject({
  dependencies: Ranges.optional(),
  devDependencies: Ranges.optional(),
  optionalDependencies: Ranges.optional(),
  peerDependencies: Ranges.optional(),
  peerDependenciesMeta: z.record(z.string(), z.looseObject({ optional: z.boolean().optional() })).optional(),
});
type Manifest = z.infer<typeof Manifest>;

const LockEntry = z.looseObject({
  ...Manifest.shape,
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  link: z.boolean().optional(),
});

const Lock = z.looseObject({
  lockfileVersion: z.union([z.literal(2), z.literal(3)]),
  packages: z.record(z.string(), LockEntry),
});
type Lock = z.infer<typeof Lock>;

export interface NpmReading {
  readonly locks: readonly NpmLock[];
  readonly remarks: readonly Remark[];
}

/**
 * Reads a tree's manifests and locks of npm, and compares them: the lock must carry the manifest's names and ranges word for
 * word, and the version it chose must lie within each range. `overrides` are not in a lock, so they are not compared.
 * @param texts every `package.json` and npm lock of the tree by its path
 * @param registries from which packages may come, each with a slash at its end
 */
export function readNpm(texts: ReadonlyMap<string, string>, registries: readonly string[]): NpmReading {
  const locks: NpmLock[] = [];
  const remarks: Remark[] = [];
  const locked = new Set<string>();
  for (const [file, text] of texts) {
    if (file.endsWith('package.json')) continue;
    const folder = folderOf(file);
    const manifestPath = inFolder(folder, 'package.json');
    const manifestText = texts.get(manifestPath);
    if (manifestText === undefined) {
      remarks.push({ kind: 'fault', file, line: 1, message: 'It locks no manifest: put package.json beside it or remove it.' });
      continue;
    }
    const lock = parse(Lock, text);
    if (lock === null) {
      const message =
        'It is no lock of npm 7 or newer (lockfileVersion 2 or 3): write it anew with npm install --package-lock-only.';
      remarks.push({ kind: 'unread', file, line: 1, message });
      locked.add(manifestPath);
      continue;
    }
    const { places, strangers } = packagesOf(file, text, lock, registries);
    locks.push({ file, lockText: text, manifestText, places });
    remarks.push(...strangers);
    for (const key of Object.keys(lock.packages).filter((place) => !/(?:^|\/)node_modules\//.test(place))) {
      const path = inFolder(folder, key === '' ? 'package.json' : `${key}/package.json`);
      locked.add(path);
      remarks.push(...outOfStep(path, texts.get(path), file, key, lock));
    }
  }
  for (const [file, text] of texts) {
    if (file.endsWith('package.json') && !locked.has(file)) remarks.push(...withoutLock(file, text));
  }
  return { locks, remarks };
}

function parse<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON, so not what the caller asks for either; it says so with the file's name.
    return null;
  }
}

function packagesOf(file: string, text: string, lock: Lock, registries: readonly string[]) {
  const lines = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const place = /^\s*"([^"]*node_modules\/[^"]+)":/.exec(line)?.[1];
    if (place !== undefined && !lines.has(place)) lines.set(place, index + 1);
  }
  const places = new Map<string, LockedPackage>();
  const strangers: Remark[] = [];
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (!/(?:^|\/)node_modules\//.test(place) || entry.link === true) continue;
    const name = entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const line = lines.get(place) ?? 1;
    if (entry.version === undefined || /^(?:git|file:)/.test(entry.resolved ?? '')) {
      const message = `${name} comes from no registry, so no advisory can be looked up for it: take a published version.`;
      strangers.push({ kind: 'unread', file, line, message });
    } else {
      const elsewhere = comesFrom(name, entry.version, entry.resolved, registries);
      if (elsewhere !== null) {
        const message = `${name} ${entry.version} is taken from ${elsewhere}, which is not where the registry has it: have npm write the lock anew.`;
        strangers.push({ kind: 'unread', file, line, message });
      }
      places.set(place, { ecosystem: 'npm', name, version: entry.version, file, line });
    }
  }
  strangers.push(...asksElsewhere(file, lock, lines));
  return { places, strangers };
}

/** The address that a lock names, where it is not that of this very package in a registry; npm installs from there whatever the name says. */
function comesFrom(name: string, version: string, resolved: string | undefined, registries: readonly string[]): string | null {
  // Without an address npm asks the registry for the name.
  if (resolved === undefined) return null;
  const file = `${name.slice(name.indexOf('/') + 1)}-${version.replace(/\+.*$/, '')}.tgz`;
  const isOwn =
    registries.some((start) => resolved.startsWith(start)) && resolved.replace(/%2f/i, '/').endsWith(`/${name}/-/${file}`);
  return isOwn && !/[?#]|\/\.\.?\//.test(resolved) ? null : JSON.stringify(resolved.slice(0, 200));
}

/** Where the lock gives no address, npm takes the one that whoever depends on a package asks for: an archive, a repository. */
function asksElsewhere(file: string, lock: Lock, lines: ReadonlyMap<string, number>): readonly Remark[] {
  return Object.entries(lock.packages).flatMap(([key, entry]) =>
    FIELDS.flatMap((field) => Object.entries(entry[field] ?? {})).flatMap(([name, range]): Remark[] => {
      if (!/[:/]/.test(range) || /^(?:npm|workspace):/.test(range)) return [];
      const chosen = nearest(lock, key, name);
      // What has an address is judged by that, what is linked stands in this tree, and what is not there is not installed.
      if (chosen === undefined || chosen.resolved !== undefined || chosen.link === true) return [];
      const message = `${name} is asked for at ${JSON.stringify(range.slice(0, 200))}, which is no version of a registry: take a published one.`;
      return [{ kind: 'unread', file, line: lines.get(key) ?? 1, message }];
    }),
  );
}

function outOfStep(path: string, text: string | undefined, lockPath: string, key: string, lock: Lock): readonly Remark[] {
  const rewrite = 'run npm install --package-lock-only and commit both';
  if (text === undefined)
    return [{ kind: 'fault', file: lockPath, line: 1, message: `It locks ${path}, which is not there: ${rewrite}.` }];
  const manifest = parse(Manifest, text);
  if (manifest === null)
    return [
      { kind: 'unread', file: path, line: 1, message: 'It is no manifest of npm: mend the JSON and its dependency fields.' },
    ];
  const entry = lock.packages[key]!;
  const remarks: Remark[] = [];
  const complain = (name: string, message: string) =>
    remarks.push({ kind: 'fault', file: path, line: lineOf(text, new RegExp(`"${literally(name)}"\\s*:`)), message });
  for (const field of FIELDS) {
    const wanted = manifest[field] ?? {};
    const written = entry[field] ?? {};
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(written)])) {
      // npm itself leaves a package that is optional too out of `dependencies`.
      if (field === 'dependencies' && manifest.optionalDependencies?.[name] !== undefined) continue;
      const [here, there] = [wanted[name], written[name]];
      if (here !== there) complain(name, `${field} has ${name} ${asked(here)}, ${lockPath} ${asked(there)}: ${rewrite}.`);
      else if (here !== undefined) {
        const trouble = chosenTrouble(lock, key, name, here, mayBeAbsent(manifest, field, name));
        if (trouble !== null) complain(name, `${lockPath} ${trouble}: ${rewrite}.`);
      }
    }
  }
  return remarks;
}

function asked(range: string | undefined): string {
  return range === undefined ? 'not at all' : `at ${range}`;
}

function mayBeAbsent(manifest: Manifest, field: Field, name: string): boolean {
  return (
    field === 'optionalDependencies' || (field === 'peerDependencies' && manifest.peerDependenciesMeta?.[name]?.optional === true)
  );
}

/** What is wrong with the version the lock chose for a name; null when nothing is. */
function chosenTrouble(lock: Lock, key: string, name: string, range: string, mayLack: boolean): string | null {
  const entry = nearest(lock, key, name);
  if (entry === undefined) return mayLack ? null : `has no ${name}`;
  const alias = /^npm:(?:@[^/]+\/)?[^@]+@(.+)$/.exec(range)?.[1];
  const wanted = semver.validRange(alias ?? range);
  // A tag, a folder or a repository is no range; what comes from no registry is remarked on where it is read.
  if (wanted === null || entry.version === undefined || entry.link === true) return null;
  return semver.satisfies(entry.version, wanted, { includePrerelease: true, loose: true })
    ? null
    : `has ${name} ${entry.version}, which is not within ${range}`;
}

/** As Node looks for a module: in the folder's own `node_modules`, then in those above. */
function nearest(lock: Lock, key: string, name: string): z.infer<typeof LockEntry> | undefined {
  for (let folder = key; ; folder = folderOf(folder)) {
    const entry = lock.packages[inFolder(folder, `node_modules/${name}`)];
    if (entry !== undefined || folder === '') return entry;
  }
}

function withoutLock(file: string, text: string): readonly Remark[] {
  const manifest = parse(Manifest, text);
  if (manifest === null)
    return [{ kind: 'unread', file, line: 1, message: 'It is no manifest of npm: mend the JSON and its dependency fields.' }];
  const field = FIELDS.find((name) => Object.keys(manifest[name] ?? {}).length > 0);
  if (field === undefined) return [];
  const message = `It has ${field} and no package-lock.json locks them, so nobody can say what would be installed: commit the lock.`;
  return [{ kind: 'unread', file, line: lineOf(text, new RegExp(`"${field}"\\s*:`)), message }];
}
