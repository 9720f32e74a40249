import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { describe, expect, it } from 'vitest';
import { Expression, type Variables, withVariable } from '#bot/gates/policy/cel.ts';
import { isNormal, type PolicyFacts } from '#bot/gates/policy/facts.ts';
import fc from '#tests/support/properties.ts';
import { factsOfAChange } from './facts-of-a-change.ts';

type Answer = boolean | 'cannot say';

/** What this house says. */
function ours(text: string, facts: PolicyFacts): Answer {
  try {
    return new Expression(text, 'bool').holds(facts);
  } catch {
    return 'cannot say';
  }
}

/** What another implementation of the standard says; it answers an error with a value, which only this may read. */
function oracle(text: string, facts: PolicyFacts): Answer {
  const answer = plan(celEnv(), parse(text))(asMap(facts) as Record<string, never>);
  if (isCelError(answer)) return 'cannot say';
  if (typeof answer !== 'boolean') throw new Error(`The oracle gives ${String(answer)} for ${text}.`);
  return answer;
}

function asMap(value: unknown): unknown {
  const inner = (item: unknown): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? new Map(Object.entries(item).map(([key, one]) => [key, inner(one)]))
      : item;
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, inner(item)]));
}

const good = factsOfAChange({ statistics: { deflatedSharpe: 0.97 } });
const zero = factsOfAChange({ candidate: { netReturn: 0, maxDrawdown: 0, trades: 0 } });
const strange = factsOfAChange({ author: 'person', stage: 'live', paths: ['a/b c.ts', 'ä/ö', 'policies/gates.yaml'] });

describe('an expression with one meaning', () => {
  it.each([
    'evidence.selection.candidate.netReturn > evidence.selection.incumbent.netReturn',
    'evidence.selection.candidate.trades >= 20.0',
    'evidence.selection.candidate.trades >= 20',
    'evidence.selection.candidate.maxDrawdown <= evidence.selection.incumbent.maxDrawdown * 1.25',
    'evidence.selection.candidate.netReturn - evidence.selection.incumbent.netReturn >= 0.07',
    '-evidence.selection.candidate.netReturn < 0.0',
    '(evidence.trials + evidence.trialsEver) / 2.0 == 48.0',
    'double("0.5") < 1.0',
    'int(evidence.trials) % 5 == 3',
    'change.author == "person" || strategy.stage == "paper"',
    'change.author == "bot" && !(strategy.stage == "live")',
    'strategy.stage in ["paper", "shadow"]',
    'strategy.stage != strategy.stageBefore',
    '!strategy.ranBefore',
    'has(evidence.statistics.deflatedSharpe)',
    '!has(evidence.statistics.deflatedSharpe) || evidence.statistics.deflatedSharpe >= 0.95',
    'has(evidence.statistics.deflatedSharpe) ? evidence.statistics.deflatedSharpe >= 0.95 : false',
    'evidence.statistics.deflatedSharpe >= 0.95',
    'gates.sandbox == "success"',
    'has(gates.backtest)',
    'gates.backtest == "success"',
    'change.paths.all(p, p.startsWith("strategies/"))',
    'change.paths.exists(p, p.endsWith(".yaml"))',
    'change.paths.exists_one(p, p.contains("gates"))',
    'change.paths.filter(p, p.matches("^[a-z]+/")).size() == size(change.paths)',
    'change.paths.map(p, p.size()).exists(n, n > 12)',
    'change.paths[0] == "strategies/ema-cross/manifest.yaml"',
    'change.paths[7] == "x"',
    'forward.days >= 30.0',
    '"b" in ["a", "b"] && [1, 2].size() == 2',
    'string(evidence.trials) + " trials" == "48 trials"',
  ])('%s', (text) => {
    for (const facts of [good, zero, strange]) expect([text, ours(text, facts)]).toEqual([text, oracle(text, facts)]);
  });
});

describe('where the standard lets an error pass', () => {
  it.each([
    ['an error beside a truth', 'evidence.statistics.deflatedSharpe > 0.95 || true', true],
    ['an error beside a falsehood, turned around', '!(evidence.statistics.deflatedSharpe > 0.95 && false)', true],
    ['an error among the items of exists()', 'change.paths.exists(p, p == change.paths[1] || p.size() > 0)', true],
    ['a division by zero beside a truth', '1 / 0 == 1 || true', true],
    ['all() over nothing', 'change.paths.filter(p, p == "").all(p, false)', true],
    ['NaN that a calculation made, turned around', '!(0.0 / 0.0 > 0.2)', true],
    ['NaN that a text made, turned around', '!(double("NaN") > 0.2)', true],
    ['an infinity that a calculation made', 'evidence.trials / 0.0 > 1000.0', true],
  ])('%s denies here', (_name, text, byTheStandard) => {
    expect(oracle(text, factsOfAChange())).toBe(byTheStandard);
    expect(ours(text, factsOfAChange())).toBe('cannot say');
  });

  it('a truth to the left needs nothing of the right', () => {
    expect(ours('!has(evidence.statistics.deflatedSharpe) || evidence.statistics.deflatedSharpe > 0.9', factsOfAChange())).toBe(
      true,
    );
  });

  const leaf = fc.constantFrom(
    ...['true', 'false', 'strategy.ranBefore', 'change.author == "bot"', 'evidence.trials > 1.0', 'evidence.trials / 0.0 > 1.0'],
    ...[
      'evidence.statistics.deflatedSharpe > 0.9',
      'has(evidence.statistics.deflatedSharpe)',
      'forward.days > 1.0',
      '1 / 0 == 1',
    ],
    ...[
      'change.paths.all(p, p.size() > 3)',
      'change.paths[1] == ""',
      '!(0.0 / 0.0 > 0.2)',
      'change.paths.filter(p, false).all(p, p == "")',
    ],
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 5 },
      leaf,
      tie('expression').map((one) => `!(${one})`),
      fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `(${left} || ${right})`),
      fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `(${left} && ${right})`),
      fc
        .tuple(tie('expression'), tie('expression'), tie('expression'))
        .map(([one, two, three]) => `(${one} ? ${two} : ${three})`),
      tie('expression').map((one) => `change.paths.exists(p, p == "" || ${one})`),
    ),
  }));

  it('nothing is answered here that the standard does not answer the same', () => {
    // NaN and all() over nothing are errors here and values there, so an answer here never rests on them.
    fc.assert(
      fc.property(expression, (text) => {
        const answer = ours(text, factsOfAChange());
        return answer === 'cannot say' || answer === oracle(text, factsOfAChange());
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});

describe('an expression is refused when it is loaded', () => {
  it.each([
    ['a misspelt field', 'evidence.selektion.candidate.netReturn > 0.0'],
    ['a misspelt field behind brackets', 'evidence["selektion"].candidate.netReturn > 0.0'],
    ['a misspelt field that has() asks for', 'has(evidence.statistics.deflatedSharp)'],
    ['a gate that there is not', 'gates.sandboxx == "success"'],
    ['a name of nothing', 'evidenze.trials > 0.0'],
    ['a misspelt field hidden by dyn()', 'dyn(evidence).selektion == 1.0'],
    ['a misspelt field hidden by a loop that takes the name of the facts', '["x"].all(evidence, evidence == "x")'],
    ['no question', 'evidence.trials'],
    ['a number that is compared with a text', 'evidence.trials > "3"'],
    ['a whole number added to a broken one', 'evidence.trials + 1 > 3.0'],
    ['half a sentence', 'strategy.stage =='],
    ['a function of the house itself', 'every__([true])'],
    ['a function beyond the standard', 'strategy.stage.upperAscii() == "PAPER"'],
    ['a function of dates', 'timestamp("2026-01-01T00:00:00Z").getFullYear() == 2026'],
    ['a variable that there is not', 'variables.gain > 0.0'],
    ['a fact that is no text compared with null', 'evidence.trials == null'],
  ])('for %s', (_name, text) => {
    expect(() => new Expression(text, 'bool')).toThrow('cannot be judged');
  });

  it('for a message that is no text', () => {
    expect(() => new Expression('evidence.trials', 'string')).toThrow('not a text');
  });
});

describe('facts that deny whatever is asked of them', () => {
  it.each([
    ['NaN, with the comparison turned around', factsOfAChange({ candidate: { maxDrawdown: Number.NaN } }), 'NaN'],
    ['an infinite number', factsOfAChange({ candidate: { netReturn: Number.POSITIVE_INFINITY } }), 'Infinity'],
    ['a path that leads elsewhere', factsOfAChange({ paths: ['strategies/../policies/gates.yaml'] }), 'plain path'],
  ])('%s', (_name, facts, why) => {
    expect(() => new Expression('!(evidence.selection.candidate.maxDrawdown > 0.2)', 'bool').holds(facts)).toThrow(why);
  });

  it.each(['a//b', './a', 'a/./b', 'a/../b', '/a', 'a/', 'a\\b', 'a\nb', '', 'cafe\u0301'])(
    'the path %j has another spelling',
    (path) => {
      expect(isNormal(path)).toBe(false);
    },
  );

  it.each(['a', 'strategies/ema-cross/strategy.ts', 'caf\u00e9/..b/c...d', '.github/x'])('the path %j has not', (path) => {
    expect(isNormal(path)).toBe(true);
  });
});

describe('a variable', () => {
  const variables = (...pairs: readonly [string, string][]): Variables =>
    pairs.reduce<Variables>((known, [name, text]) => withVariable(known, name, text), new Map());

  it('stands for its expression, and may use those before it', () => {
    const known = variables(
      ['gain', 'evidence.selection.candidate.netReturn - evidence.selection.incumbent.netReturn'],
      ['perTrade', 'variables.gain / evidence.selection.candidate.trades'],
    );
    const expression = new Expression('variables.perTrade > 0.001', 'bool', known);
    expect(expression.holds(good)).toBe(true);
    expect(expression.reads).toContain('evidence.selection.incumbent.netReturn');
    expect(oracle(expression.plain, good)).toBe(true);
  });

  it('denies only where it is used', () => {
    const known = variables(['sure', 'evidence.statistics.deflatedSharpe > 0.9']);
    expect(new Expression('evidence.trials > 1.0', 'bool', known).holds(factsOfAChange())).toBe(true);
    expect(() => new Expression('variables.sure || true', 'bool', known).holds(factsOfAChange())).toThrow(
      'there is no evidence.statistics.deflatedSharpe',
    );
  });

  it('is refused when it uses one that comes after it', () => {
    expect(() => withVariable(new Map(), 'a', 'variables.b > 1.0')).toThrow('no variable b');
  });
});
