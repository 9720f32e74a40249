import { Big } from 'big.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { binanceAnswers, binanceRefuses, binanceSymbol } from './binance-answers.ts';
import { failureOf, type Opened, opened, orderOf } from './opened.ts';

const SYMBOL = 'BTC/USDT';
const AT = Date.UTC(2026, 0, 5);
const dayMs = 86_400_000;
let here: Opened;
beforeAll(async () => {
  here = await opened('binance', binanceAnswers());
});
afterAll(() => here.close());
beforeEach(() => {
  Object.assign(here.standIn.answers, binanceAnswers());
  here.standIn.asked.length = 0;
});

const order = (rest: object) => orderOf({ symbol: SYMBOL, ...rest });
const sentOrders = () => here.standIn.to('/api/v3/order').map(({ form }) => Object.fromEntries(form));
const named = (rest: object = {}) => ({
  clientOrderId: 'r2abcdefghijklmnop',
  venueOrderId: null,
  symbol: SYMBOL,
  sentAt: AT,
  ...rest,
});
const listed = (rest: object = {}) => ({
  symbol: 'BTCUSDT',
  orderId: 42,
  orderListId: -1,
  clientOrderId: 'r2abcdefghijklmnop',
  price: '50000.00000000',
  origQty: '0.01000000',
  executedQty: '0.00400000',
  cummulativeQuoteQty: '200.00000000',
  status: 'PARTIALLY_FILLED',
  timeInForce: 'GTC',
  type: 'LIMIT',
  side: 'BUY',
  stopPrice: '0.00000000',
  time: AT,
  updateTime: AT + 1,
  ...rest,
});

describe('what leaves for Binance', () => {
  it('is a market order, a limit, one that fills at once or not at all, or a stop that sells at the market', async () => {
    await here.venue.place(order({ kind: 'market', side: 'sell', limitPrice: null }));
    await here.venue.place(order({ kind: 'limit', limitPrice: new Big('50000.01') }));
    await here.venue.place(order({ kind: 'limit-ioc' }));
    await here.venue.place(order({ kind: 'stop', side: 'sell', limitPrice: null, stopPrice: new Big('49000.5') }));
    const [market, limit, atOnce, stop] = sentOrders();
    expect(market).toMatchObject({
      symbol: 'BTCUSDT',
      side: 'SELL',
      type: 'MARKET',
      quantity: '0.01',
      newClientOrderId: 'r2abcdefghijklmnop',
    });
    expect(limit).toMatchObject({ side: 'BUY', type: 'LIMIT', price: '50000.01', timeInForce: 'GTC' });
    expect(atOnce).toMatchObject({ type: 'LIMIT', price: '50000', timeInForce: 'IOC' });
    expect(stop).toMatchObject({ side: 'SELL', type: 'STOP_LOSS', stopPrice: '49000.5' });
    expect(stop).not.toHaveProperty('price');
  });

  it('bears the long number that Binance gives it, to the last digit', async () => {
    here.standIn.answers['POST /api/v3/order'] = () => ({
      status: 200,
      body: '{"symbol":"BTCUSDT","orderId":123456789012345678,"status":"NEW"}',
    });
    expect(await here.venue.place(order({}))).toEqual({ venueOrderId: '123456789012345678' });
  });

  it('is no longer taken when it comes late', async () => {
    await here.venue.place(order({}));
    expect(sentOrders()[0]).toMatchObject({ recvWindow: '5000' });
  });

  it.each([
    ['a price between two ticks', { limitPrice: new Big('50000.006') }, /off the tick/],
    ['a quantity off the step', { quantity: new Big('0.010001') }, /off the step/],
    ['an order worth less than the minimum', { quantity: new Big('0.00009') }, /worth 4.5 is below/],
    ['more than the market takes', { quantity: new Big(81) }, /above the maximum 80/],
  ])('is never %s', async (_what, change, expected) => {
    const failure = await failureOf(here.venue.place(order(change)));
    expect(failure).toMatchObject({ kind: 'invalid-order', certainty: 'not-sent', message: expect.stringMatching(expected) });
    expect(here.standIn.asked).toEqual([]);
  });
});

describe('whether an order may be at Binance', () => {
  it.each([
    [
      'money is wanting',
      binanceRefuses(-2010, 'Account has insufficient balance for requested action.'),
      'insufficient-funds',
      'refused',
    ],
    ['its name is taken', binanceRefuses(-2010, 'Duplicate order sent.'), 'duplicate', 'refused'],
    ['the stop would sell at once', binanceRefuses(-2010, 'Stop price would trigger immediately.'), 'invalid-order', 'refused'],
    ['the market is closed', binanceRefuses(-2010, 'Market is closed.'), 'maintenance', 'refused'],
    ['a filter holds it', binanceRefuses(-1013, 'Filter failure: PRICE_FILTER'), 'invalid-order', 'refused'],
    [
      'an argument is wrong',
      binanceRefuses(-1111, 'Precision is over the maximum defined for this asset.'),
      'invalid-order',
      'refused',
    ],
    ['the clock is wrong', binanceRefuses(-1021, 'Timestamp for this request is outside of the recvWindow.'), 'clock', 'refused'],
    // ccxt says of this one, once the key has worked, that there were too many requests.
    ['the key may not', binanceRefuses(-2015, 'Invalid API-key, IP, or permissions for action.', 401), 'permission', 'refused'],
    ['orders come too often', binanceRefuses(-1015, 'Too many new orders.', 429), 'rate-limit', 'refused'],
    [
      'we are banned for asking too often',
      binanceRefuses(-1003, 'Way too many requests; IP banned.', 418),
      'rate-limit',
      'refused',
    ],
    [
      'it does not know itself',
      binanceRefuses(-1007, 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.'),
      'timeout',
      'unknown',
    ],
    [
      'something unexpected came from behind',
      binanceRefuses(-1006, 'An unexpected response was received from the message bus. Execution status unknown.'),
      'timeout',
      'unknown',
    ],
    ['it failed inside, whatever it says', binanceRefuses(-1013, 'Filter failure', 500), 'maintenance', 'unknown'],
    ['it is unavailable', { status: 503, body: '' }, 'maintenance', 'unknown'],
    ['a page says no', { status: 400, body: '<html>' }, 'other', 'unknown'],
    ['the connection drops', 'drop', 'network', 'unknown'],
  ] as const)('is known when %s', async (_what, answer, kind, certainty) => {
    here.standIn.answers['POST /api/v3/order'] = () => answer;
    expect(await failureOf(here.venue.place(order({})))).toMatchObject({ kind, certainty });
    expect(sentOrders()).toHaveLength(1);
  });
});

describe('an order of ours at Binance', () => {
  it.each([
    ['NEW', 'open'],
    ['PENDING_NEW', 'open'],
    ['PARTIALLY_FILLED', 'open'],
    ['PENDING_CANCEL', 'open'],
    ['FILLED', 'filled'],
    ['CANCELED', 'cancelled'],
    ['REJECTED', 'rejected'],
    ['EXPIRED', 'expired'],
    ['EXPIRED_IN_MATCH', 'expired'],
  ])('that is %s is %s', async (status, state) => {
    here.standIn.answers['/api/v3/order'] = () => listed({ status, executedQty: status === 'FILLED' ? '0.01' : '0.004' });
    expect(await here.venue.find(named())).toMatchObject({
      state,
      venueOrderId: '42',
      clientOrderId: 'r2abcdefghijklmnop',
      quantity: new Big('0.01'),
      createdAt: AT,
    });
  });

  it('is found by our name, or by theirs, and is not there when they say so', async () => {
    here.standIn.answers['/api/v3/order'] = () => listed();
    await here.venue.find(named());
    await here.venue.find(named({ venueOrderId: '42' }));
    const [ours, theirs] = here.standIn.to('/api/v3/order').map(({ query }) => Object.fromEntries(query));
    expect(ours).toMatchObject({ symbol: 'BTCUSDT', origClientOrderId: 'r2abcdefghijklmnop' });
    expect(ours).not.toHaveProperty('orderId');
    expect(theirs).toMatchObject({ orderId: '42' });
    here.standIn.answers['/api/v3/order'] = () => binanceRefuses(-2013, 'Order does not exist.');
    expect(await here.venue.find(named())).toBeNull();
  });

  it('is cancelled by the name that is known, and that it had ended already is no failure', async () => {
    here.standIn.answers['DELETE /api/v3/order'] = () => listed({ status: 'CANCELED' });
    await here.venue.cancel(named());
    expect(here.standIn.asked[0]?.query.get('origClientOrderId')).toBe('r2abcdefghijklmnop');
    here.standIn.answers['DELETE /api/v3/order'] = () => binanceRefuses(-2011, 'Unknown order sent.');
    await here.venue.cancel(named());
  });

  it('is among the open ones of its market', async () => {
    here.standIn.answers['/api/v3/openOrders'] = () => [listed(), listed({ orderId: 43, clientOrderId: 'web_1' })];
    expect(await here.venue.openOrders([SYMBOL])).toHaveLength(2);
    expect(here.standIn.asked[0]?.query.get('symbol')).toBe('BTCUSDT');
  });
});

describe('what Binance says', () => {
  const trade = (id: number, rest: object = {}) => ({
    symbol: 'BTCUSDT',
    id,
    orderId: 42,
    orderListId: -1,
    price: '50000.01000000',
    qty: '0.00100000',
    quoteQty: '50.00001000',
    commission: '0.00000100',
    commissionAsset: 'BTC',
    time: AT + id,
    isBuyer: true,
    isMaker: false,
    isBestMatch: true,
    ...rest,
  });

  it('of a fill holds its fee in whatever it was taken: what was bought, what was paid, or a third asset', async () => {
    here.standIn.answers['/api/v3/myTrades'] = () => [
      trade(1),
      trade(2, { commissionAsset: 'USDT', commission: '0.05' }),
      trade(3, { commissionAsset: 'BNB', commission: '0.00012345' }),
      trade(4, { commission: '0.00000000' }),
    ];
    const fills = await here.venue.fills([SYMBOL], AT);
    expect(fills.map(({ fees }) => fees)).toEqual([
      [{ asset: 'BTC', amount: new Big('0.000001') }],
      [{ asset: 'USDT', amount: new Big('0.05') }],
      [{ asset: 'BNB', amount: new Big('0.00012345') }],
      [],
    ]);
    expect(fills[0]).toMatchObject({
      id: '1',
      venueOrderId: '42',
      side: 'buy',
      quantity: new Big('0.001'),
      price: new Big('50000.01'),
      isMaker: false,
      time: AT + 1,
    });
  });

  it('of fills is asked day by day, for it answers no longer span, and by number behind a full page', async () => {
    const since = Date.now() - 2.5 * dayMs;
    here.standIn.answers['/api/v3/myTrades'] = ({ query }) => {
      if (query.has('fromId')) return [trade(2_000, { time: since + 2 * dayMs })];
      const span = Number(query.get('endTime')) - Number(query.get('startTime'));
      if (span >= dayMs) return binanceRefuses(-1127, 'More than 24 hours between startTime and endTime.');
      const isSecondDay = Number(query.get('startTime')) > since;
      return isSecondDay ? Array.from({ length: 1_000 }, (_, index) => trade(index, { time: since + dayMs + index })) : [];
    };
    const fills = await here.venue.fills([SYMBOL], since);
    expect(fills).toHaveLength(1_001);
    expect(fills.at(-1)?.id).toBe('2000');
    expect(here.standIn.asked.map(({ query }) => query.get('fromId'))).toEqual([null, null, '1000']);
  });

  it('of fills that lie long ago is asked by number from the first on', async () => {
    here.standIn.answers['/api/v3/myTrades'] = ({ query }) =>
      query.get('fromId') === '0' ? Array.from({ length: 1_000 }, (_, index) => trade(index)) : [trade(1_000)];
    expect(await here.venue.fills([SYMBOL], 0)).toHaveLength(1_001);
    expect(here.standIn.asked.map(({ query }) => query.get('fromId'))).toEqual(['0', '1000']);
  });

  it('of a market holds the stricter bounds, and whether it takes stops', async () => {
    const filters = binanceSymbol.filters.map((filter) =>
      filter.filterType === 'MARKET_LOT_SIZE' ? { ...filter, minQty: '0.01', stepSize: '0.001' } : filter,
    );
    here.standIn.answers['/api/v3/exchangeInfo'] = () => ({
      symbols: [{ ...binanceSymbol, filters, orderTypes: ['LIMIT', 'MARKET', 'STOP_LOSS_LIMIT'] }],
    });
    expect(await here.venue.markets([SYMBOL])).toEqual([
      {
        symbol: SYMBOL,
        base: 'BTC',
        quote: 'USDT',
        isActive: true,
        tickSize: new Big('0.01'),
        stepSize: new Big('0.001'),
        minQuantity: new Big('0.01'),
        minNotional: new Big(5),
        maxQuantity: new Big(80),
        makerFeeRate: 0.00075,
        takerFeeRate: 0.00095,
      },
    ]);
    // A stop there becomes a limit order, five hundredths below and on the tick.
    await here.venue.place(order({ kind: 'stop', side: 'sell', limitPrice: null, stopPrice: new Big('49000.51') }));
    expect(sentOrders()[0]).toMatchObject({ type: 'STOP_LOSS_LIMIT', stopPrice: '49000.51', price: '46550.48' });
    here.standIn.answers['/api/v3/exchangeInfo'] = () => ({ symbols: [binanceSymbol] });
    await here.venue.markets([SYMBOL]);
  });

  it('of balances and prices is exact', async () => {
    here.standIn.answers['/api/v3/account'] = () => ({
      balances: [
        { asset: 'BTC', free: '0.10000001', locked: '0.20000002' },
        { asset: 'ETH', free: '0.0', locked: '0.0' },
      ],
    });
    expect(await here.venue.balances()).toEqual(
      new Map([['BTC', { free: new Big('0.10000001'), total: new Big('0.30000003') }]]),
    );
    here.standIn.answers['/api/v3/ticker/24hr'] = () => [
      { symbol: 'BTCUSDT', bidPrice: '50000.01', askPrice: '50000.02', lastPrice: '50000.01', closeTime: AT },
    ];
    expect(await here.venue.quotes([SYMBOL])).toEqual(
      new Map([[SYMBOL, { bid: new Big('50000.01'), ask: new Big('50000.02'), last: new Big('50000.01'), time: AT }]]),
    );
  });

  it('of the time sets the time that its requests carry', async () => {
    here.standIn.answers['/api/v3/time'] = () => ({ serverTime: Date.now() + 60_000 });
    const { offset, uncertainty } = await here.venue.clockOffset();
    expect(Math.abs(offset - 60_000)).toBeLessThanOrEqual(uncertainty + 1);
    await here.venue.place(order({}));
    expect(Number(sentOrders()[0]?.timestamp) - Date.now()).toBeGreaterThan(59_000);
    here.standIn.answers['/api/v3/time'] = () => ({ serverTime: Date.now() });
    await here.venue.clockOffset();
  });

  it('of fills is complete when its clock is behind ours', async () => {
    here.standIn.answers['/api/v3/time'] = () => ({ serverTime: Date.now() - 90_000 });
    await here.venue.clockOffset();
    here.standIn.answers['/api/v3/myTrades'] = () => [trade(1, { time: Date.now() - 90_000 })];
    expect(await here.venue.fills([SYMBOL], Date.now() - 5_000)).toHaveLength(1);
    here.standIn.answers['/api/v3/time'] = () => ({ serverTime: Date.now() });
    await here.venue.clockOffset();
  });

  it('of a dead-man switch is nothing', () => {
    expect(here.venue.features).toEqual({ hasDeadManSwitch: false, deadManTakesStops: false, hasStopOrders: true });
  });
});
