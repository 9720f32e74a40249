import { requestFor } from '#bot/evidence/build-pack.ts';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import {
  chain,
  type LedgerEntry,
  ledgerPath,
  nextCycle,
  readLedgerFrom,
  searchOf,
  unfinishedNight,
} from '#bot/evidence/ledger.ts';
import type { CommandHelp } from '#bot/evidence/render-context.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { GatesPolicy, parsePolicy } from '#bot/gates/policies.ts';
import { compile } from '#bot/gates/policy/judge.ts';
import { GATES_POLICY_PATH } from '#bot/gates/policy-gate.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Proposer } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Person, Repository, TreeHash } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { BacktesterPool } from './backtester-pool.ts';
import { create, type Trial } from './create.ts';
import { decide, percent } from './decide.ts';
import { examine } from './examine.ts';
import { observe, type PaperRecord } from './observe.ts';
import type { Progress } from './progress.ts';
import { branchOf, propose } from './propose.ts';

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
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly api: RepositoryApi;
  readonly candles: CandleStore;
  /** What the engine has done with one version of the strategy up to a market time. */
  readonly paperRecord: (strategy: string, tree: string, asOf: number) => PaperRecord;
  readonly author: Person;
  readonly commands: readonly CommandHelp[];
  readonly progress: Progress;
}

export interface NightReport {
  readonly cycle: string;
  readonly decision: 'NO_CHANGE' | 'TWEAK' | 'RESTRUCTURE' | 'NEW';
  readonly reason: string;
  readonly trials: number;
  readonly pullRequest: PullRequest | null;
}

interface Night {
  readonly cycle: string;
  readonly asOf: number;
  readonly seed: number;
  readonly base: CommitHash;
  readonly parentTree: TreeHash;
  readonly incumbent: StrategyVersion;
}

/**
 * One nightly cycle for one strategy. What it does is written to the ledger before and after, and everything in between
 * follows from what is written, so a night that was killed is run again to the same end.
 */
export async function runNight(options: NightOptions): Promise<NightReport> {
  const { repository, state, strategy } = options;
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
  const night = await begin(options, { base, parentTree, incumbent });
  const yardstick = parseEvaluation(await readText(repository, base, EVALUATION_PATH));
  const columns = loadDataset(options.candles, yardstick.dataset);
  const pool = new BacktesterPool(yardstick.dataset, columns, options.workers);
  try {
    return await think(options, night, yardstick, columns, pool);
  } finally {
    await pool.close();
  }
}

/** Enters the night in the ledger, or takes up the one that was left. */
async function begin(options: NightOptions, facts: Pick<Night, 'base' | 'parentTree' | 'incumbent'>): Promise<Night> {
  const ledger = await readLedgerFrom(options.state);
  const unfinished = unfinishedNight(ledger);
  if (unfinished !== null && unfinished.strategy === options.strategy && unfinished.parentTree === facts.parentTree) {
    return { ...facts, cycle: unfinished.cycle, asOf: unfinished.asOf, seed: unfinished.seed };
  }
  if (unfinished !== null) await abandon(options, unfinished.cycle);
  const cycle = nextCycle(await readLedgerFrom(options.state), options.asOf);
  await append(options, cycle, [
    {
      kind: 'night-began',
      cycle,
      strategy: options.strategy,
      asOf: options.asOf,
      parentTree: facts.parentTree,
      proposer: options.proposer.name,
      trialsPlanned: options.trials,
      seed: options.seed,
    },
  ]);
  return { ...facts, cycle, asOf: options.asOf, seed: options.seed };
}

/** A night whose incumbent was replaced while it was down cannot go on: it ends with what had come of it, and stays counted. */
async function abandon(options: NightOptions, cycle: string): Promise<void> {
  const { state, api, strategy } = options;
  const trials = searchOf(await readLedgerFrom(state), cycle)?.trials ?? 0;
  const pull = await api.findPullRequest(branchOf(strategy, cycle));
  const reason =
    pull === null
      ? 'The night was interrupted, and the strategy it studied has changed since.'
      : `The night was interrupted after it had opened pull request #${pull.number}.`;
  await append(options, cycle, [{ kind: 'night-ended', decision: pull === null ? 'NO_CHANGE' : 'PROPOSED', reason, trials }]);
}

async function think(
  options: NightOptions,
  night: Night,
  yardstick: ReturnType<typeof parseEvaluation>,
  columns: ReturnType<typeof loadDataset>,
  pool: BacktesterPool,
): Promise<NightReport> {
  const { progress, api, strategy } = options;
  progress({
    kind: 'phase',
    phase: 'observe',
    message: `what ${strategy} did up to ${new Date(night.asOf).toISOString().slice(0, 16)}Z`,
  });
  const incumbentResult = await pool.use(night.incumbent, (tester) =>
    tester.run(requestFor(tester, night.incumbent, yardstick, yardstick.spans.development)),
  );
  const own = branchOf(strategy, night.cycle);
  const open = (await api.listOpenPullRequests()).find(
    (pull) => pull.headRef.startsWith(`evolve/${strategy}/`) && pull.headRef !== own,
  );
  const observation = observe({
    strategy,
    asOf: night.asOf,
    record: options.paperRecord(strategy, night.parentTree, night.asOf),
    development: incumbentResult,
    openProposal: open?.number ?? null,
  });
  const decision = decide(observation);
  progress({ kind: 'done', phase: 'observe', message: decision.reason });
  if (decision.kind === 'NO_CHANGE')
    return end(options, night, { decision: 'NO_CHANGE', reason: decision.reason, trials: 0, pullRequest: null });

  const trials = await search(options, night, yardstick, pool, incumbentResult);
  const found = searchOf(await readLedgerFrom(options.state), night.cycle);
  if (found === null || trials.candidates.length === 0) {
    const reason = `${trials.trials.length} configurations were tried; none did better on the development data than the version that runs.`;
    return end(options, night, { decision: 'NO_CHANGE', reason, trials: trials.trials.length, pullRequest: null });
  }

  const rules = compile(
    parsePolicy(GATES_POLICY_PATH, await readText(options.repository, night.base, GATES_POLICY_PATH), GatesPolicy),
  );
  let refusal = '';
  for (const candidate of trials.candidates.slice(0, EXAMINED_MAX)) {
    progress({ kind: 'phase', phase: 'examine', message: candidate.claim.changes.join(', ') });
    const examination = await examine({
      cycle: night.cycle,
      candidate,
      incumbent: night.incumbent,
      parentTree: night.parentTree,
      search: found,
      yardstick,
      columns,
      rules,
      pool,
    });
    if (examination.outcome === 'failed') {
      refusal = examination.reasons[0] ?? '';
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
      repository: options.repository,
      api,
      author: options.author,
      date: new Date(night.asOf),
      commands: options.commands,
    });
    progress({ kind: 'done', phase: 'propose', message: `pull request #${pullRequest.number}: ${pullRequest.title}` });
    const reason = `${decision.reason} ${candidate.claim.hypothesis}`;
    return end(options, night, { decision: candidate.claim.kind, reason, trials: trials.trials.length, pullRequest });
  }
  const reason = `The best of ${trials.trials.length} configurations did not hold on the selection data: ${refusal}`;
  return end(options, night, { decision: 'NO_CHANGE', reason, trials: trials.trials.length, pullRequest: null });
}

/** Lets the proposer search, and enters its trials in the ledger; a night that is run again finds them there already. */
async function search(
  options: NightOptions,
  night: Night,
  yardstick: ReturnType<typeof parseEvaluation>,
  pool: BacktesterPool,
  incumbentResult: BacktestResult,
) {
  const { progress } = options;
  progress({
    kind: 'phase',
    phase: 'create',
    message: `${options.trials} trials by ${options.proposer.name}, on the development data`,
  });
  const creation = await create({
    proposer: options.proposer,
    incumbent: night.incumbent,
    incumbentResult,
    yardstick,
    pool,
    trials: options.trials,
    seed: night.seed,
    onTrial: (done) => progress({ kind: 'step', phase: 'create', done, total: options.trials }),
  });
  const known = (await readLedgerFrom(options.state)).entries.flatMap(({ cycle, entry }) =>
    cycle === night.cycle && entry.kind === 'trial' ? [entry] : [],
  );
  if (known.length === 0 && creation.trials.length > 0) await append(options, night.cycle, creation.trials);
  else if (!isSame(known, creation.trials)) {
    throw new RatchetError(
      'night/not-repeatable',
      `Cycle ${night.cycle} was taken up again and its trials came out differently.`,
      'Engine or candles changed in between; end the cycle by hand and start a new one.',
      { cycle: night.cycle },
    );
  }
  const best = creation.candidates[0];
  progress({
    kind: 'done',
    phase: 'create',
    message:
      best === undefined
        ? 'nothing better found'
        : `${creation.candidates.length} better on development; best: ${best.claim.changes.join(', ')}`,
  });
  return creation;
}

function isSame(left: readonly Trial[], right: readonly Trial[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

async function end(options: NightOptions, night: Night, report: Omit<NightReport, 'cycle'>): Promise<NightReport> {
  const { decision, reason, trials } = report;
  await append(options, night.cycle, [{ kind: 'night-ended', decision, reason, trials }]);
  options.progress({ kind: 'done', phase: 'decide', message: `${decision}: ${reason}` });
  return { cycle: night.cycle, ...report };
}

async function append(options: NightOptions, cycle: string, entries: readonly LedgerEntry[]): Promise<void> {
  await options.state.update(`ledger: ${cycle} ${entries[0]?.kind ?? ''}`, async (current) => {
    const { head } = await readLedgerFrom(current);
    const before = (await current.readText(ledgerPath(cycle))) ?? '';
    return new Map([[ledgerPath(cycle), Buffer.from(before + chain(head, entries).text)]]);
  });
}
