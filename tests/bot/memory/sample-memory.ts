import {
  chain,
  EMPTY_LEDGER,
  type LedgerEntry,
  ledgerPath,
  readLedger,
  requireStructure,
  type Stake,
} from '#bot/evidence/ledger.ts';
import type { Forecast, Pack, Threshold } from '#bot/evidence/pack.ts';
import type { MemoryMaterial, ProposalMaterial } from '#bot/memory/memory-of.ts';
import type { Run, VersionRecord } from '#bot/memory/version-record.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';

export const DAY = 86_400_000;
export const START = Date.UTC(2026, 0, 1);
export const STRATEGY = 'ema-cross';

/** `n` days after the first. */
export const day = (n: number): number => START + n * DAY;

export function cycleOn(n: number): string {
  return `${new Date(day(n)).toISOString().slice(0, 10).replaceAll('-', '')}-1`;
}

export interface SampleNight {
  /** Days after the first. */
  readonly on: number;
  readonly strategy?: string;
  readonly proposer?: string;
  readonly parentTree?: string;
  /** Label and net return of each trial; null was rejected. */
  readonly trials?: readonly (readonly [label: string, netReturn: number | null])[];
  /** Trials that asked the selection data, by number, and what it said. */
  readonly selection?: readonly (readonly [trial: number, answer: 'above' | 'below'])[];
  /** Left out: the night was left unfinished. */
  readonly decision?: string | null;
  /** What its last line keeps of a motion. */
  readonly stake?: Stake;
}

/** The lines that such nights write. */
export function entriesOf(nights: readonly SampleNight[]): readonly (readonly [cycle: string, entries: LedgerEntry[]])[] {
  let question = 0;
  return nights.map((night) => {
    const {
      on,
      strategy = STRATEGY,
      proposer = 'evolution',
      parentTree = 'p1',
      trials = [],
      selection = [],
      decision,
      stake,
    } = night;
    const cycle = cycleOn(on);
    const configuration = (trial: number) => digestOf(`${cycle} ${trial}`);
    const began = { strategy, proposer, parentTree, asOf: day(on), trialsPlanned: trials.length, seed: 1 };
    const entries: LedgerEntry[] = [{ kind: 'night-began', cycle, ...began }];
    if (trials.length > 0) {
      const planned = trials.map(([label], index) => ({ trial: index + 1, label, configuration: configuration(index + 1) }));
      entries.push({ kind: 'trials-planned', trials: planned });
      for (const [index, [, netReturn]] of trials.entries()) {
        const outcome = netReturn === null ? 'rejected' : 'scored';
        entries.push({ kind: 'trial', trial: index + 1, outcome, resultId: null, netReturn, reason: null });
      }
      const scored = trials.filter(([, netReturn]) => netReturn !== null).length;
      const ideas = Array.from({ length: scored }, () => 0);
      entries.push({ kind: 'search-ended', trials: trials.length, scored, returns: scored === 0 ? null : digestOf('r'), ideas });
    }
    for (const [trial, answer] of selection) {
      question += 1;
      entries.push({ kind: 'selection-asked', question, candidate: configuration(trial), until: day(on) });
      entries.push({ kind: 'selection-answered', question, answer });
    }
    const said = { decision: decision ?? 'NO_CHANGE', reason: `why ${cycle}`, ...(stake === undefined ? {} : { stake }) };
    if (decision !== null) entries.push({ kind: 'night-ended', trials: trials.length, ...said });
    return [cycle, entries];
  });
}

/** A ledger of such nights, chained and checked as one that is read. */
export function ledgerOf(nights: readonly SampleNight[]): MemoryMaterial['ledger'] {
  const files = new Map<string, string>();
  let head = EMPTY_LEDGER;
  for (const [cycle, entries] of entriesOf(nights)) {
    const written = chain(head, entries);
    files.set(ledgerPath(cycle), written.text);
    head = written.head;
  }
  const ledger = readLedger(files);
  requireStructure(ledger);
  return ledger;
}

/** What the night of a day proposed, merged the same day unless told otherwise. */
export function proposalOn(
  on: number,
  part: Partial<Omit<ProposalMaterial, 'evidence'>> & {
    forecast?: Forecast;
    killRule?: Threshold;
    change?: (pack: Pack) => void;
  } = {},
): ProposalMaterial {
  const { forecast = null, killRule = null, change = () => {}, ...rest } = part;
  const pack = samplePack((sample) => {
    sample.cycle = cycleOn(on);
    sample.proposal = { ...sample.proposal, forecast, killRule };
    change(sample);
  });
  return {
    cycle: cycleOn(on),
    strategy: STRATEGY,
    pullRequest: on + 1,
    openedAt: day(on),
    mergedAt: day(on),
    closedAt: day(on),
    tree: `t${on}`,
    laterTrees: [],
    evidence: {
      claim: pack.proposal,
      prediction: pack.prediction,
      incumbent: pack.incumbent.development.metrics.netReturn,
      candidate: pack.candidate.development.metrics.netReturn,
      against: pack.against,
      parentTree: pack.parentTree,
    },
    ...rest,
  };
}

/** An engine that knows these versions, and what was true of each at a time. */
export function recordOf(
  versions: Readonly<
    Record<string, Omit<Run, 'isShadow'> & { isShadow?: boolean; truth: (at: number) => Partial<Truth> | null }>
  >,
): VersionRecord {
  return {
    runOf: (_strategy, tree) => {
      const known = versions[tree];
      return known === undefined ? null : { isShadow: false, ...known };
    },
    figureAt: (figure, _strategy, tree, at) => {
      const known = versions[tree]?.truth(at) ?? null;
      return known === null ? null : sampleTruth(known)[figure];
    },
  };
}

export function material(part: Partial<MemoryMaterial> = {}): MemoryMaterial {
  const ledger = ledgerOf([{ on: 0 }]);
  const nobody = { problem: 'nobody was asked' };
  return {
    strategy: STRATEGY,
    asOf: day(100),
    toldAt: day(100),
    cycle: null,
    ledger,
    proposals: [],
    record: null,
    heard: nobody,
    ...part,
  };
}
