import type { Condition } from './plan.ts';
import { membersOf } from './traverse.ts';

/** Where a subtree stands: from the root, which member to take, group by group. */
export type Path = readonly number[];

/** The path of every subtree, the root first. */
export function pathsIn(condition: Condition): readonly Path[] {
  if ('left' in condition) return [[]];
  return [[], ...childrenOf(condition).flatMap((child, index) => pathsIn(child).map((path) => [index, ...path]))];
}

export function subtreeAt(condition: Condition, path: Path): Condition {
  const [index, ...rest] = path;
  return index === undefined ? condition : subtreeAt(childrenOf(condition)[index]!, rest);
}

/** The condition with another subtree in that place; null takes it away, and with it a group of which nothing is left. */
export function replacedAt(condition: Condition, path: Path, subtree: Condition | null): Condition | null {
  const [index, ...rest] = path;
  if (index === undefined) return subtree;
  const children = childrenOf(condition)
    .map((child, at) => (at === index ? replacedAt(child, rest, subtree) : child))
    .filter((child) => child !== null);
  if (children.length === 0) return null;
  if ('not' in condition) return { not: children[0]! };
  if (children.length === 1) return children[0]!;
  return 'all' in condition ? { all: children } : { any: children };
}

function childrenOf(condition: Condition): readonly Condition[] {
  if ('left' in condition) return [];
  return 'not' in condition ? [condition.not] : membersOf(condition);
}
