import {
  type Addition,
  type AskedIn,
  appendToNight,
  type Hint,
  type LedgerEntry,
  type LedgerReading,
  nextCycle,
  nightAskedIn,
  plannedIn,
  readLedgerFrom,
  recordsOf,
  type Stake,
  unfinishedNight,
} from '#bot/evidence/ledger.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { CanaryReport } from './canaries.ts';
import { branchOf } from './propose.ts';
import type { Motion } from './studied.ts';

/** What a night is, as its first line in the ledger has it. */
export interface NightPlan {
  readonly strategy: string;
  readonly asOf: number;
  readonly parentTree: string;
  readonly proposer: string;
  readonly trials: number;
  readonly seed: number;
  readonly hint: Hint | null;
  /** What asks for it; null when nothing does that has one night however often its job runs. */
  readonly askedIn: AskedIn | null;
}

export interface BegunNight {
  readonly cycle: string;
  readonly asOf: number;
  readonly seed: number;
  /** What was wished for when it began; a wish of whoever takes it up is not. */
  readonly hint: Hint | null;
}

/** How a night ended, as its last line in the ledger has it. */
export interface EndedNight {
  readonly cycle: string;
  readonly strategy: string;
  readonly decision: string;
  readonly reason: string;
  readonly trials: number;
  /** Where its proposal stands, when that is not the branch of its strategy; null where that is not known. */
  readonly branch: string | null;
}

export type Beginning =
  | { readonly state: 'goes-on'; readonly night: BegunNight }
  /** What asks has had its night: whoever did it was killed before they could say so. */
  | { readonly state: 'ended'; readonly night: EndedNight };

/** Enters the night in the ledger, or takes up the one that was left. One that cannot go on is ended first. */
export async function beginNight(state: StateBranch, api: RepositoryApi, plan: NightPlan): Promise<Beginning> {
  const { askedIn } = plan;
  const ledger = await readLedgerFrom(state);
  const unfinished = unfinishedNight(ledger);
  const canGoOn = unfinished !== null && unfinished.strategy === plan.strategy && unfinished.parentTree === plan.parentTree;
  const asked = askedIn === null ? null : nightAskedIn(ledger, askedIn);
  if (asked !== null && asked !== unfinished?.cycle) return { state: 'ended', night: endOf(ledger, asked) };
  if (canGoOn) {
    const { cycle, asOf, seed, hint = null } = unfinished;
    if (asked === null && askedIn !== null) await appendToNight(state, cycle, { entries: askedBy(askedIn) });
    return { state: 'goes-on', night: { cycle, asOf, seed, hint } };
  }
  if (unfinished !== null) await abandon(state, api, ledger, unfinished);
  if (asked !== null) return { state: 'ended', night: endOf(await readLedgerFrom(state), asked) };
  const cycle = nextCycle(ledger, plan.asOf);
  const { strategy, asOf, parentTree, proposer, trials, seed, hint } = plan;
  const wish = hint === null ? {} : { hint };
  await appendToNight(state, cycle, {
    entries: [
      { kind: 'night-began', cycle, strategy, asOf, parentTree, proposer, trialsPlanned: trials, seed, ...wish },
      ...askedBy(askedIn),
    ],
  });
  return { state: 'goes-on', night: { cycle, asOf, seed, hint } };
}

function askedBy(asked: AskedIn | null): readonly LedgerEntry[] {
  if (asked === null) return [];
  return 'comment' in asked ? [{ kind: 'night-asked', comment: asked.comment }] : [{ kind: 'night-due', at: asked.schedule }];
}

function endOf(ledger: LedgerReading, cycle: string): EndedNight {
  const ofCycle = (record: { readonly cycle: string }): boolean => record.cycle === cycle;
  const began = recordsOf(ledger, 'night-began').find(ofCycle)?.entry;
  const ended = recordsOf(ledger, 'night-ended').find(ofCycle)?.entry;
  // Only the newest night may be without an end, and that one goes on or was ended a moment ago.
  if (began === undefined || ended === undefined) throw new Error(`The ledger has lost the end of ${cycle}.`);
  const { decision, reason, trials, branch = null } = ended;
  return { cycle, strategy: began.strategy, decision, reason, trials, branch };
}

/** Ends a night, with what a motion staked, since no evidence tells of it; says how many trials it had. */
export async function endNight(
  state: StateBranch,
  cycle: string,
  { decision, reason, branch = null, made = null }: Ended,
): Promise<number> {
  const trials = trialsOf(await readLedgerFrom(state), cycle);
  const motion = made?.motion ?? null;
  const stake = motion === null ? {} : { stake: stakeOf(motion) };
  await appendToNight(state, cycle, {
    entries: [{ kind: 'night-ended', decision, reason, trials, ...(branch === null ? {} : { branch }), ...stake }],
  });
  return trials;
}

interface Ended {
  readonly decision: string;
  readonly reason: string;
  readonly branch?: string | null;
  /** What was proposed, if anything. */
  readonly made?: { readonly motion: Motion | null } | null;
}

/** Another way to look foretells no money: it has nothing to be scored by. */
function stakeOf({ decision }: Motion): Stake {
  const { hypothesis, riskTier } = decision;
  if (decision.kind === 'ANALYSIS') return { hypothesis, riskTier, forecast: null, killRule: null };
  return { hypothesis, riskTier, forecast: decision.forecast, killRule: decision.killRule };
}

/** What the ledger has of a night's canaries: none before they flew. */
export async function recordedCanaries(state: StateBranch, cycle: string): Promise<readonly CanaryReport[]> {
  const own = recordsOf(await readLedgerFrom(state), 'canary').filter((record) => record.cycle === cycle);
  return own.map(({ entry: { canary, outcome, stoppedBy, sentence } }) => {
    return { canary, outcome, sentence, stops: stoppedBy.map((gate) => ({ gate, sentence })) };
  });
}

/** Writes down what became of a night's canaries; of a night that is run again, what was not written yet. */
export async function recordCanaries(state: StateBranch, cycle: string, canaries: readonly CanaryReport[]): Promise<void> {
  const written = new Set((await recordedCanaries(state, cycle)).map(({ canary }) => canary));
  const entries = canaries
    .filter(({ canary }) => !written.has(canary))
    .map(({ canary, outcome, stops, sentence }) => {
      const stoppedBy = stops.map(({ gate }) => gate);
      return { kind: 'canary' as const, canary, outcome, stoppedBy, sentence };
    });
  await appendToNight(state, cycle, { entries });
}

/** Adds to one night's file. */
export function writerFor(state: StateBranch, cycle: string): (addition: Addition) => Promise<void> {
  return (addition) => appendToNight(state, cycle, addition);
}

/** A night whose incumbent was replaced while it was down cannot go on: it ends with what had come of it, and stays counted. */
async function abandon(
  state: StateBranch,
  api: RepositoryApi,
  ledger: LedgerReading,
  { cycle, strategy }: { readonly cycle: string; readonly strategy: string },
): Promise<void> {
  const pull = await api.findPullRequest(branchOf(strategy, cycle));
  const reason =
    pull === null
      ? 'The night was interrupted, and the strategy it studied has changed since.'
      : `The night was interrupted after it had opened pull request #${pull.number}.`;
  const decision = pull === null ? 'NO_CHANGE' : 'PROPOSED';
  await appendToNight(state, cycle, { entries: [{ kind: 'night-ended', decision, reason, trials: trialsOf(ledger, cycle) }] });
}

function trialsOf(ledger: LedgerReading, cycle: string): number {
  return plannedIn({ entries: ledger.entries.filter((record) => record.cycle === cycle) });
}
