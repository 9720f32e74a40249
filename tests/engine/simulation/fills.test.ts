import { describe, expect, it } from 'vitest';
import { Scene } from './scene.ts';

const all = { action: 'target', weight: 1 } as const;
const half = { action: 'target', weight: 0.5 } as const;

describe('a market order', () => {
  it("fills at the next bar's open, not on the bar it was decided on", () => {
    const scene = new Scene().bar(100, 101, 99, 100).decide(half);
    expect(scene.fills).toEqual([]);
    scene.bar(102, 103, 101, 102);
    expect(scene.fills).toEqual([{ side: 'buy', quantity: 5, price: 102, cause: 'entry' }]);
  });

  it('is worsened by half the spread and the slippage, and rounded to the tick against the trader', () => {
    const scene = new Scene({ halfSpreadRate: 0.001, slippageRate: 0.0005 }).bar(100, 100, 100, 100).decide(half);
    scene.bar(100.01, 101, 100, 100).decide({ action: 'exit' });
    scene.bar(100.01, 101, 100, 100);
    // 100.01 · 1.0015 = 100.160015 → 100.17; 100.01 · 0.9985 = 99.859985 → 99.85
    expect(scene.fills.map(({ price }) => price)).toEqual([100.17, 99.85]);
  });

  it('pays the taker fee on the way in and on the way out', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide(half).bar(100, 100, 100, 100).decide({ action: 'exit' });
    scene.bar(110, 110, 110, 110);
    const trade = scene.simulation.trades[0]!;
    expect(trade.fees).toBeCloseTo(5 * 100 * 0.001 + 5 * 110 * 0.001, 12);
    expect(trade.netResult).toBeCloseTo(50 - 1.05, 12);
    expect(trade.netReturn).toBeCloseTo(48.95 / 500, 12);
    expect(scene.simulation.cash).toBeCloseTo(1048.95, 12);
  });

  it('takes at most a share of the volume; the rest waits for the next bars', () => {
    const scene = new Scene({ volumeShare: 0.1 }).bar(100, 100, 100, 100).decide(half);
    scene.bar(100, 100, 100, 100, 30).bar(101, 101, 101, 101, 10).bar(102, 102, 102, 102, 1000);
    expect(scene.fills).toEqual([
      { side: 'buy', quantity: 3, price: 100, cause: 'entry' },
      { side: 'buy', quantity: 1, price: 101, cause: 'entry' },
      { side: 'buy', quantity: 1, price: 102, cause: 'entry' },
    ]);
  });

  it('is cut to the free cash, fees included: cash never goes below zero', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide(all).bar(120, 120, 120, 120);
    // 1000 / (100 · 1.001) at the decision; 1000 / (120 · 1.001) at the fill
    expect(scene.quantity).toBe(8.325);
    expect(scene.simulation.cash).toBeGreaterThanOrEqual(0);
  });

  it('is rejected when the fill would be worse than the tolerance', () => {
    const scene = new Scene()
      .bar(100, 100, 100, 100)
      .decide({ ...half, slippageTolerance: 0.01 })
      .bar(101.01, 102, 101, 102);
    expect(scene.fills).toEqual([]);
    expect(scene.denials).toEqual(['slippage-tolerance']);
    scene.decide({ ...half, slippageTolerance: 0.01 }).bar(103.02, 104, 103, 103);
    expect(scene.fills).toHaveLength(1);
  });

  it('is replaced by a later decision and left alone by a hold', () => {
    const scene = new Scene({ volumeShare: 0.1 }).bar(100, 100, 100, 100).decide(half).bar(100, 100, 100, 100, 10);
    scene.decide({ action: 'hold' }).bar(100, 100, 100, 100, 10);
    expect(scene.quantity).toBe(2);
    scene.decide({ action: 'cancel' }).bar(100, 100, 100, 100, 1e6);
    expect(scene.quantity).toBe(2);
  });
});

describe('a stop', () => {
  const held = (): Scene => new Scene().bar(100, 100, 100, 100).decide({ ...half, stopLoss: 0.02, takeProfit: 0.04 });

  it('sells at its price when the bar trades down to it', () => {
    const scene = held().bar(100, 101, 99, 100).bar(99, 99.5, 98, 99);
    expect(scene.fills.at(-1)).toEqual({ side: 'sell', quantity: 5, price: 98, cause: 'stop' });
  });

  it('can fall on the bar of the entry', () => {
    const scene = held().bar(100, 101, 97, 100);
    expect(scene.simulation.trades[0]).toMatchObject({ exitPrice: 98, exitCause: 'stop', barsHeld: 0 });
  });

  it('through a gap fills at the open', () => {
    const scene = held().bar(100, 101, 99, 100).bar(95, 96, 94, 95);
    expect(scene.fills.at(-1)).toEqual({ side: 'sell', quantity: 5, price: 95, cause: 'stop' });
  });

  it('is first when one bar touches both stop and target', () => {
    const scene = held().bar(100, 101, 99, 100).bar(100, 110, 97, 105);
    expect(scene.fills.at(-1)).toMatchObject({ price: 98, cause: 'stop' });
  });

  it('pays half the spread and slippage beneath its price', () => {
    const scene = new Scene({ halfSpreadRate: 0.001 }).bar(100, 100, 100, 100).decide({ ...half, stopLoss: 0.02 });
    scene.bar(100, 100, 100, 100).bar(99, 99, 90, 91);
    // entry 100.10, stop 98.09 (98.098 on the tick below), sold at 98.09 · 0.999 = 97.99191
    expect(scene.fills.map(({ price }) => price)).toEqual([100.1, 97.99]);
  });

  it('goes on selling at the next opens when the volume was not enough, whatever the strategy wants', () => {
    const scene = new Scene({ volumeShare: 0.1 }).bar(100, 100, 100, 100).decide({ ...half, stopLoss: 0.02 });
    scene.bar(100, 100, 100, 100).bar(99, 99, 97, 97, 20).decide(all).bar(96, 97, 95, 96, 20).bar(95, 96, 94, 95);
    expect(scene.fills.slice(1)).toEqual([
      { side: 'sell', quantity: 2, price: 98, cause: 'stop' },
      { side: 'sell', quantity: 2, price: 96, cause: 'stop' },
      { side: 'sell', quantity: 1, price: 95, cause: 'stop' },
    ]);
    expect(scene.denials).toEqual(['exit-in-progress']);
    expect(scene.simulation.trades).toHaveLength(1);
  });
});

describe('a target', () => {
  const held = (): Scene => new Scene().bar(100, 100, 100, 100).decide({ ...half, stopLoss: 0.02, takeProfit: 0.04 });

  it('sells at its price as maker when it is traded through', () => {
    const scene = held().bar(100, 101, 99, 100).bar(103, 104.01, 102, 103);
    expect(scene.fills.at(-1)).toEqual({ side: 'sell', quantity: 5, price: 104, cause: 'take-profit' });
    expect(scene.simulation.fills.at(-1)).toMatchObject({ isMaker: true, fee: 0 });
  });

  it('that is only touched does not fill', () => {
    expect(held().bar(100, 101, 99, 100).bar(103, 104, 102, 103).fills).toHaveLength(1);
  });

  it('keeps resting with what the volume left over', () => {
    const scene = new Scene({ volumeShare: 0.1 }).bar(100, 100, 100, 100).decide({ ...half, takeProfit: 0.04 });
    scene.bar(100, 100, 100, 100).bar(103, 105, 102, 103, 20).bar(103, 104, 102, 103).bar(103, 106, 102, 103);
    expect(scene.fills.slice(1).map(({ quantity, price }) => [quantity, price])).toEqual([
      [2, 104],
      [3, 104],
    ]);
  });
});

describe('a trailing stop', () => {
  const held = (): Scene => new Scene().bar(100, 100, 100, 100).decide({ ...half, trailingStop: 0.05 });

  it('follows the highest price up to the bar before, so that no order inside a bar is guessed', () => {
    const scene = held().bar(100, 110, 99, 110);
    // 5 % beneath 110 is 104.5; within the bar that made the high it did not yet count
    scene.bar(109, 120, 105, 118);
    expect(scene.fills).toHaveLength(1);
    scene.bar(116, 117, 113, 114);
    expect(scene.fills.at(-1)).toEqual({ side: 'sell', quantity: 5, price: 114, cause: 'trailing-stop' });
  });

  it('starts from the entry price', () => {
    expect(held().bar(100, 100, 94, 95).fills.at(-1)).toMatchObject({ price: 95, cause: 'trailing-stop' });
  });

  it('and a fixed stop: the higher one counts', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ ...half, trailingStop: 0.05, stopLoss: 0.02 });
    scene.bar(100, 101, 99, 100).bar(100, 120, 99, 119).bar(118, 118, 110, 111);
    expect(scene.fills.at(-1)).toMatchObject({ price: 114, cause: 'trailing-stop' });
  });
});

describe('a limit', () => {
  const resting = (expiryBars?: number): Scene =>
    new Scene()
      .bar(100, 100, 100, 100)
      .decide({ action: 'limit', weight: 0.5, price: 95, ...(expiryBars === undefined ? {} : { expiryBars }) });

  it('that is touched does not fill', () => {
    expect(resting().bar(99, 99, 95, 96).fills).toEqual([]);
  });

  it('that is traded through fills at its price, as maker', () => {
    const scene = resting().bar(99, 99, 94.99, 96);
    expect(scene.fills).toEqual([{ side: 'buy', quantity: 5.263, price: 95, cause: 'entry' }]);
    expect(scene.simulation.fills[0]).toMatchObject({ isMaker: true, fee: 0 });
  });

  it('that rested through a gap fills at its price, no better', () => {
    expect(resting().bar(99, 99, 96, 97).bar(90, 91, 89, 90).fills).toMatchObject([{ price: 95 }]);
  });

  it('that is marketable when it arrives takes, and pays as a taker', () => {
    const scene = resting().bar(94, 94.5, 93, 94);
    expect(scene.fills).toMatchObject([{ price: 94 }]);
    expect(scene.simulation.fills[0]).toMatchObject({ isMaker: false });
  });

  it('expires after its bars', () => {
    const scene = resting(2).bar(99, 99, 96, 97).bar(97, 98, 96, 97);
    expect(scene.denials).toEqual(['expired']);
    expect(scene.bar(96, 96, 90, 91).fills).toEqual([]);
  });

  it('fills with the stop beneath it on the same bar, but never with its target', () => {
    const scene = new Scene().bar(100, 100, 100, 100);
    scene.decide({ action: 'limit', weight: 0.5, price: 95, stopLoss: 0.02, takeProfit: 0.02 });
    scene.bar(99, 99, 94, 98);
    expect(scene.fills.map(({ cause }) => cause)).toEqual(['entry']);
    const stopped = new Scene().bar(100, 100, 100, 100);
    stopped.decide({ action: 'limit', weight: 0.5, price: 95, stopLoss: 0.02, takeProfit: 0.02 }).bar(99, 99, 93, 98);
    expect(stopped.fills.map(({ cause, price }) => [cause, price])).toEqual([
      ['entry', 95],
      ['stop', 93.1],
    ]);
  });

  it('sets cash aside while it rests', () => {
    const scene = new Scene({}, { symbols: ['A', 'B'] }).bars({ A: [100, 100, 100, 100], B: [100, 100, 100, 100] });
    scene.decideAll({ A: { action: 'limit', weight: 0.9, price: 90 }, B: { action: 'target', weight: 1 } });
    scene.bars({ A: [100, 100, 100, 100], B: [100, 100, 100, 100] });
    // 900 and its fee are kept for A: B gets what is left of 1000
    expect(scene.simulation.quantity(1)).toBeCloseTo(0.99, 2);
    scene.bars({ A: [90, 90, 80, 85], B: [100, 100, 100, 100] });
    expect(scene.simulation.quantity(0)).toBe(10);
  });
});

describe('a horizon', () => {
  it('closes the position at the open so many bars after the entry', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ ...half, horizonBars: 3 });
    scene.bar(100, 100, 100, 100).bar(101, 101, 101, 101).bar(102, 102, 102, 102).bar(103, 103, 103, 103);
    expect(scene.fills.at(-1)).toEqual({ side: 'sell', quantity: 5, price: 103, cause: 'horizon' });
    expect(scene.simulation.trades[0]).toMatchObject({ barsHeld: 2, exitReason: 'horizon' });
  });
});
