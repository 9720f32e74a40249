import { requestFor } from '#bot/evidence/build-pack.ts';
import type { Evaluation as Yardstick } from '#bot/evidence/evaluation.ts';
import type { LedgerEntry } from '#bot/evidence/ledger.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import type { Candidate, Evaluation, Proposer, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { BacktesterPool } from './backtester-pool.ts';

export type Trial = Extract<LedgerEntry, { kind: 'trial' }>;

export interface Creation {
  readonly candidates: readonly Candidate[];
  /** In the order the proposer asked, which does not depend on which finished first. */
  readonly trials: readonly Trial[];
}

export interface CreateTask {
  readonly proposer: Proposer;
  readonly incumbent: StrategyVersion;
  readonly incumbentResult: BacktestResult;
  readonly yardstick: Yardstick;
  readonly pool: BacktesterPool;
  readonly trials: number;
  readonly seed: number;
  readonly onTrial: (done: number) => void;
}

/** Lets the proposer look for better versions. It hears of the development data only, and every question it asks is a trial. */
export async function create(task: CreateTask): Promise<Creation> {
  const trials: Trial[] = [];
  let done = 0;
  const evaluate = async (files: StrategyFiles, label: string): Promise<Evaluation> => {
    const index = trials.length;
    if (index >= task.trials) {
      throw new RatchetError(
        'night/trials-spent',
        `The proposer asked for more than its ${task.trials} trials.`,
        'This is a fault in the proposer.',
      );
    }
    trials.push({ kind: 'trial', label, outcome: 'rejected', resultId: null, netReturn: null, reason: 'not finished' });
    const evaluation = await evaluateOne(task, files);
    trials[index] = trialOf(label, evaluation);
    done += 1;
    task.onTrial(done);
    return evaluation;
  };
  const candidates = await task.proposer.propose({
    incumbent: task.incumbent.files,
    incumbentResult: task.incumbentResult,
    trials: task.trials,
    seed: task.seed,
    evaluate,
  });
  return { candidates, trials };
}

async function evaluateOne(task: CreateTask, files: StrategyFiles): Promise<Evaluation> {
  try {
    const version = await readVersion(task.incumbent.manifest.id, files);
    const result = await task.pool.use(version, (tester) =>
      tester.run(requestFor(tester, version, task.yardstick, task.yardstick.spans.development)),
    );
    return { outcome: 'scored', result };
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return { outcome: 'rejected', reason: error.message };
  }
}

function trialOf(label: string, evaluation: Evaluation): Trial {
  if (evaluation.outcome === 'rejected') {
    return {
      kind: 'trial',
      label,
      outcome: 'rejected',
      resultId: null,
      netReturn: null,
      reason: evaluation.reason.slice(0, 300),
    };
  }
  const { resultId, metrics } = evaluation.result;
  return { kind: 'trial', label, outcome: 'scored', resultId, netReturn: metrics.netReturn, reason: null };
}
