import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { commitsBetween, readCommits } from '#bot/forge/git/commits.ts';
import { diffText } from '#bot/forge/git/diff.ts';
import { moveRef, noCommit, readRef } from '#bot/forge/git/references.ts';
import { git } from '#bot/forge/git/run-git.ts';
import { invalid, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfFound, pageOfList, sliceOf } from '#bot/forge/http/pagination.ts';
import { choiceIn, type ForgeEnv, type ForgeRequest, maxBodyCharacters, numberIn, readBody } from '#bot/forge/http/request.ts';
import { mergePull } from '#bot/forge/merge/merge-pull.ts';
import { baseOf, type PullState, readPullFacts, readPullState } from '#bot/forge/merge/pull-state.ts';
import { updateBranch } from '#bot/forge/merge/update-branch.ts';
import { presentCommit, presentFileDiff } from '#bot/forge/present/commit.ts';
import { presentPull, presentPullSimple } from '#bot/forge/present/pull-request.ts';
import { findPulls, insertIssue, openPulls, pullById, pullByNumber } from '#bot/forge/queries/issues.ts';
import type { PullRow } from '#bot/forge/queries/rows.ts';
import { demandAuthorOr } from './named-issue.ts';

const Title = z.string().trim().min(1).max(256);
const Body = z.string().max(maxBodyCharacters).nullable();
const NewPull = z.object({
  title: Title,
  head: z.string().min(1),
  base: z.string().min(1),
  body: Body.optional(),
  draft: z.boolean().default(false),
  maintainer_can_modify: z.boolean().default(false),
});
const PullChange = z.object({
  title: Title.optional(),
  body: Body.optional(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
  maintainer_can_modify: z.boolean().optional(),
});
const Merge = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
});
const BranchUpdate = z.object({ expected_head_sha: z.string().optional() });

/** Pull requests between branches of one repository. */
export function pullRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/pulls', (c) => {
    demand(c, needs.readPulls);
    const repository = c.get('repository');
    const head = c.req.query('head');
    const found = findPulls(
      forge.database,
      repository.id,
      {
        state: choiceIn(c, 'state', ['open', 'closed', 'all'], 'open'),
        headRef: head === undefined ? null : ownBranch(head, repository.owner),
        baseRef: c.req.query('base') ?? null,
        sort: choiceIn(c, 'sort', ['created', 'updated'], 'created'),
        direction: choiceIn(c, 'direction', ['asc', 'desc'], 'desc'),
      },
      sliceOf(c),
    );
    return c.json(pageOfFound(c, found).map((pull) => presentPullSimple(forge, repository, pull)));
  });

  app.post('/repos/:owner/:repo/pulls', async (c) => {
    demand(c, needs.openPulls);
    const request = await readBody(c, NewPull, 'PullRequest');
    const pull = await openPull(forge, c, request);
    return c.json(presentPull(forge, c.get('repository'), pull, await readPullState(forge, c.get('repository'), pull)), 201);
  });

  app.get('/repos/:owner/:repo/pulls/:pull_number', async (c) => {
    demand(c, needs.readPulls);
    const repository = c.get('repository');
    const pull = pullIn(forge, c);
    const accept = c.req.header('Accept') ?? '';
    if (accept.includes('.diff')) return text(await pullDiff(forge, c, pull));
    if (accept.includes('.patch')) return text(await pullPatch(forge, c, pull));
    return c.json(presentPull(forge, repository, pull, await readPullState(forge, repository, pull)));
  });

  app.patch('/repos/:owner/:repo/pulls/:pull_number', async (c) => {
    const pull = pullIn(forge, c);
    demandAuthorOr(c, pull, needs.triagePulls);
    const request = await readBody(c, PullChange, 'PullRequest');
    const changed = await changePull(forge, c, pull, request);
    return c.json(presentPull(forge, c.get('repository'), changed, await readPullState(forge, c.get('repository'), changed)));
  });

  app.get('/repos/:owner/:repo/pulls/:pull_number/commits', async (c) => {
    demand(c, needs.readPulls);
    const repository = c.get('repository');
    const pull = pullIn(forge, c);
    const gitDir = gitDirOf(forge, repository);
    // GitHub lists at most 250 here.
    const shas = (await commitsBetween(gitDir, baseOf(forge, repository, pull), pull.head_sha)).slice(0, 250);
    const commits = await readCommits(gitDir, pageOfList(c, shas));
    return c.json(commits.map((commit) => presentCommit(forge, repository, commit)));
  });

  app.get('/repos/:owner/:repo/pulls/:pull_number/files', async (c) => {
    demand(c, needs.readPulls);
    const repository = c.get('repository');
    const pull = pullIn(forge, c);
    const { files } = await readPullFacts(forge, repository, pull);
    return c.json(pageOfList(c, files.slice(0, 3000)).map((file) => presentFileDiff(forge, repository, file, pull.head_sha)));
  });

  app.get('/repos/:owner/:repo/pulls/:pull_number/merge', (c) => {
    demand(c, needs.readPulls);
    if (pullIn(forge, c).merged_at === null) throw notFound();
    return c.body(null, 204);
  });

  app.put('/repos/:owner/:repo/pulls/:pull_number/merge', async (c) => {
    demand(c, needs.writeContents);
    const request = await readBody(c, Merge, 'PullRequest');
    const sha = await mergePull(forge, c.get('repository'), c.get('actor'), authorOf(c), {
      number: numberIn(c, 'pull_number'),
      method: request.merge_method,
      sha: request.sha ?? null,
      title: request.commit_title ?? null,
      message: request.commit_message ?? null,
    });
    return c.json({ sha, merged: true, message: 'Pull Request successfully merged' });
  });

  app.put('/repos/:owner/:repo/pulls/:pull_number/update-branch', async (c) => {
    demand(c, needs.openPulls);
    const request = await readBody(c, BranchUpdate, 'PullRequest');
    await updateBranch(
      forge,
      c.get('repository'),
      c.get('actor'),
      authorOf(c),
      numberIn(c, 'pull_number'),
      request.expected_head_sha ?? null,
    );
    return c.json(
      { message: 'Updating pull request branch.', url: `${c.get('repository').name}/pull/${numberIn(c, 'pull_number')}` },
      202,
    );
  });

  return app;
}

/** The pull request in the address. */
export function pullIn(forge: ForgeContext, c: ForgeRequest): PullRow {
  const pull = pullByNumber(forge.database, c.get('repository').id, numberIn(c, 'pull_number'));
  if (pull === undefined) throw notFound();
  return pull;
}

function ownBranch(label: string, owner: string): string {
  return label.startsWith(`${owner}:`) ? label.slice(owner.length + 1) : label;
}

async function openPull(forge: ForgeContext, c: ForgeRequest, request: z.output<typeof NewPull>): Promise<PullRow> {
  const repository = c.get('repository');
  const author = authorOf(c);
  const gitDir = gitDirOf(forge, repository);
  const headRef = ownBranch(request.head, repository.owner);
  return forge.locks.run(repository.id, async () => {
    const head = await readRef(gitDir, `refs/heads/${headRef}`);
    const base = await readRef(gitDir, `refs/heads/${request.base}`);
    if (base === null) throw invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    if (head === null) throw invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
    const custom = (message: string) => invalid({ resource: 'PullRequest', code: 'custom', message });
    if ((await commitsBetween(gitDir, base, head, 1)).length === 0)
      throw custom(`No commits between ${request.base} and ${headRef}`);
    refuseSecond(forge, repository.id, repository.owner, headRef, request.base);
    const row = { repository_id: repository.id, head_ref: headRef, head_sha: head, base_ref: request.base, base_sha: base };
    const state = await stateOfNew(forge, c, row, request.draft);
    const pull = forge.database.transaction(() => {
      const id = insertIssue(forge.database, {
        repositoryId: repository.id,
        isPull: true,
        title: request.title,
        body: request.body ?? null,
        authorId: author.user.id,
        appId: author.appId,
        now: forge.clock(),
      });
      insertRow(forge.database, 'pulls', {
        ...row,
        issue_id: id,
        draft: request.draft ? 1 : 0,
        maintainer_can_modify: request.maintainer_can_modify ? 1 : 0,
      });
      tellPull(forge, c, pullById(forge.database, id), state, 'opened');
      return pullById(forge.database, id);
    })();
    await moveRef(gitDir, `refs/pull/${pull.number}/head`, pull.head_sha, noCommit);
    return pull;
  });
}

/** What git says of a pull request that is about to be; asked before the transaction begins. */
function stateOfNew(
  forge: ForgeContext,
  c: ForgeRequest,
  row: Pick<PullRow, 'repository_id' | 'head_ref' | 'head_sha' | 'base_ref' | 'base_sha'>,
  draft: boolean,
): Promise<PullState> {
  const unborn: PullRow = {
    ...row,
    id: -1,
    number: -1,
    is_pull: 1,
    title: '',
    body: null,
    state: 'open',
    state_reason: null,
    author_id: -1,
    app_id: null,
    closed_by_id: null,
    created_at: 0,
    updated_at: 0,
    closed_at: null,
    draft: draft ? 1 : 0,
    maintainer_can_modify: 0,
    merged_at: null,
    merged_by_id: null,
    merge_commit_sha: null,
  };
  return readPullState(forge, c.get('repository'), unborn);
}

function refuseSecond(forge: ForgeContext, repositoryId: number, owner: string, headRef: string, baseRef: string): void {
  const twin = openPulls(forge.database, repositoryId).find((pull) => pull.head_ref === headRef && pull.base_ref === baseRef);
  if (twin === undefined) return;
  throw invalid({ resource: 'PullRequest', code: 'custom', message: `A pull request already exists for ${owner}:${headRef}.` });
}

async function changePull(
  forge: ForgeContext,
  c: ForgeRequest,
  pull: PullRow,
  request: z.output<typeof PullChange>,
): Promise<PullRow> {
  const repository = c.get('repository');
  const gitDir = gitDirOf(forge, repository);
  return forge.locks.run(repository.id, async () => {
    const current = pullById(forge.database, pull.id);
    const closes = request.state === 'closed' && current.state === 'open';
    const reopens = request.state === 'open' && current.state === 'closed';
    const baseRef = request.base ?? current.base_ref;
    const head = await readRef(gitDir, `refs/heads/${current.head_ref}`);
    const base = await readRef(gitDir, `refs/heads/${baseRef}`);
    if (reopens) refuseReopening(forge, repository.owner, current, head);
    if (baseRef !== current.base_ref && base === null) throw invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    const now = forge.clock();
    const { user } = authorOf(c);
    const after: PullRow = {
      ...current,
      title: request.title ?? current.title,
      body: request.body === undefined ? current.body : request.body,
      base_ref: baseRef,
      base_sha: baseRef === current.base_ref && !reopens ? current.base_sha : (base ?? current.base_sha),
      head_sha: reopens ? head! : current.head_sha,
      maintainer_can_modify: (request.maintainer_can_modify ?? current.maintainer_can_modify === 1) ? 1 : 0,
      updated_at: now,
      ...(closes ? { state: 'closed' as const, closed_at: now, closed_by_id: user.id } : {}),
      ...(reopens ? { state: 'open' as const, closed_at: null, closed_by_id: null } : {}),
    };
    const state = await readPullState(forge, repository, after);
    const edits = editsOf(current, after);
    forge.database.transaction(() => {
      updateRow(forge.database, 'issues', 'id', pull.id, {
        ...(request.title === undefined ? {} : { title: request.title }),
        ...(request.body === undefined ? {} : { body: request.body }),
        state: after.state,
        closed_at: after.closed_at,
        closed_by_id: after.closed_by_id,
        updated_at: now,
      });
      updateRow(forge.database, 'pulls', 'issue_id', pull.id, {
        base_ref: after.base_ref,
        base_sha: after.base_sha,
        head_sha: after.head_sha,
        maintainer_can_modify: after.maintainer_can_modify,
      });
      if (Object.keys(edits).length > 0) tellPull(forge, c, after, state, 'edited', { changes: edits });
      if (closes) tellPull(forge, c, after, state, 'closed');
      if (reopens) tellPull(forge, c, after, state, 'reopened');
    })();
    return pullById(forge.database, pull.id);
  });
}

function refuseReopening(forge: ForgeContext, owner: string, pull: PullRow, head: string | null): void {
  const cannot = (message: string) => invalid({ resource: 'PullRequest', field: 'state', code: 'invalid', message });
  if (pull.merged_at !== null) throw cannot('state cannot be changed. The pull request has been merged.');
  if (head === null) throw cannot(`state cannot be changed. The ${pull.head_ref} branch has been deleted.`);
  refuseSecond(forge, pull.repository_id, owner, pull.head_ref, pull.base_ref);
}

function editsOf(before: PullRow, after: PullRow): Record<string, unknown> {
  return {
    ...(before.title === after.title ? {} : { title: { from: before.title } }),
    ...(before.body === after.body ? {} : { body: { from: before.body ?? '' } }),
    ...(before.base_ref === after.base_ref ? {} : { base: { ref: { from: before.base_ref }, sha: { from: before.base_sha } } }),
  };
}

function tellPull(
  forge: ForgeContext,
  c: ForgeRequest,
  pull: PullRow,
  state: PullState,
  action: string,
  more: Record<string, unknown> = {},
): void {
  const repository = c.get('repository');
  emit(forge, {
    name: 'pull_request',
    action,
    repository,
    sender: authorOf(c).user,
    body: { number: pull.number, pull_request: presentPull(forge, repository, pull, state), ...more },
  });
}

async function pullDiff(forge: ForgeContext, c: ForgeRequest, pull: PullRow): Promise<Buffer> {
  const repository = c.get('repository');
  const { mergeBase } = await readPullFacts(forge, repository, pull);
  return diffText(gitDirOf(forge, repository), mergeBase ?? pull.base_sha, pull.head_sha);
}

function pullPatch(forge: ForgeContext, c: ForgeRequest, pull: PullRow): Promise<Buffer> {
  const repository = c.get('repository');
  return git(gitDirOf(forge, repository), ['format-patch', '--stdout', `${baseOf(forge, repository, pull)}..${pull.head_sha}`]);
}

function text(content: Buffer): Response {
  return new Response(new Uint8Array(content), { headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}
