import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import type { GeneratorAnswer } from './generator-answer.ts';

type Change = Exclude<GeneratorAnswer, { kind: 'NO_CHANGE' }>;

export type Applied =
  | { readonly kind: 'applied'; readonly files: StrategyFiles }
  /** `why` is told to the model. */
  | { readonly kind: 'unfit'; readonly why: string };

/** The files a change leads to. An edit that does not fit the parent exactly is never carried out nearly. */
export function applyAnswer(parent: StrategyFiles, change: Change): Applied {
  const made = change.kind === 'TWEAK' ? edited(parent, change.edits) : whole(change.files);
  if (made.kind === 'applied' && isSame(parent, made.files)) return unfit('The change leaves every file as it was.');
  return made;
}

function edited(parent: StrategyFiles, edits: Extract<Change, { kind: 'TWEAK' }>['edits']): Applied {
  const files = new Map(parent);
  for (const [index, { path, find, replace }] of edits.entries()) {
    const text = files.get(path);
    if (text === undefined) return unfit(`Edit ${index + 1}: the parent has no file ${path}.`);
    const at = text.indexOf(find);
    if (at === -1) return unfit(`Edit ${index + 1}: its text to find does not stand in ${path}.`);
    // From the next character on, so that occurrences that overlap count as two.
    if (text.includes(find, at + 1)) return unfit(`Edit ${index + 1}: its text to find stands in ${path} more than once.`);
    files.set(path, text.slice(0, at) + replace + text.slice(at + find.length));
  }
  return { kind: 'applied', files };
}

function whole(listed: Exclude<Change, { kind: 'TWEAK' }>['files']): Applied {
  const files = new Map(listed.map(({ path, text }) => [path, text]));
  if (files.size < listed.length) return unfit('A file is given twice.');
  if (!files.has('manifest.yaml')) return unfit('There is no manifest.yaml among the files.');
  return { kind: 'applied', files };
}

function isSame(a: StrategyFiles, b: StrategyFiles): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}

function unfit(why: string): Applied {
  return { kind: 'unfit', why };
}
