import { day } from '#bot/evidence/numbers.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import { type ForwardEvidence, publishedForward, type Readiness } from '#bot/gates/forward-evidence.ts';
import { type LifePolicy, lifeAt } from '#bot/gates/life-policy.ts';
import type { ListedPull } from '#bot/github/listed-pull.ts';
import { obstacleTo } from '#bot/readiness/obstacle.ts';
import { healthTable, readinessText, standing, weeklyReport } from '#bot/readiness/readiness-text.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, TreeHash } from '#engine/repository/repository.ts';
import { autonomyAt } from '../autonomy.ts';
import { proposeCapitalStep } from './capital-step.ts';
import { type LifeOptions, tipOfMain } from './life-options.ts';
import { type Proposed, STAGE } from './on-demand.ts';
import { sayOnce, wasSaid } from './say-once.ts';
import { proposeStage } from './stage-change.ts';

const HOUR_MS = 3_600_000;

/**
 * Opens a pull request for each version on main that has shown enough for its next stage, one step up and once for each version and
 * stage, whatever became of it. It is the bot's wish: nothing of it is merged without a person. Why one that is ready is not proposed stands
 * in what is published of it. One that waits is told each new weekly report, and proven again by it: what was ready may not be any more.
 * Gives what was done, a sentence each.
 */
export async function proposePromotions(options: LifeOptions): Promise<readonly string[]> {
  const { api, repository, state, forge, botLogin, log } = options;
  const main = await tipOfMain(options);
  await state.refresh();
  const known = await published(options);
  if (known.length === 0) return [];
  if ((await autonomyAt(repository, main, forge)) === 'observe') return [];
  const pulls = (await api.branches.latestPulls()).filter(({ author }) => author === botLogin);
  const life = await lifeAt(repository, main);
  const said: string[] = [];
  for (const evidence of known) {
    const { strategy, readiness } = evidence;
    if (readiness === null) continue;
    const { target, isReady } = readiness;
    // What was measured is a version that main has left: the one that took its place has shown nothing yet.
    if ((await repository.treeOf(main, `strategies/${strategy}`)) !== evidence.tree) continue;
    const open = pulls.find((pull) => pull.state === 'open' && pull.headRef.startsWith(`${STAGE}/${strategy}/`));
    if (open !== undefined) {
      await tellWeek(open.number, evidence, readiness, options);
      continue;
    }
    if (!isReady || (await obstacleTo(strategy, target, { repository, state, main })) !== null) continue;
    if (!hasRoom(life, pulls, options)) continue;
    try {
      const proposed =
        target === 'capital' ? await moreCapital(evidence, known, options) : await stageOf(evidence, target, options);
      if (proposed?.isNew === true) said.push(proposed.sentence);
    } catch (error) {
      // Somebody else's work on the branch is theirs; the rest of the versions are not held up by it.
      if (!(error instanceof RatchetError) || !error.code.startsWith('life/')) throw error;
      log.info({ strategy, error: error.message }, 'A promotion could not be proposed.');
    }
  }
  return said;
}

/** Under a pull request that waits: once for each week that has ended since it was opened. */
async function tellWeek(number: number, evidence: ForwardEvidence, readiness: Readiness, options: LifeOptions): Promise<void> {
  const week = day(readiness.week);
  const { body } = await options.api.pullRequest(number);
  if (body.includes(weeklyReport(evidence)) || (await wasSaid(number, `week-${week}`, options))) return;
  await sayOnce(number, `week-${week}`, `${weeklyReport(evidence)} ${standing(readiness)} The gates look again.`, options);
  options.askForProof(number, true);
}

function stageOf(evidence: ForwardEvidence, stage: Stage, options: LifeOptions): Promise<Proposed> {
  const shown = [weeklyReport(evidence), readinessText(evidence), healthTable(evidence)]
    .filter((part) => part !== '')
    .join('\n\n');
  return proposeStage({ strategy: evidence.strategy, stage, by: null, shown }, options);
}

/**
 * The capital is that of all that trades live, so all of it has to be ready, as it stands on main: what is not measured there, or was in another
 * version, is not. The first of them speaks for the others.
 */
async function moreCapital(
  evidence: ForwardEvidence,
  known: readonly ForwardEvidence[],
  options: LifeOptions,
): Promise<Proposed | null> {
  const live = await liveOn(await tipOfMain(options), options);
  if (live[0]?.id !== evidence.strategy) return null;
  const others: ForwardEvidence[] = [];
  for (const { id, tree } of live.slice(1)) {
    const other = known.find(({ strategy, tree: measured }) => strategy === id && measured === tree);
    if (other?.readiness?.isReady !== true) return null;
    others.push(other);
  }
  return proposeCapitalStep([evidence, ...others], options);
}

/** What main has at stage live, by name. @throws RatchetError `life/capital-step` when a manifest does not say its stage */
async function liveOn(
  main: CommitHash,
  { repository }: LifeOptions,
): Promise<readonly { readonly id: string; readonly tree: TreeHash }[]> {
  const found: { id: string; tree: TreeHash }[] = [];
  for (const { path } of await repository.listFiles(main, 'strategies')) {
    const id = /^strategies\/([^/]+)\/manifest\.yaml$/.exec(path)?.[1];
    if (id === undefined || stageIn(id, (await readText(repository, main, path)) ?? '') !== 'live') continue;
    found.push({ id, tree: (await repository.treeOf(main, `strategies/${id}`))! });
  }
  return found.sort((left, right) => (left.id < right.id ? -1 : 1));
}

function stageIn(id: string, manifest: string): Stage {
  try {
    return parseManifest(id, manifest).stage;
  } catch (error) {
    const message = `Nobody can say whether ${id} trades live: its manifest on main cannot be read.`;
    throw new RatchetError('life/capital-step', message, 'Mend it by pull request.', { strategy: id }, error);
  }
}

/** What cannot be read speaks for nobody, and is written again with the next report. */
async function published({ state, log }: LifeOptions): Promise<readonly ForwardEvidence[]> {
  try {
    return await publishedForward(state);
  } catch (error) {
    if (!(error instanceof RatchetError) || error.code !== 'gates/forward') throw error;
    log.warn({ error: error.message }, 'What versions have shown cannot be read.');
    return [];
  }
}

/** Whether the bot may open another pull request within this hour. */
function hasRoom(life: LifePolicy | null, own: readonly ListedPull[], { clock }: Pick<LifeOptions, 'clock'>): boolean {
  const opened = own.filter(({ openedAt }) => clock() - Date.parse(openedAt) < HOUR_MS).length;
  return life === null || opened < life.proposals.perHour;
}
