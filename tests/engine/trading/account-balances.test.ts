import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, hour, Scene, type SceneOptions, still, symbol } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const flat = bars(Array.from({ length: 14 }, () => still(1000)));
const aWhile = 400_000;

/** Five coins bought at 1000, beside what the account had before. */
async function bought(options: Partial<SceneOptions> = {}): Promise<void> {
  scene = await Scene.begin({ candles: flat, ...options });
  await scene.decide(entry);
  expect(scene.held()).toBe(5);
}

/** A person cancels the stop and sells at the exchange. */
function sellByHand(quantity: number): void {
  for (const { number } of scene.open()) scene.exchange.cancel('me', number);
  const order = { clientOrderId: null, symbol, side: 'sell', kind: 'market', limitPrice: null, stopPrice: null } as const;
  scene.exchange.place('me', { ...order, quantity: new Big(quantity) });
}

const codes = () => scene.trader.health().frozen.map(({ code }) => code);
const stops = () => scene.open().map(({ kind, quantity }) => `${kind} ${quantity}`);

describe('what a person has sold by hand and accepts', () => {
  it('is held no more, told as a trade that ended by hand, and no coin that comes later is sold for it, after a restart either', async () => {
    await bought({ limits: { dailyLoss: 0.02, maxDrawdown: 0.02 } });
    sellByHand(5);
    await scene.pass(aWhile);
    expect(codes()).toContain('balance');
    const before = scene.orders().length;
    expect(await scene.accept('ann: sold by hand')).toBe(null);
    const { taken } = scene.account;
    await scene.pass(aWhile);
    const check = async () => {
      expect(scene.held()).toBe(0);
      expect(codes()).toEqual([]);
      expect(stops()).toEqual([]);
      // It was moved, and not lost.
      expect(scene.trader.health().halt.mode).toBe('active');
      expect(scene.account.takeRecord().trades).toMatchObject([
        {
          exitCause: 'by-hand',
          quantity: 5,
          exitPrice: 1000,
          exitReason: expect.stringMatching(/ann: sold by hand.*valued at 1000/),
        },
      ]);
    };
    await check();
    expect(scene.orders()).toHaveLength(before);
    await scene.live(500, taken);
    await check();
    scene.exchange.deposit('me', 'BTC', new Big(5));
    await scene.decide({ action: 'exit' }, aWhile);
    expect(scene.balance('BTC')).toBe('5');
    expect(scene.trader.health().unprotected).toEqual([]);
    // What was paid in is a disagreement, and once that is accepted the strategy goes on with all its money.
    expect(await scene.accept('paid in')).toBe(null);
    await scene.decide(entry);
    expect(scene.held()).toBeGreaterThan(4.9);
    expect(scene.account.equity()).toBeGreaterThan(9_900);
  });

  it('in part leaves the rest protected as soon as the venue refuses a stop of all, whether anybody has accepted it yet or not', async () => {
    await bought();
    sellByHand(2);
    await scene.pass(20_000);
    expect(stops()).toEqual(['stop 3']);
    await scene.pass(20_000);
    expect(codes()).toContain('balance');
  });

  it('in part leaves the rest protected where less is left than a decision would keep', async () => {
    await bought();
    sellByHand(4);
    await scene.pass(aWhile);
    await scene.decide({ action: 'target', weight: 0.3, stopLoss: 0.1 });
    await scene.pass(20_000);
    expect(stops()).toEqual(['stop 1']);
  });

  it('in part leaves the rest protected and for sale', async () => {
    await bought();
    sellByHand(2);
    await scene.pass(aWhile);
    expect(await scene.accept('ann: sold by hand')).toBe(null);
    await scene.pass(aWhile);
    expect(scene.held()).toBe(3);
    expect(stops()).toEqual(['stop 3']);
    await scene.live();
    expect(scene.held()).toBe(3);
    await scene.decide({ action: 'exit' });
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.account.isAtRest()).toBe(true);
  });

  it('lets what waits for nothing to be held come to its end', async () => {
    await bought();
    sellByHand(5);
    await scene.pass(aWhile);
    scene.trader.flatten('enough');
    await scene.pass(aWhile);
    expect(scene.trader.health().halt.mode).toBe('flattening');
    expect(await scene.accept('ann: sold by hand')).toBe(null);
    await scene.pass(aWhile);
    expect(scene.trader.health().halt.mode).toBe('active');
    expect(scene.account.isAtRest()).toBe(true);
  });
});

describe('coins that were in the account before', () => {
  it('are never sold for those that are missing, accepted or not, after a restart either', async () => {
    await bought({ exchange: { balances: { me: { USD: '100000', BTC: '3' } } } });
    sellByHand(5);
    await scene.pass(aWhile);
    await scene.decide({ action: 'exit' }, aWhile);
    expect(scene.balance('BTC')).toBe('3');
    await scene.live();
    await scene.pass(aWhile);
    expect(scene.balance('BTC')).toBe('3');
    expect(await scene.accept('ann: sold by hand')).toBe(null);
    await scene.pass(aWhile);
    expect([scene.held(), scene.balance('BTC'), codes()]).toEqual([0, '3', []]);
    await scene.decide(entry);
    await scene.decide({ action: 'exit' });
    await scene.pass(aWhile);
    expect([scene.held(), scene.balance('BTC'), codes()]).toEqual([0, '3', []]);
  });

  it('may be taken out by their owner beyond what is held here', async () => {
    await bought({ exchange: { balances: { me: { USD: '100000', BTC: '3' } } } });
    sellByHand(6);
    await scene.pass(aWhile);
    expect(await scene.accept('ann: sold by hand')).toBe(null);
    await scene.pass(aWhile);
    expect([scene.held(), codes()]).toEqual([0, []]);
    expect(scene.journal.notes().map(({ kind, quantity }) => `${kind} ${quantity}`)).toEqual(['written-off 5']);
    expect(scene.journal.baselines().get('BTC')?.toFixed()).toBe('2');
  });
});

it('in a market that was traded only after the account was looked at counts as gone, too, not as never there', async () => {
  // The account is looked at while nothing is traded, as it is until a version has taken over.
  scene = new Scene({ candles: flat, timings: { reconcileMs: 2 * hour } });
  await scene.live(500, null, []);
  scene.account = scene.trader.account({ strategy: 's', stage: 'live', symbols: [symbol], barMs: hour, capital: 10_000 });
  await scene.pass(1_000);
  await scene.decide(entry);
  expect(scene.held()).toBe(5);
  sellByHand(5);
  await scene.pass(2 * hour + aWhile);
  expect(await scene.accept('ann: sold by hand')).toBe(null);
  await scene.pass(aWhile);
  expect(scene.held()).toBe(0);
});

describe('a venue that keeps money in fewer decimals than its markets have ticks', () => {
  const market = {
    tickSize: new Big('0.000001'),
    stepSize: new Big('0.00000001'),
    minQuantity: new Big(1),
    quoteUnit: new Big('0.0001'),
  };
  const rising = bars(Array.from({ length: 10 }, (_, index) => still(0.451237 + index * 0.001)));

  /** Every fill has lost nearly a unit, as one that is cut off does. */
  async function traded(times: number): Promise<number> {
    scene = await Scene.begin({ candles: rising, market });
    for (let trade = 0; trade < times; trade += 1) {
      await scene.decide({ action: 'target', weight: 0.5, stopLoss: 0.1 }, 60_000);
      await scene.decide({ action: 'exit' }, 60_000);
    }
    const { length } = scene.exchange.fills('me');
    scene.exchange.deposit('me', 'USD', new Big('-0.00009').times(length));
    await scene.pass(aWhile);
    return length;
  }

  it('rounds each fill, and that freezes nothing, after a restart either', async () => {
    await traded(2);
    expect(codes()).toEqual([]);
    await scene.live();
    await scene.pass(aWhile);
    expect(codes()).toEqual([]);
  });

  it('is missing more than that all the same', async () => {
    const fills = await traded(2);
    scene.exchange.deposit('me', 'USD', new Big('-0.00002').times(fills).minus('0.0001'));
    await scene.pass(aWhile);
    expect(codes()).toEqual(['balance']);
  });

  it('has no more of that left once a person has accepted what there is', async () => {
    await traded(2);
    scene.exchange.deposit('me', 'USD', new Big(-1));
    await scene.pass(aWhile);
    expect(await scene.accept('taken out')).toBe(null);
    scene.exchange.deposit('me', 'USD', new Big('-0.0002'));
    await scene.pass(aWhile);
    expect(codes()).toEqual(['balance']);
  });
});
