import type { CheckRun } from '#bot/github/checks-api.ts';
import type { Place } from './place.ts';
import { type Step, step } from './step.ts';

/** Check runs on the head, as the forge told them. One that says otherwise than the merge log did is a contradiction. */
export function fromChecks({ head, merge }: Place, runs: readonly CheckRun[]): readonly Step[] {
  const last = new Map(runs.map((run) => [`${run.app} ${run.name}`, run]));
  return runs.map((run) => {
    const { name, app, conclusion, startedAt, completedAt } = run;
    const recorded = merge?.gates[name];
    // Another app's check of that name is not the one that was written down.
    const isTheOne = last.get(`${app} ${name}`) === run && runs.every((other) => other.name !== name || other.app === app);
    const isOdd = isTheOne && recorded !== undefined && recorded !== conclusion;
    const sentence = isOdd ? `The merge log has ${name} as ${recorded}.` : null;
    const what = `check ${name}: ${conclusion ?? 'not completed'}`;
    return step(completedAt ?? startedAt, app ?? 'an unknown app', what, 'checks', { head }, sentence);
  });
}
