import { randomBytes } from 'node:crypto';
import type {
  ApiKey,
  Dialect,
  House,
  Outlet,
  RestAnswer,
  RestRequest,
  SpokenFault,
  StreamSession,
} from '#engine/venues/rehearsal/dialect.ts';
import { accountAnswers } from './private-answers.ts';
import { publicAnswers } from './public-answers.ts';
import { KrakenRefusal, krakenWords } from './refusal.ts';
import { KrakenKeys } from './sign.ts';
import { KrakenSession } from './stream-session.ts';
import { tradingAnswers } from './trading-answers.ts';

/** Kraken's REST and the second version of its websocket. Its errors come with status 200. */
export class KrakenDialect implements Dialect {
  readonly #house: House;
  readonly #keys: KrakenKeys;
  /** Tokens of the private websocket, by token. */
  readonly #tokens = new Map<string, ApiKey>();

  constructor(house: House) {
    this.#house = house;
    this.#keys = new KrakenKeys(house);
  }

  nameOf(request: RestRequest): string {
    return request.path.split('/').at(-1) ?? '';
  }

  answer(request: RestRequest): RestAnswer {
    try {
      return { status: 200, body: { error: [], result: this.#resultOf(request) } };
    } catch (error) {
      const words = krakenWords(error);
      if (words === null) throw error;
      return refused(words);
    }
  }

  failure(fault: SpokenFault): RestAnswer {
    switch (fault.kind) {
      case 'server-error':
        return {
          status: fault.status ?? 502,
          headers: { 'Content-Type': 'text/html' },
          body: '<html><body>Bad gateway</body></html>',
        };
      case 'rate-limit':
        return refused(fault.isBan === true ? 'EGeneral:Temporary lockout' : 'EAPI:Rate limit exceeded');
      case 'order-rate-limit':
        return refused('EOrder:Rate limit exceeded');
      case 'nonce':
        return refused('EAPI:Invalid nonce');
      case 'maintenance':
        return refused('EService:Unavailable');
      case 'busy':
        return refused('EService:Busy');
    }
  }

  connect(stream: Outlet, _path: string): StreamSession {
    return new KrakenSession(this.#house, stream, (token) => this.#tokens.get(token) ?? null);
  }

  #resultOf(request: RestRequest): unknown {
    const [, version, scope, name = ''] = request.path.split('/');
    if (version !== '0') throw new KrakenRefusal('EGeneral:Unknown method');
    if (scope === 'public') {
      const answer = publicAnswers[name];
      if (answer === undefined) throw new KrakenRefusal('EGeneral:Unknown method');
      if (this.#house.isInMaintenance() && name !== 'Time' && name !== 'SystemStatus')
        throw new KrakenRefusal('EService:Unavailable');
      return answer(this.#house, new URLSearchParams(request.query));
    }
    return this.#privateResult(request, name);
  }

  #privateResult(request: RestRequest, name: string): unknown {
    if (this.#house.isInMaintenance()) throw new KrakenRefusal('EService:Unavailable');
    const params = paramsOf(request);
    const key = this.#keys.check(request, params);
    if (name === 'GetWebSocketsToken') {
      const token = randomBytes(24).toString('base64');
      this.#tokens.set(token, key);
      return { token, expires: 900 };
    }
    const trading = tradingAnswers[name];
    if (trading !== undefined && !key.canTrade) throw new KrakenRefusal('EGeneral:Permission denied');
    const answer = trading ?? accountAnswers[name];
    if (answer === undefined) throw new KrakenRefusal('EGeneral:Unknown method');
    return answer(this.#house, key, params);
  }
}

function refused(text: string): RestAnswer {
  return { status: 200, body: { error: [text] } };
}

/** A form, or JSON where the client says so. */
function paramsOf(request: RestRequest): URLSearchParams {
  if (!request.headers['content-type']?.includes('json')) return new URLSearchParams(request.body);
  try {
    const fields = Object.entries(JSON.parse(request.body) as Record<string, unknown>);
    return new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)]));
  } catch {
    throw new KrakenRefusal('EGeneral:Invalid arguments');
  }
}
