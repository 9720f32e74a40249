import { requestFor } from '#bot/evidence/build-pack.ts';
import { EVALUATION_PATH, type Evaluation, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { HELD_OUT_PATH, HeldOutPolicy } from '#bot/evidence/held-out-policy.ts';
import { type LedgerReading, readLedgerFrom, searchOf, trialReturns } from '#bot/evidence/ledger.ts';
import type { CommandHelp } from '#bot/evidence/render-context.ts';
import { type SelectionNoise, selectionBudget } from '#bot/evidence/selection-budget.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { deployedBeside } from '#bot/gates/deployed-beside.ts';
import { lifeAt } from '#bot/gates/life-policy.ts';
import { AUTONOMY_PATH, GATES_POLICY_PATH, GatesPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { compile } from '#bot/gates/policy/judge.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Candidate, Proposer } from '#bot/proposers/proposer.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Person, Repository, TreeHash } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import { analysisOf } from './analysis.ts';
import { autonomyAt, type ForgeKind } from './autonomy.ts';
import { BacktesterPool } from './backtester-pool.ts';
import { uncaughtCanaries } from './canaries/uncaught.ts';
import { type CanaryReport, type CanaryTask, describeCanary, flyCanaries } from './canaries.ts';
import { create } from './create.ts';
import { decide, percent } from './decide.ts';
import { examine } from './examine.ts';
import { whyNoRoom } from './life/room-to-propose.ts';
import {
  type BegunNight,
  beginNight,
  type EndedNight,
  endNight,
  recordCanaries,
  recordedCanaries,
  writerFor,
} from './night-ledger.ts';
import { observe } from './observe.ts';
import type { Progress } from './progress.ts';
import { branchOf, propose } from './propose.ts';
import { TrialRecord } from './trial-record.ts';

/** How many candidates may ask the selection data in one night; every answer makes the data less blind. */
const EXAMINED_MAX = 2;

export interface NightOptions {
  readonly strategy: string;
  /** Market time up to which the night looks, UTC milliseconds. A night taken up again keeps its own. */
  readonly asOf: number;
  readonly seed: number;
  readonly trials: number;
  readonly workers: number;
  readonly proposer: Proposer;
  /** What a person wished for, written down with the night; null when nobody did. */
  readonly hint: { readonly by: string; readonly text: string } | null;
  /** The comment that asks for it; null, or left out, when none does. It has one night, however often this is run for it. */
  readonly askedIn?: number | null;
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly api: RepositoryApi;
  readonly candles: CandleStore;
  /** What is true of one version of the strategy up to a market time; null where no engine has told of it. */
  readonly truth: (strategy: string, tree: string, asOf: number) => Truth | null;
  /** Folder of the engine's record, for the analysis modules; null where it is not on this machine. */
  readonly record: string | null;
  readonly author: Person;
  /** Every gate, for the night's canaries, without a key to sign with. */
  readonly prove: CanaryTask['prove'];
  /** Whose level of `policies/autonomy.yaml` holds. */
  readonly forge: ForgeKind;
  readonly commands: readonly CommandHelp[];
  readonly progress: Progress;
  /** Wall clock, UTC milliseconds, for how many pull requests there may be an hour; this machine's when left out. */
  readonly clock?: () => number;
}

export interface NightReport {
  readonly cycle: string;
  /** What the ledger has of it; `PROPOSED` of a night that was interrupted after it had proposed something, and could not go on. */
  readonly decision: string;
  readonly reason: string;
  readonly trials: number;
  readonly pullRequest: PullRequest | null;
  /** What became of the changes that the gates had to stop. */
  readonly canaries: readonly CanaryReport[];
}

interface Night extends BegunNight {
  readonly base: CommitHash;
  readonly parentTree: TreeHash;
  readonly incumbent: StrategyVersion;
  readonly yardstick: Evaluation;
  readonly noise: SelectionNoise;
  readonly canaries: readonly CanaryReport[];
}

/** What the search ended with: nothing to examine, or candidates and why anything should change. */
type Study =
  | { readonly outcome: 'nothing'; readonly reason: string }
  | { readonly outcome: 'candidates'; readonly candidates: readonly Candidate[]; readonly why: string };

/**
 * One nightly cycle for one strategy. What it does is written to the ledger before and after, and everything in between
 * follows from what is written, so a night that was killed is run again to the same end.
 *
 * It holds two pools, one after the other: while the proposer searches, candles of the development span and not a bar more; while
 * candidates are examined, those up to the end of the selection span. The vault's candles are in neither.
 */
export async function runNight(options: NightOptions): Promise<NightReport> {
  const { repository, state, api, strategy } = options;
  await repository.fetch();
  await state.reload();
  const base = await repository.resolve('main');
  const parentTree = base === null ? null : await repository.treeOf(base, `strategies/${strategy}`);
  if (base === null || parentTree === null) {
    throw new RatchetError('night/no-strategy', `main has no strategies/${strategy}.`, 'Name one that is deployed.', {
      strategy,
    });
  }
  const incumbent = await readVersion(strategy, await strategyFiles(repository, base, strategy));
  const { asOf, seed, trials, proposer, hint, askedIn = null } = options;
  const plan = { strategy, asOf, parentTree, proposer: proposer.name, trials, seed, hint, askedIn };
  const beginning = await beginNight(state, api, plan);
  if (beginning.state === 'ended') return reportOf(beginning.night, options);
  const begun = beginning.night;
  const yardstick = parseEvaluation(await readText(repository, base, EVALUATION_PATH));
  const policy = parsePolicy(HELD_OUT_PATH, await readText(repository, base, HELD_OUT_PATH), HeldOutPolicy).selection;
  const noise = { policy, seed: yardstick.seed, dataset: yardstick.dataset.digest };
  const { canaries, alarm } = await fly(options, begun, base);
  const night: Night = { ...begun, base, parentTree, incumbent, yardstick, noise, canaries };
  if (alarm !== null) return end(options, night, { decision: 'NO_CHANGE', reason: alarm, pullRequest: null });
  const { development, selection } = yardstick.spans;
  const study = await withCandles(options, yardstick, development.to, (pool) => think(options, night, pool));
  if (study.outcome === 'nothing') return end(options, night, { decision: 'NO_CHANGE', reason: study.reason, pullRequest: null });
  return withCandles(options, yardstick, selection.to, (pool, columns) => choose(options, night, study, pool, columns));
}

/** Before anything is looked for: gates that let a canary through prove nothing. */
async function fly(options: NightOptions, { cycle, asOf }: BegunNight, base: CommitHash) {
  const {
    repository,
    state,
    api: { issues },
    candles,
    strategy,
    author,
    prove,
    progress,
  } = options;
  progress({
    kind: 'phase',
    phase: 'canaries',
    message: 'a strategy that knows nothing and one that cheats, for the gates to stop',
  });
  const recorded = await recordedCanaries(state, cycle);
  const uncaught = uncaughtCanaries(await readLedgerFrom(state));
  const flown = await flyCanaries({
    repository,
    issues,
    candles,
    base,
    strategy,
    cycle,
    asOf,
    author,
    recorded,
    uncaught,
    prove,
  });
  await recordCanaries(state, cycle, flown.canaries);
  for (const canary of flown.canaries) progress({ kind: 'done', phase: 'canaries', message: describeCanary(canary) });
  return flown;
}

/** Works on the candles up to a time, each series checked against its digest before the rest of it is let go. */
async function withCandles<T>(
  { candles, workers }: NightOptions,
  { dataset }: Evaluation,
  until: number,
  work: (pool: BacktesterPool, columns: ReadonlyMap<string, CandleColumns>) => Promise<T>,
): Promise<T> {
  const columns = columnsUntil(loadDataset(candles, dataset), until);
  const pool = new BacktesterPool(dataset, columns, workers);
  try {
    return await work(pool, columns);
  } finally {
    await pool.close();
  }
}

/** Observes, decides whether anything should change, and if so lets the proposer search. */
async function think(options: NightOptions, night: Night, pool: BacktesterPool): Promise<Study> {
  const { progress, api, strategy, state } = options;
  const { incumbent, yardstick } = night;
  progress({
    kind: 'phase',
    phase: 'observe',
    message: `what ${strategy} did up to ${new Date(night.asOf).toISOString().slice(0, 16)}Z`,
  });
  const incumbentResult = await pool.use(incumbent, (tester) =>
    tester.run(requestFor(tester, incumbent, yardstick, yardstick.spans.development)),
  );
  const own = branchOf(strategy, night.cycle);
  const open = (await api.listOpenPullRequests()).find(
    (pull) => pull.headRef.startsWith(`evolve/${strategy}/`) && pull.headRef !== own,
  );
  const analysis = await analysisOf({ ...options, commit: night.base, asOf: night.asOf });
  if ('problem' in analysis)
    progress({ kind: 'done', phase: 'observe', message: `the analysis modules tell nothing: ${analysis.problem}` });
  const observation = observe({
    strategy,
    asOf: night.asOf,
    truth: options.truth(strategy, night.parentTree, night.asOf),
    development: incumbentResult,
    analysis,
    openProposal: open?.number ?? null,
  });
  const decision = decide(observation);
  progress({ kind: 'done', phase: 'observe', message: decision.reason });
  if (decision.kind === 'NO_CHANGE') return { outcome: 'nothing', reason: decision.reason };
  if ((await autonomyAt(options.repository, night.base, options.forge)) === 'observe') {
    return {
      outcome: 'nothing',
      reason: `${decision.reason} ${AUTONOMY_PATH} lets the bot observe only, so nothing was searched.`,
    };
  }

  const life = await lifeAt(options.repository, night.base);
  const full = life === null ? null : whyNoRoom(life, await api.branches.latestPulls(), own, (options.clock ?? Date.now)());
  if (full !== null) return { outcome: 'nothing', reason: `${decision.reason} ${full} Nothing was searched.` };

  const ledger = await readLedgerFrom(state);
  const spent = noAnswerLeft(ledger, night);
  if (spent !== null) return { outcome: 'nothing', reason: spent };

  progress({
    kind: 'phase',
    phase: 'create',
    message: `${options.trials} trials by ${options.proposer.name}, on the development data`,
  });
  const record = new TrialRecord(night.cycle, ledger, writerFor(state, night.cycle));
  const { candidates, trials, returns } = await create({
    proposer: options.proposer,
    incumbent,
    incumbentResult,
    yardstick,
    pool,
    trials: options.trials,
    seed: night.seed,
    record,
    onTrial: (done) => progress({ kind: 'step', phase: 'create', done, total: options.trials }),
  });
  await record.end(trials, returns);
  const best = candidates[0];
  progress({
    kind: 'done',
    phase: 'create',
    message:
      best === undefined
        ? 'nothing better found'
        : `${candidates.length} better on development; best: ${best.claim.changes.join(', ')}`,
  });
  if (best !== undefined) return { outcome: 'candidates', candidates, why: decision.reason };
  const reason = `${trials} configurations were tried; none did better on the development data than the version that runs.`;
  return { outcome: 'nothing', reason };
}

/**
 * Why a search would be in vain: nothing it finds could be examined. Null while the selection data have answers left, and in a night
 * that is run again, which goes on to the end it had.
 */
function noAnswerLeft(ledger: LedgerReading, { cycle, noise, yardstick }: Night): string | null {
  if (ledger.entries.some((record) => record.cycle === cycle && record.entry.kind === 'trials-planned')) return null;
  const { left, daysToRefill } = selectionBudget(ledger, noise, yardstick.spans.selection);
  if (left > 0) return null;
  return `The selection data have no answer left of ${noise.policy.answers}; ${daysToRefill} new days of them give one back. Nothing was searched, because nothing could be examined.`;
}

/** Examines the best candidates one by one and proposes the first that passes. */
async function choose(
  options: NightOptions,
  night: Night,
  { candidates, why }: Extract<Study, { outcome: 'candidates' }>,
  pool: BacktesterPool,
  columns: ReadonlyMap<string, CandleColumns>,
): Promise<NightReport> {
  const { progress, api, state, repository } = options;
  const ledger = await readLedgerFrom(state);
  const search = searchOf(ledger, night.cycle);
  if (search === null) throw new Error(`The ledger has lost the search of ${night.cycle}.`);
  const rules = compile(parsePolicy(GATES_POLICY_PATH, await readText(repository, night.base, GATES_POLICY_PATH), GatesPolicy));
  const beside = await deployedBeside(repository, night.base, options.strategy);
  let refusal = '';
  for (const candidate of candidates.slice(0, EXAMINED_MAX)) {
    progress({ kind: 'phase', phase: 'examine', message: candidate.claim.changes.join(', ') });
    const examination = await examine({
      cycle: night.cycle,
      candidate,
      incumbent: night.incumbent,
      parentTree: night.parentTree,
      search,
      trialReturns: trialReturns(ledger, night.cycle),
      beside,
      yardstick: night.yardstick,
      columns,
      rules,
      pool,
      held: { noise: night.noise, readLedger: () => readLedgerFrom(state), append: writerFor(state, night.cycle) },
    });
    if (examination.outcome !== 'passed') {
      refusal =
        examination.outcome === 'failed' ? (examination.reasons[0] ?? '') : 'The selection data had no answer left for it.';
      progress({ kind: 'done', phase: 'examine', message: `refused: ${refusal}` });
      continue;
    }
    const { pack, version } = examination;
    const gain = `${percent(pack.incumbent.selection.metrics.netReturn)} → ${percent(pack.candidate.selection.metrics.netReturn)}`;
    progress({ kind: 'done', phase: 'examine', message: `on data its author never saw: ${gain}` });
    const pullRequest = await propose({
      version,
      pack,
      base: night.base,
      repository,
      api,
      author: options.author,
      date: new Date(night.asOf),
      commands: options.commands,
    });
    progress({ kind: 'done', phase: 'propose', message: `pull request #${pullRequest.number}: ${pullRequest.title}` });
    return end(options, night, {
      decision: candidate.claim.kind,
      reason: `${why} ${candidate.claim.hypothesis}`,
      pullRequest,
    });
  }
  const reason = `The best of ${search.trials} configurations did not hold on the selection data: ${refusal}`;
  return end(options, night, { decision: 'NO_CHANGE', reason, pullRequest: null });
}

/** A night that was had before, told again. */
async function reportOf({ strategy, ...ended }: EndedNight, { state, api }: NightOptions): Promise<NightReport> {
  const pullRequest = ended.decision === 'NO_CHANGE' ? null : await api.findPullRequest(branchOf(strategy, ended.cycle));
  return { ...ended, pullRequest, canaries: await recordedCanaries(state, ended.cycle) };
}

async function end(
  { state, progress }: NightOptions,
  { cycle, canaries }: Night,
  report: Omit<NightReport, 'cycle' | 'trials' | 'canaries'>,
): Promise<NightReport> {
  const trials = await endNight(state, cycle, report);
  progress({ kind: 'done', phase: 'decide', message: `${report.decision}: ${report.reason}` });
  return { cycle, trials, canaries, ...report };
}
