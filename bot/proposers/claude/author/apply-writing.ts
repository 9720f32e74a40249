import type { ProposalKind } from '#bot/evidence/pack.ts';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import { type Manifest, parseManifest } from '#engine/contract/manifest.ts';
import type { WrittenEdits, WrittenFiles } from './written-version.ts';

/** Where a strategy that is new begins: it watches, and sends no orders. */
const FIRST_STAGE = 'shadow';

export type Applied =
  | { readonly kind: 'applied'; readonly files: StrategyFiles; readonly manifest: Manifest }
  /** `what` is told to the model. */
  | { readonly kind: 'wrong'; readonly what: string };

/**
 * The files that what was written leads to. An edit that does not fit the parent exactly is never carried out nearly, and what is not a
 * version's to change is not changed.
 */
export function applyWriting(kind: ProposalKind, parent: StrategyFiles, written: WrittenEdits | WrittenFiles): Applied {
  const made = 'edits' in written ? edited(parent, written.edits) : whole(written.files);
  if (typeof made === 'string') return wrong(made);
  if (isSame(parent, made)) return wrong('The change leaves every file as it was.');
  const manifest = manifestOf(made);
  if (typeof manifest === 'string') return wrong(`manifest.yaml: ${manifest}.`);
  const before = manifestOf(parent);
  if (typeof before === 'string') throw new Error(`The parent's manifest cannot be read: ${before}.`);
  if (kind === 'NEW') {
    if (manifest.id === before.id) return wrong(`manifest.yaml: a strategy that is new needs another id than ${before.id}.`);
    if (manifest.stage !== FIRST_STAGE)
      return wrong(`manifest.yaml: a strategy that is new starts with \`stage: ${FIRST_STAGE}\`.`);
  } else {
    if (manifest.id !== before.id) return wrong(`manifest.yaml: the id is ${before.id} and stays so.`);
    if (manifest.stage !== before.stage) return wrong(`manifest.yaml: the stage is ${before.stage}, and only people change it.`);
  }
  return { kind: 'applied', files: made, manifest };
}

function edited(parent: StrategyFiles, edits: WrittenEdits['edits']): StrategyFiles | string {
  const files = new Map(parent);
  for (const [index, { path, find, replace }] of edits.entries()) {
    const text = files.get(path);
    if (text === undefined) return `Edit ${index + 1}: the parent has no file ${path}.`;
    const at = text.indexOf(find);
    if (at === -1) return `Edit ${index + 1}: its text to find does not stand in ${path}.`;
    // From the next character on, so that occurrences that overlap count as two.
    if (text.includes(find, at + 1)) return `Edit ${index + 1}: its text to find stands in ${path} more than once.`;
    files.set(path, text.slice(0, at) + replace + text.slice(at + find.length));
  }
  return files;
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

function wrong(what: string): Applied {
  return { kind: 'wrong', what };
}
