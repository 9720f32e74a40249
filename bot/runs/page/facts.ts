import { days, decimal, NO_VALUE } from '#bot/evidence/numbers.ts';
import type { RunRecord } from '#bot/runs/run-record.ts';

/** Digits that tell two metrics apart on the terminal, whose numbers are copied into programs. */
export const METRIC_DIGITS = 6;

/** All that is known of a run but its numbers, as plain text by name; the same names in the same order for every run. */
export function factsOf(run: RunRecord): readonly (readonly [name: string, value: string])[] {
  const { setting, search } = run;
  const known = (value: string | number | undefined | null): string => (value == null ? NO_VALUE : String(value));
  return [
    ['Strategy', run.strategy],
    ['Night', run.cycle],
    ['What it was', run.label],
    ['Outcome', run.reason === null ? run.outcome : `${run.outcome}: ${run.reason}`],
    ['Result', known(run.resultId)],
    ['Span', setting === null ? NO_VALUE : days(setting)],
    ['Dataset', known(setting?.dataset)],
    ['Costs', known(setting?.markets)],
    ['Capital', setting === null ? NO_VALUE : decimal(setting.capital)],
    ['Meaning of fills', known(setting?.semantics)],
    ['Seed', known(setting?.seed)],
    ['Trials that night', known(search?.trials)],
    ['Trials ever', known(search?.trialsEver)],
    ['Trials ever, those alike counted once', known(search?.trialsEffective)],
  ];
}
