import type {
  Dialect,
  House,
  Outlet,
  RestAnswer,
  RestRequest,
  SpokenFault,
  StreamSession,
} from '#engine/venues/rehearsal/dialect.ts';
import { BinanceMarketSession } from './market-session.ts';
import { privateAnswers } from './private-answers.ts';
import { publicAnswers } from './public-answers.ts';
import { BinanceRefusal, binanceRefusal } from './refusal.ts';
import { checkSignature } from './sign.ts';
import { BinanceUserSession } from './user-session.ts';
import { Weights } from './weights.ts';

/** Binance's spot REST, its market streams, and the user's stream over its websocket API. */
export class BinanceDialect implements Dialect {
  readonly #house: House;
  readonly #weights = new Weights();

  constructor(house: House) {
    this.#house = house;
  }

  /** `POST order`, `GET sapi/v1/asset/tradeFee`. */
  nameOf({ method, path }: RestRequest): string {
    return `${method} ${path.replace(/^\/(api\/v\d\/)?/, '')}`;
  }

  answer(request: RestRequest): RestAnswer {
    const name = this.nameOf(request);
    try {
      this.#weights.count(name, this.#house.wallNow());
      const body = this.#resultOf(name, request);
      return { status: 200, headers: this.#weights.headers(name), body };
    } catch (error) {
      const refused = binanceRefusal(error);
      if (refused === null) throw error;
      const wait: Record<string, string> =
        refused.status === 429 ? { 'Retry-After': String(this.#weights.retryAfterS(this.#house.wallNow())) } : {};
      return said(refused, { ...this.#weights.headers(name), ...wait });
    }
  }

  failure(fault: SpokenFault): RestAnswer {
    switch (fault.kind) {
      case 'server-error': {
        const status = fault.status ?? 502;
        // What stands before it answers in its own way.
        if (status !== 500)
          return { status, headers: { 'Content-Type': 'text/html' }, body: '<html><body>Bad gateway</body></html>' };
        return said(new BinanceRefusal(-1000, 'An unknown error occurred while processing the request.', 500));
      }
      case 'rate-limit': {
        const retryAfterS = fault.retryAfterS ?? 30;
        const status = fault.isBan === true ? 418 : 429;
        const words =
          status === 418
            ? `Way too much request weight used; IP banned until ${this.#house.wallNow() + retryAfterS * 1000}.`
            : 'Too much request weight used.';
        return said(new BinanceRefusal(-1003, words, status), { 'Retry-After': String(retryAfterS) });
      }
      case 'order-rate-limit':
        return said(new BinanceRefusal(-1015, 'Too many new orders; current limit is 100 orders per 10 SECOND.', 429), {
          'Retry-After': '10',
        });
      case 'nonce':
        return said(new BinanceRefusal(-1021, 'Timestamp for this request is outside of the recvWindow.'));
      case 'maintenance':
        return said(new BinanceRefusal(-1001, 'Internal error; unable to process your request. Please try again.', 503));
      case 'busy':
        return said(
          new BinanceRefusal(
            -1007,
            'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
            408,
          ),
        );
    }
  }

  connect(stream: Outlet, path: string): StreamSession {
    return path.startsWith('/ws-api')
      ? new BinanceUserSession(this.#house, stream)
      : new BinanceMarketSession(this.#house, stream);
  }

  #resultOf(name: string, request: RestRequest): unknown {
    if (name === 'GET sapi/v1/system/status') {
      return this.#house.isInMaintenance() ? { status: 1, msg: 'system_maintenance' } : { status: 0, msg: 'normal' };
    }
    if (this.#house.isInMaintenance() && name !== 'GET time' && name !== 'GET ping') {
      throw new BinanceRefusal(-1001, 'Internal error; unable to process your request. Please try again.', 503);
    }
    const isPublic = request.method === 'GET' ? publicAnswers[name.slice('GET '.length)] : undefined;
    if (isPublic !== undefined) return isPublic(this.#house, new URLSearchParams(request.query));
    const answer = privateAnswers[name];
    if (answer === undefined) throw new BinanceRefusal(-1000, `No such endpoint: ${name}`, 404);
    const [payload = '', signature = null] = (request.query + request.body).split(/&?signature=/);
    const params = new URLSearchParams(payload);
    const key = request.headers['x-mbx-apikey'];
    return answer(
      this.#house,
      checkSignature(this.#house, key === undefined ? null : String(key), payload, signature, params),
      params,
    );
  }
}

function said(refusal: BinanceRefusal, headers: Record<string, string> = {}): RestAnswer {
  return { status: refusal.status, headers, body: { code: refusal.code, msg: refusal.message } };
}
