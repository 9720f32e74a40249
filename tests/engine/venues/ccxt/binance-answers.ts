import type { Answer, Asked } from './stand-in.ts';

/** A refusal of Binance's. */
export const binanceRefuses = (code: number, msg: string, status = 400) => ({ status, body: { code, msg } });

export const binanceSymbol = {
  symbol: 'BTCUSDT',
  status: 'TRADING',
  baseAsset: 'BTC',
  baseAssetPrecision: 8,
  quoteAsset: 'USDT',
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT'],
  isSpotTradingAllowed: true,
  isMarginTradingAllowed: false,
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
    { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
    { filterType: 'MARKET_LOT_SIZE', minQty: '0.00000000', maxQty: '80.00000000', stepSize: '0.00000000' },
    {
      filterType: 'NOTIONAL',
      minNotional: '5.00000000',
      applyMinToMarket: true,
      maxNotional: '9000000.00000000',
      applyMaxToMarket: false,
      avgPriceMins: 5,
    },
  ],
  permissions: [],
  permissionSets: [['SPOT']],
};

/** One market, in the form of Binance's answers. */
export function binanceAnswers(symbol: object = binanceSymbol): Record<string, (asked: Asked) => Answer> {
  return {
    '/api/v3/time': () => ({ serverTime: Date.now() }),
    '/api/v3/exchangeInfo': () => ({
      timezone: 'UTC',
      serverTime: Date.now(),
      rateLimits: [],
      exchangeFilters: [],
      symbols: [symbol],
    }),
    '/sapi/v1/account/apiRestrictions': () => restrictions({}),
    '/sapi/v1/asset/tradeFee': () => [{ symbol: 'BTCUSDT', makerCommission: '0.00075', takerCommission: '0.00095' }],
    'POST /api/v3/order': ({ form }) => ({
      symbol: 'BTCUSDT',
      orderId: 42,
      orderListId: -1,
      clientOrderId: form.get('newClientOrderId'),
      transactTime: Date.now(),
      status: 'NEW',
      side: form.get('side'),
      type: form.get('type'),
      origQty: form.get('quantity'),
      executedQty: '0.00000000',
      fills: [],
    }),
  };
}

export function restrictions(rest: object): object {
  return {
    ipRestrict: true,
    createTime: 1,
    enableReading: true,
    enableWithdrawals: false,
    enableSpotAndMarginTrading: true,
    ...rest,
  };
}
