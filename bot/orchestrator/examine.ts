import { buildPack, type Neighbour } from '#bot/evidence/build-pack.ts';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { EVIDENCE_PATHS } from '#bot/evidence/evidence-files.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { factsFromPack, judge, type Rule } from '#bot/gates/policy/judge.ts';
import type { Candidate } from '#bot/proposers/proposer.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { BacktesterPool } from './backtester-pool.ts';
import { askSelectionData, type QuestionTask } from './question.ts';

export type Examination =
  | { readonly outcome: 'passed'; readonly version: StrategyVersion; readonly pack: Pack }
  | { readonly outcome: 'failed'; readonly reasons: readonly string[] }
  /** The selection data have no answer left, so it was not looked at. */
  | { readonly outcome: 'unanswered' };

export interface ExamineTask {
  readonly cycle: string;
  /** The folder's name: the incumbent's, unless the strategy is new. */
  readonly strategy: string;
  readonly candidate: Candidate;
  readonly incumbent: StrategyVersion;
  readonly parentTree: string;
  readonly search: Pack['search'];
  /** Daily returns of the night's scored trials, as the ledger keeps them. */
  readonly trialReturns: readonly Float64Array[];
  /** Other strategies that trade on the base. */
  readonly beside: readonly Neighbour[];
  readonly yardstick: Evaluation;
  /** Up to the end of the selection data; nobody here has a bar of the vault. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly rules: readonly Rule[];
  readonly pool: BacktesterPool;
  readonly held: Pick<QuestionTask, 'noise' | 'readLedger' | 'append'>;
}

/**
 * Asks the selection data for one word; only "above" opens the candidate's numbers on them. Then makes the evidence and asks of it what the policy gate will ask. What would be refused there is not proposed:
 * a night without a pull request costs a reviewer nothing.
 */
export async function examine(task: ExamineTask): Promise<Examination> {
  const id = task.strategy;
  const against = task.incumbent.manifest.id;
  const version = await readVersion(id, task.candidate.files);
  const { cycle, incumbent, yardstick, pool } = task;
  const answer = await askSelectionData({ cycle, candidate: version, incumbent, yardstick, pool, ...task.held });
  if (answer === null) return { outcome: 'unanswered' };
  if (answer === 'below')
    return { outcome: 'failed', reasons: ['On data its author never saw, it is not clearly ahead of the version that runs.'] };
  const pack = await buildPack(
    {
      cycle: task.cycle,
      strategy: id,
      against,
      claim: task.candidate.claim,
      search: task.search,
      trialReturns: task.trialReturns,
      parentTree: task.parentTree,
      candidate: version,
      incumbent: task.incumbent,
      beside: task.beside,
      evaluation: task.yardstick,
      columns: task.columns,
    },
    (one) => task.pool.open(one),
  );
  const facts = factsFromPack(pack, {
    author: 'bot',
    paths: [...version.files.keys(), ...EVIDENCE_PATHS].map((path) => `strategies/${id}/${path}`),
    stage: version.manifest.stage,
    stageBefore: id === against ? task.incumbent.manifest.stage : 'none',
    gates: {},
  });
  const denied = judge(task.rules, facts).filter((ruling) => !ruling.isAllowed);
  if (denied.length > 0) return { outcome: 'failed', reasons: denied.map((ruling) => ruling.sentence) };
  return { outcome: 'passed', version, pack };
}
