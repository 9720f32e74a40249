import { roleOf } from './named-numbers.ts';
import type { Condition, Plan, Term } from './plan.ts';
import { identityOf, membersOf, renamed } from './traverse.ts';

/**
 * How different two plans are, 0 to 1: the share of their subtrees that they do not have in common (Jaccard 1912, over bags of
 * subtrees). Numbers count by their role, not by name or value. Cheap beside an edit distance, and zero for the same trees alone.
 */
export function treeDistance(one: Plan, other: Plan): number {
  const [a, b] = [subtreesOf(one), subtreesOf(other)];
  let common = 0;
  for (const [subtree, count] of a) common += Math.min(count, b.get(subtree) ?? 0);
  const size = (bag: ReadonlyMap<string, number>) => [...bag.values()].reduce((sum, count) => sum + count, 0);
  return 1 - common / (size(a) + size(b) - common);
}

function subtreesOf(plan: Plan): ReadonlyMap<string, number> {
  const { timeframe, regime, entry, exit, protection, sizing } = plan;
  const bag = new Map<string, number>();
  const add = (text: string) => bag.set(text, (bag.get(text) ?? 0) + 1);
  const addAll = (place: string, condition: Condition): void => {
    add(`${place} ${JSON.stringify(shapeOfCondition(condition))}`);
    if ('left' in condition) {
      add(`${place} ${JSON.stringify(termShape(condition.left))}`);
      add(`${place} ${JSON.stringify(termShape(condition.right))}`);
    } else if ('not' in condition) addAll(place, condition.not);
    else for (const member of membersOf(condition)) addAll(place, member);
  };
  if (regime !== null) addAll(regime.leaves ? 'leaves' : 'regime', regime.when);
  addAll('entry', entry);
  if (exit !== null) addAll('exit', exit);
  add(`bars ${timeframe}`);
  add(`stop ${protection.stop}`);
  add(`target ${protection.target}`);
  add(`horizon ${protection.horizon}`);
  add(`sizing ${sizing}`);
  return bag;
}

/** A condition with its numbers named by their roles. */
export function shapeOfCondition(condition: Condition): unknown {
  if ('left' in condition) return [termShape(condition.left), condition.is, termShape(condition.right)];
  if ('not' in condition) return { not: shapeOfCondition(condition.not) };
  const members = membersOf(condition).map(shapeOfCondition);
  return 'all' in condition ? { all: members } : { any: members };
}

function termShape(term: Term): Term {
  return identityOf(term).length === 0 ? term : renamed(term, roleOf);
}
