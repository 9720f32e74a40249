import { describe, expect, it } from 'vitest';
import { GatesPolicy, parsePolicy } from '#bot/gates/policies.ts';
import type { PolicyFacts } from '#bot/gates/policy/facts.ts';
import { compile, describeRuling, judge, type Ruling } from '#bot/gates/policy/judge.ts';
import { factsOfAChange } from './facts-of-a-change.ts';

function rulings(yaml: string, facts: PolicyFacts = factsOfAChange(), paths?: readonly string[]): readonly Ruling[] {
  return judge(compile(parsePolicy('policies/gates.yaml', `policies:\n${yaml}`, GatesPolicy)), facts, paths);
}

const outcomes = (...given: Parameters<typeof rulings>): readonly string[] =>
  rulings(...given).map(({ outcome, rule }) => `${rule?.id ?? 'no-policy'} ${outcome}`);

const ALWAYS = `  - name: always
    validations:
      - { expression: 'true', message: fine }
`;

describe('a policy is asked', () => {
  const about = (constraints: string): string => `  - name: one
    matchConstraints: ${constraints}
    validations:
      - { expression: 'false', message: no }
${ALWAYS}`;

  it.each([
    ['by author', '{ authors: [bot] }', true],
    ['by author, of another', '{ authors: [person] }', false],
    ['by stage', '{ stages: [shadow, paper] }', true],
    ['by stage, of another', '{ stages: [live] }', false],
    ['by path, when one of several fits', "{ paths: ['docs/**', 'strategies/*/manifest.yaml'] }", true],
    ['by path, of another', "{ paths: ['strategies/*/strategy.ts'] }", false],
    ['by path, where * stays inside a folder', "{ paths: ['strategies/*'] }", false],
    ['by all of them together', "{ authors: [bot], stages: [live], paths: ['**'] }", false],
  ])('%s', (_name, constraints, isAsked) => {
    expect(outcomes(about(constraints)).includes('one/1 denied')).toBe(isAsked);
  });

  it('by its own conditions in CEL', () => {
    const conditioned = (expression: string): string => `  - name: one
    matchConditions:
      - { name: when, expression: '${expression}' }
    validations:
      - { expression: 'false', message: no }
${ALWAYS}`;
    expect(outcomes(conditioned('evidence.trials > 40.0'))).toEqual(['one/1 denied', 'always/1 holds']);
    expect(outcomes(conditioned('evidence.trials > 400.0'))).toEqual(['always/1 holds']);
    expect(outcomes(conditioned('forward.days > 1.0'))).toEqual(['one/when denied', 'always/1 holds']);
  });
});

describe('a match that is too narrow', () => {
  const NARROW = `  - name: narrow
    matchConstraints: { paths: ['strategies/*/manifest.yaml'] }
    validations:
      - { expression: 'true', message: fine }
`;

  it('denies the paths it does not see', () => {
    expect(outcomes(NARROW)).toEqual(['narrow/1 holds']);
    const both = factsOfAChange({ paths: ['strategies/ema-cross/manifest.yaml', 'strategies/ema-cross/strategy.ts'] });
    const [, missed] = rulings(NARROW, both);
    expect(missed).toMatchObject({ isAllowed: false, sentence: expect.stringContaining('strategies/ema-cross/strategy.ts') });
  });

  it('is not widened by a policy that only warns', () => {
    const warning = `  - name: wide
    failureAction: warn
    validations:
      - { expression: 'true', message: fine }
`;
    const both = factsOfAChange({ paths: ['strategies/ema-cross/strategy.ts'] });
    expect(outcomes(NARROW + warning, both)).toEqual(['wide/1 holds', 'no-policy denied']);
  });

  it('denies a change without paths, where no policy is about anything', () => {
    expect(outcomes(NARROW, factsOfAChange({ paths: [] }))).toEqual(['no-policy denied']);
  });
});

describe('what does not hold', () => {
  const acting = (action: string): string => `${ALWAYS}  - name: one
    failureAction: ${action}
    validations:
      - { reason: asks, expression: 'forward.days > 30.0', message: It was not watched. }
`;

  it.each([
    ['deny', 'denied', false],
    ['warn', 'noted', true],
    ['audit', 'noted', true],
  ])('under %s is %s', (action, outcome, isAllowed) => {
    expect(rulings(acting(action))[1]).toMatchObject({
      outcome,
      isAllowed,
      sentence: 'It was not watched. (there is no forward.days)',
      seen: [{ name: 'forward.days', value: 'absent' }],
    });
  });

  it('is told in the words of messageExpression, and in plain ones where that cannot be judged', () => {
    const told = (expression: string): string => `  - name: one
    validations:
      - { expression: 'evidence.trials < 10.0', message: Too many trials., messageExpression: '${expression}' }
`;
    expect(rulings(told('string(evidence.trials) + " trials are too many."'))[0]?.sentence).toBe('48 trials are too many.');
    expect(rulings(told('string(forward.days) + " days"'))[0]?.sentence).toBe('Too many trials.');
  });

  it('names the rule and shows what it saw', () => {
    const [ruling] = rulings(`  - name: one
    variables:
      - { name: gain, expression: evidence.selection.candidate.netReturn - evidence.selection.incumbent.netReturn }
    validations:
      - { reason: gains, expression: variables.gain > 0.5, message: It gains too little. }
`);
    expect(ruling?.seen).toEqual([
      { name: 'evidence.selection.candidate.netReturn', value: 0.05 },
      { name: 'evidence.selection.incumbent.netReturn', value: -0.02 },
    ]);
    expect(describeRuling(ruling!)).toBe('**denied**: It gains too little. (one/gains: `variables.gain > 0.5`)');
  });

  it('includes facts that are no facts', () => {
    const [ruling, ...others] = rulings(ALWAYS, factsOfAChange({ candidate: { netReturn: Number.NaN } }));
    expect(ruling).toMatchObject({
      isAllowed: false,
      sentence: expect.stringContaining('netReturn cannot be judged: it is NaN'),
    });
    expect(others).toEqual([]);
  });
});

describe('a policy file', () => {
  it.each([
    ['is missing', null, 'does not exist'],
    ['is not YAML', 'policies: [', 'policies/gates.yaml cannot be read'],
    ['has an unknown key', 'policies: []\nallowAll: true\n', 'policies/gates.yaml cannot be read'],
    ['has no policy in it', 'policies: []\n', 'policies'],
    [
      'has a misspelt part',
      'policies:\n  - { name: a, validation: [{ expression: "true", message: b }] }\n',
      'policies/gates.yaml cannot be read',
    ],
    [
      'has an action nobody knows',
      'policies:\n  - { name: a, failureAction: Deny, validations: [{ expression: "true", message: b }] }\n',
      'failureAction',
    ],
    [
      'has a stage nobody knows',
      'policies:\n  - { name: a, matchConstraints: { stages: [papr] }, validations: [{ expression: "true", message: b }] }\n',
      'stages',
    ],
    [
      'says one thing twice, of which each reader takes another',
      'policies:\n  - { name: a, failureAction: deny, failureAction: warn, validations: [{ expression: "true", message: b }] }\n',
      'policies/gates.yaml cannot be read: Map keys must be unique',
    ],
    [
      'merges in what stands elsewhere',
      'policies:\n  - { <<: &a { failureAction: warn }, name: a, validations: [{ expression: "true", message: b }] }\n',
      'Unrecognized key: "<<"',
    ],
    [
      'is two documents, of which one is hidden below',
      `policies:\n${ALWAYS}---\npolicies: []\n`,
      'policies/gates.yaml cannot be read: Source contains multiple documents',
    ],
    [
      'grows without end',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\npolicies: [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n`,
      'Excessive alias count',
    ],
    [
      'gives a condition that is no text',
      'policies:\n  - { name: a, validations: [{ expression: true, message: b }] }\n',
      'policies.0.validations.0.expression',
    ],
    ['has one name twice', `policies:\n${ALWAYS}${ALWAYS}`, 'two policies have one name'],
  ])('that %s is one clear error', (_name, text, expected) => {
    expect(() => parsePolicy('policies/gates.yaml', text, GatesPolicy)).toThrow(expected);
  });

  it('with a misspelt fact is refused before anything is judged, with its place', () => {
    expect(() => rulings(ALWAYS.replace("'true'", 'evidence.trails > 1.0'))).toThrow(
      'policies/gates.yaml: always: The policy expression `evidence.trails > 1.0` cannot be judged: No such key: trails.',
    );
  });
});
