import { Hono } from 'hono';
import { demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { commitsBetween, distance, isAncestor, logOf, mergeBaseOf, readCommit, readCommits } from '#bot/forge/git/commits.ts';
import { diffFiles, diffText, emptyTree, type FileDiff } from '#bot/forge/git/diff.ts';
import { resolveCommit } from '#bot/forge/git/references.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { linkPages, pageOfList, sliceOf } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, nameIn } from '#bot/forge/http/request.ts';
import { apiOf, htmlOf } from '#bot/forge/present/addresses.ts';
import { presentCommit, presentFileDiff } from '#bot/forge/present/commit.ts';
import { presentPullSimple } from '#bot/forge/present/pull-request.ts';
import { findPulls } from '#bot/forge/queries/issues.ts';

/** As on GitHub: a commit or comparison lists no more files than this. */
const maxFiles = 300;

/** Commits and comparisons, read from git as it stands. */
export function commitRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/commits', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const from = c.req.query('sha') ?? repository.default_branch;
    const tip = await resolveCommit(gitDir, from);
    if (tip === null) {
      throw from === repository.default_branch ? new ApiError(409, 'Git Repository is empty.') : notFound();
    }
    const filter = {
      path: c.req.query('path'),
      author: c.req.query('author'),
      since: c.req.query('since'),
      until: c.req.query('until'),
    };
    const slice = sliceOf(c);
    const shas = await logOf(gitDir, tip, filter, { ...slice, limit: slice.limit + 1 });
    linkPages(c, slice.offset + shas.length);
    const commits = await readCommits(gitDir, shas.slice(0, slice.limit));
    return c.json(commits.map((commit) => presentCommit(forge, repository, commit)));
  });

  app.get('/repos/:owner/:repo/commits/:ref{.+}/pulls', async (c) => {
    demand(c, needs.readPulls);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const sha = await commitIn(forge, c, 'ref');
    const every = { state: 'all', headRef: null, baseRef: null, sort: 'created', direction: 'asc' } as const;
    const pulls = findPulls(forge.database, repository.id, every, { limit: 1000, offset: 0 }).rows;
    const holding = [];
    for (const pull of pulls) {
      const own = (await isAncestor(gitDir, sha, pull.head_sha)) && !(await isAncestor(gitDir, sha, pull.base_sha));
      if (own || pull.merge_commit_sha === sha) holding.push(pull);
    }
    return c.json(pageOfList(c, holding).map((pull) => presentPullSimple(forge, repository, pull)));
  });

  app.get('/repos/:owner/:repo/commits/:ref{.+}', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const name = nameIn(c, 'ref');
    const sha = await resolveCommit(gitDir, name);
    if (sha === null) throw new ApiError(422, `No commit found for SHA: ${name}`);
    const accept = c.req.header('Accept') ?? '';
    if (accept.includes('.sha')) return c.text(sha);
    const commit = await readCommit(gitDir, sha);
    if (accept.includes('.diff')) return text(await diffText(gitDir, commit.parents[0] ?? emptyTree, sha));
    const files = await diffFiles(gitDir, commit.parents[0] ?? emptyTree, sha);
    const additions = sum(files, (file) => file.additions);
    const deletions = sum(files, (file) => file.deletions);
    return c.json({
      ...presentCommit(forge, repository, commit),
      stats: { total: additions + deletions, additions, deletions },
      files: files.slice(0, maxFiles).map((file) => presentFileDiff(forge, repository, file, sha)),
    });
  });

  app.get('/repos/:owner/:repo/compare/:basehead{.+}', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const [baseName, headName] = splitBasehead(nameIn(c, 'basehead'), repository.owner);
    const base = await resolveCommit(gitDir, baseName);
    const head = await resolveCommit(gitDir, headName);
    if (base === null || head === null) throw notFound();
    const mergeBase = await mergeBaseOf(gitDir, base, head);
    if (mergeBase === null) throw new ApiError(404, `No common ancestor between ${baseName} and ${headName}.`);
    if ((c.req.header('Accept') ?? '').includes('.diff')) return text(await diffText(gitDir, mergeBase, head));
    const { ahead, behind } = await distance(gitDir, base, head);
    const slice = sliceOf(c);
    // Without paging GitHub gives the first 250 commits.
    const paged = c.req.query('page') !== undefined || c.req.query('per_page') !== undefined;
    const shas = await commitsBetween(gitDir, base, head);
    if (paged) linkPages(c, shas.length);
    const shown = paged ? shas.slice(slice.offset, slice.offset + slice.limit) : shas.slice(0, 250);
    const files = (await diffFiles(gitDir, mergeBase, head)).slice(0, maxFiles);
    const html = `${htmlOf(forge, repository)}/compare/${baseName}...${headName}`;
    return c.json({
      url: `${apiOf(forge, repository)}/compare/${encodeURIComponent(baseName)}...${encodeURIComponent(headName)}`,
      html_url: html,
      permalink_url: `${htmlOf(forge, repository)}/compare/${repository.owner}:${base.slice(0, 7)}...${repository.owner}:${head.slice(0, 7)}`,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: presentCommit(forge, repository, await readCommit(gitDir, base)),
      merge_base_commit: presentCommit(forge, repository, await readCommit(gitDir, mergeBase)),
      status: ahead === 0 && behind === 0 ? 'identical' : behind === 0 ? 'ahead' : ahead === 0 ? 'behind' : 'diverged',
      ahead_by: ahead,
      behind_by: behind,
      total_commits: ahead,
      commits: (await readCommits(gitDir, shown)).map((commit) => presentCommit(forge, repository, commit)),
      files: files.map((file) => presentFileDiff(forge, repository, file, head)),
    });
  });

  return app;
}

/** The commit a name in the address stands for; 422 in GitHub's words when there is none. */
export async function commitIn(forge: ForgeContext, c: ForgeRequest, parameter: string): Promise<string> {
  const name = nameIn(c, parameter);
  const sha = await resolveCommit(gitDirOf(forge, c.get('repository')), name);
  if (sha === null) throw new ApiError(422, `No commit found for SHA: ${name}`);
  return sha;
}

/** `base...head`, each optionally with the owner in front (`owner:branch`): there are no forks, so only the owner's own are found. */
function splitBasehead(text: string, owner: string): [string, string] {
  const at = text.indexOf('...');
  if (at < 0) throw notFound();
  const own = (name: string) => (name.startsWith(`${owner}:`) ? name.slice(owner.length + 1) : name);
  return [own(text.slice(0, at)), own(text.slice(at + 3))];
}

function sum(files: readonly FileDiff[], count: (file: FileDiff) => number): number {
  return files.reduce((total, file) => total + count(file), 0);
}

function text(content: Buffer): Response {
  return new Response(new Uint8Array(content), { headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}
