import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { createLog } from '#engine/log.ts';
import { tradingLimits } from '#engine/risk/trading-limits.ts';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { Trader } from '#engine/trading/trader.ts';
import { DirectVenue, type Link } from '#engine/venues/rehearsal/direct-venue.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { bars, hour, market, start } from '#tests/engine/venues/rehearsal/small-market.ts';
import { drained, VirtualClock } from '#tests/simulate/virtual-clock.ts';
import { entry, still, symbol } from './scene.ts';

/** A trader whose time of day may jump, as on a machine, while timers go on. */
async function begin(prices = [1000, 1000, 1000, 1000]) {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-set-back-'));
  const world = new VirtualClock(start);
  const candles = bars(prices.map(still));
  const exchange = new Exchange(world, { markets: [market(candles)], balances: { me: { USD: '100000' } } });
  const jump = { offset: 0, atPlace: null as number | null };
  const count = { places: 0, looks: 0 };
  const clock = { now: () => world.now() + jump.offset, after: (ms: number, work: () => void) => world.after(ms, work) };
  const link: Link = {
    news: (_, deliver) => void world.after(10, deliver),
    call: async (name, work) => {
      await new Promise<void>((resolve) => void world.after(10, resolve));
      if (name === 'balances') count.looks += 1;
      if (name === 'place') count.places += 1;
      if (name === 'place' && count.places === 2 && jump.atPlace !== null) {
        world.after(100, () => {
          jump.offset = jump.atPlace!;
        });
        throw new VenueError('network', 'not-sent', 'The way is closed.', 'Try again.');
      }
      return work();
    },
  };
  const journal = OrderJournal.open(join(dir, 'journal.sqlite'), 'me');
  const trader = await Trader.open({
    venue: new DirectVenue({ exchange, account: 'me', clock, link }),
    ...{ journal, clock, log: createLog('silent'), random: new RandomStream(1, 'set back'), onTrouble: () => undefined },
    policy: () => ({ ...tradingLimits({ stages: {} }, 'live', false), turnover: { ratio: 100, windowMs: hour } }),
  });
  const account = trader.account({ strategy: 's', stage: 'live', symbols: [symbol], barMs: hour, capital: 10_000 });
  const pass = async (ms: number) => {
    await drained();
    const until = world.now() + ms;
    while (await world.step(until));
  };
  const enter = async (how: { readonly stopLoss?: number } = {}) => {
    account.onBars([{ symbol, time: start, open: 1000, high: 1000, low: 1000, close: 1000, volume: 100 }]);
    account.submit([{ symbol, reason: 'because', ...entry, ...how }]);
    await pass(10_000);
  };
  const close = async () => {
    const stopped = trader.stop();
    await pass(10_000);
    await stopped;
    journal.close();
    exchange.close();
    rmSync(dir, { recursive: true });
  };
  const stops = () => exchange.openOrders('me').map(({ kind, quantity }) => `${kind} ${quantity}`);
  void trader.start();
  return { trader, exchange, account, jump, count, pass, enter, close, stops };
}

describe('a clock that jumps', () => {
  it('back an hour makes nothing wait for an hour: the stop is tried again, and the account looked at', async () => {
    const { jump, count, pass, enter, close, stops } = await begin();
    jump.atPlace = -hour;
    await pass(hour);
    await enter();
    expect(jump.offset).toBe(-hour);
    expect(stops()).toEqual(['stop 5']);
    const before = count.looks;
    await pass(10 * 60_000);
    expect(count.looks - before).toBeGreaterThanOrEqual(2);
    await close();
  });

  it('ahead for a while leaves no fill out: what is sold then is known', async () => {
    const { trader, exchange, account, jump, pass, enter, close, stops } = await begin();
    await pass(hour);
    await enter();
    await pass(hour - 100_000);
    const looked = trader.health().reconciledAt;
    while (trader.health().reconciledAt === looked) await pass(1_000);
    jump.offset = 140_000;
    await pass(35_000);
    exchange.cancel('me', exchange.openOrders('me')[0]!.number);
    await pass(35_000);
    account.onBars([{ symbol, time: start + hour, open: 1000, high: 1000, low: 1000, close: 1000, volume: 100 }]);
    account.submit([{ symbol, reason: 'because', action: 'exit' }]);
    await pass(60_000);
    expect(exchange.balances('me').get('BTC')?.total.toFixed()).toBe('0');
    expect(account.positions()[0]!.quantity).toBe(0);
    expect(stops()).toEqual([]);
    expect(trader.health().frozen).toEqual([]);
    await close();
  });

  it('days ahead for minutes hides no loss: what falls after it is set back still halts the account', async () => {
    const { trader, account, jump, pass, enter, close } = await begin([1000, 1000, 700, 700]);
    await pass(hour);
    await enter({ stopLoss: 0.6 });
    expect(account.positions()[0]!.quantity).toBe(5);
    jump.offset = 48 * hour;
    await pass(240_000);
    jump.offset = 0;
    await pass(60_000);
    expect(trader.health().halt.mode).toBe('active');
    await pass(hour);
    expect(trader.health().halt).toMatchObject({ mode: 'halted', cause: 'daily-loss' });
    await close();
  });
});
