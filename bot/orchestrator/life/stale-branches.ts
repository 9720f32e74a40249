import picomatch from 'picomatch';
import { z } from 'zod';
import { type LifePolicy, lifeAt } from '#bot/gates/life-policy.ts';
import type { ListedPull } from '#bot/github/listed-pull.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { type LifeOptions, MAIN } from './life-options.ts';

const DAY_MS = 86_400_000;

/** Where the state branch keeps which branches were announced. */
export const ANNOUNCED_PATH = 'stale-branches.json';

const Announced = z.strictObject({
  schema: z.literal('ratchet/stale-branches/1'),
  /** By branch: the tip it had when it was announced, and when that was. */
  branches: z.record(z.string(), z.strictObject({ tip: z.string(), at: z.iso.datetime() })),
});
type Announced = z.infer<typeof Announced>;

/** A branch that nobody has touched for long. */
export interface StaleBranch {
  readonly name: string;
  readonly tip: CommitHash;
  /** UTC day on which it was last touched. */
  readonly since: string;
  /** UTC day from which it is archived; null when a person has to say so. */
  readonly archivedFrom: string | null;
  /** One clause for people. */
  readonly why: string;
  /** Its work stands in no pull request, so it has to be announced before it goes. */
  readonly needsWarning: boolean;
}

export type BranchOptions = Pick<LifeOptions, 'api' | 'repository' | 'state' | 'author' | 'clock' | 'log'>;

/**
 * Branches without an open pull request that nobody has touched for as long as the policy on main says, by name. When a branch was touched
 * is when its last pull request was closed, else the date of its last commit. As fetched; without a policy there are none.
 */
export async function staleBranches(options: BranchOptions): Promise<readonly StaleBranch[]> {
  const { repository, api, state, clock } = options;
  const main = await repository.resolve(MAIN);
  const policy = main === null ? null : await lifeAt(repository, main);
  if (policy === null) return [];
  const now = clock();
  const announced = await readAnnounced(state);
  const candidates = (await repository.branches()).filter(({ name }) => !isOwnKept(name, policy));
  if (candidates.length === 0) return [];
  const shielded = await api.branches.protectedNames();
  const stale: StaleBranch[] = [];
  for (const branch of candidates) {
    if (shielded.has(branch.name)) continue;
    const { committedAt } = await repository.logged(branch.tip);
    if (now - committedAt < policy.branches.staleAfterDays * DAY_MS) continue;
    const pulls = await api.branches.pullsFrom(branch.name);
    const found = judge({ ...branch, committedAt }, pulls, await isForeign(branch.tip, options), policy, announced, now);
    if (found !== null) stale.push(found);
  }
  return stale;
}

/** Announces the branches that need it, and archives those whose term is over. Gives what was done, a sentence each. */
export async function tidyBranches(options: BranchOptions): Promise<readonly string[]> {
  const { repository, state, clock, log } = options;
  await repository.fetch();
  await state.reload();
  const stale = await staleBranches(options);
  const unwarned = stale.filter(({ needsWarning }) => needsWarning);
  await announce(unwarned, options);
  const said = unwarned.map(({ name }) => `Announced that ${name} will be archived.`);
  for (const { name, tip, archivedFrom, needsWarning } of stale) {
    if (needsWarning || archivedFrom === null || Date.parse(archivedFrom) > clock()) continue;
    try {
      said.push(`Archived ${name} as ${await archiveBranch(name, tip, options)}.`);
    } catch (error) {
      // One that moved meanwhile, that a rule keeps or whose name git is not asked for stays, and is listed on.
      if (!(error instanceof RatchetError)) throw error;
      log.warn({ branch: name, error: error.message }, 'A stale branch could not be archived.');
    }
  }
  return said;
}

/**
 * Archives a branch because a person says so, stale or not.
 * @throws RatchetError `life/no-branch`, `life/kept-branch` for one that is in an open pull request, protected or kept by the policy, or
 * what `archiveBranch` throws
 */
export async function archiveByHand(name: string, options: BranchOptions): Promise<string> {
  const { repository, api } = options;
  await repository.fetch();
  const standing = (await repository.branches()).find((branch) => branch.name === name);
  if (standing === undefined)
    throw new RatchetError('life/no-branch', `There is no branch ${JSON.stringify(name)}.`, 'See ratchet branches list.', {
      name,
    });
  const main = await repository.resolve(MAIN);
  const policy = main === null ? null : await lifeAt(repository, main);
  const refuse = (why: string): RatchetError =>
    new RatchetError('life/kept-branch', `${name} ${why}.`, 'It was not touched.', { name });
  if (isOwnKept(name, policy)) throw refuse('is kept for good');
  if ((await api.branches.protectedNames()).has(name)) throw refuse('is protected');
  const open = (await api.branches.pullsFrom(name)).find(({ state }) => state === 'open');
  if (open !== undefined) throw refuse(`is in the open pull request #${open.number}`);
  return archiveBranch(name, standing.tip, options);
}

/** Whether a branch is kept for good, by its name. As fetched. */
export async function isKeptBranch(name: string, { repository }: Pick<BranchOptions, 'repository'>): Promise<boolean> {
  const main = await repository.resolve(MAIN);
  return isOwnKept(name, main === null ? null : await lifeAt(repository, main));
}

/** Main, what is the bot's own record, and what the policy names. */
function isOwnKept(name: string, policy: LifePolicy | null): boolean {
  if (name === MAIN || name.startsWith('ratchet/')) return true;
  return policy !== null && picomatch.isMatch(name, policy.branches.keep, { dot: true });
}

/**
 * Keeps a branch's tip under `refs/archive/` and removes the branch, in one step: a branch that has moved stays.
 * @returns the ref it is kept under
 * @throws RatchetError `repository/moved`, `repository/denied`
 */
export async function archiveBranch(
  name: string,
  tip: CommitHash,
  { repository }: Pick<BranchOptions, 'repository'>,
): Promise<string> {
  const ref = archiveRef(name, tip);
  await repository.pushTogether([
    { ref, to: tip, expect: null },
    { ref: name, to: null, expect: tip },
  ]);
  return ref;
}

/** The tip comes first, so that one name may be archived often, and a name below another's too. */
export function archiveRef(name: string, tip: string): string {
  return `refs/archive/${tip.slice(0, 12)}/${name}`;
}

function judge(
  { name, tip, committedAt }: { name: string; tip: CommitHash; committedAt: number },
  pulls: readonly ListedPull[],
  isForeignWork: boolean,
  { branches }: LifePolicy,
  announced: Announced,
  now: number,
): StaleBranch | null {
  if (pulls.some(({ state }) => state === 'open')) return null;
  const last = pulls[0];
  const closedAt = last?.closedAt == null ? null : Date.parse(last.closedAt);
  const touchedAt = closedAt ?? committedAt;
  if (now - touchedAt < branches.staleAfterDays * DAY_MS) return null;
  const common = { name, tip, since: dayOf(touchedAt) };
  const due = touchedAt + branches.archiveAfterDays * DAY_MS;
  if (last !== undefined && last.headSha === tip) {
    const what = last.isMerged ? 'merged' : 'closed';
    return { ...common, archivedFrom: dayOf(due), why: `its pull request #${last.number} is ${what}`, needsWarning: false };
  }
  // A night dates its commits by the market, so their age says nothing of when they were pushed.
  if (!isForeignWork) return { ...common, archivedFrom: null, why: "the bot's, and in no pull request", needsWarning: false };
  const known = announced.branches[name];
  const warnedAt = known?.tip === tip ? Date.parse(known.at) : null;
  const why = 'work that is in no pull request';
  if (now < due) return { ...common, archivedFrom: dayOf(due + branches.staleAfterDays * DAY_MS), why, needsWarning: false };
  const from = Math.max(due, (warnedAt ?? now) + branches.staleAfterDays * DAY_MS);
  return { ...common, archivedFrom: dayOf(from), why, needsWarning: warnedAt === null };
}

async function isForeign(tip: CommitHash, { repository, author }: BranchOptions): Promise<boolean> {
  const main = await repository.require(MAIN);
  const fork = await repository.mergeBase(main, tip);
  if (fork === null) return true;
  return (await repository.commitsSince(fork, tip)).some((commit) => commit.author.email !== author.email);
}

async function announce(branches: readonly StaleBranch[], { state, clock }: BranchOptions): Promise<void> {
  if (branches.length === 0) return;
  const at = new Date(clock()).toISOString();
  await state.update(`stale branches: ${branches.length} announced`, async (current) => {
    const known = await readAnnounced(current);
    const added = Object.fromEntries(branches.map(({ name, tip }) => [name, { tip, at }]));
    const next: Announced = { ...known, branches: { ...known.branches, ...added } };
    return new Map([[ANNOUNCED_PATH, Buffer.from(`${canonicalJson(next)}\n`)]]);
  });
}

async function readAnnounced(state: StateReader): Promise<Announced> {
  const text = await state.readText(ANNOUNCED_PATH);
  if (text === null) return { schema: 'ratchet/stale-branches/1', branches: {} };
  try {
    return Announced.parse(JSON.parse(text));
  } catch (error) {
    throw new RatchetError(
      'life/announced',
      `${ANNOUNCED_PATH} on ratchet/state cannot be read, so no branch is archived.`,
      'Remove the file: branches are then announced again.',
      {},
      error,
    );
  }
}

/** UTC day; the first moment of it counts. */
function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
