import { type ForwardEvidence, publishedForward } from '#bot/gates/forward-evidence.ts';
import { type LifePolicy, lifeAt } from '#bot/gates/life-policy.ts';
import type { ListedPull } from '#bot/github/listed-pull.ts';
import { obstacleTo } from '#bot/readiness/obstacle.ts';
import { healthTable, readinessText } from '#bot/readiness/readiness-text.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import { autonomyAt } from '../autonomy.ts';
import { proposeCapitalStep } from './capital-step.ts';
import { type LifeOptions, tipOfMain } from './life-options.ts';
import { type Proposed, STAGE } from './on-demand.ts';
import { proposeStage } from './stage-change.ts';

const HOUR_MS = 3_600_000;

/**
 * Opens a pull request for each version on main that has shown enough for its next stage, one step up and once for each version and
 * stage, whatever became of it. It is the bot's wish: nothing of it is merged without a person. Why one that is ready is not proposed stands
 * in what is published of it. Gives what was done, a sentence each.
 */
export async function proposePromotions(options: LifeOptions): Promise<readonly string[]> {
  const { api, repository, state, forge, log } = options;
  const main = await tipOfMain(options);
  await state.refresh();
  const known = await published(options);
  const ready = known.filter(({ readiness }) => readiness?.isReady === true);
  if (ready.length === 0) return [];
  if ((await autonomyAt(repository, main, forge)) === 'observe') return [];
  const said: string[] = [];
  for (const evidence of ready) {
    const { strategy } = evidence;
    const { target } = evidence.readiness!;
    // What was measured is a version that main has left: the one that took its place has shown nothing yet.
    if ((await repository.treeOf(main, `strategies/${strategy}`)) !== evidence.tree) continue;
    if ((await obstacleTo(strategy, target, { repository, state, main })) !== null) continue;
    if (!hasRoom(strategy, await lifeAt(repository, main), await api.branches.latestPulls(), options)) continue;
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

function stageOf(evidence: ForwardEvidence, stage: Stage, options: LifeOptions): Promise<Proposed> {
  const shown = [readinessText(evidence), healthTable(evidence)].filter((part) => part !== '').join('\n\n');
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

/** Whether another pull request would not be one too many now: one a strategy, and so many an hour as policy allows. */
function hasRoom(
  strategy: string,
  life: LifePolicy | null,
  pulls: readonly ListedPull[],
  { clock, botLogin }: Pick<LifeOptions, 'clock' | 'botLogin'>,
): boolean {
  const own = pulls.filter(({ author }) => author === botLogin);
  if (own.some(({ headRef, state }) => state === 'open' && headRef.startsWith(`${STAGE}/${strategy}/`))) return false;
  const opened = own.filter(({ openedAt }) => clock() - Date.parse(openedAt) < HOUR_MS).length;
  return life === null || opened < life.proposals.perHour;
}
