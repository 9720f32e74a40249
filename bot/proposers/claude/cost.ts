import type { CallReport, ModelRequest, Usage } from './messages.ts';
import { type Micros, type Price, priceOf, type TokensByKind } from './money.ts';

/** What the API adds around a request's own text, generously. */
const FRAME_TOKENS = 1_000;

/** What a call costs, or may. */
export interface Cost {
  /** Read and written, from a cache or not. */
  readonly tokens: number;
  /** Null where the model has no price. */
  readonly money: Micros | null;
}

/**
 * The most a call may cost. A token stands for at least one byte, so text has no more tokens than bytes; what it really has is about a
 * quarter of that, and the rest is given back when the call has ended.
 */
export function mostOf(request: ModelRequest, price: Price | null): Cost {
  const read = mostTokensRead(request);
  const written = request.max_tokens;
  if (price === null) return { tokens: read + written, money: null };
  const isCached = request.system.some(({ cache_control: cache }) => cache !== undefined);
  const dearest = isCached ? Math.max(price.input, price.cacheWrite, price.cacheRead) : price.input;
  const kinds = { input: read, output: written, cacheWrite: 0, cacheRead: 0 };
  return { tokens: read + written, money: priceOf(kinds, { ...price, input: dearest }) };
}

function mostTokensRead({ system, messages, output_config: output }: ModelRequest): number {
  const texts = [...system.map(({ text }) => text), ...messages.map(({ content }) => content)];
  // The API tells the model of the schema in words of its own, so it counts twice.
  const schema = output === undefined ? 0 : 2 * Buffer.byteLength(JSON.stringify(output));
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), schema) + FRAME_TOKENS;
}

/** Tokens read, whatever each costs. */
export function tokensRead(usage: Usage): number {
  const { input, cacheWrite, cacheRead } = byKind(usage);
  return input + cacheWrite + cacheRead;
}

/**
 * What a call has cost; where that is not known, the most it can have. Requests that were turned away cost nothing, and nothing is repeated
 * that might have cost something, so there is one answer at most to pay for.
 */
export function costOf(
  { usage, isUsageFinal, attempts }: CallReport,
  { request, most, price }: { readonly request: ModelRequest; readonly most: Cost; readonly price: Price | null },
): Cost {
  if (usage !== null) {
    const written = isUsageFinal ? usage.output_tokens : Math.max(usage.output_tokens, request.max_tokens);
    const kinds = { ...byKind(usage), output: written };
    return { tokens: tokensRead(usage) + written, money: price === null ? null : priceOf(kinds, price) };
  }
  if (attempts === null) return most;
  const wasTurnedAway = attempts.every(({ status, mayHaveArrived }) => !mayHaveArrived || (status ?? 0) >= 300);
  return wasTurnedAway ? { tokens: 0, money: price === null ? null : 0 } : most;
}

function byKind(usage: Usage): TokensByKind {
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cacheWrite: usage.cache_creation_input_tokens ?? 0,
    cacheRead: usage.cache_read_input_tokens ?? 0,
  };
}
