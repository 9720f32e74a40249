import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import { StoredSimulation } from '#engine/simulation/snapshot-schema.ts';
import type { ClosedBar, Fill, MarketRules, Trade } from '#engine/simulation/types.ts';
import { isLong } from '#tests/support/long.ts';
import fc from '#tests/support/properties.ts';
import { assertConserved, HOUR_MS, plainRules } from './scene.ts';

/** Ten thousand order streams with `npm run test:long`; a part of the same ones in every run. */
const CASES = isLong ? 10_000 : 500;

const symbols = ['A', 'B', 'C'];
const capital = 1000;

/** Evenly spread: fast-check's doubles are spread over their exponents, and nearly all of them are too small to trade. */
function between(min: number, max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 1_000_000 }).map((value) => min + ((max - min) * value) / 1_000_000);
}

const price = between(20, 30);
const bar = fc
  .tuple(price, price, price, price, fc.oneof(fc.constant(0), between(0.01, 200)))
  .map(([a, b, c, d, volume]) => ({ open: a, high: Math.max(a, b, c, d), low: Math.min(a, b, c, d), close: d, volume }));
const share = fc.option(between(0.001, 0.5), { nil: undefined });
const count = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const ask = fc.record({
  action: fc.constantFrom('hold', 'target', 'target', 'target', 'limit', 'limit', 'exit', 'cancel'),
  weight: between(-0.1, 1.1),
  price,
  stopLoss: share,
  takeProfit: share,
  trailingStop: share,
  slippageTolerance: fc.option(between(0.001, 0.5), { nil: undefined, freq: 1 }),
  horizonBars: count,
  expiryBars: count,
});
const step = fc.record({
  bars: fc.array(fc.option(bar, { nil: undefined, freq: 8 }), { minLength: 3, maxLength: 3 }),
  asks: fc.array(ask, { minLength: 3, maxLength: 3 }),
  halt: fc.option(fc.constantFrom('active', 'active', 'paused', 'reducing', 'halted', 'breach'), { nil: undefined, freq: 8 }),
});
const rules = fc.record({
  makerFeeRate: between(0, 0.005),
  takerFeeRate: between(0, 0.01),
  halfSpreadRate: between(0, 0.01),
  slippageRate: between(0, 0.01),
  volumeShare: between(0.001, 1),
  stepSize: fc.constantFrom(0.001, 0.1, 0.00001),
  tickSize: fc.constantFrom(0.01, 0.5, 0.0001),
});
const stream = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
  rules: fc.tuple(rules, rules, rules),
  restartAt: fc.nat(39),
});

/** Books kept from the fills alone, as an accountant would who never saw the simulation. */
class Ledger {
  cash = capital;
  fees = 0;
  readonly held = new Map<string, number>();
  /** Money that came in less what went out since the symbol was last flat, and the fees within. */
  readonly #flow = new Map<string, { net: number; fees: number; bought: number }>();
  readonly #closed = new Map<string, { net: number; fees: number; bought: number }[]>();

  enter({ symbol, side, quantity, price: paid, fee }: Fill, stepSize: number): void {
    const value = quantity * paid;
    const held = this.held.get(symbol) ?? 0;
    const flow = this.#flow.get(symbol) ?? { net: 0, fees: 0, bought: 0 };
    if (side === 'sell') expect(quantity).toBeLessThanOrEqual(held + stepSize / 1000);
    this.cash += (side === 'buy' ? -value : value) - fee;
    this.fees += fee;
    flow.net += (side === 'buy' ? -value : value) - fee;
    flow.fees += fee;
    if (side === 'buy') flow.bought += quantity;
    const left = side === 'buy' ? held + quantity : held - quantity;
    const isFlat = Math.abs(left) < stepSize / 1000;
    this.held.set(symbol, isFlat ? 0 : left);
    this.#flow.set(symbol, isFlat ? { net: 0, fees: 0, bought: 0 } : flow);
    if (isFlat) this.#closed.set(symbol, [...(this.#closed.get(symbol) ?? []), flow]);
  }

  /** A trade is the flow of money between two moments of being flat. */
  settle({ symbol, netResult, fees, quantity }: Trade): void {
    const flow = this.#closed.get(symbol)?.shift();
    expect(flow).toBeDefined();
    expect(netResult).toBeCloseTo(flow!.net, 6);
    expect(fees).toBeCloseTo(flow!.fees, 6);
    expect(quantity).toBeCloseTo(flow!.bought, 6);
  }
}

function checkFill(fill: Fill, bars: readonly ClosedBar[], market: MarketRules): void {
  const met = bars.find(({ symbol }) => symbol === fill.symbol);
  expect(met?.volume).toBeGreaterThan(0);
  expect(fill.time).toBe(met!.time);
  expect(fill.quantity).toBeGreaterThan(0);
  expect(distanceToGrid(fill.quantity, market.stepSize)).toBeLessThan(1e-6);
  expect(distanceToGrid(fill.price, market.tickSize)).toBeLessThan(1e-6);
  expect(fill.fee).toBe(fill.quantity * fill.price * (fill.isMaker ? market.makerFeeRate : market.takerFeeRate));
  // Never better than anything the bar traded at; a market order is not worse than its worst price and the costs either.
  if (fill.side === 'buy') expect(fill.price).toBeGreaterThanOrEqual(met!.low - 1e-9);
  else expect(fill.price).toBeLessThanOrEqual(met!.high + 1e-9);
  if (fill.isMaker) return;
  const cost = market.halfSpreadRate + market.slippageRate;
  expect(fill.price).toBeGreaterThanOrEqual(met!.low * (1 - cost) - 2 * market.tickSize);
  expect(fill.price).toBeLessThanOrEqual(met!.high * (1 + cost) + 2 * market.tickSize);
}

/** In units of the grid. */
function distanceToGrid(value: number, unit: number): number {
  return Math.abs(value / unit - Math.round(value / unit));
}

describe('money is conserved', () => {
  it(`after every event of ${CASES} random order streams, by the simulation's books and by books kept from fills alone`, () => {
    let fills = 0;
    let trades = 0;
    fc.assert(
      fc.property(stream, ({ steps, rules: chosen, restartAt }) => {
        const markets = Object.fromEntries(symbols.map((symbol, at) => [symbol, { ...plainRules, ...chosen[at]! }]));
        const settings = { symbols, markets, capital, barMs: HOUR_MS };
        let simulation = new Simulation(settings);
        const straight = new Simulation(settings);
        const ledger = new Ledger();
        const check = (bars: readonly ClosedBar[]): void => {
          assertConserved(simulation);
          const record = simulation.takeRecord();
          expect(record).toEqual(straight.takeRecord());
          const taken = new Map<string, number>();
          for (const fill of record.fills) {
            checkFill(fill, bars, markets[fill.symbol]!);
            taken.set(fill.symbol, (taken.get(fill.symbol) ?? 0) + fill.quantity);
            ledger.enter(fill, markets[fill.symbol]!.stepSize);
          }
          for (const { symbol, volume } of bars) {
            expect(taken.get(symbol) ?? 0).toBeLessThanOrEqual(volume * markets[symbol]!.volumeShare * (1 + 1e-9));
          }
          for (const trade of record.trades) ledger.settle(trade);
          const scale = capital + simulation.turnover;
          expect(Math.abs(simulation.cash - ledger.cash)).toBeLessThan(1e-10 * scale);
          expect(Math.abs(simulation.fees - ledger.fees)).toBeLessThan(1e-10 * scale);
          for (const { symbol, quantity } of simulation.positions()) {
            expect(Math.abs(quantity - (ledger.held.get(symbol) ?? 0))).toBeLessThan(markets[symbol]!.stepSize / 1000);
          }
          fills += record.fills.length;
          trades += record.trades.length;
        };
        steps.forEach(({ bars, asks, halt }, index) => {
          const closed = bars.flatMap((one, at) =>
            one === undefined ? [] : [{ symbol: symbols[at]!, time: index * HOUR_MS, ...one }],
          );
          const decisions = asks.map((one, at) => ({ ...one, symbol: symbols[at]!, reason: 'random' })) as DecisionRecord[];
          for (const each of [simulation, straight]) each.onBars(closed);
          check(closed);
          if (halt !== undefined) {
            for (const each of [simulation, straight]) each.setHalt(halt);
            check([]);
          }
          for (const each of [simulation, straight]) each.submit(decisions);
          check([]);
          if (index !== restartAt) return;
          simulation = Simulation.restore(settings, StoredSimulation.parse(JSON.parse(JSON.stringify(simulation.snapshot()))));
          assertConserved(simulation);
        });
        expect(simulation.positions()).toEqual(straight.positions());
        expect(simulation.cash).toBe(straight.cash);
        simulation.closeAll('end');
        assertConserved(simulation);
        expect(simulation.holdingsAtCost).toBe(0);
        expect(simulation.positions().every(({ quantity }) => quantity === 0)).toBe(true);
      }),
      { seed: 20_261_120, numRuns: CASES },
    );
    expect(fills).toBeGreaterThan(5 * CASES);
    expect(trades).toBeGreaterThan(CASES);
  }, 600_000);
});
