import { Big } from 'big.js';
import type { Exchange } from 'ccxt';
import ccxt from 'ccxt';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
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
    dialect: 'kraken',
    prices: {
      candles: new Map([['BTC/USD', bars([...Array(41).fill(still), rises, ...Array(18).fill(still)])]]),
      timeframe: '1h',
    },
    balances: { USD: '100000', BTC: '10' },
    clock,
    markets: {
      'BTC/USD': {
        tickSize: new Big('0.1'),
        stepSize: new Big('0.00000001'),
        minQuantity: new Big('0.0005'),
        book: { halfSpreadRate: 0, levels: 10, spacingRate: 0, levelNotional: 2_000, refillMs: 1_000 },
      },
    },
  });
  client = await unmodifiedCcxt('kraken', rehearsal);
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

/** To the next full hour, where the price is 1,000 again. */
function nextHour(): void {
  clock.turn(hour - (clock.now() % hour));
}

function id(): string {
  return `r${String(count).padStart(17, 'a')}`;
}

describe('unmodified ccxt on Kraken', () => {
  it('reads markets with their steps, minima and fees', async () => {
    expect(client.market('BTC/USD')).toMatchObject({
      id: 'XXBTZUSD',
      active: true,
      maker: 0.0016,
      taker: 0.0026,
      precision: { amount: 1e-8, price: 0.1 },
      limits: { amount: { min: 0.0005 }, cost: { min: 5 } },
    });
    expect(await client.fetchTradingFee('BTC/USD')).toMatchObject({ maker: 0.0016, taker: 0.0026 });
    expect(await client.fetchStatus()).toMatchObject({ status: 'ok' });
  });

  it('reads balances, quotes, the book, candles, trades and the time', async () => {
    expect((await client.fetchBalance()).BTC).toEqual({ free: 10, used: 0, total: 10 });
    expect((await client.fetchTickers(['BTC/USD']))['BTC/USD']).toMatchObject({ bid: 1000, ask: 1000.1 });
    expect((await client.fetchOrderBook('BTC/USD')).bids[0]![0]).toBe(1000);
    const candles = await client.fetchOHLCV('BTC/USD', '1h');
    expect(candles).toHaveLength(41);
    expect(candles[0]).toEqual([start - 40 * hour, 1000, 1000, 1000, 1000, 100]);
    expect((await client.fetchTrades('BTC/USD', undefined, 5)).length).toBe(5);
    expect(await client.fetchTime()).toBe(Math.floor(clock.now() / 1000) * 1000);
  });

  it('buys at the market and finds order, trades and fee', async () => {
    const placed = await client.createOrder('BTC/USD', 'market', 'buy', 0.5, undefined, { clientOrderId: id() });
    const [closed] = await client.fetchClosedOrders(undefined, undefined, undefined, { clientOrderId: id() });
    expect(closed).toMatchObject({
      id: placed.id,
      clientOrderId: id(),
      status: 'closed',
      filled: 0.5,
      average: 1000.1,
      side: 'buy',
    });
    const [trade] = await client.fetchMyTrades('BTC/USD');
    expect(trade).toMatchObject({ order: placed.id, amount: 0.5, price: 1000.1, takerOrMaker: 'taker' });
    expect(trade!.fee).toMatchObject({ cost: 1.30013, currency: 'USD' });
    expect((await client.fetchOrder(placed.id!)).trades).toMatchObject([{ id: trade!.id }]);
  });

  it('rests a limit order, finds it by its client order id, and cancels it', async () => {
    const { id: orderId } = await client.createOrder('BTC/USD', 'limit', 'buy', 1, 500, { clientOrderId: id() });
    expect((await client.fetchBalance()).USD!.used).toBe(501.3);
    const [open] = await client.fetchOpenOrders(undefined, undefined, undefined, { clientOrderId: id() });
    expect(open).toMatchObject({ id: orderId, status: 'open', price: 500, amount: 1, filled: 0 });
    await client.cancelOrder('', undefined, { clientOrderId: id() });
    expect(await client.fetchOrder(orderId!)).toMatchObject({ status: 'canceled' });
    await expect(client.cancelOrder(orderId!)).rejects.toThrow(ccxt.OrderNotFound);
  });

  it('is filled in parts where the book is thin', async () => {
    const order = await client.createOrder('BTC/USD', 'limit', 'buy', 30, 1000.3, { clientOrderId: id() });
    expect(await client.fetchOrder(order.id!)).toMatchObject({ status: 'open', filled: 6, remaining: 24 });
    const ioc = await client.createOrder('BTC/USD', 'limit', 'sell', 10, 999.9, { timeInForce: 'IOC' });
    expect(await client.fetchOrder(ioc.id!)).toMatchObject({ status: 'canceled', filled: 4 });
  });

  it('rests a stop that sells when the price comes', async () => {
    nextHour();
    const { id: orderId } = await client.createOrder('BTC/USD', 'market', 'sell', 0.5, undefined, {
      stopLossPrice: 950,
      clientOrderId: id(),
    });
    expect((await client.fetchOpenOrders())[0]).toMatchObject({ id: orderId, type: 'market', stopLossPrice: 950 });
    clock.turn(hour / 4);
    expect(await client.fetchOrder(orderId!)).toMatchObject({ status: 'closed', average: 950, filled: 0.5 });
    nextHour();
  });

  it('is told of what is refused, and why', async () => {
    const sell = (amount: number, price?: number, params = {}) =>
      client.createOrder('BTC/USD', price === undefined ? 'market' : 'limit', 'sell', amount, price, params);
    await expect(sell(100)).rejects.toThrow(ccxt.InsufficientFunds);
    await expect(sell(0.0001)).rejects.toThrow(/Order minimum not met/);
    await expect(sell(0.004, 1200)).rejects.toThrow(/Cost minimum not met/);
    await expect(sell(1, 1200, { clientOrderId: 'more than eighteen characters' })).rejects.toThrow(
      /Invalid arguments:cl_ord_id/,
    );
    await sell(1, 1200, { clientOrderId: id() });
    await expect(sell(1, 1200, { clientOrderId: id() })).rejects.toThrow(/cl_ord_id/);
  });

  it('may use a client order id again once the first order has ended', async () => {
    // ccxt's nonces are milliseconds: two requests within one bear the same.
    const pass = () => {
      const now = Date.now();
      return vi.waitUntil(() => Date.now() > now, { interval: 1 });
    };
    const first = await client.createOrder('BTC/USD', 'limit', 'buy', 1, 500, { clientOrderId: id() });
    await pass();
    await client.cancelOrder(first.id!);
    await pass();
    const second = await client.createOrder('BTC/USD', 'limit', 'buy', 1, 500, { clientOrderId: id() });
    expect(second.id).not.toBe(first.id);
  });

  it('has a dead-man switch', async () => {
    await client.createOrder('BTC/USD', 'limit', 'buy', 1, 500);
    await client.cancelAllOrdersAfter(60_000);
    clock.turn(60_000);
    expect(await client.fetchOpenOrders()).toEqual([]);
  });

  it('pages through more trades than one answer holds', async () => {
    for (let trade = 0; trade < 60; trade += 1) {
      rehearsal.exchange.place('rehearsal', { ...plainOrder, side: trade % 2 === 0 ? 'buy' : 'sell' });
      clock.turn(1_000);
    }
    const first = await client.fetchMyTrades();
    expect(first).toHaveLength(50);
    const second = await client.fetchMyTrades(undefined, undefined, undefined, { ofs: 50 });
    expect(new Set([...first, ...second].map((trade) => trade.id)).size).toBe(50 + second.length);
  });
});

describe('unmodified ccxt pro on Kraken', () => {
  it('watches candles form and close', async () => {
    const first = await client.watchOHLCV('BTC/USD', '1m');
    const opened = clock.now() - (clock.now() % 60_000);
    expect(first.at(-1)![0]).toBe(opened);
    clock.turn(60_000);
    let candles = first;
    while (candles.at(-1)![0] === opened) candles = await client.watchOHLCV('BTC/USD', '1m');
    expect(candles.at(-1)).toEqual([opened + 60_000, 1000, 1000, 1000, 1000, expect.any(Number)]);
    expect(candles.at(-2)).toEqual([opened, 1000, 1000, 1000, 1000, expect.closeTo(100 / 60)]);
  });

  it('hands minutes to whoever watches hours after minutes: the second is never subscribed to', async () => {
    clock.turn(60_000 - (clock.now() % 60_000));
    const hours = client.watchOHLCV('BTC/USD', '1h');
    clock.turn(60_000);
    const times = (await hours).map(([time]) => time! % hour);
    expect(times.length).toBeGreaterThan(0);
    expect(times.filter((time) => time !== 0 && time % 60_000 === 0)).toEqual(times);
    expect(rehearsal.server.calls.filter(({ name }) => name === 'socket subscribe ohlc')).toHaveLength(1);
  });

  it('watches the ticker', async () => {
    expect(await client.watchTicker('BTC/USD')).toMatchObject({ bid: 1000, ask: 1000.1, last: 1000 });
  });

  it('watches orders and trades of its account', async () => {
    const orders = client.watchOrders('BTC/USD');
    await until(() => rehearsal.server.calls.some((call) => call.name === 'socket subscribe executions'));
    const trades = client.watchMyTrades('BTC/USD');
    const placed = await client.createOrder('BTC/USD', 'limit', 'buy', 1, 500, { clientOrderId: id() });
    expect((await orders).at(-1)).toMatchObject({ id: placed.id, status: 'open', amount: 1, price: 500 });
    const bought = await client.createOrder('BTC/USD', 'market', 'buy', 0.25);
    expect((await trades).at(-1)).toMatchObject({ order: bought.id, amount: 0.25, price: 1000.1, side: 'buy' });
  });
});

const plainOrder = {
  clientOrderId: null,
  symbol: 'BTC/USD',
  kind: 'market',
  quantity: new Big('0.01'),
  limitPrice: null,
  stopPrice: null,
} as const;
