import Big from 'big.js';
import { describe, expect, it } from 'vitest';
import { entryRoom } from '#engine/risk/exposure.ts';
import { judgedBy, judgeOrder } from '#engine/risk/judge-order.ts';
import { entryChecks, marketChecks } from '#engine/risk/order-checks.ts';
import type { OrderFacts } from '#engine/risk/order-facts.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import fc from '#tests/support/properties.ts';
import { entryCases, marketCases } from './order-cases.ts';
import { type DeepPartial, limits, now, purchaseWith, saleWith } from './order-facts.ts';

const big = (value: string | number) => new Big(value);
const locks = { 'stops-in-a-row': 0, 'low-profit': 0, cooldown: 0 };

describe('a purchase', () => {
  it('goes when every check lets it, and every check says with which numbers', () => {
    const { denial, trace } = judgeOrder(purchaseWith(), limits);
    expect(denial).toBeNull();
    expect(trace.map(({ check }) => check).sort()).toEqual(
      [...new Set([...entryCases, ...marketCases].map(([code]) => code))]
        .filter((code) => !['paused', 'reducing', 'breach'].includes(code))
        .concat('live-not-allowed', 'more-than-held')
        .sort(),
    );
    for (const { passed, value, limit } of trace) {
      expect(passed).toBe(true);
      expect(value).not.toBeNull();
      expect(limit).not.toBeNull();
    }
  });

  it.each(entryCases)(
    'is denied as %s when it is just too much, and goes when it is just enough',
    (code, over, within, value, limit) => {
      const { denial, trace } = judgeOrder(purchaseWith(over), limits);
      expect(trace.find(({ check }) => check === code)).toEqual({
        check: code,
        passed: false,
        value: typeof value === 'number' ? expect.closeTo(value, 9) : value,
        limit: typeof limit === 'number' ? expect.closeTo(limit, 9) : limit,
      });
      expect(trace.filter(({ passed }) => !passed).map(({ check }) => check)).toContain(denial);
      if (within !== null)
        expect(judgeOrder(purchaseWith(within), limits).trace.find(({ check }) => check === code)?.passed).toBe(true);
    },
  );

  it.each(marketCases)('is denied as %s', (code, part, value, limit) => {
    expect(judgeOrder(purchaseWith(part), limits).trace).toContainEqual({ check: code, passed: false, value, limit });
  });

  it('is denied where the policy does not allow its stage money', () => {
    const { denial, trace } = judgeOrder(purchaseWith(), { ...limits, isAllowed: false });
    expect(denial).toBe('live-not-allowed');
    expect(trace.filter(({ passed }) => !passed)).toHaveLength(1);
  });

  it('needs a stop, its own or the default', () => {
    const without = { ...limits, defaultStop: null };
    expect(judgeOrder(purchaseWith({ decision: { stop: 'none' } }), without).denial).toBe('no-protection');
    expect(judgeOrder(purchaseWith({ decision: { stop: 0.05 } }), without).denial).toBeNull();
  });

  it('that names no target is not asked for its edge', () => {
    expect(judgeOrder(purchaseWith({ decision: { target: 'none' } }), limits).trace).toContainEqual({
      check: 'edge-below-cost',
      passed: true,
      value: 'no target',
      limit: 1.5,
    });
  });

  it('is not decided on a bar or a quote from the future', () => {
    expect(judgeOrder(purchaseWith({ decision: { closedAt: now + 1_001 } }), limits).denial).toBe('stale-data');
    expect(judgeOrder(purchaseWith({ quote: { time: now + 1_001 } }), limits).denial).toBe('stale-quote');
  });

  it('of what the venue does not have is denied by everything that would ask the market', () => {
    const failed = judgeOrder(purchaseWith({ market: null }), limits).trace.filter(({ passed }) => !passed);
    expect(failed.map(({ check }) => check).sort()).toEqual([
      'above-maximum',
      'below-minimum',
      'below-notional',
      'edge-below-cost',
      'market-inactive',
      'no-free-cash',
      'off-step',
      'off-tick',
    ]);
  });

  it('without a limit is taken to cost all that the collar lets it', () => {
    const { trace } = judgeOrder(purchaseWith({ order: { limitPrice: null } }), limits);
    expect(trace).toContainEqual({ check: 'over-order', passed: true, value: 202, limit: 300 });
  });

  it('takes its shares of the capital that is allowed, and of the equity when that is less', () => {
    const limitAt = (equity: number, maxCapital: number | null) =>
      judgeOrder(purchaseWith({ exposure: { equity } }), { ...limits, maxCapital }).trace.find(
        ({ check }) => check === 'over-order',
      )?.limit;
    expect([limitAt(5_000, 1_000), limitAt(700, 1_000), limitAt(5_000, null), limitAt(-1, 1_000)]).toEqual([300, 210, 1_500, 0]);
  });
});

describe('a sale', () => {
  const adverse: DeepPartial<OrderFacts> = {
    halt: 'halted',
    market: { isActive: false },
    isDeclared: false,
    frozen: 'a foreign order',
    duplicateOf: 'rabcdefghijklmnopq',
    quote: null as never,
    decision: { close: Number.NaN, closedAt: 0, stop: Number.NaN, target: Number.NaN },
    exposure: { equity: Number.NaN, symbol: 1e9, strategy: 1e9, gross: 1e9 },
    standing: { dailyLoss: 1, drawdown: Number.NaN, consecutiveLosses: 99, orders: 1e6, traded: 1e9 },
    clock: { offsetMs: Number.NaN, uncertaintyMs: Number.NaN },
  };

  it('is asked what the market takes and whether it is under way, and nothing of halts and limits', () => {
    const { denial, trace } = judgeOrder(saleWith(adverse), { ...limits, isAllowed: false });
    expect(denial).toBe('market-inactive');
    expect(trace.map(({ check, passed }) => `${check} ${passed}`)).toEqual([
      'off-step true',
      'off-tick true',
      'below-minimum true',
      'below-notional true',
      'above-maximum true',
      'more-than-held true',
      'market-inactive false',
      'duplicate-intent false',
    ]);
  });

  it.each(marketCases)('is denied as %s', (code, part, value, limit) => {
    expect(judgeOrder(saleWith(part), limits).trace).toContainEqual({ check: code, passed: false, value, limit });
  });

  it('never sells what the strategy does not hold', () => {
    expect(judgeOrder(saleWith({ held: big('1.99') }), limits).denial).toBe('more-than-held');
  });

  it('that nobody can put a price on is left to the venue', () => {
    expect(judgeOrder(saleWith(adverse), limits).trace).toContainEqual({
      check: 'below-notional',
      passed: true,
      value: 'no price',
      limit: '5',
    });
  });
});

describe('every judgement', () => {
  const amount = fc.oneof(
    fc.integer({ min: -100, max: 100_000 }).map((units) => new Big(units).div(100)),
    fc.integer({ min: -1_000, max: 1_000_000 }).map((units) => new Big(units).div(1_000)),
  );
  const number = fc.oneof(
    fc.double({ min: -1, max: 2_000 }),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null as never, undefined as never),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  const instant = fc.oneof(fc.integer({ min: now - 90_000, max: now + 2_000 }), fc.constantFrom(Number.NaN, null as never));
  /** Mostly sound, so that a purchase has a chance to pass, and wrong in any number of places. */
  const often = <T>(sound: T, other: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(sound) }, { weight: 1, arbitrary: other });
  const anyFacts = fc
    .record({
      side: fc.constantFrom('buy', 'sell'),
      quantity: often(big('2'), amount),
      limitPrice: often(big('100.5'), fc.option(amount)),
      stopPrice: often(null, fc.option(amount)),
      market: often(purchaseWith().market, fc.constant(null)),
      ask: often(big('100.1'), amount),
      quoteTime: often(now - 1_000, instant),
      close: often(100, number),
      closedAt: often(now - 5_000, instant),
      stop: often<number | 'none'>(0.05, fc.oneof(number, fc.constant('none' as const))),
      target: often<number | 'none'>(0.1, fc.oneof(number, fc.constant('none' as const))),
      free: often(big('500'), amount),
      reserved: often(big('100'), amount),
      held: often(big('2'), amount),
      exposure: fc.record({
        equity: often(1_000, number),
        symbol: often(100, number),
        strategy: often(150, number),
        gross: often(300, number),
      }),
      dailyLoss: often(0.01, number),
      drawdown: often(0.05, number),
      consecutiveLosses: often(1, number),
      orders: often(3, number),
      traded: often(500, number),
      halt: often<OrderFacts['halt']>('active', fc.constantFrom('paused', 'reducing', 'halted', 'breach')),
      isDeclared: often(true, fc.boolean()),
      frozen: often<string | null>(null, fc.constant('why')),
      duplicateOf: often<string | null>(null, fc.constant('rabcdefghijklmnopq')),
      cooldown: often(0, fc.integer({ min: now - 10, max: now + 10 })),
      clock: fc.record({ offsetMs: often(100, number), uncertaintyMs: often(50, number) }),
    })
    .map(
      (of): OrderFacts => ({
        ...purchaseWith(),
        order: { side: of.side as 'buy' | 'sell', quantity: of.quantity, limitPrice: of.limitPrice, stopPrice: of.stopPrice },
        market: of.market,
        quote: { bid: big('99.9'), ask: of.ask, time: of.quoteTime },
        decision: { close: of.close, closedAt: of.closedAt, stop: of.stop, target: of.target },
        cash: { free: of.free, reserved: of.reserved },
        held: of.held,
        exposure: of.exposure,
        standing: {
          dailyLoss: of.dailyLoss,
          drawdown: of.drawdown,
          consecutiveLosses: of.consecutiveLosses,
          orders: of.orders,
          traded: of.traded,
          lockedUntil: { ...locks, cooldown: of.cooldown },
        },
        halt: of.halt,
        isDeclared: of.isDeclared,
        frozen: of.frozen,
        duplicateOf: of.duplicateOf,
        clock: of.clock,
      }),
    );

  /** The limits said again, plainly and in doubles, for purchases that passed. */
  function isWithin(
    { order, quote, decision, cash, exposure, standing, halt, ...facts }: OrderFacts,
    to: TradingLimits,
  ): boolean {
    const ask = quote!.ask.toNumber();
    const price = order.limitPrice?.toNumber() ?? Math.min(ask, decision.close) * (1 + to.collar);
    const worth = price * order.quantity.toNumber();
    const capital = Math.min(exposure.equity, to.maxCapital!);
    const slack = 1e-9;
    return (
      halt === 'active' &&
      facts.frozen === null &&
      facts.duplicateOf === null &&
      worth >= 5 - slack &&
      price <= Math.min(ask, decision.close) * (1 + to.collar) + slack &&
      worth * 1.002 <= cash.free.minus(cash.reserved).toNumber() + slack &&
      worth <= capital * to.maxOrder + slack &&
      exposure.symbol + worth <= capital * to.maxSymbol + slack &&
      exposure.strategy + worth <= capital * to.maxStrategy + slack &&
      exposure.gross + worth <= capital * to.maxGross + slack &&
      standing.traded + worth <= capital * to.turnover.ratio + slack &&
      standing.orders + 1 <= to.orderRate.orders &&
      standing.dailyLoss <= to.dailyLoss &&
      standing.drawdown <= to.maxDrawdown &&
      standing.consecutiveLosses < to.consecutiveLosses &&
      standing.lockedUntil.cooldown <= facts.now
    );
  }

  it('lets no purchase pass that is over a limit, or of which a number is not known', () => {
    let passed = 0;
    fc.assert(
      fc.property(anyFacts, (facts) => {
        if (facts.order.side === 'sell' || judgeOrder(facts, limits).denial !== null) return;
        passed += 1;
        expect(isWithin(facts, limits)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(passed).toBeGreaterThan(20);
  });

  it('lets every sale pass whose numbers the market takes and that is held', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 5, max: 200 }), (facts, units) => {
        const quantity = new Big(units).div(100);
        const sale: OrderFacts = {
          ...facts,
          order: { side: 'sell', quantity, limitPrice: null, stopPrice: big('100') },
          market: purchaseWith().market,
          held: big('2'),
          duplicateOf: null,
        };
        expect(judgeOrder(sale, { ...limits, isAllowed: false }).denial).toBe(units < 5 ? 'below-minimum' : null);
      }),
    );
  });

  it('is the same in whatever order the checks are asked', () => {
    const checks = [...marketChecks, ...entryChecks];
    fc.assert(
      fc.property(anyFacts, fc.shuffledSubarray(checks, { minLength: checks.length }), (facts, shuffled) => {
        const one = judgedBy(checks, facts, limits);
        const other = judgedBy(shuffled, facts, limits);
        const byName = (trace: typeof one.trace) => trace.toSorted((a, b) => a.check.localeCompare(b.check));
        expect(other.denial).toBe(one.denial);
        expect(byName(other.trace)).toEqual(byName(one.trace));
      }),
    );
  });

  it('agrees with the room that is said to be left', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.record({ equity: fc.double({ min: 0, max: 2_000, noNaN: true }), symbol: share, strategy: share, gross: share }),
        (of) => {
          const exposure = { equity: of.equity, symbol: of.symbol * 300, strategy: of.strategy * 400, gross: of.gross * 700 };
          const room = entryRoom(exposure, limits);
          const judged = (worth: number) =>
            judgeOrder(purchaseWith({ exposure, order: { quantity: new Big(worth), limitPrice: big('1') } }), limits).trace;
          const sizes = ['over-order', 'over-symbol', 'over-strategy', 'over-gross'];
          const isSmallEnough = (worth: number) => judged(worth).every(({ check, passed }) => passed || !sizes.includes(check));
          if (room > 1e-6) expect(isSmallEnough(room * (1 - 1e-9))).toBe(true);
          expect(isSmallEnough(room + 1e-6)).toBe(false);
        },
      ),
    );
  });
});
