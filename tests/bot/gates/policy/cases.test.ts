import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AutonomyPolicy,
  GATES_CASES_PATH,
  GATES_POLICY_PATH,
  GatesPolicy,
  PATHS_POLICY_PATH,
  PathsPolicy,
  parsePolicy,
  RISK_POLICY_PATH,
  RiskPolicy,
} from '#bot/gates/policies.ts';
import { PolicyCases, runCases } from '#bot/gates/policy/cases.ts';
import { compile } from '#bot/gates/policy/judge.ts';

const rulesIn = (yaml: string) => compile(parsePolicy(GATES_POLICY_PATH, yaml, GatesPolicy));
const casesIn = (yaml: string) => parsePolicy(GATES_CASES_PATH, yaml, PolicyCases);
const shipped = rulesIn(readFileSync(GATES_POLICY_PATH, 'utf8'));
const table = casesIn(readFileSync(GATES_CASES_PATH, 'utf8'));

describe('the shipped policies', () => {
  const report = runCases(shipped, table);

  it.each(report.cases)('rule as written: $name', ({ complaint }) => {
    expect(complaint).toBe('');
  });

  it('have a passing and a failing case for every validation', () => {
    expect(report.unproven).toEqual([]);
    expect(report.passed).toBe(true);
  });

  it('parse with their sisters', () => {
    const read = (path: string) => readFileSync(path, 'utf8');
    expect(() => parsePolicy(PATHS_POLICY_PATH, read(PATHS_POLICY_PATH), PathsPolicy)).not.toThrow();
    expect(() => parsePolicy('policies/autonomy.yaml', read('policies/autonomy.yaml'), AutonomyPolicy)).not.toThrow();
    expect(() => parsePolicy(RISK_POLICY_PATH, read(RISK_POLICY_PATH), RiskPolicy)).not.toThrow();
  });

  it.each([
    ['asks for less', /deflatedSharpe >= 0\.95/, 'deflatedSharpe >= 0.90', 'deflated Sharpe ratio is not enough'],
    ['asks for more', /forward\.days >= 30\.0/, 'forward.days >= 60.0', 'a month of watching'],
    [
      'turns a comparison around',
      /variables\.candidate > variables\.incumbent/,
      'variables.candidate >= variables.incumbent',
      'exactly as much',
    ],
    ['asks the wrong person', /change\.author == "person"/, 'change.author != "nobody"', 'a bot that asks for money'],
  ])('are caught by their cases when someone %s', (_name, from, to, noticed) => {
    const altered = runCases(rulesIn(readFileSync(GATES_POLICY_PATH, 'utf8').replace(from, to)), table);
    expect(altered.passed).toBe(false);
    expect(
      altered.cases
        .filter(({ isAsExpected }) => !isAsExpected)
        .map(({ name }) => name)
        .join('\n'),
    ).toContain(noticed);
  });
});

describe('a table of cases', () => {
  const rules = rulesIn(`policies:
  - name: asks
    validations:
      - { reason: for-much, expression: evidence.trials > 10.0, message: no }
`);
  const one = (lines: string): string =>
    `facts: { change: { author: bot, paths: [a] }, evidence: { trials: 20 } }\ncases:\n${lines}\n`;
  const run = (lines: string) => runCases(rules, casesIn(one(lines)));

  it('says which validation nobody saw fail, and which nobody saw hold', () => {
    expect(run('  - { name: much, expect: allowed }')).toMatchObject({
      passed: false,
      unproven: [{ validation: 'asks/for-much', lacks: 'a failing case' }],
    });
    expect(run('  - { name: little, given: { evidence: { trials: 1 } }, expect: denied, fails: [asks/for-much] }')).toMatchObject(
      {
        passed: false,
        unproven: [{ validation: 'asks/for-much', lacks: 'a passing case' }],
      },
    );
  });

  it.each([
    ['expects the other verdict', '  - { name: a, expect: denied }', 'it is allowed, not denied'],
    ['expects nothing to fail', '  - { name: a, given: { evidence: { trials: 1 } }, expect: denied }', 'asks/for-much fails too'],
    ['expects what does not fail', '  - { name: a, expect: allowed, fails: [asks/for-much] }', 'asks/for-much does not fail'],
    ['has a fact there is not', '  - { name: a, given: { evidence: { trails: 1 } }, expect: allowed }', 'its facts are wrong'],
    ['is like one that comes later', '  - { name: a, like: b, expect: allowed }', 'no case before it named b'],
  ])('is wrong where it %s', (_name, lines, complaint) => {
    const [first] = run(lines).cases;
    expect(first).toMatchObject({ isAsExpected: false, complaint: expect.stringContaining(complaint) });
  });

  it('that is empty is refused', () => {
    expect(() => casesIn('facts: {}\ncases: []\n')).toThrow(GATES_CASES_PATH);
  });
});
