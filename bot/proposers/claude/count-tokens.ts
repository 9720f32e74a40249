import type { CallReport, ModelRequest, Usage } from './messages.ts';

/** What the API adds around a request's own text, generously. */
const FRAME_TOKENS = 1_000;

/**
 * The most a call may cost, in tokens. A token stands for at least one byte, so text has no more tokens than bytes; what it really
 * has is about a quarter of that, and the rest is given back when the call has ended.
 */
export function mostTokensOf(request: ModelRequest): number {
  return mostTokensRead(request) + request.max_tokens;
}

/** The most it may read of them. */
export function mostTokensRead({ system, messages, output_config: output }: ModelRequest): number {
  const texts = [...system.map(({ text }) => text), ...messages.map(({ content }) => content)];
  // The API tells the model of the schema in words of its own, so it counts twice.
  const schema = output === undefined ? 0 : 2 * Buffer.byteLength(JSON.stringify(output));
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), schema) + FRAME_TOKENS;
}

/** Tokens read: what came out of the cache, and what went in, counts like what was read anew. */
export function tokensRead(usage: Usage): number {
  return usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
}

/**
 * What a call has cost, in tokens; where that is not known, the most it can have been. Requests that were turned away cost nothing, and
 * nothing is repeated that might have cost something, so there is one answer at most to pay for.
 */
export function tokensSpent(
  { usage, isUsageFinal, attempts }: CallReport,
  { request, most }: { request: ModelRequest; most: number },
): number {
  if (usage !== null)
    return tokensRead(usage) + (isUsageFinal ? usage.output_tokens : Math.max(usage.output_tokens, request.max_tokens));
  if (attempts === null) return most;
  const wasTurnedAway = attempts.every(({ status, mayHaveArrived }) => !mayHaveArrived || (status ?? 0) >= 300);
  return wasTurnedAway ? 0 : most;
}
