import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { ExchangeEvent, ExchangeOptions, NewOrder } from '#engine/venues/rehearsal/exchange-types.ts';
import { HandClock } from './hand-clock.ts';
import { bars, hour, market, start } from './small-market.ts';

const rising = bars([
  [1000, 1100, 900, 1050],
  [1050, 1060, 1040, 1050],
  [800, 810, 790, 800],
]);

function open(options: Partial<ExchangeOptions> = {}) {
  const clock = new HandClock(start);
  const exchange = new Exchange(clock, {
    markets: [market(rising)],
    balances: { me: { USD: '100000', BTC: '10', BNB: '5' } },
    ...options,
  });
  return { clock, exchange };
}

function order(changes: Partial<NewOrder> & { quantity?: Big }): NewOrder {
  return {
    clientOrderId: null,
    symbol: 'BTC/USD',
    side: 'buy',
    kind: 'market',
    quantity: new Big(1),
    limitPrice: null,
    stopPrice: null,
    ...changes,
  };
}

function balance(exchange: Exchange, asset: string): { total: string; free: string } {
  const { total, free } = exchange.balances('me').get(asset)!;
  return { total: total.toFixed(), free: free.toFixed() };
}

function expectBooks(exchange: Exchange): void {
  for (const line of exchange.books()) {
    expect(line.difference.toFixed(), `${line.account} ${line.asset}`).toBe('0');
    expect(line.held.toFixed(), `${line.account} ${line.asset} held`).toBe(line.heldByOrders.toFixed());
    expect(line.balance.lt(line.held), `${line.account} ${line.asset} overdrawn`).toBe(false);
  }
}

function rule(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { details: { rule: unknown } }).details.rule;
  }
  return 'accepted';
}

describe('the price walks', () => {
  it('from the open over low and high to the close, and jumps to the next open', () => {
    const path = open().exchange.path('BTC/USD');
    const at = (share: number) => path.priceAt(start + share * hour);
    expect([at(0), at(0.125), at(0.25), at(0.5), at(0.75)]).toEqual([1000, 950, 900, 1000, 1100]);
    expect(path.priceAt(start + hour - 1)).toBe(1050);
    expect([path.priceAt(start + 2 * hour - 1), path.priceAt(start + 2 * hour)]).toEqual([1050, 800]);
  });

  it('so that the bar that forms ends as the bar that was given', () => {
    const path = open().exchange.path('BTC/USD');
    expect(path.between(start, start + hour / 2 + 1)).toMatchObject({ open: 1000, high: 1000, low: 900, close: 1000 });
    expect(path.between(start, start + hour)).toMatchObject({ open: 1000, high: 1100, low: 900, close: 1050, volume: 100 });
    expect(path.between(start, start + 3 * hour)).toMatchObject({ open: 1000, high: 1100, low: 790, close: 800, volume: 300 });
    const minutes = Array.from(
      { length: 60 },
      (_, minute) => path.between(start + minute * 60_000, start + (minute + 1) * 60_000)!,
    );
    expect([Math.max(...minutes.map((bar) => bar.high)), Math.min(...minutes.map((bar) => bar.low))]).toEqual([1100, 900]);
    expect(path.between(start + 3 * hour, start + 4 * hour)).toBeNull();
  });
});

describe('a market order', () => {
  it('takes the best offers, pays the taker fee in quote, and moves exact amounts', () => {
    const { exchange } = open();
    const placed = exchange.place('me', order({ quantity: new Big('0.3') }));
    expect(placed).toMatchObject({ state: 'filled', endReason: 'filled' });
    expect(exchange.fills('me')).toMatchObject([{ isMaker: false, time: start }]);
    expect(exchange.fills('me')[0]!.price.toFixed()).toBe('1000.1');
    expect(balance(exchange, 'USD').total).toBe('99699.36994');
    expect(balance(exchange, 'BTC')).toEqual({ total: '10.3', free: '10.3' });
    expectBooks(exchange);
  });

  it('walks down a thin book and loses what nobody takes', () => {
    const thin = { ...market(rising).book, levels: 2, levelNotional: 500 };
    const { exchange, clock } = open({ markets: [market(rising, { book: thin })] });
    const sold = exchange.place('me', order({ side: 'sell', quantity: new Big(2) }));
    expect(sold).toMatchObject({ state: 'expired', endReason: 'no-depth' });
    expect(exchange.fills('me').map((fill) => `${fill.quantity} @ ${fill.price}`)).toEqual(['0.5 @ 1000', '0.5 @ 999.9']);
    expect(exchange.place('me', order({ side: 'sell', quantity: new Big(1) })).filled.toFixed()).toBe('0');
    clock.turn(1_000);
    expect(exchange.place('me', order({ side: 'sell', quantity: new Big(1) })).filled.gt(0.9)).toBe(true);
    expectBooks(exchange);
  });
});

describe('a limit order', () => {
  it('rests, holds its money, and is filled as maker at its own price when the price comes', () => {
    const { exchange, clock } = open();
    const events: ExchangeEvent[] = [];
    exchange.on((event) => events.push(event));
    exchange.place('me', order({ kind: 'limit', limitPrice: new Big(950), clientOrderId: 'a' }));
    expect(balance(exchange, 'USD')).toEqual({ total: '100000', free: '99048.1' });
    clock.turn(hour);
    expect(exchange.fills('me')).toMatchObject([{ isMaker: true, time: start + hour / 8 + 1 }]);
    expect(balance(exchange, 'USD')).toEqual({ total: '99049.05', free: '99049.05' });
    expect(events.map((event) => (event.kind === 'fill' ? 'fill' : event.change))).toEqual(['accepted', 'fill', 'ended']);
    expectBooks(exchange);
  });

  it('is filled helping by helping where the book is thin', () => {
    const thin = { ...market(rising).book, levels: 1, levelNotional: 400, refillMs: 60_000 };
    const { exchange, clock } = open({ markets: [market(rising, { book: thin })] });
    exchange.place('me', order({ kind: 'limit', limitPrice: new Big(950) }));
    clock.turn(hour / 8 + 1);
    const [first] = exchange.openOrders('me');
    expect(first!.filled.gt(0) && first!.filled.lt(1)).toBe(true);
    clock.turn(10 * 60_000);
    expect(exchange.orders('me')).toMatchObject([{ state: 'filled' }]);
    expect(exchange.fills('me').map((fill) => fill.time - start - hour / 8 - 1)).toEqual([0, 60_000, 120_000]);
    expectBooks(exchange);
  });

  it('is filled in parts from the moment on in which the book is made thin', () => {
    const { exchange, clock } = open();
    exchange.place('me', order({ kind: 'limit', limitPrice: new Big(950) }));
    exchange.reshape('BTC/USD', { levels: 1, levelNotional: 95, refillMs: 60_000 });
    clock.turn(hour / 8 + 1);
    expect(exchange.openOrders('me')[0]!.filled.toFixed()).toBe('0.1');
    exchange.reshape('BTC/USD', { levelNotional: 10_000 });
    clock.turn(60_000);
    expect(exchange.orders('me')).toMatchObject([{ state: 'filled' }]);
    expectBooks(exchange);
  });

  it('that is cancelled lets its money go; one that has ended cannot be', () => {
    const { exchange } = open();
    const { number } = exchange.place('me', order({ kind: 'limit', limitPrice: new Big(950) }));
    expect(exchange.cancel('me', number)).toMatchObject({ state: 'cancelled', endReason: 'asked' });
    expect(balance(exchange, 'USD').free).toBe('100000');
    expect(rule(() => exchange.cancel('me', number))).toBe('ended');
    expect(rule(() => exchange.cancel('me', 99))).toBe('no-such-order');
  });

  it('of the kind limit-ioc takes what is within its price and is gone', () => {
    const { exchange } = open();
    const placed = exchange.place('me', order({ kind: 'limit-ioc', limitPrice: new Big('1000.2'), quantity: new Big(50) }));
    expect(placed.state).toBe('expired');
    expect(placed.filled.toFixed()).toBe('20');
  });
});

describe('a stop', () => {
  it('sells at the price that touches it', () => {
    const { exchange, clock } = open();
    exchange.place('me', order({ kind: 'stop', side: 'sell', stopPrice: new Big(950) }));
    expect(balance(exchange, 'BTC')).toEqual({ total: '10', free: '9' });
    clock.turn(hour / 8);
    expect(exchange.orders('me')).toMatchObject([{ state: 'filled', triggeredAt: start + hour / 8 }]);
    expect(exchange.fills('me')[0]!.price.toFixed()).toBe('950');
    expectBooks(exchange);
  });

  it('through a gap sells after the gap', () => {
    const { exchange, clock } = open();
    clock.turn(hour);
    exchange.place('me', order({ kind: 'stop', side: 'sell', stopPrice: new Big(1000) }));
    clock.turn(2 * hour);
    expect(exchange.fills('me')[0]).toMatchObject({ time: start + 2 * hour });
    expect(exchange.fills('me')[0]!.price.toFixed()).toBe('800');
  });

  it('with a limit price becomes a limit order, and rests where the price has gone below', () => {
    const { exchange, clock } = open();
    clock.turn(hour);
    exchange.place('me', order({ kind: 'stop', side: 'sell', stopPrice: new Big(1000), limitPrice: new Big(900) }));
    clock.turn(2 * hour);
    expect(exchange.orders('me')).toMatchObject([{ state: 'open', triggeredAt: start + 2 * hour }]);
    expect(balance(exchange, 'BTC').free).toBe('9');
    expectBooks(exchange);
  });

  it('that is reached already sells at once, or is refused where the exchange is like that', () => {
    const request = order({ kind: 'stop', side: 'sell', stopPrice: new Big(1000) });
    const { exchange, clock } = open();
    exchange.place('me', request);
    clock.turn(0);
    expect(exchange.orders('me')).toMatchObject([{ state: 'filled' }]);
    expect(rule(() => open({ refusesReachedStops: true }).exchange.place('me', request))).toBe('stop-reached');
  });
});

describe('orders are refused', () => {
  const limit = (changes: Partial<NewOrder>) => order({ kind: 'limit', limitPrice: new Big(950), ...changes });

  it.each([
    ['step', limit({ quantity: new Big('1.00001') })],
    ['tick', limit({ limitPrice: new Big('950.05') })],
    ['min-quantity', limit({ quantity: new Big('0.0004') })],
    ['min-notional', limit({ quantity: new Big('0.0052') })],
    ['insufficient-funds', limit({ quantity: new Big(200) })],
    ['insufficient-funds', order({ side: 'sell', quantity: new Big('10.0001') })],
    ['unknown-symbol', limit({ symbol: 'XYZ/USD' })],
    ['accepted', limit({})],
  ])('%s', (expected, request) => {
    expect(rule(() => open().exchange.place('me', request))).toBe(expected);
  });

  it('where the market is closed, which lets orders be cancelled still', () => {
    const { exchange } = open();
    const { number } = exchange.place('me', limit({}));
    exchange.setActive('BTC/USD', false);
    expect(rule(() => exchange.place('me', limit({})))).toBe('inactive');
    expect(exchange.cancel('me', number).state).toBe('cancelled');
  });

  it('when an open order has the client order id, and not when one had it', () => {
    const { exchange } = open();
    const { number } = exchange.place('me', limit({ clientOrderId: 'same' }));
    expect(rule(() => exchange.place('me', limit({ clientOrderId: 'same' })))).toBe('client-id-in-use');
    exchange.cancel('me', number);
    expect(exchange.place('me', limit({ clientOrderId: 'same' })).number).toBe(2);
  });
});

describe('fees', () => {
  it('in what is received lessen a purchase and the proceeds of a sale', () => {
    const { exchange } = open({ fees: 'received' });
    exchange.place('me', order({}));
    expect(balance(exchange, 'BTC').total).toBe('10.998');
    exchange.place('me', order({ side: 'sell' }));
    expect(balance(exchange, 'USD').total).toBe('99997.9');
    expectBooks(exchange);
  });

  it('are split with a third asset, while there is enough of it', () => {
    const { exchange } = open({ fees: { asset: 'BNB', share: 0.75, priceInQuote: 500 } });
    exchange.place('me', order({}));
    expect(exchange.fills('me')[0]!.fees.map((fee) => `${fee.amount} ${fee.asset}`)).toEqual(['0.0030003 BNB', '0.0005 BTC']);
    exchange.deposit('me', 'BNB', new Big(-4.996));
    exchange.place('me', order({}));
    expect(exchange.fills('me')[1]!.fees.map((fee) => fee.asset)).toEqual(['BTC']);
    expectBooks(exchange);
  });
});

describe('the dead-man switch', () => {
  it('cancels everything when it is not armed again in time', () => {
    const { exchange, clock } = open();
    exchange.place('me', order({ kind: 'limit', limitPrice: new Big(500) }));
    exchange.armDeadManSwitch('me', 60_000);
    clock.turn(50_000);
    exchange.armDeadManSwitch('me', 60_000);
    clock.turn(59_999);
    expect(exchange.openOrders('me')).toHaveLength(1);
    clock.turn(1);
    expect(exchange.orders('me')).toMatchObject([{ state: 'cancelled', endReason: 'dead-man-switch' }]);
  });

  it('is taken back by zero', () => {
    const { exchange, clock } = open();
    exchange.place('me', order({ kind: 'limit', limitPrice: new Big(500) }));
    exchange.armDeadManSwitch('me', 60_000);
    exchange.armDeadManSwitch('me', 0);
    clock.turn(hour / 10);
    expect(exchange.openOrders('me')).toHaveLength(1);
  });
});

/** A month of hourly bars and some hundreds of orders of all kinds. */
function month(seed: number, asksEvery: number): { exchange: Exchange; story: string[] } {
  const candles = simulateMarket({ seed, symbols: ['BTC/USD'], timeframe: '1h', from: start, bars: 720 }).get('BTC/USD')!;
  const clock = new HandClock(start);
  const random = new RandomStream(seed, 'orders');
  const book = { halfSpreadRate: 0.0002, levels: 5, spacingRate: 0.0002, levelNotional: 3_000, refillMs: 30_000 };
  const exchange = new Exchange(clock, {
    markets: [market(candles, { tickSize: new Big('0.01'), book })],
    balances: { me: { USD: '100000', BTC: '3' } },
  });
  const story: string[] = [];
  exchange.on((event) => {
    const what = event.kind === 'fill' ? `fill ${event.fill.time} ${event.fill.quantity} @ ${event.fill.price}` : event.change;
    story.push(`${event.order.number} ${what} ${event.order.filled}`);
  });
  const kinds = ['market', 'limit', 'limit-ioc', 'stop'] as const;
  for (let index = 0; index < 600; index += 1) {
    const { last } = exchange.quote('BTC/USD');
    const side = random.uniform() < 0.5 ? 'buy' : 'sell';
    const near = last.times((1 + 0.02 * (random.uniform() - 0.5)).toFixed(6)).round(2);
    const kind = kinds[Math.floor(random.uniform() * 4)]!;
    const quantity = new Big((0.01 + 0.3 * random.uniform()).toFixed(4));
    const [limitPrice, stopPrice] = [kind.startsWith('limit') ? near : null, kind === 'stop' ? near : null];
    rule(() => exchange.place('me', order({ side, kind, quantity, limitPrice, stopPrice })));
    if (random.uniform() < 0.3) for (const each of exchange.openOrders('me').slice(0, 2)) exchange.cancel('me', each.number);
    for (let turned = 0; turned < 72 * 60_000; turned += asksEvery) clock.turn(asksEvery);
  }
  return { exchange, story };
}

describe('over a month of orders', () => {
  it('money is conserved, for many seeds', () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { exchange } = month(seed, 72 * 60_000);
      expect(exchange.fills('me').length).toBeGreaterThan(300);
      expectBooks(exchange);
    }
  });

  it('how often the exchange is asked changes nothing', () => {
    expect(month(7, 60_000).story).toEqual(month(7, 72 * 60_000).story);
  });
});
