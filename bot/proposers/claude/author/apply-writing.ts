import type { ProposalKind } from '#bot/evidence/pack.ts';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import { type Manifest, parseManifest } from '#engine/contract/manifest.ts';
import type { WrittenEdits, WrittenFiles } from './written-version.ts';

/** Where a strategy that is new begins: it watches, and sends no orders. */
const FIRST_STAGE = 'shadow';

export type Applied =
  | { readonly kind: 'applied'; readonly files: StrategyFiles; readonly manifest: Manifest }
  /** `what` is told to the model. `files` are those it leads to nevertheless, null where it leads to none. */
  | { readonly kind: 'wrong'; readonly what: string; readonly files: StrategyFiles | null };

/**
 * The files that what was written leads to. An edit that does not fit the parent exactly is never carried out nearly, and what is not a
 * version's to change is not changed.
 */
export function applyWriting(kind: ProposalKind, parent: StrategyFiles, written: WrittenEdits | WrittenFiles): Applied {
  const made = 'edits' in written ? edited(parent, written.edits) : whole(written.files);
  if (typeof made === 'string') return wrong(made);
  if (isSame(parent, made)) return wrong('The change leaves every file as it was.');
  const manifest = manifestOf(made);
  if (typeof manifest === 'string') return wrong(`manifest.yaml: ${manifest}.`, made);
  const before = manifestOf(parent);
  if (typeof before === 'string') throw new Error(`The parent's manifest cannot be read: ${before}.`);
  const overstepped = kind === 'NEW' ? takenByNew(manifest, before) : taken(manifest, before);
  if (overstepped.length > 0) return wrong(overstepped.map((one) => `manifest.yaml: ${one}.`).join('\n'), made);
  return { kind: 'applied', files: made, manifest };
}

/** What is not a version's to change, and was. */
function taken(manifest: Manifest, before: Manifest): readonly string[] {
  return [
    ...(manifest.id === before.id ? [] : [`the id is ${before.id} and stays so`]),
    ...(manifest.stage === before.stage ? [] : [`the stage is ${before.stage}, and only people change it`]),
  ];
}

function takenByNew(manifest: Manifest, before: Manifest): readonly string[] {
  return [
    ...(manifest.id === before.id ? [`a strategy that is new needs another id than ${before.id}`] : []),
    ...(manifest.stage === FIRST_STAGE ? [] : [`a strategy that is new starts with \`stage: ${FIRST_STAGE}\``]),
  ];
}

function edited(parent: StrategyFiles, edits: WrittenEdits['edits']): StrategyFiles | string {
  const files = new Map(parent);
  const unfit: string[] = [];
  for (const [index, { path, find, replace }] of edits.entries()) {
    const text = files.get(path);
    const at = text?.indexOf(find) ?? -1;
    if (text === undefined) unfit.push(`Edit ${index + 1}: the parent has no file ${path}.`);
    else if (at === -1) unfit.push(`Edit ${index + 1}: its text to find does not stand in ${path}.`);
    // From the next character on, so that occurrences that overlap count as two.
    else if (text.includes(find, at + 1)) unfit.push(`Edit ${index + 1}: its text to find stands in ${path} more than once.`);
    else files.set(path, text.slice(0, at) + replace + text.slice(at + find.length));
  }
  return unfit.length === 0 ? files : unfit.join('\n');
}

function whole(listed: WrittenFiles['files']): StrategyFiles | string {
  const files = new Map(listed.map(({ path, text }) => [path, text]));
  return files.size < listed.length ? 'A file is given twice.' : files;
}

function manifestOf(files: StrategyFiles): Manifest | string {
  const text = files.get('manifest.yaml');
  if (text === undefined) return 'it is missing';
  const parsed = parseManifest(text);
  return 'manifest' in parsed ? parsed.manifest : parsed.problem;
}

function isSame(a: StrategyFiles, b: StrategyFiles): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}

function wrong(what: string, files: StrategyFiles | null = null): Applied {
  return { kind: 'wrong', what, files };
}
