import { randomBytes } from 'node:crypto';
import { Big } from 'big.js';
import { SimulatedMarket } from '#engine/candles/simulate-market.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { type Clock, systemClock } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { BinanceDialect } from './binance/binance-dialect.ts';
import type { ApiKey, Dialect, House } from './dialect.ts';
import { Exchange } from './exchange.ts';
import type { BookShape, FeePlan, ListedMarket } from './exchange-types.ts';
import { faultPath } from './fault-order.ts';
import type { FaultPlan } from './faults.ts';
import { FaultsByHand } from './faults-by-hand.ts';
import { KrakenDialect } from './kraken/kraken-dialect.ts';
import { MarketFigures } from './market-figures.ts';
import { pacedClock } from './paced-clock.ts';
import { RehearsalServer } from './server.ts';

export type RehearsalDialect = 'kraken' | 'binance';

/** Prices either from candles that were, moved so that they go on now, or from the simulated market, which never ends. */
export type RehearsalPrices =
  | { readonly candles: ReadonlyMap<string, CandleColumns>; readonly timeframe: Timeframe }
  | { readonly seed: number; readonly symbols: readonly string[]; readonly timeframe: Timeframe };

export interface RehearsalOptions {
  readonly dialect: RehearsalDialect;
  readonly prices: RehearsalPrices;
  /** Asset → amount. */
  readonly balances: Readonly<Record<string, string>>;
  /** The exchange's time runs that many times faster; its clock then is `Rehearsal.clock`. Default 1. */
  readonly pace?: number;
  /** Given instead of a pace: the time of the exchange, which stands still in tests. */
  readonly clock?: Clock;
  readonly faults?: FaultPlan;
  /** What a market is like where the simulated one says nothing: tick, step, minima, fees, depth. By symbol. */
  readonly markets?: Readonly<Record<string, Partial<ListedMarket>>>;
  /** Default: as the exchange has it. */
  readonly fees?: FeePlan;
  readonly keys?: readonly ApiKey[];
  readonly port?: number;
  readonly pulseMs?: number;
  /** Bars of simulated prices that lie behind the start. Default 1,000. */
  readonly pastBars?: number;
}

/** An exchange to rehearse against, and everything one may do to it. */
export interface Rehearsal {
  readonly baseUrl: string;
  readonly key: ApiKey;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly server: RehearsalServer;
  setMaintenance(isOn: boolean): void;
  /** The exchange shows, and demands, a time this far from the machine's. */
  setSkew(ms: number): void;
  close(): Promise<void>;
}

/** Bars drawn ahead at a time. */
const barsAhead = 500;
const account = 'rehearsal';

/**
 * Starts an exchange on a loopback port.
 * @throws RatchetError `rehearsal/no-candles`, `rehearsal/untellable-fees`, `rehearsal/no-port`
 */
export async function startRehearsal(options: RehearsalOptions): Promise<Rehearsal> {
  refuseUntellable(options);
  const clock = options.clock ?? (options.pace === undefined ? systemClock : pacedClock(systemClock, options.pace));
  const barMs = timeframeMs(options.prices.timeframe);
  const source = sourceOf(options, clock.now(), barMs);
  const markets = [...source.first].map(([symbol, candles]) => marketOf(symbol, candles, barMs, options.markets?.[symbol]));
  const exchange = new Exchange(clock, {
    markets,
    balances: { [account]: options.balances },
    fees: options.fees ?? (options.dialect === 'binance' ? 'received' : 'quote'),
    refusesReachedStops: options.dialect === 'binance',
  });
  const keys = options.keys ?? [newKey()];
  const state = { skewMs: 0, isInMaintenance: false };
  const house: House = {
    exchange,
    figures: new MarketFigures(exchange),
    keys,
    now: () => clock.now() + state.skewMs,
    wallNow: () => systemClock.now() + state.skewMs,
    isInMaintenance: () => state.isInMaintenance,
  };
  const { pulseMs, port } = options;
  const server = await RehearsalServer.open({ dialect: dialectOf(options.dialect, house), clock, pulseMs, port });
  server.faults.byChance(options.faults ?? null);
  const stopDrawing = keepDrawing(exchange, clock, source.next, barMs);
  const rehearsal: Rehearsal = {
    baseUrl: server.baseUrl,
    key: keys[0]!,
    clock,
    exchange,
    server,
    setMaintenance: (isOn) => {
      state.isInMaintenance = isOn;
    },
    setSkew: (ms) => {
      state.skewMs = ms;
    },
    close: async () => {
      await byHand.end();
      stopDrawing();
      exchange.close();
      await server.close();
    },
  };
  const byHand = new FaultsByHand(rehearsal, options.faults ?? null, systemClock);
  server.aside(faultPath, (request) => byHand.answer(request));
  return rehearsal;
}

/** Kraken's history names no currency of a fee, and a trade of Binance's has one fee. */
function refuseUntellable({ dialect, fees = 'quote' }: RehearsalOptions): void {
  const isTold = dialect === 'kraken' ? fees === 'quote' : typeof fees === 'string' || fees.share === 1;
  if (isTold) return;
  throw new RatchetError(
    'rehearsal/untellable-fees',
    `Such fees cannot be told in the dialect of ${dialect}.`,
    'Take fees in quote for kraken; for binance give a third asset the whole of each fee.',
    { dialect },
  );
}

function dialectOf(dialect: RehearsalDialect, house: House): Dialect {
  switch (dialect) {
    case 'kraken':
      return new KrakenDialect(house);
    case 'binance':
      return new BinanceDialect(house);
  }
}

interface PriceSource {
  readonly first: ReadonlyMap<string, CandleColumns>;
  /** More bars, or null where there are no more. */
  readonly next: (() => ReadonlyMap<string, CandleColumns>) | null;
}

function sourceOf({ prices, pastBars = 1_000 }: RehearsalOptions, now: number, barMs: number): PriceSource {
  const start = Math.floor(now / barMs) * barMs;
  if ('candles' in prices) {
    const moved = [...prices.candles].map(([symbol, columns]) => [symbol, movedTo(columns, start, barMs)] as const);
    if (moved.length === 0 || moved.some(([, columns]) => columns.time.length === 0)) {
      throw new RatchetError('rehearsal/no-candles', 'There are no candles to rehearse with.', 'Give candles, or a seed.');
    }
    return { first: new Map(moved), next: null };
  }
  const { seed, symbols, timeframe } = prices;
  const market = new SimulatedMarket({ seed, symbols, timeframe, from: start - pastBars * barMs });
  return { first: market.advance(pastBars + barsAhead), next: () => market.advance(barsAhead) };
}

/** The same bars later or earlier by whole bars, so that two thirds lie behind `start`. */
function movedTo(columns: CandleColumns, start: number, barMs: number): CandleColumns {
  const now = columns.time[Math.min(columns.time.length - 1, Math.floor((columns.time.length * 2) / 3))] ?? start;
  const shift = Math.round((start - now) / barMs) * barMs;
  return { ...columns, time: columns.time.map((time) => time + shift) };
}

/** Draws more bars before the last is reached. */
function keepDrawing(exchange: Exchange, clock: Clock, next: PriceSource['next'], barMs: number): () => void {
  if (next === null) return () => {};
  let cancel = () => {};
  const wait = () => {
    cancel = clock.after((barsAhead / 2) * barMs, () => {
      const symbol = exchange.markets()[0]!.symbol;
      while (exchange.path(symbol).end < clock.now() + barsAhead * barMs) {
        for (const [each, columns] of next()) exchange.extend(each, columns);
      }
      wait();
    });
  };
  wait();
  return () => cancel();
}

const defaultBook: BookShape = {
  halfSpreadRate: 0.0001,
  levels: 25,
  spacingRate: 0.0001,
  levelNotional: 20_000,
  refillMs: 1_000,
};

/** Tick and step fine enough that one of them is about a ten-thousandth of a per cent of the price, or a cent of an order. */
function marketOf(symbol: string, candles: CandleColumns, barMs: number, changes: Partial<ListedMarket> = {}): ListedMarket {
  const [base = '', quote = ''] = symbol.split('/');
  const magnitude = Math.floor(Math.log10(candles.close[0] ?? 1));
  const stepSize = powerOfTen(-Math.max(0, Math.min(8, magnitude + 1)));
  return {
    symbol,
    base,
    quote,
    isActive: true,
    tickSize: powerOfTen(-Math.max(0, Math.min(8, 6 - magnitude))),
    stepSize,
    minQuantity: stepSize.times(10),
    minNotional: new Big(5),
    maxQuantity: null,
    makerFeeRate: 0.0016,
    takerFeeRate: 0.0026,
    book: defaultBook,
    candles,
    barMs,
    ...changes,
  };
}

function powerOfTen(exponent: number): Big {
  return new Big(`1e${exponent}`);
}

function newKey(): ApiKey {
  const [key, secret] = [randomBytes(16).toString('hex'), randomBytes(32).toString('base64')];
  return { key, secret, account, canTrade: true, canWithdraw: false };
}
