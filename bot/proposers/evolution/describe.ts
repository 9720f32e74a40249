import { entries } from './blocks/entries.ts';
import { filters } from './blocks/filters.ts';
import { protections } from './blocks/protections.ts';
import type { Blueprint } from './blueprint.ts';
import { listed } from './print/text.ts';

/** What a strategy does, in two sentences: the manifest's description and the head of the module's docstring. */
export function describe(blueprint: Blueprint): string {
  const { timeframe, signal } = blueprint;
  const buys = signal === timeframe ? 'Buys' : `Judging by ${signal} bars, buys`;
  const demands = blueprint.filters.map((filter) => filters[filter].demands);
  const condition = demands.length === 0 ? '' : `, while ${listed(demands)}`;
  const ends = blueprint.exitOnCrossDown ? ', or when the fast average falls through the slow one' : '';
  return `${buys} ${entries[blueprint.entry].waitsFor}${condition}. Leaves ${protections[blueprint.protection].leaves}${ends}.`;
}
