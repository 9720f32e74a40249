import { barsBetween, type Dialect, type ExchangeState } from './candle-exchange.ts';

const pairOf = (base: string, name: string) => ({
  altname: `${name}USD`,
  wsname: `${name}/USD`,
  aclass_base: 'currency',
  base,
  aclass_quote: 'currency',
  quote: 'ZUSD',
  lot: 'unit',
  pair_decimals: 1,
  lot_decimals: 8,
  lot_multiplier: 1,
  leverage_buy: [],
  leverage_sell: [],
  fees: [[0, 0.26]],
  fees_maker: [[0, 0.16]],
  fee_volume_currency: 'ZUSD',
  ordermin: '0.0001',
  costmin: '0.5',
  tick_size: '0.1',
  status: 'online',
});

const assetOf = (altname: string) => ({ aclass: 'currency', altname, decimals: 10, display_decimals: 5, status: 'enabled' });

/** Kraken: only the newest 720 bars whatever is asked for, `since` excluded, seconds, the last bar forming. */
export const krakenDialect: Dialect = (url, state) => {
  switch (url.pathname) {
    case '/0/public/Time':
      return result({ unixtime: Math.floor(state.nowMs / 1000) });
    case '/0/public/Assets':
      return result({ XXBT: assetOf('XBT'), XETH: assetOf('ETH'), ZUSD: assetOf('USD'), SOL: assetOf('SOL') });
    case '/0/public/AssetPairs':
      return result({ XXBTZUSD: pairOf('XXBT', 'XBT'), XETHZUSD: pairOf('XETH', 'ETH'), SOLUSD: pairOf('SOL', 'SOL') });
    case '/0/public/OHLC':
      return ohlc(url, state);
    default:
      return undefined;
  }
};

function ohlc(url: URL, state: ExchangeState) {
  if (Number(url.searchParams.get('interval')) * 60_000 !== state.stepMs) return { error: ['EGeneral:Invalid arguments'] };
  const sinceMs = Number(url.searchParams.get('since') ?? 0) * 1000;
  const { time, open, high, low, close, volume } = state.columns;
  const rows = barsBetween(state, 0)
    .slice(-720)
    .filter((index) => time[index]! > sinceMs)
    .map((index) => [
      time[index]! / 1000,
      open[index]!.toFixed(1),
      high[index]!.toFixed(1),
      low[index]!.toFixed(2),
      close[index]!.toFixed(1),
      close[index]!.toFixed(1),
      volume[index]!.toFixed(8),
      9,
    ]);
  return result({ [url.searchParams.get('pair')!]: rows, last: rows.at(-2)?.[0] ?? 0 });
}

function result(value: unknown) {
  return { error: [], result: value };
}
