import { ZodError } from 'zod';
import { VenueError, type VenueErrorKind } from '../venue-error.ts';
import type { Dialect, Refusal } from './dialect.ts';
import { type Passage, waitOf } from './wire.ts';

/** Nothing of the request can have left when one of these stopped it: no address, no connection, no trust in the other end. */
const unconnected = /^(ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;
/** These too where they came of connecting; a connection that stood may end by them after all was sent. */
const unreachable = /^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL)$/;

const remedies: Readonly<Record<VenueErrorKind, string>> = {
  network: 'Look at the network; the engine goes on by itself.',
  timeout: 'The engine asks again; an order is never sent again blind.',
  'rate-limit': 'Ask less often.',
  maintenance: 'Wait for the exchange.',
  nonce: 'Use this key in this one process only.',
  clock: "Set this machine's clock.",
  'insufficient-funds': 'Compare the balance with what the engine was given.',
  'invalid-order': "Compare the order with the market's rules.",
  duplicate: 'Ask for the order that bears this name.',
  'no-such-order': 'Nothing is left to do for it.',
  permission: 'Look at what the key may do, and from which addresses.',
  other: "Look at the exchange's status page.",
};

/**
 * What a call's failure means for what was asked. ccxt's own classes are not believed: they depend on the address that was
 * asked, call an overloaded exchange and a mistyped path by one name, and their texts hold signed addresses.
 * @param action what was attempted, as the subject of a sentence: `Placing an order on kraken`
 */
export function explainFailure(
  error: unknown,
  { wasSent, transportError, answer }: Passage,
  dialect: Pick<Dialect, 'refusal'>,
  action: string,
  strike: (text: string) => string,
): VenueError {
  if (error instanceof VenueError) return error;
  const failure = (kind: VenueErrorKind, certainty: VenueError['certainty'], what: string, retryAfterMs?: number) =>
    new VenueError(kind, certainty, strike(`${action} ${what}`), remedies[kind], {
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(answer === null ? {} : { details: { status: answer.status } }),
    });

  if (!wasSent) return failure(refusedByClient(error), 'not-sent', `was not begun: ${ownWords(error)}.`);
  if (answer === null) {
    const code = codeOf(transportError);
    if (isUnconnected(transportError)) return failure('network', 'not-sent', `failed: no connection (${code}).`);
    if (isTimeout(transportError) || nameOf(error) === 'RequestTimeout')
      return failure('timeout', 'unknown', 'got no answer in time.');
    return failure('network', 'unknown', `lost the connection before the answer (${code ?? nameOf(error)}).`);
  }
  const retryAfterMs = waitOf(answer.retryAfter);
  const refusal = dialect.refusal(answer.status, answer.body) ?? byStatus(answer.status);
  if (refusal !== null) {
    const said = refusal.text === '' ? `status ${answer.status}` : `"${refusal.text.slice(0, 300)}"`;
    const verb = refusal.certainty === 'refused' ? 'was refused' : 'was answered';
    return failure(refusal.kind, refusal.certainty, `${verb}: ${said}.`, retryAfterMs);
  }
  // Some answer that they have no such order by a list without it, and ccxt says so by name.
  if (nameOf(error) === 'OrderNotFound') return failure('no-such-order', 'refused', 'was answered: there is no such order.');
  return failure('other', 'unknown', `was answered in a form that is not known (${whatIsOdd(error)}).`);
}

/** What a status alone tells: the exchange may have done it and failed afterwards. */
function byStatus(status: number): Refusal | null {
  if (status === 429 || status === 418) return { kind: 'rate-limit', certainty: 'refused', text: '' };
  if (status === 401 || status === 403 || status === 451) return { kind: 'permission', certainty: 'refused', text: '' };
  if (status === 408 || status === 504) return { kind: 'timeout', certainty: 'unknown', text: '' };
  if (status >= 500) return { kind: 'maintenance', certainty: 'unknown', text: '' };
  if (status >= 400) return { kind: 'other', certainty: 'unknown', text: '' };
  return null;
}

function refusedByClient(error: unknown): VenueErrorKind {
  return /^(InvalidOrder|BadSymbol|ArgumentsRequired|BadRequest|NotSupported)$/.test(nameOf(error)) ? 'invalid-order' : 'other';
}

/** Its first words without any address: ccxt puts the signed one into what it throws. */
function ownWords(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  return error.message.replaceAll(/\b\w+:\/\/\S+/g, '[address]').slice(0, 200);
}

/** Where an answer differs from what was expected; of ccxt's own errors the name only, for their texts quote the answer. */
function whatIsOdd(error: unknown): string {
  if (error instanceof ZodError)
    return error.issues
      .map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('; ')
      .slice(0, 200);
  return nameOf(error) === 'Error' ? ownWords(error) : nameOf(error);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function codeOf(error: unknown): string | null {
  return codedOf(error)?.code ?? null;
}

type Coded = Error & { readonly code: string };

/** The network's own error, under what was made of it. */
function codedOf(error: unknown): Coded | null {
  if (!(error instanceof Error)) return null;
  return isCoded(error) ? error : codedOf(error.cause);
}

function isCoded(error: Error): error is Coded {
  return 'code' in error && typeof error.code === 'string';
}

function isUnconnected(error: unknown): boolean {
  const coded = codedOf(error);
  if (coded === null) return false;
  // Several addresses of one name were tried.
  const tries: unknown[] = coded instanceof AggregateError ? coded.errors : [coded];
  return unconnected.test(coded.code) || (unreachable.test(coded.code) && tries.every(isOfConnecting));
}

function isOfConnecting(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && /^(connect|getaddrinfo)$/.test(String(error.syscall));
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof Error && (/^(AbortError|TimeoutError)$/.test(error.name) || /TIMEOUT|ETIMEDOUT/.test(codeOf(error) ?? ''))
  );
}
