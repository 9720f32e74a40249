import { appendToNight } from '#bot/evidence/ledger.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';

/** Writes a night into the ledger in which one canary was judged so, and nothing else happened. */
export async function canaryNight(
  state: StateBranch,
  cycle: string,
  canary: string,
  outcome: 'stopped' | 'slipped',
): Promise<void> {
  const plan = { strategy: 'ema-cross', asOf: 0, parentTree: '', proposer: 'evolution', trialsPlanned: 0, seed: 1 } as const;
  await appendToNight(state, cycle, {
    entries: [
      { kind: 'night-began', cycle, ...plan },
      { kind: 'canary', canary, outcome, stoppedBy: [], sentence: 'It was judged.' },
      { kind: 'night-ended', decision: 'NO_CHANGE', reason: 'Nothing was looked for.', trials: 0 },
    ],
  });
}
