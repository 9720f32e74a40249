import type { Comparison, Condition, Operator, Plan } from './plan.ts';
import { membersOf } from './traverse.ts';

const OPPOSITE: Partial<Readonly<Record<Operator, Operator>>> = {
  above: 'atMost',
  atMost: 'above',
  below: 'atLeast',
  atLeast: 'below',
};

/** The plan with every condition in its simplest form: equal plans have equal ones. */
export function inNormalForm(plan: Plan): Plan {
  return {
    ...plan,
    regime: plan.regime === null ? null : { ...plan.regime, when: simplest(plan.regime.when) },
    entry: simplest(plan.entry),
    exit: plan.exit === null ? null : simplest(plan.exit),
  };
}

/**
 * The same condition without what says nothing: negations are carried to the comparisons (De Morgan), where all but a crossing have an
 * opposite; a group inside one of its own kind is opened; what stands twice in a group stands once; a group of one is its member; and
 * in `a or (a and b)`, `a and (a or b)` the longer member goes (absorption).
 */
export function simplest(condition: Condition): Condition {
  if ('left' in condition) return condition;
  if ('not' in condition) return negationOf(condition.not);
  const kind = 'all' in condition ? 'all' : 'any';
  const members = membersOf(condition)
    .map(simplest)
    .flatMap((member) =>
      kind in member ? membersOf(member as Extract<Condition, { all: unknown } | { any: unknown }>) : [member],
    );
  const distinct = [...new Map(members.map((member) => [JSON.stringify(member), member])).values()];
  const kept = distinct.filter((member) => !distinct.some((other) => other !== member && absorbs(other, member, kind)));
  if (kept.length === 1) return kept[0]!;
  return kind === 'all' ? { all: kept } : { any: kept };
}

/** What holds exactly when the condition does not, in its simplest form. */
function negationOf(condition: Condition): Condition {
  if ('not' in condition) return simplest(condition.not);
  if ('left' in condition) return opposite(condition);
  const members = membersOf(condition).map((member): Condition => ({ not: member }));
  return simplest('all' in condition ? { any: members } : { all: members });
}

function opposite(comparison: Comparison): Condition {
  const is = OPPOSITE[comparison.is];
  return is === undefined ? { not: comparison } : { ...comparison, is };
}

/** Whether `other`, beside `member` in a group of that kind, makes it needless. */
function absorbs(other: Condition, member: Condition, kind: 'all' | 'any'): boolean {
  const inner = kind === 'all' ? 'any' : 'all';
  if (!(inner in member)) return false;
  const parts = membersOf(member as Extract<Condition, { all: unknown } | { any: unknown }>).map((part) => JSON.stringify(part));
  return parts.includes(JSON.stringify(other));
}
