import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Comparison, Condition, Plan } from './grammar/plan.ts';
import { comparisonsIn } from './grammar/traverse.ts';
import { shapeOfCondition } from './grammar/tree-distance.ts';
import { wordsOf } from './grammar/words.ts';

/** One difference between two trees. */
export interface PlanChange {
  /** In a reviewer's words: `entry: only when volume is not thin`. */
  readonly text: string;
  /** Why one would make it: a clause with a subject and a verb; null where the text says it all. */
  readonly because: string | null;
}

/** What differs between two plans, section by section; numbers are not looked at. */
export function planChanges(from: Plan, to: Plan): readonly PlanChange[] {
  return [
    ...timeframeChanges(from, to),
    ...conditionChanges('entry', 'buys', from, to, from.entry, to.entry),
    ...conditionChanges('market', 'buys only', from, to, from.regime?.when ?? null, to.regime?.when ?? null),
    ...conditionChanges('exit', 'leaves', from, to, from.exit, to.exit),
    ...(from.regime !== null && to.regime !== null && from.regime.leaves !== to.regime.leaves
      ? [{ text: `market: ${to.regime.leaves ? 'leaves when it ends' : 'stays when it ends'}`, because: null }]
      : []),
    ...protectionChanges(from, to),
    ...(from.sizing === to.sizing
      ? []
      : [
          {
            text: `sizing: ${from.sizing} → ${to.sizing}`,
            because: to.sizing === 'steady' ? 'wide bars cost more than they bring' : null,
          },
        ]),
  ];
}

function timeframeChanges({ timeframe: from }: Plan, { timeframe: to }: Plan): PlanChange[] {
  if (from === to) return [];
  const isLonger = timeframeMs(to) > timeframeMs(from);
  const because = isLonger
    ? `${to} bars carry less noise than ${from} bars`
    : `decisions on ${to} bars come sooner than on ${from} bars`;
  return [{ text: `bars: ${from} → ${to}`, because }];
}

function conditionChanges(
  section: string,
  verb: string,
  from: Plan,
  to: Plan,
  before: Condition | null,
  after: Condition | null,
): PlanChange[] {
  const [old, now] = [before, after].map((condition) => (condition === null ? [] : comparisonsIn(condition)));
  const gone = without(old!, now!);
  const come = without(now!, old!);
  const changes: PlanChange[] = [
    ...gone.map((one) => ({ text: `${section}: no more ${verb} when ${wordsOf(one, from.timeframe).clause}`, because: null })),
    ...come.map((one) => {
      const { clause, belief } = wordsOf(one, to.timeframe);
      return { text: `${section}: ${verb} when ${clause}`, because: belief };
    }),
  ];
  if (changes.length > 0 || JSON.stringify(shapeOrNull(before)) === JSON.stringify(shapeOrNull(after))) return changes;
  return [{ text: `${section}: the same conditions, put together in another way`, because: null }];
}

function protectionChanges(from: Plan, to: Plan): PlanChange[] {
  const [before, after] = [from.protection, to.protection];
  const changes: PlanChange[] = [];
  if (before.stop !== after.stop) {
    const because = after.stop === 'trailing' ? 'a stop that follows the price lets a trend run' : 'a fixed stop leaves room';
    changes.push({ text: `stop: ${before.stop} → ${after.stop}`, because });
  }
  if (before.target !== after.target) {
    const because = after.target ? 'a target takes profits before they are given back' : 'a target ends what would have gone on';
    changes.push({ text: `target: ${after.target ? 'added' : 'removed'}`, because });
  }
  if (before.horizon !== after.horizon) {
    const because = after.horizon ? 'what has not come after its time does not come' : 'a position needs no end by the clock';
    changes.push({ text: `time to leave: ${after.horizon ? 'added' : 'removed'}`, because });
  }
  return changes;
}

/** Those of the first list that the second does not have, counted by their shape. */
function without(list: readonly Comparison[], others: readonly Comparison[]): readonly Comparison[] {
  const left = others.map((other) => JSON.stringify(shapeOfCondition(other)));
  return list.filter((comparison) => {
    const at = left.indexOf(JSON.stringify(shapeOfCondition(comparison)));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function shapeOrNull(condition: Condition | null): unknown {
  return condition === null ? null : shapeOfCondition(condition);
}
