import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AutonomyPolicy, GatesPolicy, PathsPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { Condition, type PolicyFacts } from '#bot/gates/policy/cel.ts';
import { compile, judge } from '#bot/gates/policy/judge.ts';

const better = { netReturn: 0.05, maxDrawdown: 0.1, trades: 60 };
const worse = { netReturn: -0.02, maxDrawdown: 0.12, trades: 300 };

function facts(
  change: { stage?: string; author?: 'bot' | 'person'; candidate?: Partial<typeof better>; doubled?: number } = {},
): PolicyFacts {
  const candidate = { ...better, ...change.candidate };
  const pair = { candidate: change.doubled ?? 0.03, incumbent: -0.1 };
  return {
    change: { author: change.author ?? 'bot', paths: ['strategies/ema-cross/manifest.yaml'] },
    strategy: { id: 'ema-cross', stage: change.stage ?? 'paper', stageBefore: 'paper' },
    evidence: {
      selection: { candidate, incumbent: worse },
      development: { candidate, incumbent: worse },
      costs: { doubled: pair, tripled: pair },
      delayedOneBar: pair,
      trials: 48,
      trialsEver: 48,
    },
    gates: { sandbox: 'success' },
  };
}

const shipped = compile(parsePolicy('policies/gates.yaml', readFileSync('policies/gates.yaml', 'utf8'), GatesPolicy));
const denials = (given: PolicyFacts): readonly string[] =>
  judge(shipped, given)
    .filter((ruling) => !ruling.isAllowed)
    .map((ruling) => ruling.sentence);

describe('the shipped gates policy', () => {
  it.each<[string, PolicyFacts, string | null]>([
    ['a paper version that earns more after costs', facts(), null],
    ['one that earns less than the incumbent', facts({ candidate: { netReturn: -0.03 } }), 'does not earn more'],
    ['one that wins only while costs are low', facts({ doubled: -0.2 }), 'doubled costs'],
    ['one with a much deeper drawdown', facts({ candidate: { maxDrawdown: 0.3 } }), 'drawdown'],
    ['one with too few trades to judge', facts({ candidate: { trades: 5 } }), 'Fewer than 20'],
    ['a bot that asks for money', facts({ stage: 'live' }), 'by a person'],
    ['a stage that no policy names', facts({ stage: 'turbo' }), 'No policy matches'],
  ])('rules on %s', (_name, given, expected) => {
    const found = denials(given);
    if (expected === null) expect(found).toEqual([]);
    else expect(found.join(' ')).toContain(expected);
  });

  it('parses with its sisters', () => {
    expect(() => parsePolicy('policies/paths.yaml', readFileSync('policies/paths.yaml', 'utf8'), PathsPolicy)).not.toThrow();
    expect(() =>
      parsePolicy('policies/autonomy.yaml', readFileSync('policies/autonomy.yaml', 'utf8'), AutonomyPolicy),
    ).not.toThrow();
  });
});

describe('a policy expression', () => {
  it('is refused when it is loaded if a field is misspelt, and when it is no question', () => {
    expect(() => new Condition('evidence.selektion.candidate.netReturn > 0.0')).toThrow('cannot be judged');
    expect(() => new Condition('1 + 1')).toThrow('not true or false');
    expect(() => new Condition('strategy.stage ==')).toThrow('cannot be judged');
  });

  it('denies on NaN, even where the comparison is turned around', () => {
    const condition = new Condition('!(evidence.selection.candidate.maxDrawdown > 0.2)');
    expect(() => condition.holds(facts({ candidate: { maxDrawdown: Number.NaN } }))).toThrow('NaN');
  });

  it('denies when it speaks of something that is not there', () => {
    expect(() => new Condition('gates["audit"] == "success"').holds(facts())).toThrow('cannot be judged');
  });
});

describe('a policy file', () => {
  it.each([
    ['is missing', null, 'does not exist'],
    ['is not YAML', 'policies: [', 'cannot be read'],
    ['has an unknown key', 'policies: []\nallowAll: true\n', 'cannot be read'],
    ['has no policy in it', 'policies: []\n', 'policies'],
  ])('that %s is one clear error', (_name, text, expected) => {
    expect(() => parsePolicy('policies/gates.yaml', text, GatesPolicy)).toThrow(expected);
  });
});
