import { describe, expect, it } from 'vitest';
import { Grid } from '#engine/simulation/grid.ts';
import fc from '#tests/support/properties.ts';
import { assertConserved, HOUR_MS, Scene } from './scene.ts';

describe('the position', () => {
  it('averaged into keeps its protective orders', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.3, stopLoss: 0.1 });
    scene.bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.6 }).bar(110, 110, 110, 110);
    expect(scene.simulation.entryPrice(0)).toBeCloseTo((300 + 2.998 * 110) / 5.998, 9);
    scene.bar(100, 100, 89, 95);
    expect(scene.fills.at(-1)).toMatchObject({ price: 90, cause: 'stop' });
  });

  it.each([
    ['shrinks', 0.2, []],
    ['keeps', 0.5003, ['no-change']],
  ])('keeps its protection when a target that %s it carries another', (_name, weight, denials) => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.5, stopLoss: 0.1, takeProfit: 0.2 });
    scene.bar(100, 100, 100, 100);
    scene.decide({ action: 'target', weight, stopLoss: 0.02, takeProfit: 0.03, trailingStop: 0.01, horizonBars: 1 });
    expect(scene.denials).toEqual(denials);
    scene.bar(100, 104, 97, 100).bar(100, 104, 97, 100);
    expect(scene.quantity).toBeGreaterThan(0);
    scene.bar(100, 100, 89, 95);
    expect(scene.fills.at(-1)).toMatchObject({ price: 90, cause: 'stop' });
  });

  it('sold in part is one trade, closed with its last share', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.5 }).bar(100, 100, 100, 100);
    scene.decide({ action: 'target', weight: 0.2 }).bar(100, 100, 100, 100);
    expect(scene.quantity).toBe(1.999);
    expect(scene.simulation.trades).toEqual([]);
    scene.decide({ action: 'target', weight: 0 }).bar(120, 120, 120, 120);
    const trade = scene.simulation.trades[0]!;
    expect(trade.quantity).toBe(5);
    expect(trade.exitPrice).toBeCloseTo((3.001 * 100 + 1.999 * 120) / 5, 9);
    expect(trade.netResult).toBeCloseTo(scene.simulation.cash - 1000, 9);
  });

  it('tells how far it went against and for the trader', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.5 });
    scene.bar(100, 105, 97, 100).decide({ action: 'exit' }).bar(101, 130, 50, 90);
    const trade = scene.simulation.trades[0]!;
    expect(trade.maxAdverseExcursion).toBeCloseTo(-0.03, 12);
    expect(trade.maxFavourableExcursion).toBeCloseTo(0.05, 12);
  });

  it('carries the version that opened it', () => {
    const scene = new Scene();
    scene.simulation.setVersion('tree-1');
    scene.bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.5 }).bar(100, 100, 100, 100);
    scene.simulation.setVersion('tree-2');
    scene.decide({ action: 'exit' }).bar(100, 100, 100, 100);
    expect(scene.simulation.trades[0]!.version).toBe('tree-1');
  });

  it('is closed at the last close, with the fee, when the data ends', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.5 }).bar(100, 105, 100, 104);
    scene.simulation.closeAll('end of data');
    assertConserved(scene.simulation);
    expect(scene.simulation.trades[0]).toMatchObject({ exitPrice: 104, exitCause: 'end-of-data', exitTime: 2 * HOUR_MS });
    expect(scene.simulation.cash).toBeCloseTo(1000 + 20 - 0.5 - 0.52, 9);
  });
});

describe('several symbols on one pool of cash', () => {
  const level = { A: [100, 100, 100, 100], B: [100, 100, 100, 100], C: [100, 100, 100, 100] } as const;
  const scene = (): Scene => new Scene({}, { symbols: ['A', 'B', 'C'] }).bars(level);

  it('are served in declared order when they buy at the same open', () => {
    const three = scene().decideAll({
      C: { action: 'target', weight: 0.6 },
      B: { action: 'target', weight: 0.6 },
      A: { action: 'target', weight: 0.6 },
    });
    three.bars(level);
    expect([0, 1, 2].map((index) => three.simulation.quantity(index))).toEqual([6, 3.99, 0]);
    expect(three.denials).toEqual(['no-free-cash']);
  });

  it('may buy with what another sells at the same open', () => {
    const three = scene().decide({ action: 'target', weight: 0.99 }, 'C').bars(level);
    three.decideAll({ A: { action: 'target', weight: 0.9 }, C: { action: 'exit' } }).bars(level);
    expect(three.simulation.quantity(0)).toBeGreaterThan(8.9);
    expect(three.simulation.quantity(2)).toBe(0);
  });

  it('without a bar nothing happens to a symbol, and it stays marked at its last close', () => {
    const three = scene().decide({ action: 'target', weight: 0.5 }, 'B').bars(level).decide({ action: 'exit' }, 'B');
    const before = three.simulation.equity();
    three.bars({ A: [10, 10, 10, 10] });
    expect(three.simulation.equity()).toBe(before);
    expect(three.simulation.quantity(1)).toBe(5);
    three.bars({ B: [90, 90, 90, 90] });
    expect(three.fills.at(-1)).toMatchObject({ side: 'sell', price: 90 });
  });

  it('a bar in which nothing traded is no bar', () => {
    const three = scene()
      .decide({ action: 'target', weight: 0.5 }, 'B')
      .bars({ B: [100, 100, 100, 100, 0] });
    expect(three.fills).toEqual([]);
    three.bars({ B: [101, 101, 101, 101] });
    expect(three.fills).toMatchObject([{ price: 101 }]);
  });

  it('a bar or decision of a symbol that is not declared is refused', () => {
    expect(() => scene().bars({ X: [1, 1, 1, 1] })).toThrow(/X is not one of A, B, C/);
    expect(scene().decide({ action: 'exit' }, 'X').denials).toEqual(['undeclared-symbol']);
  });
});

describe('a halt', () => {
  it.each(['reducing', 'halted', 'breach'] as const)(
    '%s refuses entries and withdraws waiting ones, and lets exits pass',
    (halt) => {
      const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.5, stopLoss: 0.05 });
      scene.bar(100, 100, 100, 100).decide({ action: 'limit', weight: 0.9, price: 99 });
      scene.simulation.setHalt(halt);
      expect(scene.denials).toEqual(['withdrawn']);
      scene.decide({ action: 'target', weight: 0.9 });
      expect(scene.denials).toEqual(['withdrawn', halt]);
      scene.decide({ action: 'target', weight: 0.2 }).bar(100, 100, 98, 100).decide({ action: 'exit' }).bar(100, 100, 100, 100);
      expect(scene.quantity).toBe(0);
    },
  );

  it('paused refuses entries, and lets one that waits fill and exits pass', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'limit', weight: 0.5, price: 99 });
    scene.simulation.setHalt('paused');
    expect(scene.denials).toEqual([]);
    scene.bar(100, 100, 98, 100).decide({ action: 'target', weight: 0.9 });
    expect(scene.fills).toMatchObject([{ side: 'buy', price: 99 }]);
    expect(scene.denials).toEqual(['paused']);
    expect(scene.decide({ action: 'exit' }).bar(100, 100, 100, 100).quantity).toBe(0);
  });

  it('leaves protective orders in force', () => {
    const scene = new Scene().bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.5, stopLoss: 0.05 });
    scene.bar(100, 100, 100, 100).simulation.setHalt('halted');
    expect(scene.bar(100, 100, 90, 92).fills.at(-1)).toMatchObject({ cause: 'stop', price: 95 });
  });
});

describe('steps, ticks and minima', () => {
  it('quantities are cut to the step', () => {
    expect(
      new Scene({ stepSize: 0.5 }).bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.27 }).bar(100, 100, 100, 100)
        .quantity,
    ).toBe(2.5);
  });

  it('what the market would refuse is denied before it leaves', () => {
    const ask = { action: 'target', weight: 0.05 } as const;
    expect(new Scene({ minNotional: 60 }).bar(100, 100, 100, 100).decide(ask).denials).toEqual(['below-minimum']);
    expect(new Scene({ minQuantity: 1 }).bar(100, 100, 100, 100).decide(ask).denials).toEqual(['below-minimum']);
  });

  it('a complete exit passes below the minima', () => {
    const scene = new Scene({ minNotional: 60 }).bar(100, 100, 100, 100).decide({ action: 'target', weight: 0.07 });
    scene.bar(100, 100, 50, 50).decide({ action: 'exit' }).bar(50, 50, 50, 50);
    expect(scene.quantity).toBe(0);
  });

  it('multiples of decimal steps are the nearest doubles to the decimals', () => {
    const grid = new Grid(0.1);
    expect([grid.floor(0.3), grid.floor(0.7), grid.ceil(1.1), grid.floor(0.1 + 0.2), grid.ceil(0.1 + 0.2)]).toEqual([
      0.3, 0.7, 1.1, 0.3, 0.3,
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), fc.constantFrom(0.01, 0.001, 0.00001, 0.1, 1), (count, step) => {
        const exact = Number((count * step).toFixed(5));
        return new Grid(step).floor(exact) === exact && new Grid(step).ceil(exact) === exact;
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
