import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ONE_LINE } from './one-line.ts';

/** How far a version may act: no orders, simulated orders, small capital, full share. */
export const Stage = z.enum(['shadow', 'paper', 'canary', 'live']);
export type Stage = z.infer<typeof Stage>;

/** Names that no folder can have there, whatever comes behind a full stop. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

export const StrategyId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,40}$/, 'a strategy id is lower-case letters, digits and hyphens, 2 to 41 characters')
  .refine((id) => !DEVICE.test(id), 'a strategy id is no device of Windows, where its folder could not be checked out');

/** `strategies/<id>/manifest.yaml`: what is deployed, apart from the code itself. */
export const Manifest = z.strictObject({
  id: StrategyId,
  /** It is shown where people decide: in pull requests, in the terminal. */
  description: z.string().trim().min(1).max(300).regex(ONE_LINE, 'description is one line without hidden characters'),
  stage: Stage,
  /** The module, relative to the strategy's folder; it cannot point outside. */
  entry: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}\.ts$/, 'entry is a file name in the strategy folder, such as strategy.ts'),
  /** Values for the parameters the module declares; a parameter not named here takes its default. */
  parameters: z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,40}$/), z.number()).default({}),
  /** Written by the evolution proposer so that it can go on from here; absent on hand-written strategies. */
  blueprint: z.record(z.string(), z.unknown()).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

/** A manifest has a tenth of all this. The parser's time grows with the square of the size, and it recurses. */
const CHARACTERS_MAX = 16 * 1024;
const BRACKETS_MAX = 100;
const INDENT_MAX = 64;

/**
 * A manifest's text as data, or in one line what is wrong with it. Everything that reads a manifest it did not write itself comes
 * through here: YAML nested a few thousand levels deep does not fail in the parser, it ends the process.
 */
export function parseManifest(text: string): { readonly manifest: Manifest } | { readonly problem: string } {
  const excess = excessOf(text);
  if (excess !== undefined) return { problem: excess };
  const document = parseDocument(text, { stringKeys: true, logLevel: 'error', prettyErrors: false });
  const [said] = [...document.errors, ...document.warnings];
  if (said !== undefined) return { problem: `it is not plain YAML: ${said.message.split('\n')[0]}` };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    return { problem: 'it uses aliases; write the value out' };
  }
  // zod would leave it out without a word.
  if (JSON.stringify(value)?.includes('"__proto__":')) return { problem: 'it has a key named __proto__' };
  const parsed = Manifest.safeParse(value);
  if (parsed.success) return { manifest: parsed.data };
  const issue = parsed.error.issues[0]!;
  return { problem: `${issue.path.join('.') || 'the file'}: ${issue.message}` };
}

/** What makes a text too much for the parser to be given; undefined for one that a person would write. */
export function excessOf(text: string): string | undefined {
  if (text.length > CHARACTERS_MAX) return `it has ${text.length} characters, the limit is ${CHARACTERS_MAX}`;
  if ((text.match(/[[{]/g)?.length ?? 0) > BRACKETS_MAX) return `it opens more than ${BRACKETS_MAX} brackets`;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (/^[\s?-]*/.exec(line)![0].length > INDENT_MAX) return `a line is indented by more than ${INDENT_MAX} columns`;
    if (line.startsWith('%')) return 'it has a YAML directive';
  }
  return undefined;
}
