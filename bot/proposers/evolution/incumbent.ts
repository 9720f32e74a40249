import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import { type Manifest, parseManifest } from '#engine/contract/manifest.ts';
import type { ParameterRanges } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { type Configuration, complete } from './configuration.ts';
import { declaredRanges } from './declared-ranges.ts';
import { type Design, describeDesign, printDesign, rangesOf, readDesign } from './design.ts';
import { editManifest } from './edit-manifest.ts';

export const MANIFEST_PATH = 'manifest.yaml';

/** The version evolution starts from, and the way from a configuration back to files. */
export interface Incumbent {
  readonly files: StrategyFiles;
  readonly manifest: Manifest;
  /** Undefined as well when a person has edited the source: then its structure is theirs and only numbers are moved. */
  readonly configuration: Configuration;
  /** What the source itself declares. */
  readonly declared: ParameterRanges;
}

/**
 * @throws RatchetError `evolution/no-manifest`
 */
export function readIncumbent(files: StrategyFiles): Incumbent {
  const text = files.get(MANIFEST_PATH);
  const parsed = text === undefined ? { problem: 'it is missing' } : parseManifest(text);
  if ('problem' in parsed) {
    throw new RatchetError(
      'evolution/no-manifest',
      `The incumbent has no manifest.yaml that can be read: ${parsed.problem}.`,
      'Mend it on main; the night starts from what is deployed.',
    );
  }
  const { manifest } = parsed;
  const source = files.get(manifest.entry) ?? '';
  const blueprint = blueprintBehind(manifest, source);
  const declared = blueprint === undefined ? declaredRanges(source) : rangesOf(blueprint);
  return {
    files,
    manifest,
    configuration: { blueprint, values: complete(manifest.parameters, declared) },
    declared,
  };
}

/** What may be moved in a configuration, and how far. */
export function rangesFor(incumbent: Incumbent, { blueprint }: Configuration): ParameterRanges {
  return blueprint === undefined ? incumbent.declared : rangesOf(blueprint);
}

/** The files of a configuration: the incumbent's, with the fewest lines changed. */
export function filesOf(incumbent: Incumbent, configuration: Configuration): StrategyFiles {
  const from = incumbent.configuration;
  const { blueprint, values } = configuration;
  const changed = Object.entries(values).filter(([name, value]) => from.values[name] !== value);
  const isRestructured = blueprint !== undefined && JSON.stringify(blueprint) !== JSON.stringify(from.blueprint);
  const files = new Map(incumbent.files);
  files.set(
    MANIFEST_PATH,
    editManifest(incumbent.files.get(MANIFEST_PATH)!, {
      parameters: Object.fromEntries(changed),
      structure: isRestructured
        ? { blueprint, description: describeDesign(blueprint), declared: Object.keys(values) }
        : undefined,
    }),
  );
  if (isRestructured) files.set(incumbent.manifest.entry, printDesign(blueprint));
  return files;
}

/** The design in the manifest, if the source is still exactly what it prints. */
function blueprintBehind(manifest: Manifest, source: string): Design | undefined {
  const design = readDesign(manifest.blueprint);
  return design !== undefined && printDesign(design) === source ? design : undefined;
}
