import { day } from '#bot/evidence/numbers.ts';
import type { Standing } from './forecasts.ts';
import { measuredAt } from './measured.ts';
import type { Proposed } from './memory.ts';
import type { Run, VersionRecord } from './version-record.ts';

/** Of what nothing trades by. */
export const UNMEASURED: Standing = { state: 'unknown', why: 'nothing that trades is in it' };

/**
 * How a version that was proposed stands. Its days begin where it trades: while it is in shadow its account stands still, and what is
 * foretold of it waits.
 * @param proposed its tree as it was merged, and as it was merged later at another stage
 * @param isNewest whether main asks for it now
 */
export function standingOf(
  {
    strategy,
    tree,
    laterTrees,
  }: { readonly strategy: string; readonly tree: string | null; readonly laterTrees: readonly string[] },
  fate: Proposed['fate']['state'],
  record: VersionRecord | null,
  isNewest: boolean,
): Standing {
  if (fate === 'open') return { state: 'waiting', why: null };
  if (fate === 'closed') return { state: 'never-ran', why: null };
  const runs = tree === null || record === null || fate === 'unknown' ? [] : runsOf(record, strategy, [tree, ...laterTrees]);
  const [first] = runs;
  // What main asks for now may wait for the engine's next bar; what it asked for once and never saw run is told by no record.
  if (record === null || first === undefined) return { state: isNewest && record !== null ? 'waiting' : 'unknown', why: null };
  if (!first.run.isShadow) return ran(record, strategy, first.tree, first.run);
  const trading = runs.find(({ run }) => !run.isShadow);
  return trading === undefined ? inShadow(first.run, runs.at(-1)!.run) : ran(record, strategy, trading.tree, trading.run);
}

/**
 * How a version stands that ran already when something was foretold of it, at a market time. Nothing is begun anew then: it is measured
 * over its whole time.
 */
export function standingSince(
  { strategy, tree, since }: { readonly strategy: string; readonly tree: string; readonly since: number },
  { state, endedAt }: Pick<Proposed['fate'], 'state' | 'endedAt'>,
  record: VersionRecord | null,
): Standing {
  const retired = state === 'merged' && endedAt !== null ? `it was retired on ${day(endedAt)}, as was proposed` : null;
  const run = record?.runOf(strategy, tree) ?? null;
  if (record === null || run === null)
    return { state: 'unknown', why: retired ?? 'no record within reach tells of the version that ran that night' };
  if (run.isShadow) return inShadow(run, run);
  const stopped = run.until === null ? null : (retired ?? `it stopped, or another version took its place, on ${day(run.until)}`);
  return { ...ran(record, strategy, tree, run), run: { since, until: run.until }, stopped };
}

function runsOf(record: VersionRecord, strategy: string, trees: readonly string[]) {
  return trees.flatMap((tree) => {
    const run = record.runOf(strategy, tree);
    return run === null ? [] : [{ tree, run }];
  });
}

function ran(record: VersionRecord, strategy: string, tree: string, run: Run): Extract<Standing, { state: 'ran' }> {
  return {
    state: 'ran',
    run,
    stopped: null,
    measuredAt: (measure, at) => measuredAt(measure, record, { strategy, tree, run }, at),
  };
}

function inShadow({ since }: Run, { until }: Run): Standing {
  if (until === null) return { state: 'waiting', why: `in shadow since ${day(since)}, where nothing trades` };
  return { state: 'never-ran', why: `it was in shadow from ${day(since)} to ${day(until)}, and never traded` };
}
