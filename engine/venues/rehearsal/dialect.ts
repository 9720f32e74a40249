import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange } from './exchange.ts';
import type { RestFault } from './faults.ts';
import type { MarketFigures } from './market-figures.ts';

export interface ApiKey {
  readonly key: string;
  /** Kraken: base64. */
  readonly secret: string;
  /** The account of the exchange it opens. */
  readonly account: string;
  readonly canTrade: boolean;
  readonly canWithdraw: boolean;
}

/** What a dialect speaks for. */
export interface House {
  readonly exchange: Exchange;
  readonly figures: MarketFigures;
  readonly keys: readonly ApiKey[];
  /** The exchange's clock as it shows it. UTC milliseconds. */
  now(): number;
  /** What timestamps of requests are compared with: their clients use the machine's clock, whatever the market's does. */
  wallNow(): number;
  isInMaintenance(): boolean;
}

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The faults an exchange puts into words itself. */
export type SpokenFault = Extract<
  RestFault,
  { kind: 'server-error' | 'rate-limit' | 'order-rate-limit' | 'nonce' | 'maintenance' | 'busy' }
>;

/** One exchange's way to say what the model does. */
export interface Dialect {
  /** How faults name this request. */
  nameOf(request: RestRequest): string;
  /** Does what is asked and says what came of it; a refusal is an answer. */
  answer(request: RestRequest): RestAnswer;
  failure(fault: SpokenFault): RestAnswer;
  /** A client has opened a websocket at `path`. */
  connect(stream: Outlet, path: string): StreamSession;
}

/** Where a session's messages go. */
export interface Outlet {
  /** @param channel how faults name the message; null for what no fault touches */
  send(channel: string | null, message: unknown): void;
}

export interface StreamSession {
  receive(message: unknown): void;
  /** Time to say how the markets stand. */
  pulse(): void;
  close(): void;
}
