import { lifeAt } from '#bot/gates/life-policy.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { heldBy, readDecisions } from './decisions.ts';
import { strategyOf, whyStale } from './evidence-on.ts';
import { type LifeOptions, MAIN, tipOfMain } from './life-options.ts';
import { isOnlyTheBots, rebase } from './rebase.ts';
import { sayOnce } from './say-once.ts';
import { tidyBranches } from './stale-branches.ts';

/**
 * Keeps proposals and branches in order, as far as main's `policies/life.yaml` exists: closes what a newer proposal of the same strategy
 * has overtaken, makes again what has gone stale since main moved, archives branches whose term is over. What a person holds or has
 * worked on is left to them. Gives what was done, a sentence each.
 */
export async function tend(options: LifeOptions): Promise<readonly string[]> {
  const { api, repository, botLogin } = options;
  const base = await tipOfMain(options);
  if ((await lifeAt(repository, base)) === null) return [];
  const own = (await api.listOpenPullRequests())
    .filter(({ author, baseRef, headRef }) => author === botLogin && baseRef === MAIN && strategyOf(headRef) !== null)
    .sort((left, right) => left.number - right.number);
  const said: string[] = [];
  const left: PullRequest[] = [];
  for (const pull of own) {
    const newer = newerThan(pull, own);
    if (newer === null || !(await isFree(pull, options))) left.push(pull);
    else said.push(await closeSuperseded(pull, newer, options));
  }
  for (const pull of left) {
    const done = await remake(pull, base, options);
    if (done !== null) said.push(done);
  }
  return [...said, ...(await tidyBranches(options))];
}

/** The newest open proposal for the same strategy, when it is of a later night. */
export function newerThan(pull: PullRequest, others: readonly PullRequest[]): PullRequest | null {
  const strategy = strategyOf(pull.headRef);
  const rivals = others.filter((other) => strategyOf(other.headRef) === strategy);
  const newest = rivals.reduce((best, other) => (isLater(other.headRef, best.headRef) ? other : best), pull);
  return newest === pull ? null : newest;
}

/** Cycles are a day and the number of the night on it, and the tenth comes after the ninth. */
function isLater(left: string, right: string): boolean {
  const [dayLeft, nightLeft] = cycleOf(left);
  const [dayRight, nightRight] = cycleOf(right);
  return dayLeft === dayRight ? nightLeft > nightRight : dayLeft > dayRight;
}

function cycleOf(branch: string): readonly [day: number, night: number] {
  const [, day = '0', night = '0'] = /\/(\d{8})-(\d+)$/.exec(branch) ?? [];
  return [Number(day), Number(night)];
}

async function isFree(pull: PullRequest, options: LifeOptions): Promise<boolean> {
  return heldBy(await readDecisions(options.state, pull.number)) === null && isOnlyTheBots(pull, options);
}

async function closeSuperseded(pull: PullRequest, newer: PullRequest, options: LifeOptions): Promise<string> {
  const text = `Superseded by #${newer.number}, which a later night proposes for the same strategy. The trials behind this one stay in the ledger.`;
  await sayOnce(pull.number, 'superseded', text, options);
  await options.api.closePullRequest(pull.number);
  return `Closed #${pull.number}: superseded by #${newer.number}.`;
}

/** Makes a stale proposal again. What stands in the way is said under it, once. */
async function remake(pull: PullRequest, base: CommitHash, options: LifeOptions): Promise<string | null> {
  const { repository } = options;
  const strategy = strategyOf(pull.headRef);
  const head = await repository.resolve(pull.headSha);
  const fork = head === null ? null : await repository.mergeBase(base, head);
  if (strategy === null || head === null || fork === null || fork === base) return null;
  try {
    const why = await whyStale({ strategy, fork, head, base }, options);
    if (why === null) return null;
    const { to } = await rebase(pull, options);
    return `Made #${pull.number} again as ${to.slice(0, 12)}: its evidence was ${why}`;
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    // A moved head has an event of its own; the next look sees what became of it.
    if (error.code === 'life/head-moved' || error.code === 'life/fresh') return null;
    if (error.code === 'life/foreign-commits' || error.code === 'life/conflict' || error.code.startsWith('evidence/')) {
      await sayOnce(pull.number, error.code.replaceAll('/', '-'), `${error.message} ${error.remedy}`, options);
      return null;
    }
    options.log.warn({ err: error, number: pull.number }, 'A stale proposal could not be made again.');
    return null;
  }
}
