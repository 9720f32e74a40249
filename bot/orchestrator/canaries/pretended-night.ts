import {
  appendToNight,
  closeSearch,
  daysOf,
  LEDGER_FOLDER,
  type LedgerEntry,
  nextCycle,
  readLedgerFrom,
} from '#bot/evidence/ledger.ts';
import type { Digest } from '#engine/attestation/canonical.ts';
import type { Span } from '#engine/candles/types.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';

export interface PretendedNight {
  readonly strategy: string;
  readonly parentTree: string;
  readonly asOf: number;
  readonly seed: number;
  /** What was tried, each a trial of its own. */
  readonly configurations: readonly Digest[];
  readonly development: Span;
  readonly selection: Span;
  /** Daily returns on the development data that all of them share. */
  readonly returns: Float64Array;
}

/**
 * Writes the night that canaries pretend to come from: a trial and a yes of the selection data for each. It becomes the only night of
 * the ledger it is given, so that nothing is taken off a canary's numbers for what others tried, and the vault is as lenient as it
 * ever is.
 * @param state of a throw-away: its ledger is lost
 * @returns the cycle
 */
export async function pretendNight(state: StateBranch, night: PretendedNight): Promise<string> {
  const { strategy, parentTree, asOf, seed, configurations, development, selection } = night;
  const paths = await state.list(LEDGER_FOLDER);
  await state.update('canaries: a ledger of their own', () => new Map(paths.map((path) => [path, null])));
  const cycle = nextCycle(await readLedgerFrom(state), asOf);
  const trials = configurations.map((configuration, index) => ({ trial: index + 1, label: 'a canary', configuration }));
  const count = trials.length;
  const closing = closeSearch(count, {
    ...daysOf(development),
    trials: trials.map(({ trial }) => trial),
    series: trials.map(() => night.returns),
  });
  const scored = trials.map(
    ({ trial }): LedgerEntry => ({ kind: 'trial', trial, outcome: 'scored', resultId: null, netReturn: null, reason: null }),
  );
  const answers = trials.flatMap(({ trial, configuration }): LedgerEntry[] => [
    { kind: 'selection-asked', question: trial, candidate: configuration, until: selection.to },
    { kind: 'selection-answered', question: trial, answer: 'above' },
  ]);
  await appendToNight(state, cycle, {
    entries: [
      { kind: 'night-began', cycle, strategy, asOf, parentTree, proposer: 'canary', trialsPlanned: count, seed },
      { kind: 'trials-planned', trials },
      ...scored,
      closing.entry,
      ...answers,
      { kind: 'night-ended', decision: 'NEW', reason: 'Canaries.', trials: count },
    ],
    ...closing.returns,
  });
  return cycle;
}
