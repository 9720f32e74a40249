import { Big } from 'big.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Quote, VenueNews } from '#engine/venues/venue.ts';
import { coinbaseAnswers, coinbaseProduct, coinbaseRefuses } from './coinbase-answers.ts';
import { failureOf, type Opened, opened, orderOf } from './opened.ts';

const SYMBOL = 'BTC/USD';
const AT = Date.UTC(2026, 0, 5);
const v3 = '/api/v3/brokerage';
let here: Opened;
beforeAll(async () => {
  here = await opened('coinbase', coinbaseAnswers(), 1_000);
});
afterAll(() => here.close());
beforeEach(() => {
  Object.assign(here.standIn.answers, coinbaseAnswers());
  here.standIn.asked.length = 0;
});

const order = (rest: object) => orderOf({ symbol: SYMBOL, ...rest });
const sentOrders = () => here.standIn.to(`${v3}/orders`).map(({ body }) => JSON.parse(body));
const named = (rest: object = {}) => ({
  clientOrderId: 'r2abcdefghijklmnop',
  venueOrderId: null,
  symbol: SYMBOL,
  sentAt: AT,
  ...rest,
});
const listed = (rest: object = {}) => ({
  order_id: 'id-1',
  product_id: 'BTC-USD',
  client_order_id: 'r2abcdefghijklmnop',
  side: 'BUY',
  status: 'OPEN',
  created_time: new Date(AT).toISOString(),
  filled_size: '0.004',
  order_type: 'LIMIT',
  order_configuration: { limit_limit_gtc: { base_size: '0.01', limit_price: '50000', post_only: false } },
  ...rest,
});
const lists = (orders: object, cursor = '') => ({ orders, cursor, has_next: cursor !== '' });

describe('what leaves for Coinbase', () => {
  it('bears our name, which ccxt drops when it is given as it is elsewhere', async () => {
    expect(await here.venue.place(order({}))).toEqual({ venueOrderId: 'id-1' });
    expect(sentOrders()).toMatchObject([{ client_order_id: 'r2abcdefghijklmnop', product_id: 'BTC-USD', side: 'BUY' }]);
  });

  it('is in the form of its kind, with the quantity in the base asset even when it buys at the market', async () => {
    await here.venue.place(order({ kind: 'market', side: 'sell', limitPrice: null }));
    await here.venue.place(order({ kind: 'market', side: 'buy', limitPrice: null }));
    await here.venue.place(order({ kind: 'limit', limitPrice: new Big('50000.01') }));
    await here.venue.place(order({ kind: 'limit-ioc' }));
    const forms = sentOrders().map(({ side, order_configuration }) => [side, order_configuration]);
    expect(forms).toEqual([
      ['SELL', { market_market_ioc: { base_size: '0.01' } }],
      ['BUY', { market_market_ioc: { base_size: '0.01' } }],
      ['BUY', { limit_limit_gtc: { base_size: '0.01', limit_price: '50000.01', post_only: false } }],
      ['BUY', { sor_limit_ioc: { base_size: '0.01', limit_price: '50000' } }],
    ]);
  });

  it('is, for a stop, a limit order five hundredths below, for it has no other; and the venue says so', async () => {
    await here.venue.place(order({ kind: 'stop', side: 'sell', limitPrice: null, stopPrice: new Big('49000.51') }));
    expect(sentOrders()[0].order_configuration).toEqual({
      stop_limit_stop_limit_gtc: {
        base_size: '0.01',
        limit_price: '46550.48',
        stop_price: '49000.51',
        stop_direction: 'STOP_DIRECTION_STOP_DOWN',
      },
    });
    expect(here.venue.features).toEqual({
      hasDeadManSwitch: false,
      deadManTakesStops: false,
      hasStopOrders: true,
    });
  });
});

describe('whether an order may be at Coinbase', () => {
  it.each([
    [
      'money is wanting',
      coinbaseRefuses('INSUFFICIENT_FUND', 'Insufficient balance in source account'),
      'insufficient-funds',
      'refused',
    ],
    ['the price is off its increment', coinbaseRefuses('INVALID_PRICE_PRECISION'), 'invalid-order', 'refused'],
    ['trading is off', coinbaseRefuses('TRADING_DISABLED'), 'maintenance', 'refused'],
    [
      'an argument is wrong',
      { status: 400, body: { error: 'INVALID_ARGUMENT', error_details: 'x', message: 'x' } },
      'invalid-order',
      'refused',
    ],
    ['the key is none', { status: 401, body: 'Unauthorized' }, 'permission', 'refused'],
    ['it is asked too often', { status: 429, body: { error: 'RESOURCE_EXHAUSTED', message: '' } }, 'rate-limit', 'refused'],
    ['it failed inside', { status: 500, body: { error: 'INTERNAL', message: '' } }, 'maintenance', 'unknown'],
    ['it is unavailable', { status: 503, body: '' }, 'maintenance', 'unknown'],
    // ccxt would take this for an order without a name.
    ['it says no and not why', { success: false }, 'other', 'unknown'],
    ['the connection drops', 'drop', 'network', 'unknown'],
    ['nothing comes back', 'silence', 'timeout', 'unknown'],
  ] as const)('is known when %s', async (_what, answer, kind, certainty) => {
    here.standIn.answers[`POST ${v3}/orders`] = () => answer;
    expect(await failureOf(here.venue.place(order({})))).toMatchObject({ kind, certainty });
    expect(sentOrders()).toHaveLength(1);
  });
});

describe('an order of ours at Coinbase', () => {
  it('is looked for in all pages of the lists, for it cannot be asked for by our name', async () => {
    here.standIn.answers[`${v3}/orders/historical/batch`] = ({ query }) => {
      if (query.get('order_status') === 'OPEN') return lists([listed({ client_order_id: 'another', order_id: 'id-2' })]);
      if (query.has('cursor')) return lists([listed({ status: 'FILLED', filled_size: '0.01' })]);
      // Not sorted: ccxt puts the cursor into the first and sorts afterwards.
      return lists(
        [
          listed({ order_id: 'id-3', client_order_id: 'x', created_time: new Date(AT + 9).toISOString() }),
          listed({ order_id: 'id-4', client_order_id: 'y' }),
        ],
        'next',
      );
    };
    expect(await here.venue.find(named())).toEqual({
      venueOrderId: 'id-1',
      clientOrderId: 'r2abcdefghijklmnop',
      symbol: SYMBOL,
      side: 'buy',
      state: 'filled',
      quantity: new Big('0.01'),
      filled: new Big('0.01'),
      createdAt: AT,
    });
    expect(here.standIn.asked.map(({ query }) => query.get('start_date'))).toEqual([
      null,
      new Date(AT - 3_600_000).toISOString(),
      expect.any(String),
    ]);
    here.standIn.answers[`${v3}/orders/historical/batch`] = () => lists([]);
    expect(await here.venue.find(named())).toBeNull();
  });

  it.each([
    ['PENDING', 'open'],
    ['OPEN', 'open'],
    ['QUEUED', 'open'],
    ['CANCEL_QUEUED', 'open'],
    ['CANCELLED', 'cancelled'],
    // ccxt calls these two cancelled.
    ['EXPIRED', 'expired'],
    ['FAILED', 'rejected'],
  ])('that is %s is %s', async (status, state) => {
    here.standIn.answers[`${v3}/orders/historical/id-1`] = () => ({ order: listed({ status }) });
    expect(await here.venue.find(named({ venueOrderId: 'id-1' }))).toMatchObject({ state });
  });

  it('is not there when Coinbase says so', async () => {
    here.standIn.answers[`${v3}/orders/historical/id-1`] = () => ({
      status: 404,
      body: { error: 'NOT_FOUND', message: 'order with this orderID was not found' },
    });
    expect(await here.venue.find(named({ venueOrderId: 'id-1' }))).toBeNull();
  });

  it('is cancelled by its own name, which is looked for when it is not known; that it had ended is no failure', async () => {
    here.standIn.answers[`${v3}/orders/historical/batch`] = () => lists([listed()]);
    here.standIn.answers[`${v3}/orders/batch_cancel`] = () => ({
      results: [{ success: true, failure_reason: 'UNKNOWN_CANCEL_FAILURE_REASON', order_id: 'id-1' }],
    });
    await here.venue.cancel(named());
    expect(JSON.parse(here.standIn.to(`${v3}/orders/batch_cancel`)[0]!.body)).toEqual({ order_ids: ['id-1'] });
    here.standIn.answers[`${v3}/orders/batch_cancel`] = () => ({
      results: [{ success: false, failure_reason: 'UNKNOWN_CANCEL_ORDER', order_id: 'id-1' }],
    });
    await here.venue.cancel(named({ venueOrderId: 'id-1' }));
    here.standIn.answers[`${v3}/orders/batch_cancel`] = () => ({
      results: [{ success: false, failure_reason: 'COMMANDER_REJECTED_CANCEL_ORDER', order_id: 'id-1' }],
    });
    expect(await failureOf(here.venue.cancel(named({ venueOrderId: 'id-1' })))).toMatchObject({
      certainty: 'refused',
      kind: 'other',
    });
  });
});

describe('what Coinbase says', () => {
  const fill = (index: number, rest: object = {}) => ({
    entry_id: `e${index}`,
    trade_id: `t${index}`,
    order_id: 'id-1',
    trade_time: new Date(AT + index).toISOString(),
    trade_type: 'FILL',
    price: '50000.01',
    size: '0.001',
    commission: '0.60000012',
    product_id: 'BTC-USD',
    liquidity_indicator: 'MAKER',
    size_in_quote: false,
    side: 'BUY',
    ...rest,
  });

  it('of fills is exact and all pages of it; what is no fill is none', async () => {
    here.standIn.answers[`${v3}/orders/historical/fills`] = ({ query }) =>
      query.has('cursor')
        ? { fills: [fill(1)], cursor: '' }
        : { fills: [fill(3), fill(2), fill(4, { trade_type: 'CORRECTION' })], cursor: 'next' };
    const fills = await here.venue.fills([SYMBOL], AT);
    expect(fills.map(({ id }) => id)).toEqual(['t1', 't2', 't3']);
    expect(fills[0]).toEqual({
      id: 't1',
      venueOrderId: 'id-1',
      symbol: SYMBOL,
      side: 'buy',
      quantity: new Big('0.001'),
      price: new Big('50000.01'),
      fees: [{ asset: 'USD', amount: new Big('0.60000012') }],
      isMaker: true,
      time: AT + 1,
    });
  });

  it('of a market holds what this account pays, which is far from what ccxt takes for granted', async () => {
    expect(await here.venue.markets([SYMBOL])).toEqual([
      {
        symbol: SYMBOL,
        base: 'BTC',
        quote: 'USD',
        isActive: true,
        tickSize: new Big('0.01'),
        stepSize: new Big('0.00000001'),
        minQuantity: new Big('0.0001'),
        minNotional: new Big(1),
        maxQuantity: new Big(3400),
        makerFeeRate: 0.006,
        takerFeeRate: 0.012,
      },
    ]);
    here.standIn.answers[`${v3}/market/products`] = ({ query }) => ({
      products: query.has('product_type') ? [] : [{ ...coinbaseProduct, trading_disabled: true }],
    });
    expect(await here.venue.markets([SYMBOL])).toMatchObject([{ isActive: false }]);
  });

  it('of balances and prices is exact', async () => {
    const account = (currency: string, value: string, hold: string) => ({
      uuid: currency,
      currency,
      available_balance: { value, currency },
      hold: { value: hold, currency },
      active: true,
      type: 'ACCOUNT_TYPE_CRYPTO',
    });
    here.standIn.answers[`${v3}/accounts`] = ({ query }) =>
      query.has('cursor')
        ? { accounts: [account('ETH', '3', '0')], has_next: false, cursor: '' }
        : { accounts: [account('BTC', '0.10000001', '0.2'), account('USD', '0', '0')], has_next: true, cursor: 'next' };
    expect(await here.venue.balances()).toEqual(
      new Map([
        ['BTC', { free: new Big('0.10000001'), total: new Big('0.30000001') }],
        ['ETH', { free: new Big(3), total: new Big(3) }],
      ]),
    );
    here.standIn.answers[`${v3}/market/products/BTC-USD/ticker`] = () => ({
      trades: [
        { trade_id: '1', product_id: 'BTC-USD', price: '50000.01', size: '0.1', time: new Date(AT).toISOString(), side: 'BUY' },
      ],
      best_bid: '50000.01',
      best_ask: '50000.02',
    });
    const [[symbol, { time, ...prices }]] = [...(await here.venue.quotes([SYMBOL]))] as [[string, Quote]];
    expect([symbol, prices]).toEqual([SYMBOL, { bid: new Big('50000.01'), ask: new Big('50000.02'), last: new Big('50000.01') }]);
    // A market in which nothing trades has prices all the same.
    expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
  });

  it('of the time is in milliseconds', async () => {
    const { offset, uncertainty } = await here.venue.clockOffset();
    expect(Math.abs(offset)).toBeLessThanOrEqual(uncertainty + 1);
    expect(uncertainty).toBeLessThan(500);
  });
});

describe('news from Coinbase', () => {
  const soon = (check: () => void) => vi.waitFor(check, { timeout: 4_000, interval: 10 });

  it('comes over a stream that a heartbeat keeps open; when it breaks that is told, and when it stands again', async () => {
    const { standIn, venue } = here;
    const news: VenueNews[] = [];
    const leave = venue.onNews((item) => void news.push(item));
    await soon(() => expect(standIn.heard.map(({ channel }) => channel).sort()).toEqual(['heartbeats', 'user']));
    expect(standIn.heard.find(({ channel }) => channel === 'user')).toMatchObject({
      type: 'subscribe',
      api_key: expect.any(String),
      signature: expect.any(String),
    });
    const orders = [
      {
        order_id: 'id-1',
        client_order_id: 'r2',
        product_id: 'BTC-USD',
        status: 'OPEN',
        cumulative_quantity: '0',
        order_side: 'BUY',
        creation_time: new Date(AT).toISOString(),
      },
    ];
    const event = JSON.stringify({ channel: 'user', events: [{ type: 'update', orders }] });
    for (const stream of standIn.streams) stream.send(event);
    await soon(() => expect(news).toEqual([{ kind: 'orders', symbol: SYMBOL }]));
    for (const stream of standIn.streams) stream.terminate();
    await soon(() => expect(news.map(({ kind }) => kind)).toEqual(['orders', 'lost', 'back']));
    await soon(() => expect(standIn.heard).toHaveLength(4));
    leave();
  });
});
