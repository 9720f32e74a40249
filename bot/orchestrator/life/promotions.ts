import { day } from '#bot/evidence/numbers.ts';
import { type ForwardEvidence, publishedForward, type Readiness } from '#bot/gates/forward-evidence.ts';
import { type LifePolicy, lifeAt } from '#bot/gates/life-policy.ts';
import type { ListedPull } from '#bot/github/listed-pull.ts';
import { obstacleTo } from '#bot/readiness/obstacle.ts';
import { healthTable, readinessText, standing, weeklyReport } from '#bot/readiness/readiness-text.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
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

/** The capital is that of all that trades live, so all of it has to be ready; the first of them speaks for the others. */
async function moreCapital(
  evidence: ForwardEvidence,
  known: readonly ForwardEvidence[],
  options: LifeOptions,
): Promise<Proposed | null> {
  const [first, ...others] = known.filter(({ stage }) => stage === 'live');
  if (first?.strategy !== evidence.strategy || !others.every(({ readiness }) => readiness?.isReady === true)) return null;
  return proposeCapitalStep([evidence, ...others], options);
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
