import { protections } from './blocks/protections.ts';
import { type Blueprint, Filter } from './blueprint.ts';
import type { Configuration } from './configuration.ts';
import { type Design, isPlan, planOf } from './design.ts';
import { planChanges } from './plan-changes.ts';

/** One difference from the incumbent, and the configuration without it. */
export interface Change {
  /** In a reviewer's words: `fast: 9 → 14`. */
  readonly text: string;
  readonly part: ChangedPart;
}

/** What a move changes. */
export type ChangedPart =
  | { readonly kind: 'block'; readonly block: 'signal' | 'entry' | 'protection' | 'exitOnCrossDown' }
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'value'; readonly name: string }
  /** Somewhere in a tree. */
  | { readonly kind: 'tree' };

/**
 * What differs between two configurations, structure first. The number a new block brings is not a change of its own, unless
 * it was moved from the block's default.
 */
export function changesBetween(from: Configuration, to: Configuration): readonly Change[] {
  return [...designChanges(from.blueprint, to.blueprint), ...valueChanges(from, to)];
}

function designChanges(from: Design | undefined, to: Design | undefined): Change[] {
  if (from === undefined || to === undefined) return [];
  if (!isPlan(from) && !isPlan(to)) return blockChanges(from, to);
  return planChanges(planOf(from), planOf(to)).map(({ text }) => ({ text, part: { kind: 'tree' } }));
}

function blockChanges(from: Blueprint, to: Blueprint): Change[] {
  const changes: Change[] = [];
  const note = (block: Extract<ChangedPart, { kind: 'block' }>['block'], text: string) =>
    changes.push({ text, part: { kind: 'block', block } });
  if (from.signal !== to.signal) note('signal', `signal timeframe: ${from.signal} → ${to.signal}`);
  if (from.entry !== to.entry) note('entry', `entry: ${from.entry} → ${to.entry}`);
  for (const filter of Filter.options) {
    const isThere = to.filters.includes(filter);
    if (isThere === from.filters.includes(filter)) continue;
    changes.push({ text: `${filter} filter: ${isThere ? 'added' : 'removed'}`, part: { kind: 'filter', filter } });
  }
  if (from.protection !== to.protection) {
    note('protection', `protection: ${protections[from.protection].name} → ${protections[to.protection].name}`);
  }
  if (from.exitOnCrossDown !== to.exitOnCrossDown) {
    note('exitOnCrossDown', `exit when the averages cross down: ${yesNo(from.exitOnCrossDown)} → ${yesNo(to.exitOnCrossDown)}`);
  }
  return changes;
}

function valueChanges(from: Configuration, to: Configuration): Change[] {
  return Object.entries(to.values).flatMap(([name, value]): Change[] => {
    const before = from.values[name];
    if (before === undefined || before === value) return [];
    return [{ text: `${name}: ${before} → ${value}`, part: { kind: 'value', name } }];
  });
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
