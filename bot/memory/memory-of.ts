import { type EntryOf, type LedgerReading, nightsOf, recordsOf, type Stake } from '#bot/evidence/ledger.ts';
import type { Prediction } from '#bot/evidence/pack/prediction.ts';
import type { ProposalClaim } from '#bot/evidence/pack.ts';
import { type Standing, scored, wagersOf } from './forecasts.ts';
import { insightsOf } from './insights.ts';
import { killRulesOf, ruled } from './kill-rules.ts';
import { Memory, type PastNight, type Proposed } from './memory.ts';
import { type Heard, peopleOf } from './people.ts';
import { LEAST_SCORED, scoresOf } from './scores.ts';
import { standingOf, standingSince, UNMEASURED } from './standing.ts';
import type { VersionRecord } from './version-record.ts';

/** As many nights are told one by one. */
const NIGHTS_MAX = 60;

/** One proposal of one night, as git, the forge and the record of merges have it. */
export interface ProposalMaterial {
  readonly cycle: string;
  readonly strategy: string;
  readonly pullRequest: number | null;
  /** Wall clock, UTC milliseconds; null for what has not happened, or is not told. */
  readonly openedAt: number | null;
  readonly mergedAt: number | null;
  readonly closedAt: number | null;
  /** Git tree of the strategy's folder as it was merged; null of what was not. */
  readonly tree: string | null;
  /** Trees of later merges that came with the same evidence, oldest first: the version at another stage. */
  readonly laterTrees: readonly string[];
  /** What the evidence says; null where it is not within reach. */
  readonly evidence: {
    readonly claim: ProposalClaim;
    readonly prediction: Prediction;
    /** Net return on the development data of what it was measured against, and of itself. */
    readonly incumbent: number;
    readonly candidate: number;
    /** What it was measured against: strategy, and tree of its folder. */
    readonly against: string;
    readonly parentTree: string;
  } | null;
}

export interface MemoryMaterial {
  readonly strategy: string;
  /** Market time, UTC milliseconds. */
  readonly asOf: number;
  /** Wall clock, UTC milliseconds. */
  readonly toldAt: number;
  /** The night that remembers: neither it nor what follows it is told. Null for a person who asks. */
  readonly cycle: string | null;
  readonly ledger: LedgerReading;
  readonly proposals: readonly ProposalMaterial[];
  /** Null where no engine is within reach. */
  readonly record: VersionRecord | null;
  readonly heard: readonly Heard[] | { readonly problem: string };
}

/** What is known of the past at one moment. The same material, the same memory; what became known later is not in it. */
export function memoryOf(material: MemoryMaterial): Memory {
  const { strategy, asOf, toldAt, heard } = material;
  const ledger = ledgerBefore(material);
  const began = new Map(recordsOf(ledger, 'night-began').map(({ cycle, entry }) => [cycle, entry]));
  const proposals = new Map(
    material.proposals
      .filter(({ cycle, openedAt }) => began.has(cycle) && (openedAt === null || openedAt <= toldAt))
      .map((proposal) => [proposal.cycle, proposal]),
  );
  const ended = new Map(recordsOf(ledger, 'night-ended').map(({ cycle, entry }) => [cycle, entry]));
  const all = nightsOf(ledger).map((night): PastNight => {
    const proposal = proposals.get(night.cycle);
    const stake = ended.get(night.cycle)?.stake;
    return {
      cycle: night.cycle,
      strategy: night.strategy,
      proposer: night.proposer,
      asOf: began.get(night.cycle)!.asOf,
      decision: night.decision,
      reason: night.reason,
      trials: night.planned,
      asked: night.asked,
      above: night.above,
      proposed:
        stake !== undefined
          ? stakedOf({ stake, decision: night.decision }, began.get(night.cycle)!, proposal ?? null, material)
          : proposal === undefined
            ? null
            : proposedOf(proposal, proposals.values(), material),
    };
  });
  const own = all.filter((night) => night.strategy === strategy).reverse();
  const cycles = new Set(own.map(({ cycle }) => cycle));
  return Memory.parse({
    schema: 'ratchet/memory/1',
    strategy,
    asOf,
    toldAt,
    nights: own.slice(0, NIGHTS_MAX),
    nightsOmitted: Math.max(0, own.length - NIGHTS_MAX),
    scores: {
      least: LEAST_SCORED,
      overall: scoresOf(all.flatMap(forecastsOf)),
      byProposer: Object.fromEntries(
        [...new Set(all.map(({ proposer }) => proposer))]
          .sort()
          .map((proposer) => [proposer, scoresOf(all.filter((one) => one.proposer === proposer).flatMap(forecastsOf))]),
      ),
    },
    insights: insightsOf({ entries: ledger.entries.filter(({ cycle }) => cycles.has(cycle)) }, netReturnOf(proposals.values())),
    people: 'problem' in heard ? heard : { discussions: peopleOf(heard, cycles, toldAt) },
  });
}

function forecastsOf({ proposed }: PastNight): Proposed['forecasts'] {
  return proposed?.forecasts ?? [];
}

/** The nights that began before the one that remembers, and looked no further than it does. */
function ledgerBefore({ ledger, cycle, asOf }: MemoryMaterial): LedgerReading {
  const began = recordsOf(ledger, 'night-began');
  const own = began.findIndex((record) => record.cycle === cycle);
  const before = (own < 0 ? began : began.slice(0, own)).filter(({ entry }) => entry.asOf <= asOf);
  const cycles = new Set(before.map((record) => record.cycle));
  return { ...ledger, entries: ledger.entries.filter((record) => cycles.has(record.cycle)) };
}

function proposedOf(
  proposal: ProposalMaterial,
  all: Iterable<ProposalMaterial>,
  { asOf, toldAt, record }: MemoryMaterial,
): Proposed {
  const { strategy, pullRequest, openedAt, evidence } = proposal;
  const fate = fateOf(proposal, toldAt);
  const isNewest = [...all].every((one) => one.strategy !== strategy || (one.mergedAt ?? 0) <= (proposal.mergedAt ?? 0));
  const standing = standingOf(proposal, fate.state, record, isNewest);
  const { claim, prediction } = evidence ?? { claim: null, prediction: null };
  const told =
    claim === null
      ? null
      : {
          kind: claim.kind,
          hypothesis: claim.hypothesis,
          changes: claim.changes,
          riskTier: claim.riskTier,
          forecast: claim.forecast,
          killRule: claim.killRule,
          prediction,
        };
  return { strategy, fate: { ...fate, pullRequest, openedAt }, claim: told, ...cameOf(told, standing, asOf) };
}

/**
 * What became of what no evidence tells: that a strategy should stop, which is about the version that ran that night, or that something
 * should be looked at in another way, which stakes nothing that could be measured.
 */
function stakedOf(
  { stake, decision }: { readonly stake: Stake; readonly decision: string | null },
  { strategy, parentTree: tree, asOf: since }: EntryOf<'night-began'>,
  proposal: ProposalMaterial | null,
  { asOf, toldAt, record }: MemoryMaterial,
): Proposed {
  const times = proposal ?? { openedAt: null, mergedAt: null, closedAt: null };
  const fate = { ...fateOf(times, toldAt), pullRequest: proposal?.pullRequest ?? null, openedAt: times.openedAt };
  const kind = decision === 'ANALYSIS' ? 'ANALYSIS' : 'RETIRE';
  const claim: NonNullable<Proposed['claim']> = { kind, ...stake, changes: [], prediction: null };
  const standing = kind === 'ANALYSIS' ? UNMEASURED : standingSince({ strategy, tree, since }, fate, record);
  return { strategy, fate, claim, ...cameOf(claim, standing, asOf) };
}

function cameOf(
  claim: Proposed['claim'],
  standing: Standing,
  asOf: number,
): Pick<Proposed, 'ran' | 'now' | 'forecasts' | 'killRules'> {
  const run = standing.state === 'ran' ? standing.run : null;
  return {
    ran: run === null ? null : { since: run.since, until: run.until },
    now: standing.state === 'ran' ? measuresOf(standing, Math.min(asOf, standing.run.until ?? asOf)) : null,
    forecasts: claim === null ? [] : wagersOf(claim, claim.prediction).map((wager) => scored(wager, standing, asOf)),
    killRules: claim === null ? [] : killRulesOf(claim, claim.prediction).map((rule) => ruled(rule, standing, asOf)),
  };
}

function measuresOf({ measuredAt: measured }: Extract<Standing, { state: 'ran' }>, at: number): NonNullable<Proposed['now']> {
  return {
    netReturn: measured('netReturn', at),
    maxDrawdown: measured('maxDrawdown', at),
    winRate: measured('winRate', at),
    tradesPerDay: measured('tradesPerDay', at),
  };
}

function fateOf(
  { openedAt, mergedAt, closedAt }: Pick<ProposalMaterial, 'openedAt' | 'mergedAt' | 'closedAt'>,
  toldAt: number,
): Pick<Proposed['fate'], 'state' | 'endedAt'> {
  if (mergedAt !== null && mergedAt <= toldAt) return { state: 'merged', endedAt: mergedAt };
  if (mergedAt === null && closedAt !== null && closedAt <= toldAt) return { state: 'closed', endedAt: closedAt };
  return { state: openedAt === null ? 'unknown' : 'open', endedAt: null };
}

/** What evidence says of a version: as the one that was proposed, or as the one it was measured against. */
function netReturnOf(proposals: Iterable<ProposalMaterial>): (strategy: string, tree: string) => number | null {
  const known = new Map<string, number>();
  for (const { strategy, tree, evidence } of proposals) {
    if (evidence === null) continue;
    known.set(`${evidence.against} ${evidence.parentTree}`, evidence.incumbent);
    if (tree !== null) known.set(`${strategy} ${tree}`, evidence.candidate);
  }
  return (strategy, tree) => known.get(`${strategy} ${tree}`) ?? null;
}
