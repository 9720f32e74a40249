import { z } from 'zod';

/** What a limit costs when nothing says how long: GitHub asks for at least a minute. */
const UNSAID_MS = 60_000;
/** Nothing GitHub limits lasts longer than an hour; a header that says more is not believed. */
const WAIT_MS_MAX = 3_600_000;
/** How far an error's causes are followed. */
const CAUSES_MAX = 8;

/** The error of Octokit, as far as it matters here. */
const Refusal = z.looseObject({
  status: z.number(),
  message: z.string().default(''),
  request: z.looseObject({ method: z.string(), url: z.string() }).optional(),
  /** Left out when no answer came. */
  response: z.looseObject({ headers: z.record(z.string(), z.unknown()).default({}) }).optional(),
});
export type Refusal = z.infer<typeof Refusal>;

/** GitHub's answer behind an error, looked for among its causes; null when it is about something else. */
export function refusalBehind(error: unknown): Refusal | null {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth += 1) {
    const reading = Refusal.safeParse({ ...current, message: current.message });
    if (reading.success) return reading.data;
    current = current.cause;
  }
  return null;
}

/** The HTTP status GitHub refused with; null for an error that is not an answer. */
export function statusBehind(error: unknown): number | null {
  return refusalBehind(error)?.status ?? null;
}

/**
 * When GitHub says to come back, for an answer that means "not now": a primary limit (`x-ratelimit-remaining: 0` and
 * `x-ratelimit-reset`, seconds since 1970) or a secondary one (`retry-after`, seconds, or nothing but its words).
 * Null when it is no limit: then it is a failure like any other.
 *
 * Source: GitHub's REST documentation, "Exceeding the rate limit".
 * @param now UTC milliseconds
 * @returns UTC milliseconds
 */
export function comeBackAt(error: unknown, now: number): number | null {
  const refusal = refusalBehind(error);
  if (refusal === null || ![403, 429, 503].includes(refusal.status)) return null;
  const headers = refusal.response?.headers ?? {};
  const retryAfter = seconds(headers['retry-after']);
  if (retryAfter !== null) return now + bounded(retryAfter * 1000);
  if (String(headers['x-ratelimit-remaining']) === '0') {
    const reset = seconds(headers['x-ratelimit-reset']);
    // A second more: the limit is lifted after that second, not in it.
    return now + bounded(reset === null ? UNSAID_MS : reset * 1000 - now + 1000);
  }
  return refusal.status === 429 || /secondary rate|abuse detection/i.test(refusal.message) ? now + UNSAID_MS : null;
}

function seconds(value: unknown): number | null {
  const text = String(value ?? '');
  return /^\d{1,12}$/.test(text) ? Number(text) : null;
}

function bounded(waitMs: number): number {
  return Math.min(Math.max(waitMs, 1000), WAIT_MS_MAX);
}
