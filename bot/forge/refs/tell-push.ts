import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { type Commit, commitsBetween, isAncestor, logOf, readCommit, readCommits } from '#bot/forge/git/commits.ts';
import { diffFiles, emptyTree, type FileDiff } from '#bot/forge/git/diff.ts';
import { noCommit, objectType } from '#bot/forge/git/references.ts';
import { htmlOf } from '#bot/forge/present/addresses.ts';
import { presentCheckSuite } from '#bot/forge/present/checks.ts';
import { emailOf, presentPushedCommit } from '#bot/forge/present/commit.ts';
import { appsInstalledOn } from '#bot/forge/queries/accounts.ts';
import { checkSuiteById, checkSuiteFor } from '#bot/forge/queries/checks.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import type { AuthoredChange } from './synchronise-refs.ts';

/** GitHub lists at most this many commits in a push event. */
const maxCommits = 2048;
/** The files of a commit are listed for this many of the newest; further back GitHub's own lists thin out too. */
const maxCommitsWithFiles = 50;

/** Everything git has to say about one moved reference, gathered before the transaction. */
export interface PreparedPush {
  change: AuthoredChange;
  forced: boolean;
  commits: Array<{ commit: Commit; files: FileDiff[] }>;
  head: Commit | null;
}

export async function preparePush(
  forge: ForgeContext,
  repository: RepositoryRow,
  refs: ReadonlyMap<string, string>,
  change: AuthoredChange,
): Promise<PreparedPush> {
  const gitDir = gitDirOf(forge, repository);
  const empty: PreparedPush = { change, forced: false, commits: [], head: null };
  if (change.after === noCommit || (await objectType(gitDir, change.after)) !== 'commit') return empty;
  const head = await readCommit(gitDir, change.after);
  const isUpdate = change.before !== noCommit;
  const forced = isUpdate && !(await isAncestor(gitDir, change.before, change.after));
  const commits = await readCommits(gitDir, await pushedShas(gitDir, repository, refs, change));
  const withFiles = await Promise.all(
    commits.map(async (commit, index) => ({
      commit,
      files:
        index < commits.length - maxCommitsWithFiles ? [] : await diffFiles(gitDir, commit.parents[0] ?? emptyTree, commit.sha),
    })),
  );
  return { change, forced, commits: withFiles, head };
}

/** Oldest first. A new branch shows what it adds to the default branch; the default branch itself, all it has. */
async function pushedShas(
  gitDir: string,
  repository: RepositoryRow,
  refs: ReadonlyMap<string, string>,
  change: AuthoredChange,
): Promise<string[]> {
  if (change.before !== noCommit) return commitsBetween(gitDir, change.before, change.after, maxCommits);
  const main = `refs/heads/${repository.default_branch}`;
  const base = refs.get(main);
  if (base !== undefined && change.ref !== main) return commitsBetween(gitDir, base, change.after, maxCommits);
  return (await logOf(gitDir, change.after, {}, { limit: maxCommits, offset: 0 })).reverse();
}

/** Emits create or delete, push, and a check suite for every app that fills them. Inside the caller's transaction. */
export function tellPush(forge: ForgeContext, repository: RepositoryRow, push: PreparedPush): void {
  const { change } = push;
  const sender = change.author.user;
  const kind = change.ref.startsWith('refs/heads/') ? 'branch' : change.ref.startsWith('refs/tags/') ? 'tag' : null;
  const created = change.before === noCommit;
  const deleted = change.after === noCommit;
  // Other namespaces (refs/ratchet/…) are stored and say nothing, as on GitHub.
  if (kind === null) return;
  const name = change.ref.slice(kind === 'branch' ? 'refs/heads/'.length : 'refs/tags/'.length);
  if (created || deleted) {
    emit(forge, {
      name: created ? 'create' : 'delete',
      action: null,
      repository,
      sender,
      body: {
        ref: name,
        ref_type: kind,
        pusher_type: 'user',
        ...(created ? { master_branch: repository.default_branch, description: repository.description } : {}),
      },
    });
  }
  const present = (entry: PreparedPush['commits'][number]) =>
    presentPushedCommit(forge, repository, entry.commit, entry.files, true);
  const commits = push.commits.map(present);
  emit(forge, {
    name: 'push',
    action: null,
    repository,
    sender,
    body: {
      ref: change.ref,
      before: change.before,
      after: change.after,
      base_ref: null,
      created,
      deleted,
      forced: push.forced,
      compare: `${htmlOf(forge, repository)}/compare/${change.before.slice(0, 12)}...${change.after.slice(0, 12)}`,
      commits,
      head_commit: push.head === null ? null : (commits.at(-1) ?? present({ commit: push.head, files: [] })),
      pusher: { name: sender.login, email: emailOf(sender) },
    },
  });
  if (kind === 'branch' && push.head !== null) requestSuites(forge, repository, push, name);
}

function requestSuites(forge: ForgeContext, repository: RepositoryRow, push: PreparedPush, branch: string): void {
  for (const app of appsInstalledOn(forge.database, repository.id)) {
    const permissions = JSON.parse(app.permissions) as Record<string, string>;
    if (permissions.checks !== 'write') continue;
    if (checkSuiteFor(forge.database, repository.id, app.id, push.change.after) !== undefined) continue;
    const now = forge.clock();
    const id = insertRow(forge.database, 'check_suites', {
      repository_id: repository.id,
      app_id: app.id,
      head_sha: push.change.after,
      head_branch: branch,
      before_sha: push.change.before,
      created_at: now,
      updated_at: now,
    });
    const suite = checkSuiteById(forge.database, repository.id, id)!;
    emit(forge, {
      name: 'check_suite',
      action: 'requested',
      repository,
      sender: push.change.author.user,
      onlyAppId: app.id,
      body: { check_suite: presentCheckSuite(forge, repository, suite, push.head!) },
    });
  }
}
