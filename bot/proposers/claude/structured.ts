import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import { z } from 'zod';
import { shortened } from '#bot/evidence/markdown.ts';
import type { ModelRequest } from './messages.ts';

/** So many faults are told at once: whoever corrects the first ones has often corrected the rest. */
const FAULTS_MAX = 8;
const FAULT_LENGTH_MAX = 200;

/** A text that was to be JSON of a schema. */
export type Judged<T> =
  | { readonly kind: 'fits'; readonly value: T }
  | { readonly kind: 'no-json'; readonly what: string }
  /** `what` names each fault and where it is, a line each. */
  | { readonly kind: 'unfit'; readonly what: string };

/**
 * A schema as the API takes one. It keeps to types, literals, alternatives and required fields, and moves ranges and lengths, which it does
 * not enforce, into descriptions: so `judge` asks again for all of it.
 */
export function outputFormat(schema: z.ZodType): NonNullable<ModelRequest['output_config']> {
  // The model writes what goes in, before defaults and transforms.
  return { format: { type: 'json_schema', schema: transformJSONSchema(z.toJSONSchema(schema, { io: 'input', reused: 'ref' })) } };
}

/** Whether a model's words are JSON that fits, whatever the API has promised; what is wrong with them is told for whoever corrects it. */
export function judge<T>(text: string, schema: z.ZodType<T>): Judged<T> {
  let raw: unknown;
  try {
    raw = JSON.parse(text, whole);
  } catch (error) {
    return { kind: 'no-json', what: shortened(error instanceof Error ? error.message : String(error), FAULT_LENGTH_MAX) };
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { kind: 'fits', value: parsed.data };
  const { issues } = parsed.error;
  const told = issues
    .slice(0, FAULTS_MAX)
    .map(({ path, message }) => shortened(`${path.length === 0 ? 'the whole' : path.join('.')}: ${message}`, FAULT_LENGTH_MAX));
  const more = issues.length - told.length;
  return { kind: 'unfit', what: [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('\n') };
}

/** JSON can spell half a character, which no text that is kept can hold: it becomes the sign for what is unreadable. */
function whole(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), inner]));
}
