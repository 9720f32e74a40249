import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRiskPolicy } from '#engine/risk/risk-policy.ts';
import { tradingLimits } from '#engine/risk/trading-limits.ts';
import { policyOf } from './order-facts.ts';

const live = (more: string) => `stages: {}\nlive: { allowed: true, maxCapital: 2000${more} }`;

describe('the limits of a stage', () => {
  it('let nobody trade with money where the file says nothing of it', () => {
    const old = policyOf('stages: { live: { maxDrawdown: 0.2 } }');
    expect(tradingLimits(old, 'live', true)).toMatchObject({ isAllowed: false, maxCapital: 0 });
    expect(tradingLimits(old, 'live', false)).toMatchObject({ isAllowed: true, maxCapital: null });
  });

  it('give a canary the first step of the capital, and live the step in force', () => {
    const capital = (text: string) =>
      (['canary', 'live'] as const).map((stage) => tradingLimits(policyOf(text), stage, true).maxCapital);
    expect(capital(live(''))).toEqual([200, 200]);
    expect(capital(live(', capitalStep: 3'))).toEqual([200, 1000]);
    expect(capital(live(', capitalSteps: [0.05, 1], capitalStep: 2'))).toEqual([100, 2000]);
  });

  it('are those of the stage, and of the account for every stage', () => {
    const policy = policyOf(`
stages: {}
orders: { canary: { maxOrder: 0.1 }, live: { maxOrder: 0.2 } }
account: { maxGross: 0.7, turnover: { ratio: 3, hours: 12 } }
`);
    expect(tradingLimits(policy, 'canary', true)).toMatchObject({ maxOrder: 0.1, maxGross: 0.7 });
    expect(tradingLimits(policy, 'live', true)).toMatchObject({ maxOrder: 0.2, turnover: { ratio: 3, windowMs: 43_200_000 } });
    expect(tradingLimits(policy, 'paper', false)).toMatchObject({ maxOrder: 1, maxGross: 0.7 });
  });

  it.each([
    ['allows money without saying how much', 'stages: {}\nlive: { allowed: true }', /^live: .*maxCapital/],
    ['has steps that fall', live(', capitalSteps: [0.5, 0.1]'), /^live\.capitalSteps/],
    ['has a step that is not there', live(', capitalStep: 5'), /^live: there is no such/],
    ['has a zone that is not there', 'stages: {}\ntimeZone: Mars/Olympus', /^timeZone: no such/],
    ['has a limit that is none', 'stages: {}\naccount: { maxGross: .inf }', /^account\.maxGross/],
    ['stops at the entry', 'stages: {}\ndefaultStop: 0', /^defaultStop/],
    ['misspells', 'stages: {}\nlocks: { cooldownMinuts: 3 }', /^locks/],
  ])('are refused from a file that %s', (_name, text, problem) => {
    const parsed = parseRiskPolicy(text);
    expect('problem' in parsed ? parsed.problem : 'none').toMatch(problem);
  });

  it('that are shipped allow no money, and name every limit that there is', () => {
    const shipped = policyOf(readFileSync('policies/risk.yaml', 'utf8'));
    expect(shipped.live?.allowed).toBe(false);
    expect(shipped).toMatchObject({
      timeZone: 'UTC',
      defaultStop: expect.any(Number),
      orders: { canary: { maxOrder: expect.any(Number) }, live: { minEdgeOverCost: expect.any(Number) } },
      account: { turnover: { ratio: expect.any(Number) } },
      freshness: { clockSkewSeconds: expect.any(Number) },
      locks: { stops: { count: expect.any(Number) }, cooldownMinutes: expect.any(Number) },
    });
  });
});
