import { plain, visible } from '#bot/evidence/markdown.ts';
import { npmRegistries } from '#bot/gates/audit/npm-registries.ts';
import { takeInventory } from '#bot/gates/audit/take-inventory.ts';
import { REPAIR_BRANCHES } from '#bot/gates/author-class.ts';
import { readText } from '#bot/gates/context.ts';
import { PATHS_POLICY_PATH, PathsPolicy, parsePolicy } from '#bot/gates/policies.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { heldBy, readDecisions } from '../life/decisions.ts';
import { MAIN, tipOfMain } from '../life/life-options.ts';
import { isOnlyTheBots } from '../life/rebase.ts';
import { sayOnce, wasSaid } from '../life/say-once.ts';
import { takeDown } from '../life/take-down.ts';
import type { Rebased } from '../pull-request-life.ts';
import { afterMerge } from './after-merge.ts';
import { blockedBy } from './blocked.ts';
import { type Mended, mend, type RepairTools, titleOf } from './mend.ts';
import type { Unmended } from './move.ts';
import { repairBody, type VersionChange } from './repair-body.ts';
import { repairBranch, type WeakPackage, weaknessesOn } from './weaknesses.ts';

/** Names what is said under a repair that is over. */
const OVER = 'repair-over';

export interface RepairOptions {
  readonly api: RepositoryApi;
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly tools: RepairTools;
  readonly botLogin: string;
  readonly author: Person;
  readonly clock: () => number;
  /** What follows a merge: see `PullRequestLife`. */
  readonly rebase: (number: number) => Promise<Rebased>;
  readonly askForProof: (number: number) => void;
  readonly log: Logger;
}

/** What became of a look at main. */
export interface RepairReport {
  /** What main has that nobody excused. */
  readonly weak: readonly WeakPackage[];
  readonly unmended: readonly Unmended[];
  /** The pull request that mends it; null when there is none. */
  readonly number: number | null;
  /** What was done and what stays, a sentence each. */
  readonly sentences: readonly string[];
}

/**
 * Audits main, and opens the pull request that mends what is weak, where none is open for exactly that. Those for what is gone or has
 * become more are closed, and what an earlier repair unblocked is helped on. Looking twice makes nothing new.
 * @throws RatchetError `repair/registry`, `repair/index`, `repair/not-looked`: nothing was pushed then, and nothing closed
 */
export async function repairMain(options: RepairOptions): Promise<RepairReport> {
  const { repository, state, tools } = options;
  const main = await tipOfMain(options);
  await state.reload();
  const helped = await afterMerge(main, options);
  const weak = await weaknessesOn(main, repository, tools);
  const open = await openRepairs(options);
  if (weak.length === 0) {
    const closed = await closeAll(open, 'What it mends is gone from `main`.', options);
    return { weak, unmended: [], number: null, sentences: [...helped, ...closed, 'Main has no known weakness.'] };
  }
  const branch = repairBranch(weak);
  const standing = open.find(({ headRef }) => headRef === branch) ?? null;
  const outcome = await bring(weak, branch, standing, main, options);
  const older = open.filter(({ headRef }) => headRef !== branch);
  const closed =
    outcome.number === null
      ? []
      : await closeAll(older, `Superseded by #${outcome.number}, which mends what \`main\` has now.`, options);
  const { unmended, number, sentence } = outcome;
  return { weak, unmended, number, sentences: [...helped, sentence, ...closed, ...unmended.map(whatStays)] };
}

/** The same up to the audited commit, which stands here and nowhere else: nothing is pushed, opened, closed or said. */
export async function planRepair(
  main: CommitHash,
  options: Pick<RepairOptions, 'repository' | 'tools' | 'author'>,
): Promise<{ readonly branch: string | null; readonly weak: readonly WeakPackage[]; readonly mended: Mended | null }> {
  const weak = await weaknessesOn(main, options.repository, options.tools);
  if (weak.length === 0) return { branch: null, weak, mended: null };
  return { branch: repairBranch(weak), weak, mended: await mend(weak, main, options) };
}

/** What stays weak, in one sentence. */
export function whatStays({ weak, reason }: Unmended): string {
  return `${weak.name} ${weak.version} in ${weak.file} stays: ${visible(reason)}.`;
}

interface Outcome {
  readonly number: number | null;
  readonly unmended: readonly Unmended[];
  readonly sentence: string;
}

async function bring(
  weak: readonly WeakPackage[],
  branch: string,
  standing: PullRequest | null,
  main: CommitHash,
  options: RepairOptions,
): Promise<Outcome> {
  const { api, repository } = options;
  if (standing !== null && (await stillFits(standing, main, repository)))
    return { number: standing.number, unmended: [], sentence: `#${standing.number} mends this already and is open.` };
  const earlier = standing === null ? await api.findPullRequest(branch) : null;
  if (earlier !== null && !(await wasOver(earlier, options))) {
    const end = earlier.isMerged ? 'was merged, and main has it again' : 'was closed by somebody';
    return { number: null, unmended: [], sentence: `#${earlier.number} mended exactly this and ${end}; a person decides.` };
  }
  if (!(await mayRepair(main, repository)))
    return { number: null, unmended: [], sentence: `${PATHS_POLICY_PATH} on main has no part "repair", so the bot brings none.` };
  const mended = await mend(weak, main, options);
  if (mended.commit === null)
    return { number: null, unmended: mended.unmended, sentence: 'Nothing of it can be mended by the bot.' };
  const head = mended.commit;
  await pushRepair(branch, head, standing, main, options);
  const body = repairBody({
    moves: mended.moves,
    unmended: mended.unmended,
    along: await changedVersions(main, head, options),
    unblocks: await blockedBy(weak, main, options),
    base: main,
    head,
  });
  const title = plain(titleOf(mended.moves)).trim();
  if (standing !== null) {
    await api.rewritePullRequest(standing.number, { title, body });
    return { number: standing.number, unmended: mended.unmended, sentence: `Made #${standing.number} again on the new main.` };
  }
  const { number } = await api.openPullRequest({ title, body, headRef: branch, baseRef: MAIN });
  await api.label(number, ['ratchet', 'repair']);
  return { number, unmended: mended.unmended, sentence: `Opened #${number}: ${title}.` };
}

/** The bot itself had closed it, because main had become another. What a person closed stays closed. */
async function wasOver({ number, isMerged }: PullRequest, options: RepairOptions): Promise<boolean> {
  return !isMerged && wasSaid(number, OVER, options);
}

/** A repair stands as long as main has not changed the files it changes, or somebody else has worked on it. */
async function stillFits(pull: PullRequest, main: CommitHash, repository: Repository): Promise<boolean> {
  const head = await repository.resolve(pull.headSha);
  const fork = head === null ? null : await repository.mergeBase(main, head);
  if (head === null || fork === null || fork === main) return true;
  const own = new Set((await repository.diff(fork, head)).map(({ path }) => path));
  return (await repository.diff(fork, main)).every(({ path }) => !own.has(path));
}

async function mayRepair(main: CommitHash, repository: Repository): Promise<boolean> {
  const policy = parsePolicy(PATHS_POLICY_PATH, await readText(repository, main, PATHS_POLICY_PATH), PathsPolicy);
  return policy.repair !== undefined;
}

/** @throws RatchetError `life/foreign-commits` when somebody else's commit stands on the branch: it is never moved then */
async function pushRepair(
  branch: string,
  head: CommitHash,
  standing: PullRequest | null,
  main: CommitHash,
  { repository, author }: RepairOptions,
): Promise<void> {
  const tip = (await repository.branches()).find(({ name }) => name === branch)?.tip ?? null;
  if (tip === head) return;
  const fork = tip === null ? null : await repository.mergeBase(main, tip);
  const commits = tip === null || fork === null ? [] : await repository.commitsSince(fork, tip);
  if ((tip !== null && fork === null) || commits.some((commit) => commit.author.email !== author.email)) {
    const which = standing === null ? branch : `#${standing.number}`;
    throw new RatchetError(
      'life/foreign-commits',
      `Somebody else's commit stands on the branch of ${which}, and main has changed what it changes.`,
      'The bot leaves it alone: bring it onto the new main by hand, or close it.',
      { branch },
    );
  }
  await repository.push(branch, head, { expect: tip });
}

async function changedVersions(
  main: CommitHash,
  head: CommitHash,
  { repository, tools }: RepairOptions,
): Promise<readonly VersionChange[]> {
  const registries = () => npmRegistries(tools.audit);
  const [before, after] = [await takeInventory(repository, main, registries), await takeInventory(repository, head, registries)];
  const versions = (packages: typeof before.packages) => {
    const found = new Map<string, { file: string; name: string; versions: Set<string> }>();
    for (const { file, name, version } of packages) {
      const known = found.get(`${file} ${name}`) ?? { file, name, versions: new Set<string>() };
      known.versions.add(version);
      found.set(`${file} ${name}`, known);
    }
    return found;
  };
  const [had, has] = [versions(before.packages), versions(after.packages)];
  return [...new Set([...had.keys(), ...has.keys()])].sort().flatMap((key): VersionChange[] => {
    const { file, name } = (had.get(key) ?? has.get(key))!;
    const [left, right] = [had, has].map((some) => [...(some.get(key)?.versions ?? [])].sort().join(', '));
    return left === right ? [] : [{ file, name, before: left || null, after: right || null }];
  });
}

async function openRepairs({ api, botLogin }: RepairOptions): Promise<readonly PullRequest[]> {
  const open = await api.listOpenPullRequests();
  return open.filter(
    ({ author, baseRef, headRef }) => author === botLogin && baseRef === MAIN && headRef.startsWith(REPAIR_BRANCHES),
  );
}

/** What a person holds or has worked on is left to them. */
async function closeAll(pulls: readonly PullRequest[], line: string, options: RepairOptions): Promise<readonly string[]> {
  const { api, repository, state } = options;
  const closed: string[] = [];
  for (const pull of pulls) {
    if (heldBy(await readDecisions(state, pull.number)) !== null || !(await isOnlyTheBots(pull, options))) continue;
    await sayOnce(pull.number, OVER, line, options);
    await api.closePullRequest(pull.number);
    const tip = await repository.resolve(pull.headSha);
    if (tip !== null) await takeDown(pull.headRef, tip, options);
    closed.push(`Closed #${pull.number}: ${line.charAt(0).toLowerCase()}${line.slice(1)}`);
  }
  return closed;
}
