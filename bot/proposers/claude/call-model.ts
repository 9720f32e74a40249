import { APIConnectionError, APIError } from '@anthropic-ai/sdk';
import type { Messages } from '@anthropic-ai/sdk/resources/messages';
import { z } from 'zod';
import { shortened } from '#bot/evidence/markdown.ts';
import { clientFor, type Middleware } from './client.ts';
import { googleToken, TokenRefused } from './google-token.ts';
import { type Attempt, type CallReport, type ToModelProcess, Usage } from './messages.ts';
import type { CallOutcome } from './outcome.ts';

/** So often the SDK tries again by itself, and only what was turned away before it cost anything. */
const RETRIES_MAX = 2;
/** Whoever is told to wait longer asks again as a person, not as a process that sleeps. */
const RETRY_AFTER_MS_MAX = 10_000;
/** Failures of a connection that was never made: nobody there, no way there, or a certificate that nobody vouches for. */
const NEVER_ARRIVED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_.*|ERR_TLS_.*|.*SELF_SIGNED_CERT.*|UNABLE_TO_.*)$/;
const WORDS_MAX = 300;
const CAUSES_MAX = 5;

type MessageSnapshot = NonNullable<ReturnType<Messages['stream']>['currentMessage']>;

/** The message of the API as far as it is read here. */
const Message = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  stop_reason: z.string().nullable(),
  stop_details: z.looseObject({ category: z.string().nullish() }).nullish(),
  usage: Usage,
});

/** A request that may have arrived and was not answered: it may have cost something, and must not be repeated unseen. */
class Unanswered extends Error {}

/** The server's own words about when to come back. */
interface Watch {
  readonly attempts: Attempt[];
  retryAfterMs: number | null;
}

/**
 * One call, to its end or to its deadline. Never throws: whatever happens is an outcome. Runs in the process that holds the key.
 * @param clock UTC milliseconds
 * @param onSecret told of what else nobody may read in the report
 */
export async function callModel(
  { via, credential, baseUrl, request, deadlineMs }: ToModelProcess,
  clock: () => number,
  onSecret: (secret: string) => void,
): Promise<CallReport> {
  const deadline = AbortSignal.timeout(deadlineMs);
  let token: string;
  try {
    token = credential.kind === 'bearer' ? credential.token : await googleToken(credential, clock(), deadline);
    onSecret(token);
  } catch (error) {
    return unasked(deadline.aborted ? { kind: 'timed-out' } : tokenFailureOf(error));
  }
  const watch: Watch = { attempts: [], retryAfterMs: null };
  const client = clientFor({
    via,
    baseUrl,
    token,
    maxRetries: RETRIES_MAX,
    // The deadline is for the whole call; the SDK's own ends with the headers.
    timeoutMs: deadlineMs + 1_000,
    middleware: watching(watch, clock),
  });
  const stream = client.messages.stream(request, { signal: deadline });
  const seen: { message: MessageSnapshot | null } = { message: null };
  stream.on('streamEvent', (_event, snapshot) => {
    seen.message = snapshot;
  });
  let outcome: CallOutcome;
  try {
    outcome = outcomeOf(await stream.finalMessage());
  } catch (error) {
    outcome = deadline.aborted ? { kind: 'timed-out' } : failureOf(error, seen.message !== null, watch);
  }
  const message = seen.message === null ? null : plain(seen.message);
  const usage = Usage.safeParse(message?.usage);
  const stopReason = message?.stop_reason;
  return {
    outcome,
    response: message,
    usage: usage.success ? usage.data : null,
    isUsageFinal: usage.success && typeof stopReason === 'string',
    requestId: stream.request_id ?? watch.attempts.at(-1)?.requestId ?? null,
    attempts: watch.attempts,
  };
}

/** The model was asked nothing, so it costs nothing. */
function unasked(outcome: CallOutcome): CallReport {
  return { outcome, response: null, usage: null, isUsageFinal: false, requestId: null, attempts: [] };
}

function tokenFailureOf(error: unknown): CallOutcome {
  if (!(error instanceof TokenRefused)) {
    const cause = error instanceof Error ? causeOf(error) : String(error);
    return { kind: 'unreachable', what: words(`for a token: ${cause}`) };
  }
  const { status } = error;
  return status >= 400 && status < 500 ? { kind: 'key-refused', status } : { kind: 'unavailable', status };
}

/** Writes every request down, and lets only those be repeated that certainly cost nothing and need no long wait. */
function watching(watch: Watch, clock: () => number): Middleware {
  return async (request, next) => {
    const at = clock();
    const note = (status: number | null, requestId: string | null, mayHaveArrived: boolean): void => {
      watch.attempts.push({ at, ms: clock() - at, status, requestId, mayHaveArrived });
    };
    let response: Response;
    try {
      response = await next(request);
    } catch (error) {
      const never = neverArrived(error);
      note(null, null, !never);
      if (never) throw error;
      // Without a cause: the SDK repeats whatever has a broken connection anywhere among its causes.
      throw new Unanswered('The request got no answer.');
    }
    note(response.status, response.headers.get('request-id'), true);
    watch.retryAfterMs = retryAfter(response.headers, clock());
    if (response.ok || (watch.retryAfterMs ?? 0) <= RETRY_AFTER_MS_MAX) return response;
    const headers = new Headers(response.headers);
    headers.set('x-should-retry', 'false');
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
  };
}

function neverArrived(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && NEVER_ARRIVED.test(String(cause.code));
}

/** RFC 9110, 10.2.3: seconds, or a date. Null when it says nothing, or the past. */
function retryAfter(headers: Headers, now: number): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

function outcomeOf(raw: unknown): CallOutcome {
  const message = Message.safeParse(raw);
  if (!message.success) {
    const issue = message.error.issues[0];
    return { kind: 'garbled', what: words(`${issue?.path.join('.')}: ${issue?.message}`) };
  }
  const { stop_reason: reason, stop_details: details, content } = message.data;
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence': {
      const parts = content.flatMap((block) => (block.type === 'text' ? (block.text ?? []) : []));
      const answer = parts.join('').trim().toWellFormed();
      return answer === '' ? { kind: 'garbled', what: 'an answer without words' } : { kind: 'answered', text: answer };
    }
    case 'refusal':
      return { kind: 'refused', category: details?.category ? words(details.category) : null };
    case 'max_tokens':
      return { kind: 'too-long' };
    case 'model_context_window_exceeded':
      return { kind: 'too-much' };
    case null:
      return { kind: 'cut' };
    default:
      return { kind: 'garbled', what: words(`it stopped for ${reason}`) };
  }
}

/** @param hasBegun whether a part of the message had come */
function failureOf(error: unknown, hasBegun: boolean, watch: Watch): CallOutcome {
  if (error instanceof APIConnectionError) return { kind: 'unreachable', what: words(causeOf(error)) };
  if (error instanceof APIError) return refusalOf(error, watch);
  if (rooted(error, Unanswered)) return { kind: 'cut' };
  if (rooted(error, SyntaxError)) return { kind: 'garbled', what: 'it is no JSON' };
  if (isBroken(error) || (hasBegun && !rooted(error, TypeError))) return { kind: 'cut' };
  return { kind: 'garbled', what: hasBegun ? 'its events make no message' : 'no message began' };
}

/** By status where there is one; an error in the midst of a stream has its type only. */
function refusalOf({ status, type, apiMessage, message }: APIError, { retryAfterMs }: Watch): CallOutcome {
  if (status === 401 || status === 403) return { kind: 'key-refused', status };
  if (status === 429 || type === 'rate_limit_error') return { kind: 'rate-limited', retryAfterMs };
  if (status === 529 || type === 'overloaded_error') return { kind: 'overloaded' };
  if ((status ?? 0) >= 500 || type === 'api_error' || type === 'timeout_error')
    return { kind: 'unavailable', status: status ?? null };
  return { kind: 'rejected', status: status ?? null, what: words(apiMessage ?? message) };
}

/** An error and its causes, the first one first. */
function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < CAUSES_MAX; at = at.cause) causes.push(at);
  return causes;
}

function rooted(error: unknown, kind: abstract new (...args: never[]) => Error): boolean {
  return causesOf(error).some((cause) => cause instanceof kind);
}

/** A connection that broke in the midst of an answer: Node's `fetch` gives the socket's error a code. */
function isBroken(error: unknown): boolean {
  return causesOf(error).some((cause) => 'code' in cause);
}

function causeOf(error: Error): string {
  const deepest = causesOf(error).at(-1) ?? error;
  return 'code' in deepest ? String(deepest.code) : deepest.message;
}

function words(raw: string): string {
  return shortened(raw.toWellFormed(), WORDS_MAX);
}

/** As data: what the SDK hangs on a message besides is not the API's. */
function plain(value: unknown): NonNullable<CallReport['response']> {
  return JSON.parse(JSON.stringify(value));
}
