import { Big } from 'big.js';
import type { Exchange } from 'ccxt';
import ccxt from 'ccxt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Rehearsal, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { HandClock } from './hand-clock.ts';
import { bars, hour, start } from './small-market.ts';
import { unmodifiedCcxt } from './unmodified-ccxt.ts';
import { until } from './until.ts';

const still = [1000, 1000, 1000, 1000] as const;
const rises = [1000, 1100, 900, 1000] as const;

let clock: HandClock;
let rehearsal: Rehearsal;
let client: Exchange;
let count = 0;

/** One exchange for all: forty still hours behind, one ahead in which the price goes to 900, to 1,100 and back, and stillness again. */
beforeAll(async () => {
  clock = new HandClock(start);
  rehearsal = await startRehearsal({
    dialect: 'binance',
    prices: {
      candles: new Map([['BTC/USDT', bars([...Array(41).fill(still), rises, ...Array(18).fill(still)])]]),
      timeframe: '1h',
    },
    balances: { USDT: '100000', BTC: '10' },
    clock,
    markets: {
      'BTC/USDT': {
        tickSize: new Big('0.05'),
        stepSize: new Big('0.00002'),
        minQuantity: new Big('0.0002'),
        makerFeeRate: 0.001,
        takerFeeRate: 0.001,
        book: { halfSpreadRate: 0, levels: 10, spacingRate: 0, levelNotional: 2_000, refillMs: 1_000 },
      },
    },
  });
  client = await unmodifiedCcxt('binance', rehearsal);
  await client.loadMarkets();
});
afterAll(async () => {
  await client.close();
  await rehearsal.close();
});
beforeEach(() => {
  count += 1;
  // What the test before took from the book is back.
  clock.turn(1_000);
  rehearsal.exchange.cancelAll('rehearsal');
});

function nextHour(): void {
  clock.turn(hour - (clock.now() % hour));
}

function id(): string {
  return `r${String(count).padStart(17, 'a')}`;
}

describe('unmodified ccxt on Binance', () => {
  it('reads markets with steps that are no power of ten, minima and fees', async () => {
    expect(client.market('BTC/USDT')).toMatchObject({
      id: 'BTCUSDT',
      active: true,
      precision: { amount: 0.00002, price: 0.05 },
      limits: { amount: { min: 0.0002 }, cost: { min: 5 } },
    });
    expect(await client.fetchTradingFee('BTC/USDT')).toMatchObject({ maker: 0.001, taker: 0.001 });
    expect(await client.fetchStatus()).toMatchObject({ status: 'ok' });
  });

  it('reads balances, quotes, the book, candles, trades, the time and what the key may do', async () => {
    expect((await client.fetchBalance()).BTC).toEqual({ free: 10, used: 0, total: 10 });
    expect((await client.fetchTickers(['BTC/USDT']))['BTC/USDT']).toMatchObject({ bid: 1000, ask: 1000.05 });
    expect((await client.fetchBidsAsks(['BTC/USDT']))['BTC/USDT']).toMatchObject({ bid: 1000, ask: 1000.05 });
    expect((await client.fetchOrderBook('BTC/USDT')).asks[0]![0]).toBe(1000.05);
    const candles = await client.fetchOHLCV('BTC/USDT', '1h', start - 40 * hour, 3);
    expect(candles).toEqual([40, 39, 38].map((ago) => [start - ago * hour, 1000, 1000, 1000, 1000, 100]));
    expect((await client.fetchTrades('BTC/USDT', undefined, 5)).length).toBe(5);
    expect(await client.fetchTime()).toBe(clock.now());
    expect(await client.sapiGetAccountApiRestrictions()).toMatchObject({
      enableWithdrawals: false,
      enableSpotAndMarginTrading: true,
    });
  });

  it('buys at the market, and pays the fee out of what it bought', async () => {
    const placed = await client.createOrder('BTC/USDT', 'market', 'buy', 0.5, undefined, { clientOrderId: id() });
    expect(placed).toMatchObject({ clientOrderId: id(), status: 'closed', filled: 0.5, average: 1000.05 });
    expect(placed.trades[0]!.fee).toEqual({ cost: 0.0005, currency: 'BTC' });
    expect((await client.fetchBalance()).BTC!.total).toBe(10.4995);
    const [trade] = await client.fetchMyTrades('BTC/USDT');
    expect(trade).toMatchObject({
      order: placed.id,
      amount: 0.5,
      price: 1000.05,
      takerOrMaker: 'taker',
      fee: { cost: 0.0005, currency: 'BTC' },
    });
  });

  it('rests a limit order, finds it by its client order id, and cancels it', async () => {
    await client.createOrder('BTC/USDT', 'limit', 'buy', 1, 500, { clientOrderId: id() });
    expect((await client.fetchBalance()).USDT!.used).toBe(500);
    const found = await client.fetchOrder('', 'BTC/USDT', { clientOrderId: id() });
    expect(found).toMatchObject({ status: 'open', price: 500, amount: 1, filled: 0 });
    expect(await client.fetchOpenOrders('BTC/USDT')).toMatchObject([{ id: found.id }]);
    await client.cancelOrder(found.id!, 'BTC/USDT');
    expect(await client.fetchOrder(found.id!, 'BTC/USDT')).toMatchObject({ status: 'canceled', clientOrderId: id() });
    await expect(client.cancelOrder(found.id!, 'BTC/USDT')).rejects.toThrow(/-2011/);
    await expect(client.fetchOrder('', 'BTC/USDT', { clientOrderId: 'nobody' })).rejects.toThrow(ccxt.OrderNotFound);
  });

  it('is filled in parts where the book is thin', async () => {
    const order = await client.createOrder('BTC/USDT', 'limit', 'buy', 30, 1000.15, { clientOrderId: id() });
    expect(order).toMatchObject({ status: 'open', filled: 6, remaining: 24 });
    const ioc = await client.createOrder('BTC/USDT', 'limit', 'sell', 10, 999.95, { timeInForce: 'IOC' });
    expect(ioc).toMatchObject({ status: 'expired', filled: 4 });
  });

  it('rests a stop that sells when the price comes, and refuses one that is reached', async () => {
    nextHour();
    const sell = (stopLossPrice: number) => client.createOrder('BTC/USDT', 'market', 'sell', 0.5, undefined, { stopLossPrice });
    await expect(sell(1000)).rejects.toThrow(/trigger immediately/);
    const { id: orderId } = await sell(950);
    expect(await client.fetchOpenOrders('BTC/USDT')).toMatchObject([{ id: orderId, stopPrice: 950 }]);
    clock.turn(hour / 4);
    expect(await client.fetchOrder(orderId!, 'BTC/USDT')).toMatchObject({ status: 'closed', average: 950, filled: 0.5 });
    nextHour();
  });

  it('is told of what is refused, and why', async () => {
    const sell = (amount: number, price?: number, params = {}) =>
      client.createOrder('BTC/USDT', price === undefined ? 'market' : 'limit', 'sell', amount, price, params);
    await expect(sell(100)).rejects.toThrow(/insufficient balance/);
    await expect(sell(0.0001)).rejects.toThrow(ccxt.InvalidOrder);
    await expect(sell(0.004, 1200)).rejects.toThrow(/NOTIONAL/);
    await sell(1, 1200, { clientOrderId: id() });
    await expect(sell(1, 1200, { clientOrderId: id() })).rejects.toThrow(/Duplicate order/);
  });

  it('asks for no more than a day of trades at once', async () => {
    const since = clock.now() - 48 * hour;
    await expect(client.fetchMyTrades('BTC/USDT', since, undefined, { until: clock.now() })).rejects.toThrow(/24 hours/);
    await expect(client.fetchMyTrades('BTC/USDT', since, undefined, { until: since + 24 * hour })).resolves.toEqual([]);
  });

  it('is told how much weight it has used', async () => {
    await client.fetchBalance();
    const before = Number(client.last_response_headers!['X-Mbx-Used-Weight-1m']);
    await client.fetchBalance();
    expect(Number(client.last_response_headers!['X-Mbx-Used-Weight-1m'])).toBe(before + 20);
  });
});

describe('unmodified ccxt pro on Binance', () => {
  it('watches candles form and close', async () => {
    const first = await client.watchOHLCV('BTC/USDT', '1m');
    const opened = clock.now() - (clock.now() % 60_000);
    expect(first.at(-1)![0]).toBe(opened);
    clock.turn(60_000);
    let candles = first;
    while (candles.at(-1)![0] === opened) candles = await client.watchOHLCV('BTC/USDT', '1m');
    expect(candles.at(-1)).toEqual([opened + 60_000, 1000, 1000, 1000, 1000, expect.any(Number)]);
    expect(candles.at(-2)).toEqual([opened, 1000, 1000, 1000, 1000, expect.closeTo(100 / 60)]);
  });

  it('watches the ticker and the best prices', async () => {
    expect(await client.watchTicker('BTC/USDT')).toMatchObject({ open: 1000, last: 1000 });
    expect((await client.watchBidsAsks(['BTC/USDT']))['BTC/USDT']).toMatchObject({ bid: 1000, ask: 1000.05 });
  });

  it('watches orders, trades and balances of its account', async () => {
    const orders = client.watchOrders('BTC/USDT');
    const trades = client.watchMyTrades('BTC/USDT');
    await until(() => rehearsal.server.calls.some((call) => call.name === 'socket userDataStream.subscribe.signature'));
    const placed = await client.createOrder('BTC/USDT', 'limit', 'buy', 1, 500, { clientOrderId: id() });
    expect((await orders).at(-1)).toMatchObject({ id: placed.id, clientOrderId: id(), status: 'open', amount: 1, price: 500 });
    const later = client.watchOrders('BTC/USDT');
    await client.cancelOrder(placed.id!, 'BTC/USDT');
    expect((await later).at(-1)).toMatchObject({ id: placed.id, clientOrderId: id(), status: 'canceled' });
    const bought = await client.createOrder('BTC/USDT', 'market', 'buy', 0.25);
    expect((await trades).at(-1)).toMatchObject({ order: bought.id, amount: 0.25, fee: { cost: 0.00025, currency: 'BTC' } });
  });
});
