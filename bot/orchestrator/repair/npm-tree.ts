import { z } from 'zod';

const Ranges = z.record(z.string(), z.string());
const Entry = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  link: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  dependencies: Ranges.optional(),
  devDependencies: Ranges.optional(),
  optionalDependencies: Ranges.optional(),
  peerDependencies: Ranges.optional(),
});
const Lock = z.looseObject({ lockfileVersion: z.number(), packages: z.record(z.string(), Entry) });
export type NpmTree = z.infer<typeof Lock>;

export const RANGE_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** One package of a lock that another asks for. */
export interface Edge {
  /** Place of whoever asks; a manifest of this repository has no `node_modules` in it. */
  readonly from: string;
  readonly isManifest: boolean;
  readonly field: (typeof RANGE_FIELDS)[number];
  /** The name it is asked for by, which is another than the package's for an alias. */
  readonly name: string;
  readonly range: string;
}

/** Null for what is no lock of npm 7 or newer. */
export function npmTreeIn(text: string): NpmTree | null {
  try {
    return Lock.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON, so no lock either.
    return null;
  }
}

/** Where a lock has a package at a version. */
export function placesOf({ packages }: NpmTree, name: string, version: string): readonly string[] {
  return Object.entries(packages)
    .filter(([place, entry]) => isInstalled(place) && (entry.name ?? nameAt(place)) === name && entry.version === version)
    .map(([place]) => place);
}

/** Who asks for what stands at these places. */
export function edgesTo(tree: NpmTree, places: readonly string[]): readonly Edge[] {
  return Object.entries(tree.packages).flatMap(([from, entry]) =>
    RANGE_FIELDS.flatMap((field) =>
      Object.entries(entry[field] ?? {}).flatMap(([name, range]): Edge[] => {
        // What an installed package needs for its own tests is not installed.
        if (field === 'devDependencies' && isInstalled(from)) return [];
        const place = nearest(tree, from, name);
        return place !== null && places.includes(place) ? [{ from, isManifest: !isInstalled(from), field, name, range }] : [];
      }),
    ),
  );
}

export function isInstalled(place: string): boolean {
  return /(?:^|\/)node_modules\//.test(place);
}

export function nameAt(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** As Node looks for a module: in the folder's own `node_modules`, then in those above. */
function nearest({ packages }: NpmTree, from: string, name: string): string | null {
  for (let folder = from; ; folder = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : '') {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (folder === '') return null;
  }
}
