import { describe, expect, it } from 'vitest';
import { Simulation } from '#engine/simulation/simulation.ts';
import { HOUR_MS, plainRules, Scene } from './scene.ts';

const half = { action: 'target', weight: 0.5 } as const;

describe('a limit', () => {
  it('that the open only touches does not fill, and one at the last close pays spread and slippage up to its price', () => {
    const touched = new Scene().bar(100, 100, 100, 100).decide({ action: 'limit', weight: 0.5, price: 95 });
    expect(touched.bar(95, 99, 95, 98).fills).toEqual([]);
    const costly = new Scene({ halfSpreadRate: 0.001, slippageRate: 0.001 }).bar(100, 100, 100, 100);
    expect(costly.decide({ action: 'limit', weight: 0.5, price: 100 }).bar(100, 105, 100, 104).fills).toEqual([]);
  });

  it('that adds to a position inside a bar leaves its trailing stop the high the position was held through', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.2, trailingStop: 0.05 });
    scene.bar(100, 100, 100, 100).decide({ action: 'limit', weight: 0.5, price: 98 });
    scene.bar(100, 120, 97, 118).bar(118, 118, 113.5, 114);
    expect(scene.fills.at(-1)).toMatchObject({ side: 'sell', price: 114, cause: 'trailing-stop' });
  });
});

describe('a gap', () => {
  it('through a stop in thin volume sells at the open what the volume takes and the rest at the next opens, better or worse', () => {
    const scene = new Scene({ volumeShare: 0.1 }).bar(100, 100, 100, 100).decide({ ...half, stopLoss: 0.02 });
    scene.bar(100, 100, 100, 100).bar(95, 99, 90, 98, 25).bar(97, 99, 96, 98, 10).bar(99, 99, 99, 99);
    expect(scene.fills.slice(1)).toEqual([
      { side: 'sell', quantity: 2.5, price: 95, cause: 'stop' },
      { side: 'sell', quantity: 1, price: 97, cause: 'stop' },
      { side: 'sell', quantity: 1.5, price: 99, cause: 'stop' },
    ]);
    const trade = scene.simulation.trades[0]!;
    expect(trade.exitPrice).toBeCloseTo((2.5 * 95 + 97 + 1.5 * 99) / 5, 12);
    expect(trade.exitCause).toBe('stop');
    // The rest was still held when the first bar fell to 90.
    expect(trade.maxAdverseExcursion).toBeCloseTo(-0.1, 12);
  });

  it('through a trailing stop fills at the open', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ ...half, trailingStop: 0.05 });
    scene.bar(100, 110, 100, 110).bar(101, 103, 100, 102);
    expect(scene.fills.at(-1)).toEqual({ side: 'sell', quantity: 5, price: 101, cause: 'trailing-stop' });
  });

  it('over a target gives its price, no better, and even then a stop in the same bar is first', () => {
    const held = (): Scene => new Scene().bar(100, 100, 100, 100).decide({ ...half, stopLoss: 0.02, takeProfit: 0.04 });
    expect(held().bar(100, 101, 99, 100).bar(106, 107, 105, 106).fills.at(-1)).toMatchObject({ price: 104 });
    expect(held().bar(100, 101, 99, 100).bar(106, 107, 97, 99).fills.at(-1)).toMatchObject({ price: 98, cause: 'stop' });
  });

  it('beyond the tolerance rejects what has not filled yet, and what has filled keeps its stop', () => {
    const scene = new Scene({ volumeShare: 0.1 }).bar(100, 100, 100, 100);
    scene
      .decide({ ...half, slippageTolerance: 0.01, stopLoss: 0.1 })
      .bar(100, 100, 100, 100, 20)
      .bar(103, 103, 103, 103);
    expect(scene.denials).toEqual(['slippage-tolerance']);
    expect(scene.quantity).toBe(2);
    expect(scene.bar(100, 100, 89, 90).fills.at(-1)).toEqual({ side: 'sell', quantity: 2, price: 90, cause: 'stop' });
  });

  it('up to the tolerance and no further is filled; half the spread and the slippage count against it', () => {
    const asked = { ...half, slippageTolerance: 0.01 };
    expect(new Scene().bar(100, 100, 100, 100).decide(asked).bar(101, 101, 101, 101).fills).toHaveLength(1);
    const dear = new Scene({ halfSpreadRate: 0.0002 }).bar(100, 100, 100, 100).decide(asked).bar(101, 101, 101, 101);
    expect(dear.denials).toEqual(['slippage-tolerance']);
  });
});

describe('stop, target and resting limit in one bar', () => {
  const held = (): Scene =>
    new Scene()
      .bar(100, 100, 100, 100)
      .decide({ ...half, stopLoss: 0.02, takeProfit: 0.04 })
      .bar(100, 101, 99.5, 100);

  it('a limit above the stop fills on the way down, and the stop sells it with the rest', () => {
    const scene = held().decide({ action: 'limit', weight: 0.8, price: 99 }).bar(100, 110, 97, 105);
    // 0.8 · 999.5 - 500 = 299.6 buy 3.026 at 99
    expect(scene.fills.slice(1)).toEqual([
      { side: 'buy', quantity: 3.026, price: 99, cause: 'entry' },
      { side: 'sell', quantity: 8.026, price: 98, cause: 'stop' },
    ]);
    expect(scene.simulation.trades[0]!.entryPrice).toBeCloseTo((500 + 3.026 * 99) / 8.026, 12);
  });

  it.each([98, 97.5])('a limit at %d, not above the stop, is withdrawn when the stop falls', (price) => {
    const scene = held().decide({ action: 'limit', weight: 0.8, price }).bar(100, 110, 97, 105);
    expect(scene.fills.slice(1)).toEqual([{ side: 'sell', quantity: 5, price: 98, cause: 'stop' }]);
    expect(scene.denials).toEqual(['withdrawn']);
  });
});

describe('a limit with an expiry', () => {
  it('can still fill on its last bar, and not on the one after', () => {
    const resting = (): Scene =>
      new Scene().bar(100, 100, 100, 100).decide({ action: 'limit', weight: 0.5, price: 95, expiryBars: 2 }).bar(99, 99, 96, 97);
    expect(resting().bar(97, 97, 94, 95).fills).toMatchObject([{ price: 95 }]);
    expect(resting().bar(97, 97, 95, 95).bar(95, 95, 90, 90).fills).toEqual([]);
  });

  it('filled in part keeps what it bought, with its stop, when the rest expires', () => {
    const scene = new Scene({ volumeShare: 0.1 }).bar(100, 100, 100, 100);
    scene.decide({ action: 'limit', weight: 0.5, price: 95, expiryBars: 1, stopLoss: 0.1 }).bar(99, 99, 94, 96, 20);
    expect(scene.denials).toEqual(['expired']);
    expect(scene.bar(96, 96, 85, 86).fills).toEqual([
      { side: 'buy', quantity: 2, price: 95, cause: 'entry' },
      { side: 'sell', quantity: 2, price: 85.5, cause: 'stop' },
    ]);
  });
});

describe('minima', () => {
  it('judge the order, not the parts in which a thin market fills it', () => {
    const scene = new Scene({ minNotional: 100 }).bar(100, 100, 100, 100).decide(half);
    scene.bar(100, 100, 100, 100, 0.5).bar(100, 100, 100, 100, 0.5).bar(100, 100, 100, 100);
    expect(scene.fills.map(({ quantity }) => quantity)).toEqual([0.5, 0.5, 4]);
  });

  it('refuse an order that the free cash cuts below them at the open', () => {
    const scene = new Scene({ minNotional: 100 }, { symbols: ['A', 'B'] }).bars({ A: [1, 1, 1, 1], B: [1, 1, 1, 1] });
    scene.decideAll({ A: { action: 'target', weight: 0.8 }, B: { action: 'target', weight: 0.15 } });
    // A takes 800 · 1.24 of the 1000 there are, and what is left is no order for B any more.
    scene.bars({ A: [1.24, 1.24, 1.24, 1.24], B: [1, 1, 1, 1] });
    expect(scene.simulation.quantity(1)).toBe(0);
    expect(scene.denials).toEqual(['no-free-cash']);
  });
});

describe('steps of every size', () => {
  it('a market of hundred-thousandths trades in whole units, to the tick', () => {
    const scene = new Scene({ tickSize: 1e-8, stepSize: 1, minQuantity: 1 }).bar(1e-5, 1e-5, 1e-5, 1e-5, 1e12);
    scene
      .decide({ ...half, stopLoss: 0.02 })
      .bar(1.01e-5, 1.02e-5, 1e-5, 1.01e-5, 1e12)
      .bar(1e-5, 1e-5, 9e-6, 9.5e-6, 1e12);
    // the stop, 1.01e-5 · 0.98 = 9.898e-6, lies on the tick beneath
    expect(scene.fills).toEqual([
      { side: 'buy', quantity: 50_000_000, price: 0.0000101, cause: 'entry' },
      { side: 'sell', quantity: 50_000_000, price: 0.00000989, cause: 'stop' },
    ]);
  });

  it('a step of a hundred-millionth leaves no dust behind', () => {
    const scene = new Scene({ stepSize: 1e-8, minQuantity: 1e-8, volumeShare: 0.1 }).bar(50_000, 50_000, 50_000, 50_000);
    scene.decide({ action: 'target', weight: 1 / 3 }).bar(50_000, 50_000, 50_000, 50_000);
    expect(scene.quantity).toBe(0.00666666);
    scene.decide({ action: 'exit' });
    for (let bar = 0; bar < 7; bar += 1) scene.bar(50_000, 50_000, 50_000, 50_000, 0.01);
    expect(scene.quantity).toBe(0);
    expect(scene.simulation.holdingsAtCost).toBe(0);
    expect(scene.simulation.trades).toMatchObject([{ quantity: 0.00666666, exitPrice: expect.closeTo(50_000, 6) }]);
  });

  it('a step of thousands cuts entries and reductions to thousands, and one that is too coarse buys nothing', () => {
    const cheap = [0.001, 0.001, 0.001, 0.001, 1e12] as const;
    const scene = new Scene({ stepSize: 3000, tickSize: 0.0001, minQuantity: 3000 })
      .bar(...cheap)
      .decide(half)
      .bar(...cheap);
    expect(scene.quantity).toBe(498_000);
    scene.decide({ action: 'target', weight: 0.2 }).bar(...cheap);
    expect(scene.quantity % 3000).toBe(0);
    expect(scene.quantity).toBe(201_000);
    const coarse = new Scene({ stepSize: 1e6, tickSize: 0.0001, minQuantity: 0 })
      .bar(...cheap)
      .decide(half)
      .bar(...cheap);
    expect([coarse.quantity, coarse.denials]).toEqual([0, ['below-minimum']]);
  });
});

describe('fees', () => {
  it('are those of each symbol, as maker or as taker', () => {
    const markets = {
      A: { ...plainRules, makerFeeRate: 0.0004, takerFeeRate: 0.002 },
      B: { ...plainRules, makerFeeRate: 0.0001, takerFeeRate: 0.005 },
    };
    const simulation = new Simulation({ symbols: ['A', 'B'], markets, capital: 1000, barMs: HOUR_MS });
    const bars = (time: number, open: number, high: number, low: number) =>
      ['A', 'B'].map((symbol) => ({ symbol, time: time * HOUR_MS, open, high, low, close: open, volume: 1e6 }));
    simulation.onBars(bars(0, 100, 100, 100));
    simulation.submit([
      { symbol: 'A', action: 'target', weight: 0.3, takeProfit: 0.1, reason: 'in' },
      { symbol: 'B', action: 'limit', weight: 0.3, price: 90, reason: 'in' },
    ]);
    simulation.onBars(bars(1, 100, 100, 89));
    simulation.submit([{ symbol: 'B', action: 'exit', reason: 'out' }]);
    simulation.onBars(bars(2, 100, 111, 100));
    const { fills, trades } = simulation.takeRecord();
    expect(fills.map(({ symbol, side, isMaker, price }) => [symbol, side, isMaker, price])).toEqual([
      ['A', 'buy', false, 100],
      ['B', 'buy', true, 90],
      ['B', 'sell', false, 100],
      ['A', 'sell', true, 110],
    ]);
    expect(fills.map(({ fee }) => fee)).toEqual([
      3 * 100 * 0.002,
      expect.closeTo(3.333 * 90 * 0.0001, 12),
      expect.closeTo(3.333 * 100 * 0.005, 12),
      expect.closeTo(3 * 110 * 0.0004, 12),
    ]);
    for (const { symbol, fees } of trades) {
      const own = fills.filter((fill) => fill.symbol === symbol).reduce((sum, { fee }) => sum + fee, 0);
      expect(fees).toBeCloseTo(own, 12);
    }
  });
});

describe('the position', () => {
  it('carries the version that opened it and the fee of its entry, through a restart', () => {
    const scene = new Scene();
    scene.simulation.setVersion('tree-1');
    scene.bar(100, 100, 100, 100).decide(half).bar(100, 100, 100, 100);
    scene.simulation.setVersion('tree-2');
    const snapshot = scene.simulation.snapshot();
    expect(snapshot.books[0]!.position).toMatchObject({ version: 'tree-1', fees: 0.5 });
    const restored = Simulation.restore(scene.simulation.settings, snapshot);
    restored.submit([{ symbol: 'A', action: 'exit', reason: 'out' }]);
    restored.onBars([{ symbol: 'A', time: 9 * HOUR_MS, open: 110, high: 110, low: 110, close: 110, volume: 1e6 }]);
    const trade = restored.takeRecord().trades[0]!;
    expect(trade.version).toBe('tree-1');
    expect(trade.fees).toBeCloseTo(0.5 + 0.55, 12);
  });

  it('sold in part gives up that share of its cost, and keeps its average price and its protection', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ ...half, stopLoss: 0.1, takeProfit: 0.5 });
    scene.bar(100, 100, 100, 100).bar(120, 120, 120, 120).decide({ action: 'target', weight: 0.3 });
    // equity 1099.5: 600 less 329.85 are 2.251 at 120
    scene.bar(125, 125, 125, 125);
    expect(scene.fills.at(-1)).toMatchObject({ side: 'sell', quantity: 2.251, price: 125 });
    expect(scene.simulation.entryPrice(0)).toBeCloseTo(100, 9);
    expect(scene.simulation.holdingsAtCost).toBeCloseTo(274.9, 9);
    expect(scene.simulation.realised).toBeCloseTo(2.251 * 25, 9);
    scene.bar(100, 100, 89, 90);
    expect(scene.fills.at(-1)).toEqual({ side: 'sell', quantity: 2.749, price: 90, cause: 'stop' });
    expect(scene.simulation.trades).toHaveLength(1);
    expect(scene.simulation.trades[0]!.netResult).toBeCloseTo(scene.simulation.cash - 1000, 9);
  });
});

describe('a symbol that lists late', () => {
  it('is bought with the cash that is free, not with what a resting limit holds', () => {
    const scene = new Scene({}, { symbols: ['A', 'B'] }).bars({ A: [100, 100, 100, 100] });
    scene.decide({ action: 'limit', weight: 0.7, price: 90 }).bars({ A: [100, 100, 95, 100] });
    expect(scene.decide({ action: 'target', weight: 0.5 }, 'B').denials).toEqual(['stale-data']);
    scene.bars({ A: [100, 100, 95, 100], B: [10, 10, 10, 10] }).decide({ action: 'target', weight: 0.5 }, 'B');
    scene.bars({ A: [100, 100, 95, 100], B: [10, 10, 10, 10] });
    // 7.777 at 90 and the taker's fee are set aside: 1000 - 700.63 buy 29.907 at 10.01
    expect(scene.simulation.quantity(1)).toBe(29.907);
    scene.bars({ A: [100, 100, 80, 85], B: [10, 10, 10, 10] });
    expect(scene.simulation.quantity(0)).toBe(7.777);
  });
});
