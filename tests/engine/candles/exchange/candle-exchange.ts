import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CandleColumns } from '#engine/candles/types.ts';

/** What a server of candles knows: one market's bars, the last of them still forming, and its own clock. */
export interface ExchangeState {
  readonly stepMs: number;
  readonly columns: CandleColumns;
  nowMs: number;
}

/** Answers a public request as the exchange would; undefined for one it does not know. */
export type Dialect = (url: URL, state: ExchangeState) => unknown;

export type Fault = 'drop' | 'cut' | 'busy' | 'none';

/** An exchange's public REST interface on loopback, serving candles in one dialect, with faults on demand. */
export class CandleExchange {
  readonly state: ExchangeState;
  /** Paths and queries asked for, in order. */
  readonly requests: string[] = [];
  /** What goes wrong with the next requests for candles, one fault a request. */
  readonly faults: Fault[] = [];
  url = '';
  readonly #dialect: Dialect;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  constructor(dialect: Dialect, state: ExchangeState) {
    this.#dialect = dialect;
    this.state = state;
  }

  static async start(dialect: Dialect, state: ExchangeState): Promise<CandleExchange> {
    const exchange = new CandleExchange(dialect, state);
    await new Promise<void>((resolve) => exchange.#server.listen(0, '127.0.0.1', resolve));
    exchange.url = `http://127.0.0.1:${(exchange.#server.address() as AddressInfo).port}`;
    return exchange;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get candleRequests(): string[] {
    return this.requests.filter((request) => /OHLC|klines|candles/.test(request));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    this.requests.push(path);
    const fault = /OHLC|klines|candles/.test(path) ? (this.faults.shift() ?? 'none') : 'none';
    if (fault === 'drop') {
      request.socket.destroy();
      return;
    }
    if (fault === 'busy') {
      response.writeHead(503).end('Service Unavailable');
      return;
    }
    const answer = this.#dialect(new URL(path, 'http://exchange'), this.state);
    const body = JSON.stringify(answer ?? {});
    response.writeHead(answer === undefined ? 404 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    if (fault === 'cut') response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
    else response.end(body);
  }
}

/** Indexes of the bars that have begun by the server's clock and open in [fromMs, toMs]. */
export function barsBetween(state: ExchangeState, fromMs: number, toMs = Number.POSITIVE_INFINITY): number[] {
  const indexes: number[] = [];
  for (const [index, time] of state.columns.time.entries()) {
    if (time >= fromMs && time <= toMs && time <= state.nowMs) indexes.push(index);
  }
  return indexes;
}
