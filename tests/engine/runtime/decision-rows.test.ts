import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { CheckResult } from '#engine/risk/judge-order.ts';
import { decisionRows, type Taken, withAges } from '#engine/runtime/decision-rows.ts';

const buy: DecisionRecord = { symbol: 'BTC/USD', action: 'target', reason: 'cross', weight: 0.5 };
const sell: DecisionRecord = { symbol: 'ETH/USD', action: 'exit', reason: 'over' };
const hold: DecisionRecord = { symbol: 'SOL/USD', action: 'hold', reason: 'no signal' };
const nothing: Taken = { denials: [], judged: [], isShadow: false, halt: 'active' };
const found = (check: CheckResult['check'], passed: boolean): CheckResult => ({ check, passed, value: 300, limit: 200 });
const denied = (code: CheckResult['check']) => [{ time: 0, symbol: 'BTC/USD', code, reason: 'cross' }];
const checksOf = (taken: Partial<Taken>) => decisionRows([buy], { ...nothing, ...taken })[0]!.checks!;

describe('the record of a decision', () => {
  it('says how old its bar was when it was known, and what was waited for in vain', () => {
    const bar = { time: 3_540_000, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    const bars = [
      { symbol: 'ETH/USD', ...bar },
      { symbol: 'BTC/USD', ...bar },
    ];
    const decisions = decisionRows([buy, sell, hold], nothing);
    const step = { strategy: 's', treeHash: 't', instant: 3_600_000, fills: [], trades: [], denials: [], decisions, equity: 1 };
    const ages = (time: number, ages: number[]) =>
      withAges(step, { time, bars, ages, missing: ['XRP/USD'] }).decisions.map(({ ageMs, missing }) => [ageMs, missing]);
    const lacking = ['XRP/USD'];
    // In the last minute of its hour nothing of SOL traded: that it had closed was known when all others had.
    expect(ages(3_600_000, [1_200.4, 90])).toEqual([
      [90, lacking],
      [1200, lacking],
      [1200, lacking],
    ]);
    // Nothing at all closed with the hour: it was over with what closed a minute later.
    expect(ages(3_660_000, [5, 7])[0]).toEqual([60_007, lacking]);
    // The venue's clock was taken for a little slower than it is.
    expect(ages(3_600_000, [-30, -20])[0]).toEqual([0, lacking]);
  });

  it('says what came of each, and what it was asked', () => {
    expect(decisionRows([buy, sell, hold], nothing).map(({ outcome, checks }) => [outcome, checks!.length])).toEqual([
      ['accepted', 5],
      ['accepted', 0],
      ['held', 0],
    ]);
    expect(decisionRows([buy, hold], { ...nothing, isShadow: true }).map(({ outcome, checks }) => [outcome, checks])).toEqual([
      ['shadow', []],
      ['held', []],
    ]);
  });

  it('goes on with every check of its order, where it was judged', () => {
    const trace = [found('off-step', true), found('halted', true), found('over-order', false), found('turnover', true)];
    const judged = [{ instant: 1, symbol: 'BTC/USD', trace }];
    const checks = checksOf({ judged, denials: denied('over-order') });
    expect(checks.slice(-4)).toEqual(trace);
    expect(checks.filter(({ check }) => check === 'halted')).toHaveLength(1);
    expect(checks.filter(({ passed }) => !passed)).toEqual([found('over-order', false)]);
    expect(checksOf({ judged: [{ instant: 1, symbol: 'ETH/USD', trace }] })).toHaveLength(5);
  });

  it('ends with what stopped it, where no order was judged', () => {
    expect(checksOf({ denials: denied('no-free-cash') }).at(-1)).toMatchObject({ check: 'no-free-cash', passed: false });
    expect(checksOf({ denials: denied('halted'), halt: 'halted' }).at(-1)).toEqual({
      check: 'halted',
      passed: false,
      value: 'halted',
      limit: 'active',
    });
  });
});
