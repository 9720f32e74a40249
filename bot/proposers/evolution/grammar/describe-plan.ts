import { listed } from '../print/text.ts';
import { clauseOf, outermost } from '../print-plan/conditions.ts';
import type { Plan } from './plan.ts';
import { comparisonsIn } from './traverse.ts';
import { wordsOf } from './words.ts';

/** What a manifest's description may hold. */
const DESCRIPTION_MAX = 300;

/** What a plan does, in a few sentences: the head of the module's docstring. */
export function describePlan(plan: Plan): string {
  const clauses = clausesOf(plan);
  // Beside a choice, a comma says where it ends.
  const buys = clauses.some((clause) => clause.startsWith('either ')) ? clauses.join(', and ') : listed(clauses);
  return sentences(plan, `Buys when ${buys}`, true);
}

/** The same in the space a manifest gives: what matters least is left out first. */
export function summarisePlan(plan: Plan): string {
  const [first, ...others] = clausesOf(plan);
  const count = others.length === 1 ? 'one more condition holds' : `${others.length} more conditions hold`;
  const buys = others.length === 0 ? `Buys when ${first}` : `Buys when ${first} and ${count}`;
  const tries = [describePlan(plan), sentences(plan, buys, true), sentences(plan, buys, false)];
  return tries.find((text) => text.length <= DESCRIPTION_MAX) ?? `${buys.slice(0, DESCRIPTION_MAX - 1)}.`;
}

function clausesOf(plan: Plan): readonly string[] {
  return outermost(plan.entry, 'all').map((member) => clauseOf(member, plan));
}

function sentences(plan: Plan, buys: string, isWhole: boolean): string {
  const { regime, exit } = plan;
  const only = regime === null ? '' : `, and only while ${clauseOf(regime.when, plan)}`;
  const why = [
    ...(exit === null ? [] : [isWhole ? `when ${clauseOf(exit, plan)}` : 'by its own rule']),
    ...(regime?.leaves ? ['when that market ends'] : []),
  ];
  return `${buys}${only}. Leaves ${listed([...protectionsOf(plan), ...why], 'or')}.${
    plan.sizing === 'steady' ? ' Puts in less while bars are wide.' : ''
  }`;
}

function protectionsOf({ protection: { stop, target, horizon } }: Plan): readonly string[] {
  const stops = stop === 'fixed' ? ['at a fixed stop'] : ['at a stop that follows the price'];
  return [...stops, ...(target ? ['at a target'] : []), ...(horizon ? ['after its time'] : [])];
}

/** What one has to believe, each belief once, in the order of the conditions. */
export function beliefsOf(plan: Plan): readonly string[] {
  const { regime, entry, protection, sizing } = plan;
  const beliefs = [...comparisonsIn(entry), ...(regime === null ? [] : comparisonsIn(regime.when))].map(
    (comparison) => wordsOf(comparison, plan.timeframe).belief,
  );
  const protected_ = protection.target
    ? 'A wrong entry is cut at the stop, a right one pays at the target before the market takes it back.'
    : protection.stop === 'trailing'
      ? 'Nobody knows how far a trend runs, so the stop follows it instead of a target waiting for it.'
      : 'A wrong entry is cut at the stop, and a right one is given room.';
  const timed = protection.horizon ? ['What has not come after its time does not come.'] : [];
  const sized = sizing === 'steady' ? ['Wide bars cost more than they bring, so less is put in.'] : [];
  return [...new Set([...beliefs, protected_, ...timed, ...sized])];
}

/** What would show that the beliefs are wrong, in terms that are measured anyway. */
export function disproofOf(plan: Plan): string {
  const entered = new Set(comparisonsIn(plan.entry).map((comparison) => wordsOf(comparison, plan.timeframe).style));
  const costs = 'trades that win less than they pay in fees, spread and slippage';
  if (entered.has('reversion')) return `${costs}, or positions that mostly leave at the stop.`;
  if (entered.has('breakout')) return `${costs}, or breakouts that mostly fall back before they have paid for themselves.`;
  return `${costs}.`;
}
