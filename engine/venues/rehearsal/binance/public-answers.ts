import type { Big } from 'big.js';
import type { House } from '#engine/venues/rehearsal/dialect.ts';
import type { ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import type { PathBar } from '#engine/venues/rehearsal/price-path.ts';
import { BinanceRefusal, missing } from './refusal.ts';
import { amount, marketById, marketId, turnover } from './rows.ts';

type Answer = (house: House, params: URLSearchParams) => unknown;

const minuteMs = 60_000;
const dayMs = 86_400_000;
export const intervalMs: Readonly<Record<string, number>> = {
  '1m': minuteMs,
  '3m': 3 * minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '30m': 30 * minuteMs,
  '1h': 60 * minuteMs,
  '2h': 120 * minuteMs,
  '4h': 240 * minuteMs,
  '6h': 360 * minuteMs,
  '8h': 480 * minuteMs,
  '12h': 720 * minuteMs,
  '1d': dayMs,
};

/** What anybody may ask, by the path below `/api/v3/`. */
export const publicAnswers: Readonly<Record<string, Answer>> = {
  ping: () => ({}),
  time: (house) => ({ serverTime: house.now() }),

  exchangeInfo: (house, params) => ({
    timezone: 'UTC',
    serverTime: house.now(),
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
      { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200000 },
      { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 61000 },
    ],
    exchangeFilters: [],
    symbols: marketsOf(house, params).map(symbolRow),
  }),

  'ticker/bookTicker': (house, params) => oneOrAll(house, params, (market) => bookTicker(house, market)),
  'ticker/price': (house, params) =>
    oneOrAll(house, params, (market) => ({ symbol: marketId(market), price: amount(house.exchange.quote(market.symbol).last) })),
  'ticker/24hr': (house, params) => oneOrAll(house, params, (market) => dayTicker(house, market)),

  klines(house, params) {
    const market = marketById(house.exchange, params.get('symbol'));
    const barMs = intervalMs[params.get('interval') ?? ''];
    if (barMs === undefined) throw new BinanceRefusal(-1120, 'Invalid interval.');
    const limit = Math.min(1000, Number(params.get('limit') ?? '500'));
    const end = params.has('endTime') ? Number(params.get('endTime')) + 1 : Number.POSITIVE_INFINITY;
    const since = params.has('startTime') ? Math.ceil(Number(params.get('startTime')) / barMs) * barMs : null;
    // The first that are there, however long before them the question begins.
    const start = since === null ? null : Math.max(since, house.figures.firstBar(market.symbol, barMs));
    const until = start === null ? end : Math.min(end, start + limit * barMs);
    return house.figures.bars(market.symbol, barMs, start ?? 0, limit, until).map((bar) => klineRow(bar, barMs));
  },

  depth(house, params) {
    const market = marketById(house.exchange, params.get('symbol'));
    const limit = Number(params.get('limit') ?? '100');
    const { bids, asks } = house.exchange.depth(market.symbol);
    const rows = (levels: typeof bids) => levels.slice(0, limit).map(({ price, quantity }) => [amount(price), amount(quantity)]);
    return { lastUpdateId: house.now(), bids: rows(bids), asks: rows(asks) };
  },

  aggTrades: aggregateTrades,
};

/** Trades of the crowd; each stands for itself, so they aggregate nothing. */
function aggregateTrades(house: House, params: URLSearchParams): unknown {
  const market = marketById(house.exchange, params.get('symbol'));
  const limit = Math.min(1000, Number(params.get('limit') ?? '500'));
  const prints = house.figures.prints(market.symbol, Number(params.get('startTime') ?? '0'), limit);
  return prints.map(({ id, price, quantity, time, side }) => ({
    a: id,
    p: price.toFixed(8),
    q: quantity.toFixed(8),
    f: id,
    l: id,
    T: time,
    m: side === 'sell',
    M: true,
  }));
}

export function bookTicker(house: House, market: ListedMarket): Record<string, unknown> {
  const { bids, asks } = house.exchange.depth(market.symbol);
  return {
    symbol: marketId(market),
    bidPrice: amount(bids[0]!.price),
    bidQty: amount(bids[0]!.quantity),
    askPrice: amount(asks[0]!.price),
    askQty: amount(asks[0]!.quantity),
  };
}

function dayTicker(house: House, market: ListedMarket): Record<string, unknown> {
  const day = house.figures.day(market.symbol);
  const { last } = house.exchange.quote(market.symbol);
  const change = Number(last) - day.open;
  return {
    ...bookTicker(house, market),
    priceChange: change.toFixed(8),
    priceChangePercent: ((100 * change) / day.open).toFixed(3),
    weightedAvgPrice: (day.volume > 0 ? turnover(day) / day.volume : day.close).toFixed(8),
    prevClosePrice: day.open.toFixed(8),
    lastPrice: amount(last),
    lastQty: '0.00100000',
    openPrice: day.open.toFixed(8),
    highPrice: day.high.toFixed(8),
    lowPrice: day.low.toFixed(8),
    volume: day.volume.toFixed(8),
    quoteVolume: turnover(day).toFixed(8),
    openTime: house.now() - dayMs,
    closeTime: house.now(),
    firstId: 1,
    lastId: 1,
    count: 1,
  };
}

function klineRow(bar: PathBar, barMs: number): unknown[] {
  const prices = [bar.open, bar.high, bar.low, bar.close, bar.volume].map((figure) => figure.toFixed(8));
  const quote = turnover(bar);
  return [
    bar.time,
    ...prices,
    bar.time + barMs - 1,
    quote.toFixed(8),
    1,
    (bar.volume / 2).toFixed(8),
    (quote / 2).toFixed(8),
    '0',
  ];
}

function symbolRow(market: ListedMarket): unknown {
  const step = amount(market.stepSize);
  const minQty = amount(market.minQuantity);
  const maxQty = market.maxQuantity === null ? '9000000.00000000' : amount(market.maxQuantity);
  return {
    symbol: marketId(market),
    status: market.isActive ? 'TRADING' : 'BREAK',
    baseAsset: market.base,
    baseAssetPrecision: 8,
    quoteAsset: market.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ['LIMIT', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT'],
    icebergAllowed: false,
    ocoAllowed: false,
    otoAllowed: false,
    quoteOrderQtyMarketAllowed: false,
    allowTrailingStop: false,
    cancelReplaceAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: amount(market.tickSize),
        maxPrice: '10000000.00000000',
        tickSize: amount(market.tickSize),
      },
      { filterType: 'LOT_SIZE', minQty, maxQty, stepSize: step },
      { filterType: 'MARKET_LOT_SIZE', minQty: '0.00000000', maxQty, stepSize: '0.00000000' },
      {
        filterType: 'NOTIONAL',
        minNotional: amount(market.minNotional),
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_MAKER'],
  };
}

/** Those of `symbol` or `symbols` (a JSON list), or all. */
function marketsOf(house: House, params: URLSearchParams): ListedMarket[] {
  const symbol = params.get('symbol');
  if (symbol !== null) return [marketById(house.exchange, symbol)];
  const symbols = params.get('symbols');
  if (symbols === null) return house.exchange.markets();
  try {
    const ids = JSON.parse(symbols) as unknown;
    if (Array.isArray(ids)) return ids.map((id) => marketById(house.exchange, String(id)));
  } catch (error) {
    if (error instanceof BinanceRefusal) throw error;
  }
  throw missing('symbols');
}

function oneOrAll(house: House, params: URLSearchParams, row: (market: ListedMarket) => unknown): unknown {
  const rows = marketsOf(house, params).map(row);
  return params.has('symbol') ? rows[0] : rows;
}

/** Free and locked of one asset. */
export function balanceRow(
  asset: string,
  { free, total }: { free: Big; total: Big },
): { asset: string; free: string; locked: string } {
  return { asset, free: amount(free), locked: amount(total.minus(free)) };
}
