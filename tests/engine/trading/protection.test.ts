import { afterEach, describe, expect, it } from 'vitest';
import { bars, entry, Scene, type SceneOptions, still } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

async function begin(options: SceneOptions): Promise<Scene> {
  scene = await Scene.begin(options);
  return scene;
}

describe('protection at the venue', () => {
  it('sells through a gap without anybody here doing anything', async () => {
    await begin({ candles: bars([still(1000), still(1000), still(800), still(800)]) });
    await scene.decide(entry);
    scene.link.isDead = true;
    await scene.pass(3_700_000);
    expect(scene.balance('BTC')).toBe('0');
    await scene.live();
    await scene.pass(2_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection filled 5']);
    expect(scene.held()).toBe(0);
  });

  it('rises with a trailing stop, bar by bar', async () => {
    await begin({ candles: bars([still(1000), [1000, 1100, 1000, 1100], [1100, 1300, 1100, 1300], still(1300)]) });
    await scene.decide({ ...entry, trailingStop: 0.2 });
    expect(scene.open()[0]!.stopPrice!.toFixed()).toBe('900');
    await scene.decide({ action: 'hold' });
    await scene.decide({ action: 'hold' });
    expect(scene.open().map(({ stopPrice }) => stopPrice!.toFixed())).toEqual(['1040']);
    expect(scene.orders().at(-1)!.cause).toBe('trailing-stop');
  });

  it('grows with what is bought to it', async () => {
    await begin({ candles: bars([still(1000), still(1000), still(1000)]) });
    await scene.decide({ ...entry, weight: 0.3 });
    await scene.decide({ ...entry, weight: 0.5 });
    expect(scene.open().map(({ quantity }) => quantity.toFixed())).toEqual([String(scene.held())]);
    expect(scene.held()).toBeGreaterThan(4.9);
  });

  it('is the default of the policy where the decision names none, and there is no entry without either', async () => {
    await begin({ candles: bars([still(1000), still(1000)]) });
    await scene.decide({ action: 'target', weight: 0.5 });
    expect(scene.open()[0]!.stopPrice!.toFixed()).toBe('900');
    scene.close();
    await begin({ candles: bars([still(1000), still(1000)]), limits: { defaultStop: null } });
    await scene.decide({ action: 'target', weight: 0.5 });
    expect(scene.account.takeRecord().denials.map(({ code }) => code)).toEqual(['no-protection']);
    expect(scene.story()).toEqual([]);
  });

  it('that cannot rest at the venue keeps everything from being opened there', async () => {
    await begin({ candles: bars([still(1000), still(1000)]), features: { hasStopOrders: false } });
    await scene.decide(entry);
    expect(scene.account.takeRecord().denials.map(({ code }) => code)).toEqual(['no-protection']);
  });

  it('meets an exit in the middle: what the stop has sold is not sold twice', async () => {
    await begin({ candles: bars([still(1000), still(1000), still(890), still(890)]) });
    await scene.decide(entry);
    await scene.closeBar();
    scene.link.isSilent = true;
    // The stop has met its price at this very moment, and nobody has heard of it.
    scene.account.submit([{ symbol: 'BTC/USD', reason: 'out', action: 'exit' }]);
    await scene.pass(10_000);
    expect(scene.story()).toEqual(['entry filled 5', 'protection filled 5']);
    expect(scene.balance('BTC')).toBe('0');
    expect(scene.account.takeRecord().trades.map(({ exitCause }) => exitCause)).toEqual(['stop']);
  });

  it('that comes too late is a sale at the market', async () => {
    await begin({ candles: bars([still(1000), still(1000), still(800), still(800)]), exchange: { refusesReachedStops: true } });
    scene.link.next('place', 'answer-lost', { refused: 'maintenance' });
    await scene.closeBar();
    scene.account.submit([{ symbol: 'BTC/USD', reason: 'in', ...entry }]);
    await scene.pass(100);
    scene.link.next('place', ...Array.from({ length: 20 }, () => ({ refused: 'maintenance' }) as const));
    await scene.pass(3_600_000 - 101);
    await scene.closeBar();
    scene.account.submit([]);
    await scene.pass(3_600_000 - 10);
    expect(scene.held()).toBe(0);
    expect(scene.open()).toEqual([]);
  });
});

describe('what the engine itself judges, on closed bars', () => {
  it('takes a profit, and ends a horizon', async () => {
    await begin({ candles: bars([still(1000), [1000, 1120, 1000, 1110], still(1110), still(1110)]) });
    await scene.decide({ ...entry, takeProfit: 0.1 });
    expect(scene.account.takeRecord().forced).toEqual([]);
    await scene.decide({ action: 'hold' });
    expect(scene.held()).toBe(0);
    const { trades, forced } = scene.account.takeRecord();
    expect(trades.map(({ exitCause }) => exitCause)).toEqual(['take-profit']);
    // The strategy has decided to hold: that the engine sold all the same is told, with what the sale was asked.
    expect(forced).toMatchObject([{ symbol: 'BTC/USD', cause: 'take-profit', reason: 'take-profit' }]);
    expect(forced[0]!.checks.map(({ check, passed }) => [check, passed])).toContainEqual(['duplicate-intent', true]);
    scene.close();
    await begin({ candles: bars([still(1000), still(1000), still(1000), still(1000), still(1000)]) });
    await scene.decide({ ...entry, horizonBars: 2 });
    await scene.decide({ action: 'hold' });
    expect(scene.held()).toBe(5);
    await scene.decide({ action: 'hold' });
    expect(scene.held()).toBe(0);
    const record = scene.account.takeRecord();
    const [trade] = record.trades;
    expect([trade!.exitCause, trade!.barsHeld]).toEqual(['horizon', 1]);
    expect(record.forced.map(({ cause }) => cause)).toEqual(['horizon']);
  });

  it('goes on when the strategy cancels, on that very bar, what waits to be bought', async () => {
    await begin({ candles: bars([still(1000), still(1000), [1000, 1070, 1000, 1020], still(1020)]) });
    await scene.decide({ ...entry, takeProfit: 0.05 });
    await scene.decide({ action: 'limit', weight: 0.8, price: 950 });
    expect(scene.open()).toHaveLength(2);
    await scene.decide({ action: 'cancel' }, 5_000);
    expect([scene.held(), scene.open()]).toEqual([0, []]);
    const { trades, denials } = scene.account.takeRecord();
    expect([trades.map(({ exitCause }) => exitCause), denials.map(({ code }) => code)]).toEqual([['take-profit'], ['withdrawn']]);
  });

  it('sells all, too, when a target is reached while a part is still to be sold', async () => {
    await begin({ candles: bars([still(1000), still(1000), [1000, 1070, 1000, 1020], still(1020)]) });
    await scene.decide({ ...entry, takeProfit: 0.05 });
    await scene.decide({ action: 'target', weight: 0.25 }, 25);
    const [time, volume] = [scene.world.now() - 25, 1];
    scene.account.onBars([{ symbol: 'BTC/USD', time, open: 1000, high: 1070, low: 1000, close: 1020, volume }]);
    await scene.submit({ action: 'hold' }, 5_000);
    expect(scene.held()).toBe(0);
    expect(scene.story().filter((order) => order.startsWith('exit'))).toEqual(['exit filled 5']);
  });
});

describe('fees', () => {
  it('in the base asset lessen what is held, what is protected and what is sold; the rest is dust', async () => {
    await begin({ candles: bars([still(1000), still(1000), still(1000)]), exchange: { fees: 'received' } });
    await scene.decide({ ...entry, weight: 0.1 });
    expect(scene.held()).toBe(0.998);
    expect(scene.open().map(({ quantity }) => quantity.toFixed())).toEqual(['0.998']);
    await scene.decide({ ...entry, weight: 0.2501 });
    await scene.decide({ action: 'exit' });
    expect(scene.held()).toBe(0);
    const left = Number(scene.balance('BTC'));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(0.0001);
    expect(scene.journal.notes()).toHaveLength(1);
    expect(scene.account.takeRecord().trades).toHaveLength(1);
  });

  it('in a third asset are recorded as they were, and leave the quote balance alone', async () => {
    await begin({
      candles: bars([still(1000), still(1000), still(1000)]),
      exchange: { fees: { asset: 'BNB', share: 1, priceInQuote: 500 } },
    });
    await scene.decide(entry);
    await scene.decide({ action: 'exit' });
    const fees = scene.journal.fills().flatMap((fill) => fill.fees);
    expect(fees.every(({ asset, quoteValue }) => asset === 'BNB' && quoteValue === null)).toBe(true);
    await scene.pass(400_000);
    expect(scene.trader.health().frozen).toEqual([]);
  });
});

describe('a thin book', () => {
  it('fills in parts; what was bought is protected, and what was not is told', async () => {
    await begin({
      candles: bars([still(1000), still(1000), still(1000)]),
      market: { book: { halfSpreadRate: 0, levels: 2, spacingRate: 0.001, levelNotional: 1_000, refillMs: 1_000 } },
    });
    await scene.decide(entry, 10_000);
    expect(scene.orders()[0]!.state).toBe('expired');
    expect(scene.held()).toBeGreaterThan(0);
    expect(scene.held()).toBeLessThan(5);
    expect(scene.open().map(({ quantity }) => quantity.toNumber())).toEqual([scene.held()]);
    await scene.decide({ action: 'exit' }, 60_000);
    expect(scene.held()).toBe(0);
  });
});
