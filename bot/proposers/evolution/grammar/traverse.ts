import type { Comparison, Condition, Plan, Term } from './plan.ts';

/** Every comparison of a condition, from left to right. */
export function comparisonsIn(condition: Condition): readonly Comparison[] {
  if ('left' in condition) return [condition];
  if ('not' in condition) return comparisonsIn(condition.not);
  return membersOf(condition).flatMap(comparisonsIn);
}

export function termsIn(condition: Condition): readonly Term[] {
  return comparisonsIn(condition).flatMap(({ left, right }) => [left, right]);
}

/** 1 for a comparison. */
export function depthOf(condition: Condition): number {
  if ('left' in condition) return 1;
  if ('not' in condition) return depthOf(condition.not);
  return 1 + Math.max(...membersOf(condition).map(depthOf));
}

export function membersOf(group: Extract<Condition, { all: unknown } | { any: unknown }>): readonly Condition[] {
  return 'all' in group ? group.all : group.any;
}

/** The conditions of a plan: its regime, its entry, its exit, as far as it has them. */
export function conditionsOf({ regime, entry, exit }: Plan): readonly Condition[] {
  return [...(regime === null ? [] : [regime.when]), entry, ...(exit === null ? [] : [exit])];
}

/**
 * The names a term gives to numbers, each with what it stands for: the same name may stand in several places when it is the length
 * of the same indicator, and nowhere else.
 */
export function identityOf(term: Term): readonly (readonly [name: string, identity: string])[] {
  if ('number' in term) return [[term.number, `number ${term.number}`]];
  if ('below' in term) {
    return [
      [term.bars, `average ${term.average} ${term.on}`],
      [term.below, `below ${term.bars}`],
    ];
  }
  if ('average' in term) return [[term.bars, `average ${term.average} ${term.on}`]];
  if ('extreme' in term) return [[term.bars, `extreme ${term.extreme} ${term.on}`]];
  if ('oscillator' in term) return [[term.bars, `oscillator ${term.oscillator} ${term.on}`]];
  if ('change' in term) return [[term.change, `change ${term.on}`]];
  if ('range' in term) return [[term.range, `range ${term.on}`]];
  if ('times' in term) return [[term.times, `volume ${term.on}`]];
  return [];
}

/** A condition with every comparison in it replaced. */
export function mapComparisons(condition: Condition, change: (comparison: Comparison) => Comparison): Condition {
  if ('left' in condition) return change(condition);
  if ('not' in condition) return { not: mapComparisons(condition.not, change) };
  const members = membersOf(condition).map((member) => mapComparisons(member, change));
  return 'all' in condition ? { all: members } : { any: members };
}

/** A plan with every comparison in it replaced. */
export function mapPlan(plan: Plan, change: (comparison: Comparison) => Comparison): Plan {
  return {
    ...plan,
    regime: plan.regime === null ? null : { ...plan.regime, when: mapComparisons(plan.regime.when, change) },
    entry: mapComparisons(plan.entry, change),
    exit: plan.exit === null ? null : mapComparisons(plan.exit, change),
  };
}

/** A term with its numbers named anew. */
export function renamed(term: Term, nameOf: (name: string) => string): Term {
  const copy: Record<string, unknown> = { ...term };
  for (const [name] of identityOf(term)) {
    for (const [key, value] of Object.entries(copy)) if (value === name) copy[key] = nameOf(name);
  }
  return copy as Term;
}

/** Names of all numbers a plan declares, in the order in which the module lists them. */
export function namesOf(plan: Plan): readonly string[] {
  const { stop, target, horizon } = plan.protection;
  const conditions = conditionsOf(plan);
  return [
    ...new Set([
      ...conditions.flatMap(termsIn).flatMap((term) => identityOf(term).map(([name]) => name)),
      ...(plan.sizing === 'steady' ? ['rangeBars', 'usualRange'] : []),
      stop === 'fixed' ? 'stopLoss' : 'trailingStop',
      ...(target ? ['takeProfit'] : []),
      ...(horizon ? ['horizonBars'] : []),
    ]),
  ];
}
