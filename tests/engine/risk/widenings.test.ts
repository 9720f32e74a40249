import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { widenings } from '#engine/risk/widenings.ts';
import { policyOf } from './order-facts.ts';

const shipped = readFileSync('policies/risk.yaml', 'utf8');
const from = (before: string, after: string) => widenings(policyOf(before), policyOf(after));
const edited = (one: string, other: string): string => {
  expect(shipped).toContain(one);
  return shipped.replace(one, other);
};

describe('a risk policy is wider', () => {
  it.each([
    ['maxDrawdown: 0.5', 'maxDrawdown: 0.6', ['stages.paper.maxDrawdown from 0.5 to 0.6']],
    ['  paper: { maxDrawdown: 0.5 }\n', '', ['stages.paper.maxDrawdown from 0.5 to none']],
    ['defaultStop: 0.1', 'defaultStop: 0.2', ['defaultStop of canary from 0.1 to 0.2', 'defaultStop of live from 0.1 to 0.2']],
    [
      'canary: { maxOrder: 1, maxStrategy: 1, collar: 0.01',
      'canary: { maxOrder: 1, maxStrategy: 1, collar: 0.02',
      ['collar of canary from 0.01 to 0.02'],
    ],
    ['minEdgeOverCost: 1.5 }\n\n', 'minEdgeOverCost: 0 }\n\n', ['minEdgeOverCost of live from 1.5 to 0']],
    ['maxSymbol: 0.5', 'maxSymbol: 0.6', ['maxSymbol of canary from 0.5 to 0.6', 'maxSymbol of live from 0.5 to 0.6']],
    ['hours: 24 }', 'hours: 12 }', ['turnover.hours of canary from 24 to 12', 'turnover.hours of live from 24 to 12']],
    [
      'lockHours: 24 }',
      'lockHours: 1 }',
      ['locks.stops.lockHours of canary from 24 to 1', 'locks.stops.lockHours of live from 24 to 1'],
    ],
    [
      'allowed: false',
      'allowed: true\n  maxCapital: 500',
      ['live.allowed from false to true', 'capital at stake of canary from 0 to 50', 'capital at stake of live from 0 to 50'],
    ],
  ])('with %j made %j, and it says how', (one, other, clauses) => {
    expect(from(shipped, edited(one, other))).toEqual(clauses);
    expect(from(edited(one, other), shipped)).toEqual([]);
  });

  it('where a limit is left out that was tighter than what then holds', () => {
    expect(
      from(shipped, 'stages: { paper: { maxDrawdown: 0.5 }, canary: { maxDrawdown: 0.2 }, live: { maxDrawdown: 0.2 } }'),
    ).toEqual(
      expect.arrayContaining([
        'collar of canary from 0.01 to 0.02',
        'maxSymbol of live from 0.5 to 1',
        'minEdgeOverCost of live from 1.5 to 1',
      ]),
    );
  });

  it('not where only words change', () => {
    expect(from(shipped, `${shipped}# And more words.\n`)).toEqual([]);
  });
});
