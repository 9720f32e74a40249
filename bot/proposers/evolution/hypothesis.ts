import { timeframeMs } from '#engine/candles/timeframe.ts';
import { knownParameters } from './blocks/chosen-blocks.ts';
import { entries } from './blocks/entries.ts';
import { filters } from './blocks/filters.ts';
import { protections } from './blocks/protections.ts';
import type { Blueprint, Filter } from './blueprint.ts';
import type { Configuration } from './configuration.ts';
import { type Design, isPlan, planOf } from './design.ts';
import { planChanges } from './plan-changes.ts';
import { listed } from './print/text.ts';
import type { Trial } from './trial-book.ts';

/** More reasons than this nobody reads. */
const CLAUSES_MAX = 3;

/** One sentence in plain words: what the moves are believed to do, structure before numbers. */
export function hypothesisOf(incumbent: Trial, candidate: Trial): string {
  const clauses = [
    ...designClauses(incumbent.configuration.blueprint, candidate.configuration.blueprint),
    ...valueClauses(incumbent.configuration, candidate.configuration),
  ].slice(0, CLAUSES_MAX);
  const tradesLess = candidate.result.metrics.trades < 0.8 * incumbent.result.metrics.trades;
  const outcome = tradesLess ? 'so it trades less often and costs eat less of the edge' : 'so more of each move is kept';
  return `${capitalised(listed(clauses))}, ${outcome}.`;
}

function designClauses(from: Design | undefined, to: Design | undefined): string[] {
  if (from === undefined || to === undefined) return [];
  if (!isPlan(from) && !isPlan(to)) return structuralClauses(from, to);
  const reasons = planChanges(planOf(from), planOf(to)).flatMap(({ because }) => because ?? []);
  const clauses = reasons.map((reason) => reason.charAt(0).toLowerCase() + reason.slice(1).replace(/\.$/, ''));
  return clauses.length > 0 ? [...new Set(clauses)] : ['what was taken out earned nothing'];
}

function structuralClauses(from: Blueprint, to: Blueprint): string[] {
  const clauses: string[] = [];
  if (from.signal !== to.signal) {
    const isLonger = timeframeMs(to.signal) > timeframeMs(from.signal);
    clauses.push(
      isLonger ? `${to.signal} bars carry less noise than ${from.signal} bars` : `${to.signal} bars show a turn sooner`,
    );
  }
  if (from.entry !== to.entry) clauses.push(entries[to.entry].because);
  if (from.protection !== to.protection) clauses.push(protections[to.protection].because);
  const added = without(to.filters, from.filters);
  const dropped = without(from.filters, to.filters);
  clauses.push(...added.map((filter) => filters[filter].because));
  if (dropped.length > 0) clauses.push(`the ${listed(dropped)} filter kept out more winners than losers`);
  if (from.exitOnCrossDown !== to.exitOnCrossDown) {
    clauses.push(
      to.exitOnCrossDown ? 'a cross down ends what the cross up began' : 'the averages cross down too late to exit on',
    );
  }
  return clauses;
}

/** In order of how far each number moved, the farthest first. */
function valueClauses(from: Configuration, to: Configuration): string[] {
  return Object.entries(to.values)
    .flatMap(([name, value]) => {
      const before = from.values[name];
      if (before === undefined || before === value) return [];
      const known = knownParameters[name];
      if (known === undefined) return [{ distance: 0, clause: `${name} serves better at ${value} than at ${before}` }];
      const distance = Math.abs(value - before) / (known.max - known.min);
      return [{ distance, clause: value > before ? known.raised : known.lowered }];
    })
    .toSorted((a, b) => b.distance - a.distance)
    .map(({ clause }) => clause);
}

function without(filtersOf: readonly Filter[], others: readonly Filter[]): Filter[] {
  return filtersOf.filter((filter) => !others.includes(filter));
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
