import { afterEach, describe, expect, it } from 'vitest';
import type { Quote } from '#engine/venues/venue.ts';
import { bars, entry, hour, Scene, type SceneOptions, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars(Array.from({ length: 12 }, () => still(1000)));
/** Bought at 1000, and worth an eighth less an hour later. */
const falling = bars([still(1000), [1000, 1000, 880, 880], ...Array.from({ length: 9 }, () => still(880))]);

async function begin(options: Partial<SceneOptions> = {}): Promise<Scene> {
  scene = await Scene.begin({ candles: flat, ...options });
  return scene;
}

/** What stopped the last decision, with its numbers. */
function stopped() {
  const { denials, traces } = scene.account.takeRecord();
  const failed = traces.flatMap(({ trace }) => trace.filter(({ passed }) => !passed));
  return { codes: denials.map(({ code }) => code), failed };
}

const buys = () => scene.orders().filter(({ role }) => role === 'entry').length;

describe('an entry at a venue', () => {
  it('is cut to the room that the limits of size leave', async () => {
    await begin({ limits: { maxOrder: 0.2 } });
    await scene.decide({ ...entry, weight: 1 });
    expect(scene.held()).toBeGreaterThan(1.9);
    expect(scene.held()).toBeLessThanOrEqual(2);
  });

  it('that a check denies is never sent, and the check tells its numbers', async () => {
    await begin({ limits: { minEdgeOverCost: 100 } });
    await scene.decide({ ...entry, takeProfit: 0.01 });
    expect(stopped()).toEqual({
      codes: ['edge-below-cost'],
      failed: [{ check: 'edge-below-cost', passed: false, value: expect.any(Number), limit: 100 }],
    });
    expect([buys(), scene.exchange.openOrders('me').length]).toEqual([0, 0]);
  });

  it('is denied by prices that the venue itself says are old, and what is held goes out all the same', async () => {
    await begin();
    await scene.decide(entry);
    expect(scene.held()).toBe(5);
    const { link, world } = scene;
    const truth = link.call.bind(link);
    link.call = async <Answer>(name: Parameters<typeof truth>[0], work: () => Answer): Promise<Answer> => {
      const answer = await truth(name, work);
      if (name !== 'quotes') return answer;
      return new Map(
        [...(answer as Map<string, Quote>)].map(([of, quote]) => [of, { ...quote, time: world.now() - 60_000 }]),
      ) as Answer;
    };
    await scene.decide({ ...entry, weight: 0.9 });
    expect(stopped().codes).toEqual(['stale-quote']);
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
  });

  it('is denied while the strategy is halted, and what is held goes out all the same', async () => {
    await begin();
    await scene.decide(entry);
    expect(scene.held()).toBe(5);
    scene.account.setHalt('halted');
    await scene.decide({ ...entry, weight: 0.9 });
    expect(stopped().codes).toEqual(['halted']);
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
  });

  it('that goes out again leaves what was asked of the sale, and its numbers', async () => {
    await begin();
    await scene.decide(entry);
    scene.account.takeRecord();
    scene.account.setHalt('halted');
    await scene.decide({ action: 'exit' });
    const { denials, traces } = scene.account.takeRecord();
    expect(denials).toEqual([]);
    expect(traces).toHaveLength(1);
    const { trace } = traces[0]!;
    expect(trace.every(({ passed }) => passed)).toBe(true);
    expect(trace).toContainEqual({ check: 'more-than-held', passed: true, value: '5', limit: '5' });
    expect(trace.map(({ check }) => check)).toContain('market-inactive');
  });

  it('whose market is closed is sold as soon as it opens; meanwhile the decision says what the sale waits for', async () => {
    await begin({ timings: { reconcileMs: 60_000, pollMs: 60_000 } });
    await scene.decide(entry);
    scene.account.takeRecord();
    scene.exchange.setActive(symbol, false);
    await scene.closeBar();
    await scene.decide({ action: 'exit' });
    expect(stopped().failed.map(({ check }) => check)).toContain('market-inactive');
    expect(scene.held()).toBe(5);
    await scene.decide({ action: 'exit' });
    expect(stopped().failed.map(({ check }) => check)).toEqual(['market-inactive', 'duplicate-intent']);
    scene.exchange.setActive(symbol, true);
    await scene.closeBar();
    expect(scene.held()).toBe(0);
  });

  it('waits while as many orders were sent as may be, and exits do not', async () => {
    await begin({ limits: { orderRate: { orders: 2, windowMs: 10 * hour } } });
    // The entry and its stop are two.
    await scene.decide(entry);
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
    await scene.decide(entry);
    expect(stopped().codes).toEqual(['order-rate']);
  });

  it('waits for the cooldown after an exit', async () => {
    await begin({
      limits: {
        locks: {
          stops: { count: 9, lookbackMs: hour, lockMs: hour },
          lowProfit: { trades: 9, lookbackMs: hour, minReturn: -1, lockMs: hour },
          cooldownMs: 2 * hour,
        },
      },
    });
    await scene.decide(entry);
    await scene.decide({ action: 'exit' });
    scene.account.takeRecord();
    await scene.decide(entry);
    expect(stopped().codes).toEqual(['cooldown']);
    await scene.closeBar();
    await scene.decide(entry);
    expect(scene.held()).toBeGreaterThan(4);
  });
});

describe('an account that has lost more than a day may cost', () => {
  it('is halted, also after a restart, until a person says otherwise; its stops go on', async () => {
    await begin({ candles: falling, limits: { dailyLoss: 0.03 } });
    await scene.decide({ ...entry, stopLoss: 0.5 });
    expect(scene.held()).toBe(5);
    await scene.decide({ action: 'hold' });
    expect(scene.trader.health().halt).toMatchObject({ mode: 'halted', cause: 'daily-loss' });
    expect(scene.open().map(({ kind }) => kind)).toEqual(['stop']);
    await scene.live();
    expect(scene.trader.health().halt).toMatchObject({ mode: 'halted', cause: 'daily-loss' });
    await scene.decide({ ...entry, weight: 1 });
    expect(stopped().codes).toEqual(['halted']);
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
    scene.trader.order({ kind: 'said', mode: 'active', at: scene.world.now(), by: 'ann', reason: 'looked at it' });
    await scene.decide(entry);
    expect(scene.held()).toBeGreaterThan(0);
  });
});

it('an entry of a version before, in what the one that took over does not trade, is denied', async () => {
  await begin();
  scene.trader.account({ strategy: 's', stage: 'live', symbols: [], barMs: hour, capital: 10_000 });
  await scene.decide(entry);
  expect(scene.held()).toBe(0);
  expect(stopped()).toMatchObject({ codes: ['undeclared-symbol'], failed: [{ check: 'undeclared-symbol', value: symbol }] });
});

describe('what an entry is judged by is true of this account', () => {
  const rest = { lookbackMs: 48 * hour, lockMs: 24 * hour };
  const locks = {
    stops: { count: 9, ...rest },
    lowProfit: { trades: 9, minReturn: -1, ...rest },
    cooldownMs: 0,
  };
  const lose = async () => {
    await scene.decide({ ...entry, stopLoss: 0.5 });
    await scene.decide({ action: 'exit' });
  };
  const isStoppedOut = async () => {
    await scene.decide({ ...entry, stopLoss: 0.05 });
    await scene.closeBar();
    expect(scene.held()).toBe(0);
  };

  it.each<[string, Partial<SceneOptions>, () => Promise<void>]>([
    [
      'market-inactive',
      { timings: { reconcileMs: 60_000, pollMs: 60_000 } },
      async () => scene.exchange.setActive(symbol, false),
    ],
    ['clock-skew', { limits: { clockSkewMs: 1 } }, async () => undefined],
    ['stale-data', { limits: { barAgeMs: 60_000 } }, () => scene.closeBar().then(() => scene.pass(61_000))],
    ['consecutive-losses', { candles: falling, limits: { consecutiveLosses: 1 } }, lose],
    ['turnover', { limits: { turnover: { ratio: 1.2, windowMs: 10 * hour } } }, lose],
    ['stops-in-a-row', { candles: falling, limits: { locks: { ...locks, stops: { count: 1, ...rest } } } }, isStoppedOut],
    ['low-profit', { candles: falling, limits: { locks: { ...locks, lowProfit: { trades: 1, minReturn: 0, ...rest } } } }, lose],
  ])('%s', async (code, options, before) => {
    await begin({ ...options, limits: { dailyLoss: 1, maxDrawdown: 1, ...options.limits } });
    await before();
    scene.account.takeRecord();
    const sent = buys();
    if (code === 'stale-data') await scene.submit(entry);
    else await scene.decide(entry);
    const { codes, failed } = stopped();
    expect(codes).toEqual([code]);
    expect(failed.map(({ check }) => check)).toContain(code);
    expect(buys()).toBe(sent);
  });
});
