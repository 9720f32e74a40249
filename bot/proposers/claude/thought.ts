import { z } from 'zod';
import { CallReport, ModelRequest } from './messages.ts';
import { JudgedOutcome } from './outcome.ts';
import { PURPOSES } from './purpose.ts';

const Instant = z.iso.datetime();

/** Before layers, the first record had one text. */
const System = z.union([
  z.string().transform((text): ModelRequest['system'] => [{ type: 'text', text }]),
  ModelRequest.shape.system,
]);

/** One exchange with a model, as its file has it. */
export const Thought = z.strictObject({
  schema: z.enum(['ratchet/thought/1', 'ratchet/thought/2']),
  purpose: z.enum(PURPOSES),
  /** A login, or a night's cycle. */
  by: z.string(),
  model: z.string(),
  via: z.enum(['anthropic', 'vertex', 'bedrock']).default('anthropic'),
  baseUrl: z.string().nullable(),
  beganAt: Instant,
  request: z.strictObject({ ...ModelRequest.shape, system: System }),
  /** Null while it has not ended, or when the bot ended before it; then there is nothing below. */
  endedAt: Instant.nullable(),
  /** As counted against the day's budget. */
  tokens: z.int().optional(),
  money: z.strictObject({ micros: z.int(), currency: z.string() }).nullable().optional(),
  ...CallReport.partial().shape,
  outcome: JudgedOutcome.optional(),
});
export type Thought = z.infer<typeof Thought>;
