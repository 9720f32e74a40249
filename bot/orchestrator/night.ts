import { rm } from 'node:fs/promises';
import { EVALUATION_PATH, type Evaluation, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { HELD_OUT_PATH, HeldOutPolicy } from '#bot/evidence/held-out-policy.ts';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { readText, strategyFiles } from '#bot/gates/context.ts';
import { AUTONOMY_PATH, parsePolicy } from '#bot/gates/policies.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, TreeHash } from '#engine/repository/repository.ts';
import { autonomyAt } from './autonomy.ts';
import { BacktesterPool } from './backtester-pool.ts';
import { uncaughtCanaries } from './canaries/uncaught.ts';
import { describeCanary, flyCanaries } from './canaries.ts';
import { type Choice, choose } from './choose.ts';
import { type BegunNight, beginNight, type EndedNight, endNight, recordCanaries, recordedCanaries } from './night-ledger.ts';
import type { Night, NightOptions, NightReport } from './night-options.ts';
import { removePastNights } from './night-work/kept-nights.ts';
import { NightWork } from './night-work.ts';
import { branchOf, propose } from './propose.ts';
import { branchOfMotion, proposeMotion } from './propose-motion.ts';
import { trialsFolder } from './search-versions.ts';
import { study } from './study.ts';
import { tellReview } from './tell-review.ts';

type Ending = Omit<NightReport, 'cycle' | 'trials' | 'canaries'>;

/**
 * One nightly cycle for one strategy. What it does is written to the ledger before and after, and to a worktree of its own a stage at a
 * time, so a night that was killed is run again to the same end.
 *
 * It holds two pools, one after the other: while the proposer searches, candles of the development span and not a bar more; while
 * candidates are examined, those up to the end of the selection span. The vault's candles are in neither.
 * @throws RatchetError `night/no-strategy`, `night/lost-work`
 */
export async function runNight(options: NightOptions): Promise<NightReport> {
  const { repository, state, api, strategy, progress } = options;
  await repository.fetch();
  await state.reload();
  const main = await repository.resolve('main');
  const parentTree = main === null ? null : await repository.treeOf(main, `strategies/${strategy}`);
  if (main === null || parentTree === null) {
    throw new RatchetError('night/no-strategy', `main has no strategies/${strategy}.`, 'Name one that is deployed.', {
      strategy,
    });
  }
  const { asOf, seed, trials, thinkers, hint, askedIn = null } = options;
  const plan = { strategy, asOf, parentTree, proposer: thinkers.name, trials, seed, hint, askedIn };
  const beginning = await beginNight(state, api, plan);
  if (beginning.state === 'ended') return reportOf(beginning.night, options);
  const night = await openNight(options, beginning.night, main, parentTree);
  const { canaries, alarm } = await fly(options, night);
  const ending = alarm === null ? await think(options, night) : unchanged(alarm);
  const counted = await endNight(state, night.cycle, { ...ending, branch: ending.made?.branch ?? null });
  await night.work.end(ending);
  await rm(trialsFolder(options, night), { recursive: true, force: true, maxRetries: 3 });
  progress({ kind: 'done', phase: 'decide', message: `${ending.decision}: ${ending.reason}` });
  return { cycle: night.cycle, trials: counted, canaries, ...ending };
}

async function openNight(options: NightOptions, begun: BegunNight, main: CommitHash, parentTree: TreeHash): Promise<Night> {
  const { repository, strategy, worktrees: dir, worktreeDays: days, author, clock = Date.now } = options;
  if (days !== undefined) await removePastNights({ dir, days, clock }, begun.cycle);
  const work = await NightWork.open({ repository, dir, cycle: begun.cycle, strategy, base: main, author, clock });
  const { base } = work;
  const incumbent = await readVersion(strategy, await strategyFiles(repository, base, strategy));
  const yardstick = parseEvaluation(await readText(repository, base, EVALUATION_PATH));
  const policy = parsePolicy(HELD_OUT_PATH, await readText(repository, base, HELD_OUT_PATH), HeldOutPolicy).selection;
  const noise = { policy, seed: yardstick.seed, dataset: yardstick.dataset.digest };
  return { ...begun, base, main, parentTree, incumbent, yardstick, noise, work };
}

/** Before anything is looked for: gates that let a canary through prove nothing. */
async function fly(options: NightOptions, { cycle, asOf, base }: Night) {
  const { state, progress, api } = options;
  progress({
    kind: 'phase',
    phase: 'canaries',
    message: 'a strategy that knows nothing and one that cheats, for the gates to stop',
  });
  const recorded = await recordedCanaries(state, cycle);
  const uncaught = uncaughtCanaries(await readLedgerFrom(state));
  const flown = await flyCanaries({ ...options, issues: api.issues, base, cycle, asOf, recorded, uncaught });
  await recordCanaries(state, cycle, flown.canaries);
  for (const canary of flown.canaries) progress({ kind: 'done', phase: 'canaries', message: describeCanary(canary) });
  return flown;
}

/** Everything between the canaries and the end. */
async function think(options: NightOptions, night: Night): Promise<Ending> {
  const { development, selection } = night.yardstick.spans;
  const found = await withCandles(options, night.yardstick, development.to, (pool) => study(options, night, pool));
  if (found.kind === 'nothing') return unchanged(found.reason);
  // Somebody may have said so while the night was down.
  if ((await autonomyAt(options.repository, night.main, options.forge)) === 'observe')
    return unchanged(`${AUTONOMY_PATH} lets the bot observe only, so nothing was proposed.`);
  if (found.kind === 'candidates') {
    return withCandles(options, night.yardstick, selection.to, async (pool, columns) => {
      const choice = await choose(options, night, found, { pool, columns });
      return choice.kind === 'none' ? unchanged(choice.reason) : proposeVersion(options, night, found.why, choice);
    });
  }
  const motion = { ...options, ...night, date: new Date(night.asOf), motion: found };
  const pullRequest = await proposeMotion(motion);
  const { kind, reason } = found.decision;
  const made = { branch: branchOfMotion(motion), motion: found, strategy: null, review: null };
  return proposed(options, { decision: kind, reason, pullRequest, made });
}

async function proposeVersion(
  options: NightOptions,
  night: Night,
  why: string,
  { version, pack, review }: Extract<Choice, { kind: 'chosen' }>,
): Promise<Ending> {
  const { strategy, cycle } = pack;
  const replaces = strategy === pack.against ? night.incumbent.files : new Map<string, string>();
  const pullRequest = await propose({ ...options, version, replaces, pack, base: night.base, date: new Date(night.asOf) });
  if (review !== null) await tellReview(pullRequest, review, options);
  const { kind, hypothesis } = pack.proposal;
  const made = { branch: branchOf(strategy, cycle), motion: null, strategy, review };
  return proposed(options, { decision: kind, reason: `${why} ${hypothesis}`, pullRequest, made });
}

function unchanged(reason: string): Ending {
  return { decision: 'NO_CHANGE', reason, pullRequest: null, made: null };
}

function proposed({ progress }: NightOptions, ending: Ending & { readonly pullRequest: PullRequest }): Ending {
  const { number, title } = ending.pullRequest;
  progress({ kind: 'done', phase: 'propose', message: `pull request #${number}: ${title}` });
  return ending;
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

/** A night that was had before, told again. */
async function reportOf({ strategy, branch, ...ended }: EndedNight, { state, api }: NightOptions): Promise<NightReport> {
  const stands = branch ?? branchOf(strategy, ended.cycle);
  const pullRequest = ended.decision === 'NO_CHANGE' ? null : await api.findPullRequest(stands);
  return { ...ended, pullRequest, made: null, canaries: await recordedCanaries(state, ended.cycle) };
}
