import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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

it('a clock that is set back an hour makes nothing wait for an hour: the stop is tried again, and the account looked at', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-set-back-'));
  const world = new VirtualClock(start);
  const candles = bars(Array.from({ length: 4 }, () => still(1000)));
  const exchange = new Exchange(world, { markets: [market(candles)], balances: { me: { USD: '100000' } } });
  // As on a machine: the time of day jumps, and timers go on.
  let offset = 0;
  const clock = { now: () => world.now() + offset, after: (ms: number, work: () => void) => world.after(ms, work) };
  let places = 0;
  let looks = 0;
  const link: Link = {
    news: (_, deliver) => void world.after(10, deliver),
    call: async (name, work) => {
      await new Promise<void>((resolve) => void world.after(10, resolve));
      if (name === 'balances') looks += 1;
      if (name === 'place') places += 1;
      if (name === 'place' && places === 2) {
        world.after(100, () => {
          offset = -hour;
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
  void trader.start();
  await pass(hour);
  account.onBars([{ symbol, time: start, open: 1000, high: 1000, low: 1000, close: 1000, volume: 100 }]);
  account.submit([{ symbol, reason: 'because', ...entry }]);
  await pass(10_000);
  expect(offset).toBe(-hour);
  expect(exchange.openOrders('me').map(({ kind, quantity }) => `${kind} ${quantity}`)).toEqual(['stop 5']);
  const before = looks;
  await pass(10 * 60_000);
  expect(looks - before).toBeGreaterThanOrEqual(2);
  const stopped = trader.stop();
  await pass(10_000);
  await stopped;
  journal.close();
  exchange.close();
  rmSync(dir, { recursive: true });
});
