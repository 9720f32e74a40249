import semver from 'semver';
import { folderOf, inFolder } from '#bot/gates/audit/dependency-files.ts';
import { type Edit, type Move, noVersion, type Published, type Refused, type Unmended, versionKey } from './move.ts';
import { type Edge, edgesTo, type NpmTree, nameAt, npmTreeIn, placesOf } from './npm-tree.ts';
import type { WeakPackage } from './weaknesses.ts';

/**
 * What to write so that npm takes another version of a weak package: the smallest one without the weakness that everybody's range
 * allows, else one for which only ranges of this repository's own manifests are raised, else the smallest within the same major, else
 * the smallest of all. The range in a manifest is raised to it in any event, so that the manifest says why and changes with its lock;
 * what only comes along gets an entry in `overrides`.
 */
export function planNpm(
  weak: WeakPackage,
  files: ReadonlyMap<string, string>,
  published: Published,
  refused: Refused,
): Move | Unmended {
  const unmended = (reason: string): Unmended => ({ weak, reason });
  const folder = folderOf(weak.file);
  const root = inFolder(folder, 'package.json');
  const [tree, manifest] = [npmTreeIn(files.get(weak.file) ?? ''), objectIn(files.get(root))];
  if (tree === null || manifest === null) return unmended(`${weak.file} or the manifest beside it cannot be read`);
  const places = placesOf(tree, weak.name, weak.version);
  if (places.length === 0) return unmended(`${weak.file} does not say where it stands`);
  if (places.some((place) => tree.packages[place]!.inBundle === true))
    return unmended('it comes inside the archive of another package, which has to move instead');
  if (places.some((place) => nameAt(place) !== weak.name)) return unmended('it is asked for under another name');
  const edges = edgesTo(tree, places);
  const own = edges.filter(({ isManifest }) => isManifest);
  const odd = own.find(({ range }) => semver.validRange(range) === null);
  if (odd !== undefined) return unmended(`it is asked for as ${JSON.stringify(odd.range.slice(0, 100))}, which is no range`);
  const versions = published.versionsOf(weak);
  if (versions === null) return unmended('the registry does not say which versions there are');
  const to = chosen(weak, versions, edges, refused);
  if (to === null) return unmended(noVersion(weak, refused));
  const others = edges.filter(({ isManifest }) => !isManifest);
  const edits: Edit[] = own.map(({ from, field, name, range }) => {
    return { kind: 'range', file: inFolder(folder, inFolder(from, 'package.json')), field, name, range: raised(range, to) };
  });
  // npm would take the newest that fits for whoever is not the root's own; the root's own are there for all whom they fit.
  const isShared = own.some(({ from }) => from === '') && others.every(({ range }) => allows(range, to));
  if (others.length > 0 && !isShared) edits.push(overrideFor(weak, to, root, manifest));
  if (edits.length === 0) return unmended('nobody asks for it');
  return { weak, to, edits, beyond: edges.filter(({ range }) => !allows(range, to)).map((edge) => asks(edge, tree)) };
}

/** A range that goes up to a version in the way it was written; a caret where it was written in no simple way. */
export function raised(range: string, to: string): string {
  const text = range.trim();
  if (semver.valid(text) !== null) return to;
  const [, operator] = /^(\^|~|>=)\s*v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?$/.exec(text) ?? [];
  return `${operator ?? '^'}${to}`;
}

function chosen(weak: WeakPackage, versions: readonly string[], edges: readonly Edge[], refused: Refused): string | null {
  const from = weak.version;
  if (semver.valid(from) === null) return null;
  const isPre = semver.prerelease(from) !== null;
  const candidates = versions
    .filter((version) => semver.valid(version) !== null && semver.gt(version, from))
    .filter((version) => isPre || semver.prerelease(version) === null)
    .filter((version) => !refused.has(versionKey(weak, version)))
    .filter((version) => weak.advisories.every(({ fix }) => fix?.kind !== 'outside' || !isWithin(version, fix.range)))
    .sort(semver.compare);
  const others = edges.filter(({ isManifest }) => !isManifest);
  const fits = (some: readonly Edge[]) => (version: string) => some.every(({ range }) => allows(range, version));
  const isNear = (version: string): boolean => semver.satisfies(version, `^${from}`);
  return (
    candidates.find(fits(edges)) ??
    candidates.filter(isNear).find(fits(others)) ??
    candidates.find(isNear) ??
    candidates.find(fits(others)) ??
    candidates[0] ??
    null
  );
}

function isWithin(version: string, range: string): boolean {
  // A range that nobody can read says nothing about any version; the audit afterwards does.
  return semver.validRange(range) !== null && semver.satisfies(version, range, { includePrerelease: true, loose: true });
}

function allows(range: string, version: string): boolean {
  return semver.validRange(range) !== null && semver.satisfies(version, range);
}

function asks({ from, isManifest, range }: Edge, { packages }: NpmTree): string {
  const who = isManifest ? inFolder(from, 'package.json') : `${nameAt(from)} ${packages[from]?.version ?? ''}`.trim();
  return `${who} asks for ${range}`;
}

/** The entry that names the package already, wherever it stands; else one for exactly the weak version. */
function overrideFor(
  { name, version }: WeakPackage,
  to: string,
  file: string,
  manifest: Readonly<Record<string, unknown>>,
): Edit {
  const known = entryFor(name, version, manifest.overrides);
  const { path, range } = known ?? { path: [`${name}@${version}`], range: `^${version}` };
  return { kind: 'override', file, path, range: raised(range, to) };
}

interface OverrideEntry {
  readonly path: readonly string[];
  readonly range: string;
}

function entryFor(name: string, version: string, overrides: unknown): OverrideEntry | null {
  if (typeof overrides !== 'object' || overrides === null) return null;
  for (const [key, value] of Object.entries(overrides)) {
    const isSame = key === name || (key.startsWith(`${name}@`) && allows(key.slice(name.length + 1), version));
    if (typeof value === 'string') {
      // `$name` follows what the manifest asks for, which is raised itself.
      if (isSame && !value.startsWith('$')) return { path: [key], range: value };
      continue;
    }
    const own = (value as Record<string, unknown> | null)?.['.'];
    if (isSame && typeof own === 'string') return { path: [key, '.'], range: own };
    const below = entryFor(name, version, value);
    if (below !== null) return { path: [key, ...below.path], range: below.range };
  }
  return null;
}

export function objectIn(text: string | undefined): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    // What is no JSON is no manifest, and its caller says so.
    return null;
  }
}
