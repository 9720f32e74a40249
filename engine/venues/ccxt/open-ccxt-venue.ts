import type { Exchange } from 'ccxt';
import { exchangeOptions, pointAt } from '#engine/candles/exchange-addresses.ts';
import { type Clock, systemClock } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { isLoopback } from '#engine/secure-url.ts';
import { accountName, type VenueKeys } from '../keys.ts';
import { ANSWER_MS, type KeyRights, type Venue, type VenueFeatures } from '../venue.ts';
import { binance } from './binance.ts';
import { CcxtVenue } from './ccxt-venue.ts';
import { coinbase } from './coinbase.ts';
import { type Dialect, type TradableExchange, tradableExchanges } from './dialect.ts';
import { keepInOrder } from './keep-in-order.ts';
import { kraken } from './kraken.ts';
import { Wire } from './wire.ts';

const dialects: Readonly<Record<TradableExchange, Dialect>> = { kraken, binance, coinbase };

export interface CcxtVenueOptions {
  readonly exchange: string;
  readonly keys: VenueKeys;
  readonly clock?: Clock;
  readonly log: Logger;
  /** A stand-in on this machine that speaks the exchange's dialect: the venue is then called `rehearsal`. */
  readonly baseUrl?: string | undefined;
  /** Told what the key may do before it is judged. */
  readonly onRights?: (rights: KeyRights) => void;
  /** How long an answer is waited for. Milliseconds. */
  readonly timeoutMs?: number;
  /** How often a stream is asked whether it still lives; after two silences it counts as lost. Milliseconds. */
  readonly keepAliveMs?: number;
  /** How long an order may wait for its turn before it is not sent any more. Milliseconds. */
  readonly patienceMs?: number;
  /** How long whoever asks waits for an answer: after that a question is not sent any more. Milliseconds. */
  readonly answerMs?: number;
  /** Questions wait for their turn as the exchange itself demands it; a stand-in demands nothing, unless told to. */
  readonly isPaced?: boolean;
}

/**
 * Opens an account at an exchange: its markets are read and the key is asked what it may do.
 * @throws RatchetError `venue/unknown`, `venue/no-sandbox`, `venue/not-loopback`, `venue/key-may-withdraw`,
 *   `venue/key-may-not-trade`; VenueError where the exchange cannot be reached or refuses the key
 */
export async function openCcxtVenue(options: CcxtVenueOptions): Promise<Venue> {
  const { keys, log, clock = systemClock, baseUrl } = options;
  const dialect = dialectOf(options.exchange);
  if (baseUrl !== undefined) refuseDistant(baseUrl);
  const exchange = await openExchange(dialect, options);
  const wire = new Wire(exchange, clock, baseUrl ?? null);
  keepInOrder(exchange, dialect, wire);
  const venue = new CcxtVenue({
    name: baseUrl === undefined ? dialect.id : 'rehearsal',
    account: accountName(baseUrl === undefined ? dialect.id : `rehearsal-${dialect.id}`, keys),
    exchange,
    dialect,
    wire,
    clock,
    log,
    strike: (text) => keys.strike(text),
    patienceMs: options.patienceMs ?? 5_000,
    answerMs: options.answerMs ?? ANSWER_MS,
  });
  try {
    await venue.begin();
    await refuseWrongKey(venue, dialect.id, options);
  } catch (error) {
    await venue.close();
    throw error;
  }
  return venue;
}

/** What an exchange offers, before it was ever asked. @throws RatchetError as `openCcxtVenue` for a name that is not traded on */
export function featuresOf(exchange: string): VenueFeatures {
  return dialectOf(exchange).features;
}

function dialectOf(name: string): Dialect {
  const known = tradableExchanges.find((exchange) => exchange === name);
  if (known !== undefined) return dialects[known];
  if (/sandbox|testnet|demo/i.test(name)) {
    throw new RatchetError(
      'venue/no-sandbox',
      `"${name}" is not traded on: ccxt's sandbox of Kraken and Coinbase has no address at all, and Binance's is another market.`,
      'Take the rehearsal, which speaks the same dialect on this machine.',
      { name },
    );
  }
  const choices = tradableExchanges.join(', ');
  throw new RatchetError('venue/unknown', `No orders are sent to "${name}".`, `Choose one of ${choices}.`, { name });
}

function refuseDistant(baseUrl: string): void {
  if (isLoopback(new URL(baseUrl).hostname)) return;
  throw new RatchetError(
    'venue/not-loopback',
    `${baseUrl} is not on this machine.`,
    'A stand-in for an exchange listens on 127.0.0.1.',
    { baseUrl },
  );
}

async function openExchange(dialect: Dialect, options: CcxtVenueOptions): Promise<Exchange> {
  const { keys, baseUrl, isPaced = baseUrl === undefined, timeoutMs = 10_000, keepAliveMs = 15_000 } = options;
  const ccxt = await import('ccxt');
  const { key, secret } = keys.reveal();
  const exchange: Exchange = new ccxt.pro[dialect.id]({
    apiKey: key,
    secret,
    timeout: timeoutMs,
    enableRateLimit: isPaced,
    // The exchange's own digits, as text.
    number: String,
    streaming: { keepAlive: keepAliveMs },
    options: { ...exchangeOptions[dialect.id], ...dialect.options },
  });
  // What it would print holds addresses with signatures, and keys of streams.
  exchange.log = () => undefined;
  if (baseUrl !== undefined) {
    pointAt(exchange, baseUrl);
    // Without it ccxt refuses websockets in the clear.
    await exchange.loadHttpProxyAgent();
  }
  return exchange;
}

async function refuseWrongKey(venue: Venue, exchange: string, { log, onRights }: CcxtVenueOptions): Promise<void> {
  const rights = await venue.rights();
  onRights?.(rights);
  const { canTrade, canWithdraw } = rights;
  if (canWithdraw === true) {
    throw new RatchetError(
      'venue/key-may-withdraw',
      `This key may withdraw from ${exchange}.`,
      'Nothing was started. Make a key that may trade and read, and nothing else.',
    );
  }
  if (canWithdraw === null) {
    log.warn(
      { venue: venue.name },
      `${exchange} does not say whether this key may withdraw: make sure yourself that it may not.`,
    );
  }
  if (canTrade === false) {
    throw new RatchetError(
      'venue/key-may-not-trade',
      `This key may not trade on ${exchange}.`,
      'Nothing was started. Make a key that may trade and read.',
    );
  }
}
