import { barsBetween, type Dialect, type ExchangeState } from './candle-exchange.ts';

const productOf = (base: string, quote: string) => ({
  product_id: `${base}-${quote}`,
  price: '100',
  base_increment: '0.00000001',
  quote_increment: '0.01',
  quote_min_size: '1',
  quote_max_size: '50000000',
  base_min_size: '0.000016',
  base_max_size: '1500',
  base_name: base,
  quote_name: quote,
  is_disabled: false,
  status: 'online',
  trading_disabled: false,
  product_type: 'SPOT',
  quote_currency_id: quote,
  base_currency_id: base,
  fcm_trading_session_details: null,
  base_display_symbol: base,
  quote_display_symbol: quote,
  price_increment: '0.01',
});

/** Coinbase: the bars of a fixed window, newest first, seconds; an empty window says nothing about the next. */
export const coinbaseDialect: Dialect = (url, state) => {
  switch (url.pathname) {
    case '/v2/time':
      return { data: { iso: new Date(state.nowMs).toISOString(), epoch: Math.floor(state.nowMs / 1000) } };
    case '/api/v3/brokerage/time':
      return {
        iso: new Date(state.nowMs).toISOString(),
        epochSeconds: String(Math.floor(state.nowMs / 1000)),
        epochMillis: String(state.nowMs),
      };
    case '/v2/currencies':
    case '/v2/currencies/crypto':
      return { data: [] };
    case '/v2/exchange-rates':
      return { data: { currency: 'USD', rates: {} } };
    case '/api/v3/brokerage/market/products':
      return {
        products: url.searchParams.has('product_type') ? [] : [productOf('BTC', 'USD'), productOf('ETH', 'USD')],
        num_products: 2,
      };
    case '/api/v3/brokerage/market/products/BTC-USD/candles':
      return { candles: candles(url, state) };
    default:
      return undefined;
  }
};

function candles(url: URL, state: ExchangeState) {
  const { time, open, high, low, close, volume } = state.columns;
  const at = (name: string) => Number(url.searchParams.get(name)) * 1000;
  return barsBetween(state, at('start'), at('end'))
    .reverse()
    .slice(0, 350)
    .map((index) => ({
      start: String(time[index]! / 1000),
      low: String(low[index]),
      high: String(high[index]),
      open: String(open[index]),
      close: String(close[index]),
      volume: String(volume[index]),
    }));
}
