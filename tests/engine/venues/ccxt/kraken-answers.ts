import type { Answer, Asked } from './stand-in.ts';

/** An answer of Kraken's. */
export const kraken = (result: unknown): object => ({ error: [], result });
export const krakenRefuses = (...error: string[]): object => ({ error });

/** One market, in the form of Kraken's public answers. */
export function krakenAnswers(): Record<string, (asked: Asked) => Answer> {
  return {
    '/0/public/Time': () => kraken({ unixtime: Math.floor(Date.now() / 1000), rfc1123: '' }),
    '/0/public/Assets': () =>
      kraken({
        XXBT: { aclass: 'currency', altname: 'XBT', decimals: 10, display_decimals: 5, status: 'enabled' },
        ZUSD: { aclass: 'currency', altname: 'USD', decimals: 4, display_decimals: 2, status: 'enabled' },
      }),
    '/0/public/AssetPairs': () => kraken({ XXBTZUSD: krakenPair }),
    '/0/private/GetApiKeyInfo': () =>
      kraken({
        api_key_name: 'ratchet',
        permissions: ['query-funds', 'query-open-trades', 'query-closed-trades', 'modify-trades', 'close-trades'],
      }),
    '/0/private/TradeVolume': () =>
      kraken({
        currency: 'ZUSD',
        volume: '0.0',
        fees: { XXBTZUSD: { fee: '0.3500' } },
        fees_maker: { XXBTZUSD: { fee: '0.2000' } },
      }),
    '/0/private/AddOrder': () => kraken({ descr: { order: 'buy 0.01 XBTUSD @ limit 50000.0' }, txid: ['OAAAAA-BBBBB-CCCCCC'] }),
  };
}

export const krakenPair = {
  altname: 'XBTUSD',
  wsname: 'XBT/USD',
  aclass_base: 'currency',
  base: 'XXBT',
  aclass_quote: 'currency',
  quote: 'ZUSD',
  lot: 'unit',
  pair_decimals: 1,
  lot_decimals: 8,
  lot_multiplier: 1,
  leverage_buy: [],
  leverage_sell: [],
  fees: [[0, 0.4]],
  fees_maker: [[0, 0.25]],
  fee_volume_currency: 'ZUSD',
  margin_call: 80,
  margin_stop: 40,
  ordermin: '0.0001',
  costmin: '0.5',
  tick_size: '0.1',
  status: 'online',
};
