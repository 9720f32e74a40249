import { Big } from 'big.js';
import ccxt, { type Exchange } from 'ccxt';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import type { RestFault } from '#engine/venues/rehearsal/faults.ts';
import { type Rehearsal, type RehearsalDialect, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import type { OrderName, OrderRequest, Venue, VenueNews } from '#engine/venues/venue.ts';
import { VenueError, type VenueErrorKind } from '#engine/venues/venue-error.ts';
import { HandClock } from '../rehearsal/hand-clock.ts';
import { bars, hour, start } from '../rehearsal/small-market.ts';
import { unmodifiedCcxt } from '../rehearsal/unmodified-ccxt.ts';

const still = [1000, 1000, 1000, 1000] as const;
const rises = [1000, 1100, 900, 1000] as const;

/** The same for every dialect: what differs is under the names of the exchange's own calls. */
interface Named {
  readonly dialect: RehearsalDialect;
  readonly quote: string;
  readonly place: string;
  readonly cancel: string;
  readonly nonceKind: VenueErrorKind;
}
const dialects: readonly Named[] = [
  { dialect: 'kraken', quote: 'USD', place: 'AddOrder', cancel: 'CancelOrder', nonceKind: 'nonce' },
  { dialect: 'binance', quote: 'USDT', place: 'POST order', cancel: 'DELETE order', nonceKind: 'clock' },
];

const figures = {
  tickSize: new Big('0.1'),
  stepSize: new Big('0.0001'),
  minQuantity: new Big('0.0005'),
  book: { halfSpreadRate: 0, levels: 10, spacingRate: 0, levelNotional: 2_000, refillMs: 1_000 },
};

const keys = ['one', 'two'].map((name) => ({
  key: `key ${name}`,
  secret: Buffer.from(`secret ${name}`).toString('base64'),
  account: 'rehearsal',
  canTrade: true,
  canWithdraw: false,
}));

describe.each(dialects)('through unmodified ccxt on a rehearsal of $dialect', ({ dialect, quote, place, cancel, nonceKind }) => {
  const symbol = `BTC/${quote}`;
  let clock: HandClock;
  let rehearsal: Rehearsal;
  let venue: Venue;
  let count = 0;
  const options = () => ({
    exchange: dialect,
    keys: new VenueKeys(rehearsal.key.key, rehearsal.key.secret),
    log: pino({ level: 'silent' }),
    clock,
    baseUrl: rehearsal.baseUrl,
    timeoutMs: 500,
    keepAliveMs: 60,
  });

  /** Forty still hours behind; ahead one in which the price goes to 900, to 1,100 and back, and stillness again. */
  beforeAll(async () => {
    clock = new HandClock(start);
    rehearsal = await startRehearsal({
      dialect,
      prices: {
        candles: new Map([[symbol, bars([...Array(41).fill(still), rises, ...Array(18).fill(still)])]]),
        timeframe: '1h',
      },
      balances: { [quote]: '100000', BTC: '10' },
      keys,
      clock,
      markets: { [symbol]: figures },
    });
    venue = await openCcxtVenue(options());
  });
  afterAll(async () => {
    await venue.close();
    await rehearsal.close();
  });
  beforeEach(() => {
    count += 1;
    // What the test before took from the book is back.
    clock.turn(1_000);
    rehearsal.exchange.cancelAll('rehearsal');
  });

  const order = (rest: Partial<OrderRequest> = {}): OrderRequest => ({
    clientOrderId: `r${String(count).padStart(17, 'a')}`,
    symbol,
    side: 'buy',
    kind: 'limit',
    quantity: new Big('0.5'),
    limitPrice: new Big(900),
    stopPrice: null,
    ...rest,
  });
  const named = (venueOrderId: string | null = null): OrderName => ({
    clientOrderId: order().clientOrderId,
    venueOrderId,
    symbol,
    sentAt: clock.now(),
  });
  const atTheMarket = { kind: 'market', limitPrice: null } as const;
  /** How many orders came to the exchange while `work` was done, whatever became of them. */
  const placedBy = async (work: () => Promise<unknown>): Promise<number> => {
    const { calls } = rehearsal.server;
    const last = calls.at(-1)!;
    await work();
    return calls.slice(calls.indexOf(last) + 1).filter(({ name }) => name === place).length;
  };
  /** ccxt as it comes, with the other key. */
  const withPlainCcxt = async (work: (theirs: Exchange) => Promise<unknown>): Promise<void> => {
    const theirs = await unmodifiedCcxt(dialect, { ...rehearsal, key: keys[1]! });
    try {
      await theirs.loadMarkets();
      await work(theirs);
    } finally {
      await theirs.close();
    }
  };
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: unknown) => (error instanceof VenueError ? { kind: error.kind, certainty: error.certainty } : error),
    );
  const ours = () =>
    rehearsal.exchange.orders('rehearsal').filter(({ clientOrderId }) => clientOrderId === order().clientOrderId);

  it('an order rests, is found by both its names, and is cancelled by either', async () => {
    const { venueOrderId } = await venue.place(order());
    const found = {
      venueOrderId,
      clientOrderId: order().clientOrderId,
      symbol,
      side: 'buy',
      state: 'open',
      filled: new Big(0),
    };
    expect(await venue.find(named())).toMatchObject(found);
    expect(await venue.find(named(venueOrderId))).toMatchObject(found);
    expect(await venue.openOrders([symbol])).toMatchObject([found]);
    await venue.cancel(named());
    expect(await venue.find(named())).toMatchObject({ state: 'cancelled' });
    expect(await venue.openOrders([symbol])).toEqual([]);
    await venue.cancel(named(venueOrderId));
    await venue.cancel(named());
  });

  it('an order is bought at the market, and its fills and balances add up to the last digit', async () => {
    const before = await venue.balances();
    const { venueOrderId } = await venue.place(order({ ...atTheMarket, quantity: new Big('3.1234') }));
    const found = await venue.find(named(venueOrderId));
    expect(found).toMatchObject({ state: 'filled', filled: new Big('3.1234') });
    const fills = (await venue.fills([symbol], clock.now() - 500)).filter((fill) => fill.venueOrderId === venueOrderId);
    expect(fills.length).toBeGreaterThan(1);
    expect(fills.reduce((sum, { quantity }) => sum.plus(quantity), new Big(0))).toEqual(new Big('3.1234'));
    const after = await venue.balances();
    const paid = (asset: string) =>
      fills
        .flatMap(({ fees }) => fees)
        .filter((fee) => fee.asset === asset)
        .reduce((sum, { amount }) => sum.plus(amount), new Big(0));
    const cost = fills.reduce((sum, { quantity, price }) => sum.plus(quantity.times(price)), new Big(0));
    const change = (asset: string) => after.get(asset)!.total.minus(before.get(asset)!.total);
    // Where the fee is taken in what was bought, less is held than was bought.
    expect(change('BTC')).toEqual(new Big('3.1234').minus(paid('BTC')));
    expect(change(quote).plus(cost).plus(paid(quote)).abs().lt('0.0001')).toBe(true);
    expect(paid('BTC').gt(0)).toBe(dialect === 'binance');
  });

  it('an order that fills at once leaves nothing behind', async () => {
    const { venueOrderId } = await venue.place(
      order({ kind: 'limit-ioc', quantity: new Big(30), limitPrice: new Big('1000.2') }),
    );
    const found = await venue.find(named(venueOrderId));
    expect(found).toMatchObject({ quantity: new Big(30), state: expect.stringMatching(/cancelled|expired/) });
    expect(found!.filled.gt(0)).toBe(true);
    expect(found!.filled.lt(30)).toBe(true);
  });

  it('a buy between two ticks is never raised to the upper one', async () => {
    expect(await failure(venue.place(order({ limitPrice: new Big('900.06') })))).toEqual({
      kind: 'invalid-order',
      certainty: 'not-sent',
    });
    await venue.place(order({ limitPrice: new Big('900.1') }));
    expect(ours()).toMatchObject([{ limitPrice: new Big('900.1') }]);
  });

  it('a quantity finer than the step, which ccxt cuts off, or cannot send at all, never leaves', async () => {
    await withPlainCcxt(async (theirs) => {
      await theirs.createOrder(symbol, 'limit', 'buy', 0.50009, 900, { clientOrderId: order().clientOrderId });
      expect(ours()).toMatchObject([{ quantity: new Big('0.5') }]);
      await expect(theirs.createOrder(symbol, 'limit', 'buy', 0.00009, 900)).rejects.toThrow(ccxt.InvalidOrder);
    });
    const placed = await placedBy(async () => {
      for (const quantity of ['0.50009', '0.00009', '0']) {
        expect(await failure(venue.place(order({ quantity: new Big(quantity) })))).toEqual({
          kind: 'invalid-order',
          certainty: 'not-sent',
        });
      }
    });
    expect(placed).toBe(0);
  });

  it('a stop rests, sells at the market when the price comes, and is found afterwards', async () => {
    clock.turn(hour - (clock.now() % hour));
    const stop = order({ kind: 'stop', side: 'sell', limitPrice: null, stopPrice: new Big(950) });
    const { venueOrderId } = await venue.place(stop);
    expect(await venue.find(named())).toMatchObject({ state: 'open', filled: new Big(0) });
    clock.turn(hour / 2);
    const found = await venue.find(named(venueOrderId));
    expect(found).toMatchObject({ state: 'filled', filled: new Big('0.5'), venueOrderId });
    clock.turn(hour - (clock.now() % hour));
  });

  it.each<[string, RestFault, boolean]>([
    ['the answer never comes and the order was never seen', { kind: 'timeout-before' }, false],
    ['the answer never comes and the order stands', { kind: 'timeout-after' }, true],
    ['the connection drops before the order is seen', { kind: 'drop-before' }, false],
    ['the connection drops and the order stands', { kind: 'drop-after' }, true],
    ['a gateway fails and the order stands', { kind: 'server-error', isDone: true }, true],
    ['the answer is cut and the order stands', { kind: 'malformed' }, true],
    ['the exchange is said to be unavailable and the order stands', { kind: 'maintenance', isDone: true }, true],
  ])('%s: that is unknown, it is not sent again, and asking tells', async (_what, fault, stands) => {
    rehearsal.server.faults.next(place, fault);
    const placed = await placedBy(async () => {
      expect(await failure(venue.place(order()))).toMatchObject({ certainty: 'unknown' });
    });
    expect(placed).toBe(1);
    const found = await venue.find(named());
    if (stands) expect(found).toMatchObject({ state: 'open', clientOrderId: order().clientOrderId });
    else expect(found).toBeNull();
    expect(ours()).toHaveLength(stands ? 1 : 0);
  });

  it('one whose answer is lost is sent again by ccxt when it is told to retry, which ours never is', async () => {
    await withPlainCcxt(async (theirs) => {
      theirs.options.maxRetriesOnFailure = 1;
      rehearsal.server.faults.next(place, { kind: 'drop-before' });
      const name = { clientOrderId: order().clientOrderId };
      expect(await placedBy(() => theirs.createOrder(symbol, 'limit', 'buy', 0.5, 900, name))).toBe(2);
    });
  });

  it.each<[string, RestFault, string]>([
    ['it is asked too often', { kind: 'rate-limit', retryAfterS: 3 }, 'rate-limit'],
    ['orders come too often', { kind: 'order-rate-limit' }, 'rate-limit'],
    ['the request comes out of its time', { kind: 'nonce' }, nonceKind],
  ])('%s: that is refused, and nothing stands', async (_what, fault, kind) => {
    rehearsal.server.faults.next(place, fault);
    expect(await failure(venue.place(order()))).toEqual({ kind, certainty: 'refused' });
    expect(await venue.find(named())).toBeNull();
  });

  it('one that comes to the exchange twice stands once, for its name is taken', async () => {
    rehearsal.server.faults.next(place, { kind: 'duplicate' });
    await venue.place(order());
    expect(ours()).toHaveLength(1);
    expect(await failure(venue.place(order()))).toEqual({ kind: 'duplicate', certainty: 'refused' });
  });

  it('money that is not there is refused, and so is a market that takes no orders', async () => {
    expect(await failure(venue.place(order({ quantity: new Big(500) })))).toEqual({
      kind: 'insufficient-funds',
      certainty: 'refused',
    });
    rehearsal.exchange.setActive(symbol, false);
    expect(await failure(venue.place(order()))).toMatchObject({ certainty: 'refused' });
    expect(await venue.markets([symbol])).toMatchObject([{ isActive: false }]);
    rehearsal.exchange.setActive(symbol, true);
    await venue.markets([symbol]);
  });

  it('a cancellation whose answer is lost can be asked for again', async () => {
    await venue.place(order());
    rehearsal.server.faults.next(cancel, { kind: 'drop-after' });
    expect(await failure(venue.cancel(named()))).toMatchObject({ certainty: 'unknown' });
    await venue.cancel(named());
    expect(await venue.find(named())).toMatchObject({ state: 'cancelled' });
  });

  it('nobody is there: that is not sent', async () => {
    await rehearsal.server.down();
    try {
      // The connection kept from before breaks first.
      await failure(venue.balances());
      expect(await failure(venue.place(order()))).toEqual({ kind: 'network', certainty: 'not-sent' });
    } finally {
      await rehearsal.server.up();
    }
    expect(await venue.find(named())).toBeNull();
  });

  it('a clock that is off is measured, and what is sent carries the time of the exchange', async () => {
    rehearsal.setSkew(30_000);
    try {
      const { offset, uncertainty } = await venue.clockOffset();
      expect(Math.abs(offset - 30_000)).toBeLessThanOrEqual(uncertainty);
      await venue.place(order());
      expect(ours()).toHaveLength(1);
    } finally {
      rehearsal.setSkew(0);
      await venue.clockOffset();
    }
  });

  it('a key that may withdraw opens nothing', async () => {
    const { key } = rehearsal;
    expect(await venue.rights()).toEqual({ canTrade: true, canWithdraw: false });
    clock.turn(1_000);
    Object.assign(key, { canWithdraw: true });
    try {
      await expect(openCcxtVenue(options())).rejects.toMatchObject({ code: 'venue/key-may-withdraw' });
    } finally {
      Object.assign(key, { canWithdraw: false });
    }
  });

  if (dialect === 'kraken') {
    it.each([7_000, 11_000, 40_000])(
      'one that waits for %i ms at the exchange is taken within ten seconds or not at all',
      async (ms) => {
        rehearsal.server.faults.next(place, { kind: 'delay', ms });
        expect(await failure(venue.place(order()))).toMatchObject({ certainty: 'unknown' });
        clock.turn(ms);
        expect(ours()).toHaveLength(ms < 10_000 ? 1 : 0);
      },
    );

    it('an order that a clock was wrong for is refused, and the next one bears the right time', async () => {
      rehearsal.setSkew(hour);
      try {
        expect(await failure(venue.place(order()))).toEqual({ kind: 'maintenance', certainty: 'refused' });
        expect(ours()).toHaveLength(0);
        await venue.place(order());
        expect(ours()).toHaveLength(1);
      } finally {
        rehearsal.setSkew(0);
        await venue.clockOffset();
      }
    });

    it('a stream that may not be opened is told to be lost, and opened later', async () => {
      const key = keys[1]!;
      clock.turn(1_000);
      const other = await openCcxtVenue({ ...options(), keys: new VenueKeys(key.key, key.secret) });
      rehearsal.server.faults.next('GetWebSocketsToken', { kind: 'maintenance' });
      const news: string[] = [];
      other.onNews(({ kind }) => void news.push(kind));
      const streams = rehearsal.server.streamCount;
      await vi.waitFor(
        () => {
          clock.turn(1_000);
          expect(rehearsal.server.streamCount).toBe(streams + 1);
        },
        { timeout: 4_000, interval: 20 },
      );
      await vi.waitFor(() => expect(news).toEqual(['lost', 'back']), { timeout: 4_000, interval: 10 });
      await other.close();
      await vi.waitFor(() => expect(rehearsal.server.streamCount).toBe(streams), { timeout: 4_000, interval: 10 });
    });

    it('the dead-man switch takes everything away, stops too, unless it is set again or taken back', async () => {
      await venue.place(order({ kind: 'stop', side: 'sell', limitPrice: null, stopPrice: new Big(950) }));
      await venue.armDeadManSwitch(60_000);
      clock.turn(50_000);
      await venue.armDeadManSwitch(60_000);
      clock.turn(50_000);
      expect(await venue.find(named())).toMatchObject({ state: 'open' });
      await venue.armDeadManSwitch(0);
      clock.turn(100_000);
      expect(await venue.find(named())).toMatchObject({ state: 'open' });
      await venue.armDeadManSwitch(60_000);
      clock.turn(60_000);
      expect(await venue.find(named())).toMatchObject({ state: 'cancelled' });
    });

    it('a key that somebody else uses too fails us, and says why', async () => {
      const key = keys[1]!;
      const ours = await openCcxtVenue({ ...options(), keys: new VenueKeys(key.key, key.secret) });
      const theirs = await unmodifiedCcxt(dialect, { ...rehearsal, key });
      try {
        await ours.balances();
        theirs.nonce = () => Date.now() + 60_000;
        await theirs.fetchBalance();
        expect(await failure(ours.place(order()))).toEqual({ kind: 'nonce', certainty: 'refused' });
        expect(rehearsal.exchange.openOrders('rehearsal')).toEqual([]);
      } finally {
        await theirs.close();
        await ours.close();
      }
    });
  }

  if (dialect === 'binance') {
    it('fees are taken in a third asset while there is enough of it, then in what was bought: both are told, and add up', async () => {
      const third = await startRehearsal({
        ...{ dialect, keys, clock },
        prices: { candles: new Map([[symbol, bars(Array(60).fill(still))]]), timeframe: '1h' },
        // Enough for the fee of the first of two fills, of 2 BTC at 1,000 each.
        balances: { [quote]: '100000', BNB: '0.015' },
        fees: { asset: 'BNB', share: 1, priceInQuote: 500 },
        markets: { [symbol]: { ...figures, takerFeeRate: 0.0026 } },
      });
      const there = await openCcxtVenue({ ...options(), baseUrl: third.baseUrl });
      try {
        await there.place(order({ ...atTheMarket, quantity: new Big('3.9') }));
        const fills = await there.fills([symbol], 0);
        expect(fills.map(({ fees }) => fees.map(({ asset }) => asset))).toEqual([['BNB'], ['BTC']]);
        const [inThird, inBase] = fills.map(({ fees }) => fees[0]!.amount);
        const held = await there.balances();
        expect(held.get('BTC')!.total).toEqual(new Big('3.9').minus(inBase!));
        expect(held.get('BNB')!.total).toEqual(new Big('0.015').minus(inThird!));
        expect(inThird!.gt(0) && inBase!.gt(0)).toBe(true);
      } finally {
        await there.close();
        await third.close();
      }
    });
  }

  describe('news over the stream', () => {
    const news: VenueNews[] = [];
    let leave: () => void;
    const told = (kind: VenueNews['kind']) =>
      vi.waitFor(() => expect(news.map((item) => item.kind)).toContain(kind), { timeout: 4_000, interval: 10 });
    beforeAll(async () => {
      leave = venue.onNews((item) => void news.push(item));
      await vi.waitFor(() => expect(rehearsal.server.streamCount).toBe(1), { timeout: 4_000, interval: 10 });
    });
    afterAll(() => leave());
    beforeEach(() => {
      news.length = 0;
    });

    it('tells of an order, and of which market', async () => {
      await venue.place(order());
      await told('orders');
      expect(news).toContainEqual({ kind: 'orders', symbol });
    });

    it.each([
      ['breaks', () => rehearsal.server.dropStreams()],
      ['says nothing any more', () => rehearsal.server.silence()],
    ])('is told to be lost when it %s, once, and to be back when it stands', async (_what, harm) => {
      harm();
      await told('lost');
      rehearsal.server.speak();
      await vi.waitFor(
        () => {
          clock.turn(1_000);
          expect(news.map(({ kind }) => kind)).toContain('back');
        },
        { timeout: 4_000, interval: 20 },
      );
      await venue.place(order());
      await told('orders');
      expect(news.filter(({ kind }) => kind === 'lost')).toHaveLength(1);
    });
  });
});
