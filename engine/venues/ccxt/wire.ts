import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exchange } from 'ccxt';
import { type Clock, steadyClock } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import { VenueError } from '../venue-error.ts';

/** What became of one call on its way through ccxt, noted where ccxt forgets it. */
export interface Passage {
  /** True once a request has been handed to the network. */
  wasSent: boolean;
  /** When the last one was, by our clock: until then it may have waited for its turn. */
  sentAt: number;
  /** By the steady clock. A request still waiting then is not sent any more: nobody waits for its answer. */
  wantedUntil: number;
  /** The network's own error, before ccxt makes words of it. */
  transportError: unknown;
  answer: { readonly status: number; readonly retryAfter: string | undefined; readonly body: unknown } | null;
}

/** What a call insists on before a request leaves. */
export interface Insistence {
  /** A request still waiting then, in our own queue, is not sent any more. UTC milliseconds. */
  readonly sendBefore?: number;
  /** Completes what ccxt has put together, when its turn has come. */
  readonly complete?: (params: Record<string, unknown>) => void;
  /** Looks at what would be sent; throws where it is not what was asked for. */
  readonly inspect?: (url: string, body: string) => void;
  /** Nothing is sent a second time. */
  readonly once?: boolean;
}

/**
 * Stands between ccxt and the network: what leaves goes to the right place, at the right time and as it was asked for, and
 * whether it left, and what came back, is known afterwards. ccxt keeps only words of a transport error and only the last
 * answer of all calls, and neither tells whether an order may exist.
 */
export class Wire {
  readonly #calls = new AsyncLocalStorage<Passage & Insistence>();
  readonly #clock: Clock;
  readonly #origin: string | null;

  /** @param baseUrl the only place that may be spoken to; null for the exchange itself */
  constructor(exchange: Exchange, clock: Clock, baseUrl: string | null) {
    this.#clock = clock;
    this.#origin = baseUrl === null ? null : new URL(baseUrl).host;
    const { fetch, undiciRequest, handleErrors, client } = exchange;
    exchange.fetch = (url: string, method?: string, headers?: unknown, body?: unknown) => {
      this.#beforeSending(url, typeof body === 'string' ? body : '');
      return fetch.call(exchange, url, method, headers, body);
    };
    exchange.undiciRequest = async (url: string, params: unknown) => {
      try {
        return await undiciRequest.call(exchange, url, params);
      } catch (error) {
        const call = this.#calls.getStore();
        if (call !== undefined) call.transportError = error;
        throw error;
      }
    };
    exchange.handleErrors = (...args: Parameters<typeof handleErrors>) => {
      const [status, , , , headers, text, body] = args;
      const call = this.#calls.getStore();
      if (call !== undefined) call.answer = { status, retryAfter: headers?.['Retry-After'], body: body ?? text };
      return handleErrors.apply(exchange, args);
    };
    exchange.client = (url: string) => {
      this.#refuseStranger(url);
      return client.call(exchange, url);
    };
  }

  /** Does `work`, which asks ccxt, and tells `passage` what became of it on the way. */
  call<T>(passage: Passage, insistence: Insistence, work: () => Promise<T>): Promise<T> {
    return this.#calls.run(Object.assign(passage, insistence), work);
  }

  /** The call within which this is asked. */
  get current(): (Passage & Insistence) | undefined {
    return this.#calls.getStore();
  }

  #beforeSending(url: string, body: string): void {
    this.#refuseStranger(url);
    const call = this.#calls.getStore();
    if (call === undefined) return;
    if (call.once === true && call.wasSent) {
      throw new VenueError(
        'other',
        'unknown',
        'A request that may be sent once was about to be sent again.',
        'Ask what became of it.',
      );
    }
    const isLate = call.sendBefore !== undefined && this.#clock.now() > call.sendBefore;
    if (isLate || steadyClock.now() >= call.wantedUntil) throw waitedTooLong();
    call.inspect?.(url, body);
    call.wasSent = true;
    call.sentAt = this.#clock.now();
    // Of several requests the last one's fate is told.
    call.transportError = null;
    call.answer = null;
  }

  #refuseStranger(url: string): void {
    if (this.#origin === null || new URL(url).host === this.#origin) return;
    throw new RatchetError(
      'venue/not-loopback',
      'A rehearsal was about to speak to a real exchange.',
      'Nothing was sent. This is a fault of the program: report it.',
    );
  }
}

/** @param answerMs how long its answers are waited for */
export function newPassage(answerMs = Number.POSITIVE_INFINITY): Passage {
  return { wasSent: false, sentAt: 0, wantedUntil: steadyClock.now() + answerMs, transportError: null, answer: null };
}

export function waitedTooLong(): VenueError {
  return new VenueError('rate-limit', 'not-sent', 'It waited for its turn for too long and was not sent.', 'Decide again.');
}

/** `Retry-After` in seconds, told in milliseconds; a date is left alone. */
export function waitOf(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) * 1000 : undefined;
}
