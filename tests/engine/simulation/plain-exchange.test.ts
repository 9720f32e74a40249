import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import { isLong } from '#tests/support/long.ts';
import fc from '#tests/support/properties.ts';
import { PlainExchange } from './plain-exchange.ts';
import { HOUR_MS, plainRules } from './scene.ts';

/** Ten thousand order streams with `npm run test:long`; a part of the same ones in every run. */
const CASES = isLong ? 10_000 : 500;

function between(min: number, max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 1_000_003 }).map((value) => min + ((max - min) * value) / 1_000_003);
}

const move = between(-0.03, 0.03);
const bar = fc.record({
  gap: move,
  body: move,
  up: between(0, 0.02),
  down: between(0, 0.02),
  volume: fc.oneof(fc.constant(0), between(0.5, 400)),
});
const distance = fc.option(between(0.005, 0.06), { nil: undefined });
const count = fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined });
const ask = fc.record({
  action: fc.constantFrom('hold', 'hold', 'hold', 'hold', 'target', 'target', 'limit', 'exit', 'cancel'),
  weight: fc.oneof(fc.constant(0), between(0.01, 0.8)),
  below: between(-0.01, 0.03),
  stopLoss: distance,
  takeProfit: distance,
  trailingStop: distance,
  slippageTolerance: fc.option(between(0.001, 0.03), { nil: undefined, freq: 1 }),
  horizonBars: count,
  expiryBars: count,
});
const stream = fc.record({
  steps: fc.array(fc.tuple(bar, ask), { minLength: 10, maxLength: 60, size: 'max' }),
  makerFeeRate: between(0, 0.002),
  takerFeeRate: between(0, 0.004),
  halfSpreadRate: between(0, 0.001),
  slippageRate: between(0, 0.001),
  volumeShare: between(0.01, 0.5),
});

describe('against an exchange written from the rules alone', () => {
  it(`${CASES} random order streams over random bars fill alike: side, quantity, price, fee and cause, and the same cash is left`, () => {
    const causes = new Map<string, number>();
    fc.assert(
      fc.property(stream, ({ steps, ...costs }) => {
        const rules = { ...plainRules, ...costs };
        const simulation = new Simulation({ symbols: ['A'], markets: { A: rules }, capital: 1000, barMs: HOUR_MS });
        const plain = new PlainExchange(rules, 1000);
        let last = 25;
        steps.forEach(([{ gap, body, up, down, volume }, { below, ...asked }], index) => {
          const open = last * (1 + gap);
          const close = open * (1 + body);
          const high = Math.max(open, close) * (1 + up);
          const low = Math.min(open, close) * (1 - down);
          const closed: ClosedBar = { symbol: 'A', time: index * HOUR_MS, open, high, low, close, volume };
          last = close;
          simulation.onBars([closed]);
          plain.bar(closed);
          // A bar without volume is no bar, so nobody decides on it.
          if (volume > 0) {
            const decision = {
              ...asked,
              symbol: 'A',
              reason: 'random',
              price: close * (1 - below),
            } as DecisionRecord;
            simulation.submit([decision]);
            plain.decide(decision);
          }
          const { fills } = simulation.takeRecord();
          const expected = plain.fills.splice(0);
          expect(fills.map(({ side, cause }) => `${side} ${cause}`)).toEqual(
            expected.map(({ side, cause }) => `${side} ${cause}`),
          );
          fills.forEach((fill, at) => {
            for (const name of ['quantity', 'price', 'fee'] as const) {
              expect(Math.abs(fill[name] - expected[at]![name])).toBeLessThan(1e-8);
            }
            causes.set(fill.cause, (causes.get(fill.cause) ?? 0) + 1);
          });
          expect(Math.abs(simulation.cash - plain.cash)).toBeLessThan(1e-6);
          expect(Math.abs(simulation.quantity(0) - plain.held)).toBeLessThan(1e-9);
        });
      }),
      { seed: 20_261_121, numRuns: CASES },
    );
    for (const cause of ['entry', 'decision', 'stop', 'take-profit', 'trailing-stop', 'horizon']) {
      expect([cause, (causes.get(cause) ?? 0) > CASES / 10]).toEqual([cause, true]);
    }
  }, 600_000);
});
