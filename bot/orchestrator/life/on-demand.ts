import type { PullRequest } from '#bot/github/repository-api.ts';
import { StrategyId } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import type { Decision } from './decisions.ts';
import { type LifeOptions, MAIN } from './life-options.ts';

/** A pull request that the bot opened because it was asked to, or one that was open already and says the same. */
export interface Proposed {
  readonly number: number;
  readonly url: string;
  readonly head: string;
  readonly isNew: boolean;
  readonly sentence: string;
}

export type OnDemandOptions = Pick<LifeOptions, 'api' | 'repository' | 'state' | 'author' | 'botLogin'>;

/** Folders of branches for what people or the engine ask for; what a night proposes stands under `evolve/`. */
export const ROLL_BACK = 'roll-back';
export const STAGE = 'stage';

/**
 * Whether a person has decided for exactly this head of a pull request that the bot made on demand. Then it is a person's change: the bot
 * only wrote down what they asked for, and policies that want a person have one.
 */
export function wasAskedFor(pull: Pick<PullRequest, 'headRef' | 'headSha'>, decisions: readonly Decision[]): boolean {
  const isOnDemand = [ROLL_BACK, STAGE].some((folder) => pull.headRef.startsWith(`${folder}/`));
  const kinds: readonly Decision['kind'][] = ['roll-back', 'promote', 'approve'];
  return isOnDemand && decisions.some(({ kind, head }) => head === pull.headSha && kinds.includes(kind));
}

export interface OnDemand {
  readonly kind: typeof ROLL_BACK | typeof STAGE;
  readonly strategy: string;
  /** What tells this one from others of its kind and strategy. */
  readonly name: string;
  readonly base: CommitHash;
  readonly changes: ReadonlyMap<string, Uint8Array | null>;
  readonly title: string;
  /** The commit's message below the title. */
  readonly message: string;
  /** Whether one that was closed may be opened again. */
  readonly isRepeatable: boolean;
  readonly body: (head: string) => string;
}

/** One commit on main's tip, one branch, one pull request. Asked twice on one main, it makes nothing new. */
export async function openOnDemand(what: OnDemand, options: OnDemandOptions): Promise<Proposed> {
  const { api, repository, author, botLogin } = options;
  const branch = `${what.kind}/${what.strategy}/${what.name}`;
  const found = await api.findPullRequest(branch);
  // What somebody else opened under that name says nothing of what the bot was asked for.
  const earlier = found?.author === botLogin ? found : null;
  if (found?.state === 'open') await requireSame(found, what, options);
  if (earlier !== null && (earlier.state === 'open' || !what.isRepeatable)) {
    const state =
      earlier.state === 'open' ? 'is open already' : earlier.isMerged ? 'was merged before' : 'was closed by somebody';
    const { number, url, headSha } = earlier;
    // Whoever opened it may have been killed before it wore them.
    if (earlier.state === 'open') await api.label(number, labelsOf(what));
    return { number, url, head: headSha, isNew: false, sentence: `#${number} says the same and ${state}.` };
  }
  // Dated by main, so that asking twice makes one commit.
  const { committedAt } = await repository.logged(what.base);
  const head = await repository.commit({
    parent: what.base,
    changes: what.changes,
    message: `${what.title}\n\n${what.message}`,
    author,
    date: new Date(committedAt),
  });
  const standing = (await repository.branches()).find(({ name }) => name === branch)?.tip ?? null;
  if (standing !== null && standing !== head) await requireOwn(branch, standing, what.base, options);
  if (standing !== head) await repository.push(branch, head, { expect: standing });
  const { number, url } = await api.openPullRequest({
    title: what.title,
    body: what.body(head),
    headRef: branch,
    baseRef: MAIN,
  });
  await api.label(number, labelsOf(what));
  return { number, url, head, isNew: true, sentence: `Opened #${number}: ${what.title}.` };
}

function labelsOf({ strategy, kind }: OnDemand): readonly string[] {
  return ['ratchet', `strategy:${strategy}`, kind];
}

/**
 * An open pull request of that branch counts as the one that is asked for while it is the bot's, goes into main and changes just that:
 * a decision is written down for its head, and what somebody pushed there was decided by nobody.
 */
async function requireSame(pull: PullRequest, { base, changes }: OnDemand, options: OnDemandOptions): Promise<void> {
  const { repository, author, botLogin } = options;
  const head = await repository.resolve(pull.headSha);
  const fork = head === null ? null : await repository.mergeBase(base, head);
  if (pull.author === botLogin && pull.baseRef === MAIN && head !== null && fork !== null) {
    const wanted = await repository.commit({ parent: fork, changes, message: 'As it should be', author, date: new Date(0) });
    if ((await repository.treeOf(wanted, '')) === (await repository.treeOf(head, ''))) return;
  }
  throw new RatchetError(
    'life/foreign-commits',
    `#${pull.number} stands on the branch ${pull.headRef} and is not what the bot would propose.`,
    'Read it; close it and remove its branch if it is not wanted, and ask again. Nothing was decided about it.',
    { number: pull.number, branch: pull.headRef },
  );
}

/** A branch of that name on which somebody else has worked is not the bot's to move. */
async function requireOwn(branch: string, tip: CommitHash, base: CommitHash, options: OnDemandOptions): Promise<void> {
  const { repository, author } = options;
  const fork = await repository.mergeBase(base, tip);
  const commits = fork === null ? [] : await repository.commitsSince(fork, tip);
  if (fork !== null && commits.every((commit) => commit.author.email === author.email)) return;
  throw new RatchetError(
    'life/foreign-commits',
    `The branch ${branch} exists and holds somebody else's commits.`,
    'Rename or remove it, and ask again; it was not touched.',
    { branch },
  );
}

/** The folder of a strategy that a person named. @throws RatchetError `life/no-strategy` */
export function folderOf(strategy: string): string {
  if (!StrategyId.safeParse(strategy).success) throw noStrategy(strategy);
  return `strategies/${strategy}`;
}

export function noStrategy(strategy: string): RatchetError {
  const name = JSON.stringify(strategy.slice(0, 60));
  return new RatchetError('life/no-strategy', `${MAIN} has no strategy ${name}.`, 'See /status for those it has.', { strategy });
}
