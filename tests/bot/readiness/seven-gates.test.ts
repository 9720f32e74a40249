import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { READINESS_GATES, type ReadinessGate, Verdict } from '#bot/gates/forward-evidence.ts';
import { ReadinessPolicy } from '#bot/gates/readiness-policy.ts';
import type { ScoredForecast } from '#bot/memory/memory.ts';
import { expectedAfter } from '#bot/readiness/gates/edge.ts';
import type { Question } from '#bot/readiness/gates/question.ts';
import { allPass, sevenGates } from '#bot/readiness/seven-gates.ts';
import type { ForwardFigures, ResultFigures } from '#engine/runtime/forward/forward-figures.ts';

const shipped = ReadinessPolicy.parse(parse(readFileSync(new URL('../../../policies/readiness.yaml', import.meta.url), 'utf8')));
const limits = shipped.targets.canary!;
const DAYS = 45;
/** Up more often than down, and never the same. */
const good = Array.from({ length: DAYS }, (_, day) => (day % 3 === 0 ? -0.002 : 0.003) + (day % 7) * 0.0001);
const result: ResultFigures = {
  isHypothetical: false,
  trades: 40,
  winRate: 0.6,
  netReturn: 0.06,
  maxDrawdown: 0.02,
  daily: good,
};
const figures: ForwardFigures = {
  strategy: 'ema-cross',
  tree: 'a'.repeat(40),
  commit: 'b'.repeat(40),
  stage: 'paper',
  since: 0,
  asOf: DAYS * 86_400_000,
  days: DAYS,
  uptime: 0.999,
  decisions: { due: 1_080, made: 1_080 },
  faults: 0,
  data: { expected: 1_080, present: 1_075, longestGap: 2, age: 0, corrections: 0 },
  result,
  parity: { state: 'compared', what: 'trades', compared: 40, differences: 0, first: null },
};
const prediction = {
  days: 90,
  netReturn: { low: -0.05, median: 0.1, high: 0.3 },
  maxDrawdown: 0.1,
  killRule: { maxDrawdown: 0.2, netReturn: -0.1, afterDays: 90 },
};

function ask(change: Partial<ForwardFigures> = {}, other: Partial<Question> = {}) {
  const readings = sevenGates({
    figures: { ...figures, ...change },
    limits,
    prediction,
    forecasts: [],
    maxDrawdown: 0.2,
    ...other,
  });
  const of = (gate: ReadinessGate) => readings.find((one) => one.gate === gate)!;
  return { readings, of };
}
const withResult = (change: Partial<ResultFigures>): Partial<ForwardFigures> => ({ result: { ...result, ...change } });
const forecast = (state: ScoredForecast['state']): ScoredForecast => ({
  source: 'author',
  event: { measure: 'netReturn', is: 'above', value: 0 },
  probability: 0.8,
  afterDays: 30,
  dueAt: 0,
  state,
  measured: null,
  why: null,
});

describe('the seven gates', () => {
  it('are named, in order, and all pass for what ran well for long enough', () => {
    const { readings } = ask();
    expect(readings.map(({ gate }) => gate)).toEqual(['uptime', 'decisions', 'data', 'stability', 'edge', 'drawdown', 'parity']);
    expect(allPass(readings)).toBe(true);
  });

  it('say not-enough, each of them, where there is nothing to look at', () => {
    const nothing = { uptime: null, decisions: null, data: null, result: null, days: 0 } as const;
    const { readings } = ask({ ...nothing, parity: { state: 'cannot', why: 'its candles are gone' } });
    expect(readings.map(({ verdict }) => verdict)).toEqual(READINESS_GATES.map(() => 'not-enough'));
    expect(allPass(readings)).toBe(false);
  });

  it('have one sentence each, whatever they say', () => {
    for (const { sentence, verdict } of [...ask().readings, ...ask({ result: null, decisions: null, data: null }).readings]) {
      expect(sentence).toMatch(/^[A-Z0-9].*\.$/s);
      expect(Verdict.options).toContain(verdict);
    }
  });

  it('uptime: by the clock on the wall, and a weekend without the engine is a weekend', () => {
    expect(ask({ uptime: limits.uptime }).of('uptime')).toMatchObject({ verdict: 'pass', value: 0.99, limit: 0.99 });
    expect(ask({ uptime: 5 / 7 }).of('uptime')).toMatchObject({ verdict: 'fail', sentence: expect.stringContaining('71.4%') });
  });

  it('decisions: on every bar due, and without a fault', () => {
    expect(ask({ decisions: { due: 168, made: 120 } }).of('decisions')).toMatchObject({ verdict: 'fail', value: 120 / 168 });
    expect(ask({ faults: 1 }).of('decisions')).toMatchObject({ verdict: 'fail', sentence: expect.stringContaining('1 fault') });
    expect(ask({ decisions: { due: 1, made: 1 } }).of('decisions').verdict).toBe('pass');
    expect(ask({ decisions: { due: 0, made: 0 } }).of('decisions').verdict).toBe('not-enough');
  });

  it.each([
    ['too many bars missing', { present: 1_000 }],
    ['one long gap', { longestGap: limits.gapBars + 1 }],
    ['a newest bar that is old', { age: limits.ageBars + 1 }],
    ['too many corrections', { corrections: limits.corrections + 1 }],
  ])('data: fails for %s', (_, change) => {
    expect(ask({ data: { ...figures.data!, ...change } }).of('data').verdict).toBe('fail');
  });

  it('stability: not one lucky week', () => {
    const lucky = Array.from({ length: DAYS }, (_, day) => (day === 20 ? 0.5 : -0.001));
    expect(ask(withResult({ daily: lucky, netReturn: 0.4 })).of('stability')).toMatchObject({
      verdict: 'fail',
      // Seven of 39 weeks hold that day.
      value: 7 / 39,
    });
    expect(ask({ days: 29 }).of('stability')).toMatchObject({ verdict: 'not-enough', value: null });
    expect(ask(withResult({ daily: good.slice(0, 6) })).of('stability').verdict).toBe('not-enough');
  });

  it('edge: sure enough that it earns at all, or undecided, or rather not', () => {
    expect(ask().of('edge')).toMatchObject({ verdict: 'pass', limit: 0.9 });
    const wavering = good.map((value, day) => value + (day % 2 === 0 ? 0.02 : -0.02));
    expect(ask(withResult({ daily: wavering })).of('edge').verdict).toBe('not-enough');
    const losing = good.map((value) => -value);
    expect(ask(withResult({ daily: losing, netReturn: -0.01 })).of('edge').verdict).toBe('fail');
  });

  it('edge: too few days or trades are not ready, and said so, however good they are', () => {
    expect(ask(withResult({ trades: 19 })).of('edge')).toMatchObject({
      verdict: 'not-enough',
      sentence: expect.stringContaining('too few to judge by'),
    });
    expect(ask(withResult({ daily: good.map(() => 0.001) })).of('edge').verdict).toBe('not-enough');
  });

  it('edge: against what its evidence foretold, and not without', () => {
    expect(ask(withResult({ netReturn: -0.2 })).of('edge')).toMatchObject({ verdict: 'fail' });
    expect(ask({}, { prediction: null }).of('edge').verdict).toBe('not-enough');
    // At its own days a forecast is what it was; at a quarter of them it is half as wide.
    expect(expectedAfter(prediction, 90)).toEqual({ low: expect.closeTo(-0.05, 12), high: expect.closeTo(0.3, 12) });
    expect(expectedAfter(prediction, 22.5)).toEqual({ low: expect.closeTo(-0.05, 12), high: expect.closeTo(0.125, 12) });
  });

  it('edge: a forecast that came due and did not come true fails it, with its error', () => {
    const { of } = ask({}, { forecasts: [forecast('came-true'), forecast('did-not')] });
    expect(of('edge')).toMatchObject({ verdict: 'fail', sentence: expect.stringContaining('1 of 2 forecasts') });
    expect(of('edge').sentence).toContain('mean squared error 0.34');
    expect(ask({}, { forecasts: [forecast('pending')] }).of('edge').verdict).toBe('pass');
    expect(ask({ days: 5 }, { forecasts: [forecast('did-not')] }).of('edge').verdict).toBe('fail');
  });

  it('drawdown: the tighter of risk.yaml at the next stage and of what was foretold', () => {
    expect(ask().of('drawdown')).toMatchObject({ verdict: 'pass', limit: expect.closeTo(0.075, 12) });
    expect(ask({}, { maxDrawdown: 0.02 }).of('drawdown')).toMatchObject({ verdict: 'fail', limit: expect.closeTo(0.015, 12) });
    expect(ask({}, { maxDrawdown: null, prediction: null }).of('drawdown').verdict).toBe('not-enough');
    // What has fallen too deep already need not be watched any longer.
    expect(ask({ days: 2, ...withResult({ maxDrawdown: 0.09 }) }).of('drawdown').verdict).toBe('fail');
    expect(ask({ days: 2 }).of('drawdown').verdict).toBe('not-enough');
  });

  it('parity: none may differ on paper; a venue is allowed what the policy says', () => {
    const one = { state: 'compared', what: 'decisions', compared: 100, differences: 1, first: 'the engine recorded …' } as const;
    expect(ask({ parity: one }).of('parity')).toMatchObject({ verdict: 'fail', value: 0.01, limit: 0 });
    expect(ask({ parity: one }, { limits: shipped.targets.live! }).of('parity').verdict).toBe('pass');
    expect(ask({ parity: { ...one, compared: 0, differences: 0, first: null } }).of('parity').verdict).toBe('not-enough');
  });
});

describe('policies/readiness.yaml', () => {
  it('asks no less of money than of paper', () => {
    const [paper, canary, live] = [shipped.targets.paper!, shipped.targets.canary!, shipped.targets.live!];
    for (const [lower, higher] of [
      [paper, canary],
      [canary, live],
    ] as const) {
      for (const least of ['weeks', 'days', 'trades', 'uptime', 'decided', 'windowsUp', 'edge'] as const)
        expect(higher[least]).toBeGreaterThanOrEqual(lower[least]);
      for (const most of ['missing', 'gapBars', 'ageBars', 'corrections', 'drawdown'] as const)
        expect(higher[most]).toBeLessThanOrEqual(lower[most]);
    }
  });

  it('is refused with a limit that is misspelt, or for shadow, which nobody is promoted to', () => {
    expect(ReadinessPolicy.safeParse({ targets: { paper: { ...shipped.targets.paper, wekes: 1 } } }).success).toBe(false);
    expect(ReadinessPolicy.safeParse({ targets: { shadow: shipped.targets.paper } }).success).toBe(false);
  });
});
