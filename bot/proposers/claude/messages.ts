import { z } from 'zod';
import { Credential, Via } from './access.ts';
import { CallOutcome } from './outcome.ts';

/** What is asked of a model, as it goes over the wire; the stream is the caller's business. */
export const ModelRequest = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.int().positive(),
  /** In layers, those that stay the same first: the API keeps what stands before a mark, and reads it the next time for less. */
  system: z.array(
    z.strictObject({
      type: z.literal('text'),
      text: z.string().min(1),
      cache_control: z.strictObject({ type: z.literal('ephemeral') }).optional(),
    }),
  ),
  messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant']), content: z.string().min(1) })).min(1),
  /** Which JSON the answer shall be; left out, it is text. */
  output_config: z
    .strictObject({ format: z.strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.json()) }) })
    .optional(),
});
export type ModelRequest = z.infer<typeof ModelRequest>;

/** All that the process which makes the call is ever told. */
export const ToModelProcess = z.strictObject({
  via: Via,
  credential: Credential,
  /** Null for the vendor's own. */
  baseUrl: z.string().nullable(),
  request: ModelRequest,
  /** When it gives up by itself and tells what it has, after so long. */
  deadlineMs: z.int().positive(),
});
export type ToModelProcess = z.infer<typeof ToModelProcess>;

/** Far beyond what one message can hold; a count above it is nothing that can be added to a day. */
const Count = z.int().nonnegative().max(1_000_000_000);

/** Tokens of one message as the API counts them; what it adds to these is kept as it came. */
export const Usage = z.looseObject({
  input_tokens: Count,
  output_tokens: Count,
  cache_creation_input_tokens: Count.nullish(),
  cache_read_input_tokens: Count.nullish(),
});
export type Usage = z.infer<typeof Usage>;

/** One HTTP request of the few that a call may take. */
export const Attempt = z.strictObject({
  /** UTC milliseconds. */
  at: z.number(),
  ms: z.number(),
  /** Null when there was no answer. */
  status: z.int().nullable(),
  requestId: z.string().nullable(),
  /** False when it certainly never got there, so that it cannot have cost anything. */
  mayHaveArrived: z.boolean(),
});
export type Attempt = z.infer<typeof Attempt>;

/** What came of a call: everything the process says before it ends. */
export const CallReport = z.strictObject({
  outcome: CallOutcome,
  /** The message as far as it came; null when none began. */
  response: z.record(z.string(), z.json()).nullable(),
  usage: Usage.nullable(),
  /** Whether `usage` is final: of a message that broke off only what it had read is known. */
  isUsageFinal: z.boolean(),
  requestId: z.string().nullable(),
  /** Null when the process ended without telling. */
  attempts: z.array(Attempt).max(20).nullable(),
});
export type CallReport = z.infer<typeof CallReport>;
