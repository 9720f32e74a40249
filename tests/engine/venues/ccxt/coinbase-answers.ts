import type { Answer, Asked } from './stand-in.ts';

export const coinbaseProduct = {
  product_id: 'BTC-USD',
  base_currency_id: 'BTC',
  quote_currency_id: 'USD',
  base_increment: '0.00000001',
  quote_increment: '0.01',
  price_increment: '0.01',
  base_min_size: '0.0001',
  base_max_size: '3400',
  quote_min_size: '1',
  quote_max_size: '150000000',
  status: 'online',
  trading_disabled: false,
  product_type: 'SPOT',
  alias_to: [],
};

/** One market, in the form of Coinbase's answers. */
export function coinbaseAnswers(): Record<string, (asked: Asked) => Answer> {
  const v3 = '/api/v3/brokerage';
  return {
    '/v2/currencies': () => ({ data: [{ id: 'USD', name: 'US Dollar', min_size: '0.01' }] }),
    '/v2/currencies/crypto': () => ({ data: [{ code: 'BTC', name: 'Bitcoin', asset_id: 'one' }] }),
    '/v2/exchange-rates': () => ({ data: { currency: 'USD', rates: { BTC: '0.00002' } } }),
    [`${v3}/time`]: () => ({
      iso: new Date().toISOString(),
      epochSeconds: String(Math.floor(Date.now() / 1000)),
      epochMillis: String(Date.now()),
    }),
    [`${v3}/market/products`]: ({ query }) => ({ products: query.has('product_type') ? [] : [coinbaseProduct] }),
    [`${v3}/transaction_summary`]: () => ({
      fee_tier: { pricing_tier: 'Intro 1', taker_fee_rate: '0.012', maker_fee_rate: '0.006' },
    }),
    [`${v3}/key_permissions`]: () => permissions({}),
    [`POST ${v3}/orders`]: ({ body }) => {
      const { client_order_id, product_id, side } = JSON.parse(body);
      return {
        success: true,
        success_response: { order_id: 'id-1', product_id, side, client_order_id },
        order_configuration: {},
      };
    },
  };
}

export function permissions(rest: object): object {
  return { can_view: true, can_trade: true, can_transfer: false, portfolio_uuid: 'p', portfolio_type: 'DEFAULT', ...rest };
}

/** An order that Coinbase does not take: the answer is 200 all the same. */
export function coinbaseRefuses(error: string, message = ''): object {
  return {
    success: false,
    error_response: { error, message, error_details: '', preview_failure_reason: '' },
    order_configuration: {},
  };
}
