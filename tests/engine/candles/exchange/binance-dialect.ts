import { barsBetween, type Dialect, type ExchangeState } from './candle-exchange.ts';

const marketOf = (base: string, quote: string) => ({
  symbol: `${base}${quote}`,
  status: 'TRADING',
  baseAsset: base,
  baseAssetPrecision: 8,
  quoteAsset: quote,
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  orderTypes: ['LIMIT', 'MARKET'],
  isSpotTradingAllowed: true,
  isMarginTradingAllowed: false,
  permissions: ['SPOT'],
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1000000.00', tickSize: '0.01' },
    { filterType: 'LOT_SIZE', minQty: '0.00001', maxQty: '9000.0', stepSize: '0.00001' },
  ],
});

const intervals: Readonly<Record<string, number>> = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000 };

/** Binance: up to 1,000 bars from `startTime` on, milliseconds, the last bar forming. */
export const binanceDialect: Dialect = (url, state) => {
  switch (url.pathname) {
    case '/api/v3/time':
      return { serverTime: state.nowMs };
    case '/api/v3/exchangeInfo':
      return {
        timezone: 'UTC',
        serverTime: state.nowMs,
        rateLimits: [],
        exchangeFilters: [],
        symbols: [marketOf('BTC', 'USDT'), marketOf('ETH', 'USDT'), marketOf('BTC', 'EUR'), marketOf('SOL', 'BTC')],
      };
    case '/api/v3/klines':
      return klines(url, state);
    default:
      return undefined;
  }
};

function klines(url: URL, state: ExchangeState) {
  if (intervals[url.searchParams.get('interval') ?? ''] !== state.stepMs) return undefined;
  const limit = Math.min(1_000, Number(url.searchParams.get('limit') ?? 500));
  const { time, open, high, low, close, volume } = state.columns;
  return barsBetween(state, Number(url.searchParams.get('startTime') ?? 0))
    .slice(0, limit)
    .map((index) => [
      time[index]!,
      String(open[index]),
      String(high[index]),
      String(low[index]),
      String(close[index]),
      String(volume[index]),
      time[index]! + state.stepMs - 1,
      '0',
      5,
      '0',
      '0',
      '0',
    ]);
}
