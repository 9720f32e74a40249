import { requestFor } from '#bot/evidence/build-pack.ts';
import type { Evaluation as Yardstick } from '#bot/evidence/evaluation.ts';
import {
  configurationOf,
  daysOf,
  type EntryOf,
  type NightReturns,
  type PlannedTrial,
  returnsByDay,
} from '#bot/evidence/ledger.ts';
import { shortened } from '#bot/evidence/markdown.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { type Candidate, type Evaluation, LABEL_LENGTH_MAX, type Proposer, type StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { BacktesterPool } from './backtester-pool.ts';
import { hopelessness, shortPartOf } from './short-run.ts';
import { questionOf, type TrialCache } from './trial-cache.ts';

export type TrialOutcome = EntryOf<'trial'>;

/** Where trials are written down: the plan of a batch before any of it runs, the outcomes after. */
export interface TrialRecorder {
  plan(trials: readonly PlannedTrial[]): Promise<void>;
  complete(outcomes: readonly TrialOutcome[]): Promise<void>;
  /** What an earlier run of the night wrote next: a plan that must be met again, the end of the search, or nothing. */
  ahead(): 'plan' | 'end' | 'nothing';
}

export interface Creation {
  readonly candidates: readonly Candidate[];
  /** The proposer's own words, when it had any. */
  readonly reason: string | null;
  readonly trials: number;
  /** Daily returns of the scored trials; null when there is none. */
  readonly returns: NightReturns | null;
}

export interface CreateTask {
  readonly proposer: Pick<Proposer, 'propose'>;
  readonly incumbent: StrategyVersion;
  readonly incumbentResult: BacktestResult;
  readonly yardstick: Yardstick;
  /** Holds the development data and nothing after it. */
  readonly pool: Pick<BacktesterPool, 'use'>;
  readonly trials: number;
  readonly seed: number;
  readonly record: TrialRecorder;
  readonly onTrial: (done: number) => void;
  /**
   * Whether the time for it is over, asked before each batch. What is reached by then is what the ledger says: a night taken up again
   * meets every plan that stands there, and ends where the search ended, whatever the clock says.
   */
  readonly isTimeOver?: () => boolean;
  /** What trials came to in an earlier run of the night; left out, all are run. */
  readonly cache?: Pick<TrialCache, 'read' | 'write'>;
}

/**
 * Lets the proposer look for better versions. It hears of the development data only, and every question it asks is a trial, written
 * down before it runs. Questions asked in one go are one batch, numbered in the order they were asked, whichever finishes first.
 */
export async function create(task: CreateTask): Promise<Creation> {
  const search = new Search(task);
  const { candidates, reason } = await task.proposer.propose({
    incumbent: task.incumbent.files,
    incumbentResult: task.incumbentResult,
    trials: task.trials,
    seed: task.seed,
    candles: Object.fromEntries(task.yardstick.dataset.entries.map(({ symbol, timeframe }) => [symbol, timeframe])),
    evaluate: async (files, label, strategy) => search.ask(files, label, strategy),
  });
  await search.settled();
  search.requireTried(candidates);
  return {
    candidates,
    reason: search.isStopped ? outOfTime(search.planned, task.trials, reason) : reason,
    trials: search.planned,
    returns: search.returns(),
  };
}

function outOfTime(planned: number, trials: number, reason: string | null): string {
  const time = `The time for the search was over after ${planned} of ${trials} trials.`;
  return reason === null ? time : `${time} ${reason}`;
}

interface Question extends PlannedTrial {
  readonly strategy: string;
  readonly files: StrategyFiles;
  readonly answer: (evaluation: Promise<Evaluation>) => void;
}

class Search {
  readonly #task: CreateTask;
  readonly #series: (Float64Array | undefined)[] = [];
  /** Of the configurations that were scored. */
  readonly #scored = new Set<string>();
  #gathering: Question[] = [];
  /** Batches take turns, so that plans stand in the ledger in the order of their numbers. */
  #turn: Promise<unknown> = Promise.resolve();
  #done = 0;
  #asked = 0;
  #incumbentInShort: Promise<BacktestResult> | undefined;
  /** Trials that stand in the ledger. */
  planned = 0;
  /** The time was over before the proposer was done. */
  isStopped = false;

  constructor(task: CreateTask) {
    this.#task = task;
  }

  ask(files: StrategyFiles, label: string, strategy = this.#task.incumbent.manifest.id): Promise<Evaluation> {
    this.#asked += 1;
    if (this.#asked > this.#task.trials) {
      throw new RatchetError(
        'night/trials-spent',
        `The proposer asked for more than its ${this.#task.trials} trials.`,
        'This is a fault in the proposer.',
      );
    }
    const trial = this.#asked;
    if (this.#gathering.length === 0) queueMicrotask(() => this.#flush());
    return new Promise((answer) => {
      this.#gathering.push({
        trial,
        label: shortened(label, LABEL_LENGTH_MAX),
        strategy,
        configuration: configurationOf(files),
        files,
        answer,
      });
    });
  }

  /** Resolves when every batch has been run and written down. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** What was never tried was never counted: it cannot be proposed. @throws RatchetError `night/untried` */
  requireTried(candidates: readonly Candidate[]): void {
    if (candidates.every(({ files }) => this.#scored.has(configurationOf(files)))) return;
    throw new RatchetError(
      'night/untried',
      'The proposer proposes a configuration that it did not try.',
      'This is a fault in the proposer.',
    );
  }

  returns(): NightReturns | null {
    const scored = this.#series.flatMap((series, index) => (series === undefined ? [] : [{ trial: index + 1, series }]));
    if (scored.length === 0) return null;
    return {
      ...daysOf(this.#task.yardstick.spans.development),
      trials: scored.map(({ trial }) => trial),
      series: scored.map(({ series }) => series),
    };
  }

  #flush(): void {
    const batch = this.#gathering;
    this.#gathering = [];
    const done = this.#turn.then(() => this.#run(batch));
    for (const [index, { answer }] of batch.entries()) answer(done.then((evaluations) => evaluations[index]!));
    this.#turn = done;
    // Whoever asked hears of it, and so does whoever awaits the turn.
    done.catch(() => {});
  }

  async #run(batch: readonly Question[]): Promise<readonly Evaluation[]> {
    const { record, onTrial, yardstick } = this.#task;
    this.isStopped ||= this.#mustStop();
    if (this.isStopped)
      return batch.map(() => ({ outcome: 'rejected', reason: 'The time was over before it was run.', isForTime: true }));
    this.planned += batch.length;
    await record.plan(batch.map(({ trial, label, configuration }) => ({ trial, label, configuration })));
    const evaluations = await Promise.all(
      batch.map(async ({ trial, strategy, files, configuration }) => {
        const evaluation = await this.#evaluate(strategy, files, configuration);
        if (evaluation.outcome === 'scored') {
          this.#scored.add(configuration);
          this.#series[trial - 1] = returnsByDay(evaluation.result.equity, yardstick.capital, yardstick.spans.development);
        }
        this.#done += 1;
        onTrial(this.#done);
        return evaluation;
      }),
    );
    await record.complete(batch.map(({ trial }, index) => outcomeOf(trial, evaluations[index]!)));
    return evaluations;
  }

  /** Once written, the length of the search is what was written; until then the clock decides, between two batches. */
  #mustStop(): boolean {
    const ahead = this.#task.record.ahead();
    return ahead === 'nothing' ? (this.#task.isTimeOver?.() ?? false) : ahead === 'end';
  }

  /** From cheap to dear: what was run before, the static wall, the newest part of the data, the whole. */
  async #evaluate(strategy: string, files: StrategyFiles, configuration: PlannedTrial['configuration']): Promise<Evaluation> {
    const { pool, yardstick, cache } = this.#task;
    const question = questionOf(strategy, configuration, yardstick);
    const known = cache?.read(question) ?? null;
    if (known !== null) return { outcome: 'scored', result: known };
    const { development } = yardstick.spans;
    const short = shortPartOf(development);
    try {
      const version = await readVersion(strategy, files);
      const incumbent = await this.#incumbentIn(short);
      return await pool.use(version, async (tester) => {
        const request = requestFor(tester, version, yardstick, development);
        const reason = hopelessness(await tester.run({ ...request, span: short }), incumbent, short);
        if (reason !== null) return { outcome: 'rejected', reason };
        const result = await tester.run(request);
        cache?.write(question, result);
        return { outcome: 'scored', result };
      });
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      return { outcome: 'rejected', reason: error.message };
    }
  }

  /** How the incumbent did in the short part, run once. */
  #incumbentIn(short: Span): Promise<BacktestResult> {
    const { pool, incumbent, yardstick } = this.#task;
    this.#incumbentInShort ??= pool.use(incumbent, (tester) => tester.run(requestFor(tester, incumbent, yardstick, short)));
    return this.#incumbentInShort;
  }
}

function outcomeOf(trial: number, evaluation: Evaluation): TrialOutcome {
  if (evaluation.outcome === 'rejected') {
    const reason = evaluation.reason.slice(0, 300);
    return { kind: 'trial', trial, outcome: 'rejected', resultId: null, netReturn: null, reason };
  }
  const { resultId, metrics } = evaluation.result;
  return { kind: 'trial', trial, outcome: 'scored', resultId, netReturn: metrics.netReturn, reason: null };
}
