import type { House } from '#engine/venues/rehearsal/dialect.ts';
import type { ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import { decimalsOf } from '#engine/venues/rehearsal/market-figures.ts';
import type { PathBar } from '#engine/venues/rehearsal/price-path.ts';
import { assetId, marketByName, pairOf } from './names.ts';
import { KrakenRefusal } from './refusal.ts';
import { assetRow } from './rows.ts';

type Answer = (house: House, query: URLSearchParams) => unknown;

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Kraken serves no more candles than these, whatever is asked for. */
const candlesMax = 720;
/** Minutes. */
export const intervals = [1, 5, 15, 30, 60, 240, 1440, 10080, 21600];

/** What anybody may ask, by the last part of `/0/public/…`. */
export const publicAnswers: Readonly<Record<string, Answer>> = {
  Time: (house) => ({ unixtime: Math.floor(house.now() / 1000), rfc1123: new Date(house.now()).toUTCString() }),

  SystemStatus: (house) => ({
    status: house.isInMaintenance() ? 'maintenance' : 'online',
    timestamp: new Date(house.now()).toISOString(),
  }),

  Assets(house) {
    const assets = new Set(house.exchange.markets().flatMap(({ base, quote }) => [base, quote]));
    return Object.fromEntries([...assets].map((asset) => [assetId(asset), assetRow(asset)]));
  },

  AssetPairs: (house, query) => ofMarkets(house, query, (market) => pairRow(market)),
  Ticker: (house, query) => ofMarkets(house, query, (market) => tickerRow(house, market)),

  OHLC(house, query) {
    const market = marketOf(house, query);
    const interval = Number(query.get('interval') ?? '1');
    if (!intervals.includes(interval)) throw new KrakenRefusal('EGeneral:Invalid arguments:interval');
    const barMs = interval * minuteMs;
    const since = Number(query.get('since') ?? '0') * 1000;
    const bars = house.figures.bars(market.symbol, barMs, 0, candlesMax).filter((bar) => bar.time > since);
    const last = bars.at(-2)?.time ?? bars.at(-1)?.time ?? 0;
    return { [pairOf(market).id]: bars.map((bar) => candleRow(bar, market)), last: last / 1000 };
  },

  Depth(house, query) {
    const market = marketOf(house, query);
    const count = Number(query.get('count') ?? '100');
    const digits = decimalsOf(market.tickSize);
    const { bids, asks } = house.exchange.depth(market.symbol);
    const at = Math.floor(house.now() / 1000);
    const rows = (levels: typeof bids) =>
      levels.slice(0, count).map(({ price, quantity }) => [price.toFixed(digits), quantity.toFixed(3), at]);
    return { [pairOf(market).id]: { asks: rows(asks), bids: rows(bids) } };
  },

  Trades(house, query) {
    const market = marketOf(house, query);
    const count = Number(query.get('count') ?? '1000');
    const since = Number(query.get('since') ?? '0');
    // Its cursor is in nanoseconds; seconds are taken too.
    const sinceMs = since > 1e14 ? since / 1e6 : since * 1000;
    const digits = decimalsOf(market.tickSize);
    const prints = house.figures.prints(market.symbol, sinceMs, count);
    const rows = prints.map(({ price, quantity, time, side, id }) => [
      price.toFixed(digits),
      quantity.toFixed(8),
      time / 1000,
      side === 'buy' ? 'b' : 's',
      'm',
      '',
      id,
    ]);
    return { [pairOf(market).id]: rows, last: `${(prints.at(-1)?.time ?? house.now()) * 1_000_000}` };
  },
};

export function marketOf(house: House, query: URLSearchParams): ListedMarket {
  const market = marketByName(house.exchange, query.get('pair') ?? '');
  if (market === null) throw new KrakenRefusal('EQuery:Unknown asset pair');
  return market;
}

function ofMarkets(house: House, query: URLSearchParams, row: (market: ListedMarket) => unknown): unknown {
  const names = query.get('pair')?.split(',') ?? null;
  const markets = names === null ? house.exchange.markets() : names.map((name) => marketByName(house.exchange, name));
  return Object.fromEntries(
    markets.map((market) => {
      if (market === null) throw new KrakenRefusal('EQuery:Unknown asset pair');
      return [pairOf(market).id, row(market)];
    }),
  );
}

function pairRow(market: ListedMarket): unknown {
  const { id: _, ...names } = pairOf(market);
  const percent = (rate: number) => [[0, Number((rate * 100).toFixed(6))]];
  return {
    ...names,
    aclass_base: 'currency',
    base: assetId(market.base),
    aclass_quote: 'currency',
    quote: assetId(market.quote),
    lot: 'unit',
    cost_decimals: 5,
    pair_decimals: decimalsOf(market.tickSize),
    lot_decimals: decimalsOf(market.stepSize),
    lot_multiplier: 1,
    leverage_buy: [],
    leverage_sell: [],
    fees: percent(market.takerFeeRate),
    fees_maker: percent(market.makerFeeRate),
    fee_volume_currency: 'ZUSD',
    margin_call: 80,
    margin_stop: 40,
    ordermin: market.minQuantity.toFixed(),
    costmin: market.minNotional.toFixed(),
    tick_size: market.tickSize.toFixed(),
    status: market.isActive ? 'online' : 'cancel_only',
  };
}

function tickerRow(house: House, market: ListedMarket): unknown {
  const digits = decimalsOf(market.tickSize);
  const { bid, ask, last } = house.exchange.quote(market.symbol);
  const { bids, asks } = house.exchange.depth(market.symbol);
  const today = house.figures.bar(market.symbol, dayMs, Math.floor(house.now() / dayMs) * dayMs);
  const day = house.figures.day(market.symbol);
  const start = today ?? day;
  const both = (figure: (bar: PathBar) => number, places: number) => [figure(start).toFixed(places), figure(day).toFixed(places)];
  const lots = (quantity: string) => [String(Math.floor(Number(quantity))), quantity];
  return {
    a: [ask.toFixed(digits), ...lots(asks[0]!.quantity.toFixed(3))],
    b: [bid.toFixed(digits), ...lots(bids[0]!.quantity.toFixed(3))],
    c: [last.toFixed(digits), '0.00100000'],
    v: both((bar) => bar.volume, 8),
    p: both(typicalPrice, digits),
    t: [countOf(start), countOf(day)],
    l: both((bar) => bar.low, digits),
    h: both((bar) => bar.high, digits),
    o: start.open.toFixed(digits),
  };
}

function candleRow(bar: PathBar, market: ListedMarket): unknown[] {
  const digits = decimalsOf(market.tickSize);
  const prices = [bar.open, bar.high, bar.low, bar.close, typicalPrice(bar)].map((price) => price.toFixed(digits));
  return [bar.time / 1000, ...prices, bar.volume.toFixed(8), countOf(bar)];
}

/** Stands for the average price that was paid, which candles do not tell. */
export function typicalPrice(bar: PathBar): number {
  return (bar.high + bar.low + bar.close) / 3;
}

/** How many trades a bar may have been made of, which candles do not tell either. */
export function countOf(bar: PathBar): number {
  return bar.volume > 0 ? 1 + Math.floor(Math.log2(1 + bar.volume)) : 0;
}
