import type { Exchange } from 'ccxt';
import { z } from 'zod';
import { type FetchableVenue, openVenue, venueTraits } from '#engine/candles/open-venue.ts';
import { simulatedVenue } from '#engine/candles/series-key.ts';
import type { Clock } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { binance } from '#engine/venues/ccxt/binance.ts';
import { coinbase } from '#engine/venues/ccxt/coinbase.ts';
import type { Dialect } from '#engine/venues/ccxt/dialect.ts';
import { explainFailure } from '#engine/venues/ccxt/explain-failure.ts';
import { kraken } from '#engine/venues/ccxt/kraken.ts';
import { leaveStreams } from '#engine/venues/ccxt/leave-streams.ts';
import { newPassage, Wire } from '#engine/venues/ccxt/wire.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import type { MarketBar, MarketData, MarketDataTraits } from './market-data.ts';

/** A row as ccxt hands it over; an exchange that leaves a number out is not understood. */
const Rows = z
  .array(z.tuple([z.int(), z.number(), z.number(), z.number(), z.number(), z.number()]))
  .transform((rows) =>
    rows.map(([time, open, high, low, close, volume]): MarketBar => ({ time, open, high, low, close, volume })),
  );
const ServerTime = z.number().positive();

interface Own extends Pick<MarketDataTraits, 'canWatch' | 'settleMs' | 'weights' | 'budget'> {
  readonly dialect: Dialect;
}

/**
 * What the exchanges allow for public questions, by their documentation of November 2026, with a margin: Kraken one a second for each
 * market; Binance 6,000 weights a minute, two for candles; Coinbase ten a second. ccxt's `watchOHLCV` is there for two of them.
 */
const own: Readonly<Record<FetchableVenue, Own>> = {
  kraken: {
    dialect: kraken,
    canWatch: true,
    settleMs: 1_000,
    weights: { bars: 1, time: 1 },
    budget: { capacity: 10, perSecond: 1 },
  },
  binance: {
    dialect: binance,
    canWatch: true,
    settleMs: 1_000,
    weights: { bars: 2, time: 1 },
    budget: { capacity: 100, perSecond: 50 },
  },
  coinbase: {
    dialect: coinbase,
    canWatch: false,
    settleMs: 4_000,
    weights: { bars: 1, time: 1 },
    budget: { capacity: 5, perSecond: 5 },
  },
};

export interface CcxtMarketDataOptions {
  readonly exchange: string;
  readonly clock: Clock;
  /** A stand-in on this machine that speaks the exchange's dialect: its bars count as simulated. */
  readonly baseUrl?: string | undefined;
}

/** @throws RatchetError `candles/unknown-venue` */
export async function openCcxtMarketData({ exchange, clock, baseUrl }: CcxtMarketDataOptions): Promise<MarketData> {
  const venue = await openVenue(exchange, baseUrl, 'stream');
  return new CcxtMarketData(venue.name, venue.exchange, clock, baseUrl ?? null);
}

/** Public market data through ccxt. It opens no account and holds no key. */
class CcxtMarketData implements MarketData {
  readonly venue: string;
  readonly isSimulated: boolean;
  readonly traits: MarketDataTraits;
  readonly #name: FetchableVenue;
  readonly #exchange: Exchange;
  readonly #dialect: Dialect;
  readonly #wire: Wire;

  constructor(name: FetchableVenue, exchange: Exchange, clock: Clock, baseUrl: string | null) {
    const { dialect, ...traits } = own[name];
    const { pageBars, newestBarsOnly = null, isWindowed } = venueTraits[name];
    this.#name = name;
    this.venue = baseUrl === null ? name : simulatedVenue;
    this.isSimulated = baseUrl !== null;
    this.traits = { ...traits, pageBars, newestBarsOnly, isWindowed, timeStepMs: Math.max(1, dialect.clockResolutionMs) };
    this.#dialect = dialect;
    this.#exchange = exchange;
    exchange.log = () => undefined;
    // Questions are paced before they come here, by the market and not one after the other. ccxt's limiter stays on for what it
    // sends by websocket.
    exchange.throttle = async () => undefined;
    // Who watches waits before it comes back, by its own clock.
    exchange.calculateWsBackoffDelay = () => 0;
    this.#wire = new Wire(exchange, clock, baseUrl);
  }

  async bars(symbol: string, timeframe: Timeframe, since: number, limit: number): Promise<MarketBar[]> {
    return this.#ask(`Asking ${this.#name} for bars of ${symbol}`, async () => {
      await this.#assertMarket(symbol);
      return Rows.parse(await this.#exchange.fetchOHLCV(symbol, timeframe, since, limit));
    });
  }

  async watch(symbol: string, timeframe: Timeframe): Promise<MarketBar[]> {
    // Its markets come by the other way, and may fail by it.
    await this.#ask(`Asking ${this.#name} for its markets`, () => this.#assertMarket(symbol));
    try {
      return Rows.parse(await this.#exchange.watchOHLCV(symbol, timeframe));
    } catch (error) {
      throw streamFailure(error, this.#name, symbol);
    }
  }

  /** At once, and without waiting for the other side to agree: it may be the one that no longer answers. */
  async disconnect(): Promise<void> {
    leaveStreams(this.#exchange, new VenueError('network', 'unknown', 'The stream was left.', 'It is taken up again by itself.'));
  }

  async serverTime(): Promise<number> {
    return this.#ask(`Asking ${this.#name} for the time`, async () =>
      ServerTime.parse(await this.#dialect.serverTime(this.#exchange)),
    );
  }

  async close(): Promise<void> {
    await this.disconnect();
  }

  async #assertMarket(symbol: string): Promise<void> {
    await this.#exchange.loadMarkets();
    const market = this.#exchange.markets?.[symbol];
    if (market === undefined || market.spot === false) {
      throw new VenueError('other', 'refused', `${this.#name} has no market "${symbol}".`, 'Take it out, or correct its name.');
    }
  }

  async #ask<T>(action: string, work: () => Promise<T>): Promise<T> {
    const passage = newPassage();
    try {
      return await this.#wire.call(passage, {}, work);
    } catch (error) {
      throw explainFailure(error, passage, this.#dialect, action, (text) => text);
    }
  }
}

/** ccxt's errors by their names: a stream that broke, or a market it does not serve. */
function streamFailure(error: unknown, exchange: string, symbol: string): VenueError {
  if (error instanceof VenueError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const words = error instanceof Error ? error.message.replaceAll(/\b\w+:\/\/\S+/g, '[address]').slice(0, 200) : '';
  const isRefused = /^(ExchangeError|BadRequest|BadSymbol|NotSupported|ArgumentsRequired|PermissionDenied)$/.test(name);
  const said = `${name}${words === '' ? '' : `: ${words}`}`;
  if (isRefused) {
    return new VenueError('other', 'refused', `${exchange} does not stream bars of ${symbol} (${said}).`, 'They are asked for.');
  }
  return new VenueError('network', 'unknown', `The stream of ${exchange} broke (${said}).`, 'It is taken up again by itself.');
}
