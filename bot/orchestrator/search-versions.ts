import { dirname, join } from 'node:path';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import type { VersionDecision } from '#bot/proposers/decision.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import { inTurn } from '#bot/proposers/in-turn.ts';
import type { Proposer, ProposerTask } from '#bot/proposers/proposer.ts';
import type { Mind } from '#bot/proposers/thinkers.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { BacktesterPool } from './backtester-pool.ts';
import { create } from './create.ts';
import { writerFor } from './night-ledger.ts';
import type { Night, NightOptions } from './night-options.ts';
import type { StageResult } from './night-work.ts';
import type { Study } from './studied.ts';
import { TrialCache } from './trial-cache.ts';
import { TrialRecord } from './trial-record.ts';

/** A model writes once, and may mend it twice: it needs no more trials than that. */
const AUTHOR_TRIALS_MAX = 3;

export interface VersionSearch {
  /** Of the version that runs, on the development data. */
  readonly development: BacktestResult;
  /** Who looks, one after the other. */
  readonly proposers: readonly Pick<Proposer, 'propose'>[];
  readonly why: string;
}

/** Lets the proposers look for versions that do better on the development data; every trial stands in the ledger. */
export async function searchVersions(
  options: NightOptions,
  night: Night,
  pool: BacktesterPool,
  { development, proposers, why }: VersionSearch,
): Promise<StageResult<Study>> {
  const { progress, state, strategy, trials, thinkers } = options;
  progress({ kind: 'phase', phase: 'create', message: `${trials} trials by ${thinkers.name}, on the development data` });
  const { clock = Date.now, searchMs = Number.POSITIVE_INFINITY } = options;
  const deadline = clock() + searchMs;
  const record = new TrialRecord(night.cycle, await readLedgerFrom(state), writerFor(state, night.cycle));
  const { candidates, reason, ...created } = await create({
    proposer: inTurn(proposers, proposers.length > 1 ? AUTHOR_TRIALS_MAX : trials),
    incumbent: night.incumbent,
    incumbentResult: development,
    yardstick: night.yardstick,
    pool,
    trials,
    seed: night.seed,
    record,
    isTimeOver: () => clock() >= deadline,
    cache: new TrialCache(trialsFolder(options, night)),
    onTrial: (done) => progress({ kind: 'step', phase: 'create', done, total: trials }),
  });
  await record.end(created.trials, created.returns);
  const [best] = candidates;
  const message =
    best === undefined
      ? 'nothing better found'
      : `${candidates.length} better on development; best: ${best.claim.changes.join(', ')}`;
  progress({ kind: 'done', phase: 'create', message });
  if (best === undefined) {
    const tried = `${created.trials} configurations were tried; none did better on the development data than the version that runs.`;
    const said = [reason, created.trials > 0 || reason === null ? tried : null].filter((sentence) => sentence !== null);
    return { record: { kind: 'nothing', reason: said.join(' ') } };
  }
  const kept = candidates.map(({ strategy: own = null, files, claim }) => {
    return { strategy: own, files: Object.fromEntries(files), claim };
  });
  const folder = `strategies/${best.strategy ?? strategy}`;
  const files = new Map([...best.files].map(([path, text]) => [`${folder}/${path}`, text]));
  return { record: { kind: 'candidates', why: reason === null ? why : `${why} ${reason}`, candidates: kept }, files };
}

/** Where what a night's trials came to is kept until it ends, beside the worktrees: it is large, and can be made again. */
export function trialsFolder({ worktrees }: Pick<NightOptions, 'worktrees'>, { cycle }: Pick<Night, 'cycle'>): string {
  return join(dirname(worktrees), 'trials', cycle);
}

/** A model's decision as a proposer: what it wants is written, and tried on the development data. */
export function writing(
  decision: VersionDecision,
  { author }: Mind,
  { facts, isTaken }: { facts: readonly Fact[]; isTaken: (strategy: string) => Promise<boolean> },
): Pick<Proposer, 'propose'> {
  return {
    async propose(task) {
      const evaluate: ProposerTask['evaluate'] = async (files, label, strategy) => {
        if (strategy !== undefined && (await isTaken(strategy)))
          return { outcome: 'rejected', reason: `There is a strategy ${strategy} already; a new one needs another id.` };
        return task.evaluate(files, label, strategy);
      };
      const made = await author.write(decision, facts, { ...task, evaluate });
      if (made.kind === 'candidate') return { candidates: [made.candidate], reason: null };
      if (made.kind === 'nothing') return { candidates: [], reason: made.reason };
      throw new Error('An author was asked for a version and gave a module.');
    },
  };
}
