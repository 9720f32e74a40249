import { hiddenCharacters } from '#bot/gates/guard/hidden-characters.ts';
import type { Nothing } from '#bot/proposers/author.ts';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import type { Finding } from '#engine/sandbox/finding.ts';
import { typeErrors } from './type-errors.ts';

/** So many of a kind are told, the rest is counted: whoever mends the first ones has often mended the rest. */
const TOLD_MAX = 20;
const MESSAGE_LENGTH_MAX = 500;

/** What the static wall refuses before it parses: no other parser is given that either. */
const UNPARSED = new Set(['entry', 'size', 'line-length', 'nesting', 'unparsable'].map((rule) => `sandbox/${rule}`));

export type Faults =
  /** `what` is told to the model; null when there is nothing. */
  | { readonly kind: 'looked'; readonly what: string | null }
  /** Nobody could look. */
  | Nothing;

/**
 * All that is wrong with what a model wrote and can be seen without running it: hidden characters, the static wall's rules, types.
 * @param typesOf who is asked about types
 */
export async function faultsOf(files: StrategyFiles, entry: string, typesOf = typeErrors): Promise<Faults> {
  const hidden = [...files].flatMap(([path, text]) => hiddenCharacters(path, text)).map(asFinding);
  const verdict = await buildArtifact(files, entry);
  const refused = verdict.ok ? [] : verdict.findings;
  const isNamed = ({ rule, file, line }: Finding): boolean =>
    rule === 'sandbox/hidden-character' && hidden.some((one) => one.file === file && one.line === line);
  const ruled = [...hidden, ...refused.filter((finding) => !isNamed(finding))];
  const told = list('The static check', ruled);
  if (refused.some(({ rule }) => UNPARSED.has(rule))) return { kind: 'looked', what: told };
  const types = await typesOf(entry, files.get(entry) ?? '');
  if (types.kind === 'unchecked') {
    // What is wrong with it for certain can be told nevertheless.
    if (ruled.length > 0) return { kind: 'looked', what: told };
    return { kind: 'nothing', reason: `The types of what the model wrote could not be checked: ${types.why}.` };
  }
  const all = [told, list('TypeScript', types.errors)].filter((part) => part !== '');
  return { kind: 'looked', what: all.length === 0 ? null : all.join('\n\n') };
}

function asFinding({ path, line, message }: ReturnType<typeof hiddenCharacters>[number]): Finding {
  return { rule: 'guard/hidden-character', message, file: path, line, column: 1 };
}

/** A line each; empty when there is none. */
function list(who: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return '';
  const lines = findings
    .slice(0, TOLD_MAX)
    .map(
      ({ rule, message, file, line, column }) => `${file}:${line}:${column}: ${message.slice(0, MESSAGE_LENGTH_MAX)} (${rule})`,
    );
  const more = findings.length - lines.length;
  return [`${who} refuses it:`, ...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
