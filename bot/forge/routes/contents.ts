import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { readCommit, writeCommit } from '#bot/forge/git/commits.ts';
import { noCommit, readRef, resolveCommit } from '#bot/forge/git/references.ts';
import { entryAt, listTree, readBlob, type TreeEntry, writeBlob, writeTree } from '#bot/forge/git/trees.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { type ForgeEnv, type ForgeRequest, nameIn, readBody } from '#bot/forge/http/request.ts';
import { apiOf, escapePath, htmlOf } from '#bot/forge/present/addresses.ts';
import { emailOf, presentGitCommit } from '#bot/forge/present/commit.ts';
import { judgeRefChange, ruleViolations } from '#bot/forge/protection/judge-ref-change.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { moveReference } from '#bot/forge/refs/move-reference.ts';
import { wrapped } from './git-data.ts';

/** GitHub gives a file's bytes up to here; a larger one is asked for as a blob or raw. */
const maxInlineBytes = 1024 * 1024;

const Person = z.object({ name: z.string(), email: z.string() });
const FileChange = z.object({
  message: z.string().min(1),
  content: z.base64(),
  sha: z.string().optional(),
  branch: z.string().optional(),
  author: Person.optional(),
  committer: Person.optional(),
});
const FileRemoval = FileChange.omit({ content: true }).extend({ sha: z.string() });

/** Files and folders by their path. */
export function contentRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/contents/:path{.*}', (c) => readContents(forge, c));
  app.get('/repos/:owner/:repo/contents', (c) => readContents(forge, c));
  app.get('/repos/:owner/:repo/readme', async (c) => {
    demand(c, needs.readContents);
    return fileAt(forge, c, 'README.md');
  });

  app.put('/repos/:owner/:repo/contents/:path{.+}', async (c) => {
    demand(c, needs.writeContents);
    const request = await readBody(c, FileChange, 'Content');
    const gitDir = gitDirOf(forge, c.get('repository'));
    const path = pathIn(c);
    const blob = await writeBlob(gitDir, Buffer.from(request.content, 'base64'));
    const { commit, existed, branch } = await commitChange(forge, c, path, blob, request);
    const entry = (await entryAt(gitDir, commit, path))!;
    return c.json(
      {
        content: await presentEntry(forge, c.get('repository'), entry, branch),
        commit: presentGitCommit(forge, c.get('repository'), await readCommit(gitDir, commit)),
      },
      existed ? 200 : 201,
    );
  });

  app.delete('/repos/:owner/:repo/contents/:path{.+}', async (c) => {
    demand(c, needs.writeContents);
    const request = await readBody(c, FileRemoval, 'Content');
    const { commit } = await commitChange(forge, c, pathIn(c), null, request);
    const written = await readCommit(gitDirOf(forge, c.get('repository')), commit);
    return c.json({ content: null, commit: presentGitCommit(forge, c.get('repository'), written) });
  });

  return app;
}

async function readContents(forge: ForgeContext, c: ForgeRequest): Promise<Response> {
  demand(c, needs.readContents);
  return fileAt(forge, c, pathIn(c));
}

function pathIn(c: ForgeRequest): string {
  const path = nameIn(c, 'path').replace(/^\/+|\/+$/g, '');
  if (path.split('/').some((part) => part === '.' || part === '..'))
    throw new ApiError(422, 'path contains a malformed path component');
  return path;
}

async function fileAt(forge: ForgeContext, c: ForgeRequest, path: string): Promise<Response> {
  const repository = c.get('repository');
  const gitDir = gitDirOf(forge, repository);
  const ref = c.req.query('ref') ?? repository.default_branch;
  const commit = await resolveCommit(gitDir, ref);
  if (commit === null) throw new ApiError(404, `No commit found for the ref ${ref}`);
  const entry = await entryAt(gitDir, commit, path);
  if (entry === null) throw notFound();
  if (entry.type === 'tree') {
    const children = await listTree(gitDir, entry.sha, false);
    const placed = children.map((child) => ({ ...child, path: path === '' ? child.path : `${path}/${child.path}` }));
    return c.json(placed.map((child) => presentPlace(forge, repository, child, ref)));
  }
  if ((c.req.header('Accept') ?? '').includes('.raw')) return new Response(new Uint8Array(await readBlob(gitDir, entry.sha)));
  return c.json(await presentEntry(forge, repository, entry, ref));
}

const kinds = { blob: 'file', tree: 'dir', commit: 'submodule' } as const;

function presentPlace(forge: ForgeContext, repository: RepositoryRow, entry: TreeEntry, ref: string) {
  const path = escapePath(entry.path);
  const url = `${apiOf(forge, repository)}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const html = `${htmlOf(forge, repository)}/${entry.type === 'tree' ? 'tree' : 'blob'}/${escapePath(ref)}/${path}`;
  const git = `${apiOf(forge, repository)}/git/${entry.type === 'tree' ? 'trees' : 'blobs'}/${entry.sha}`;
  return {
    type: entry.mode === '120000' ? 'symlink' : kinds[entry.type],
    size: entry.size ?? 0,
    name: entry.path.split('/').at(-1)!,
    path: entry.path,
    sha: entry.sha,
    url,
    git_url: git,
    html_url: html,
    download_url: entry.type === 'blob' ? `${htmlOf(forge, repository)}/raw/${escapePath(ref)}/${path}` : null,
    _links: { self: url, git, html },
  };
}

async function presentEntry(forge: ForgeContext, repository: RepositoryRow, entry: TreeEntry, ref: string) {
  const place = presentPlace(forge, repository, entry, ref);
  if (entry.type === 'commit') return { ...place, submodule_git_url: place.html_url };
  const content = await readBlob(gitDirOf(forge, repository), entry.sha);
  if (entry.mode === '120000') return { ...place, target: content.toString('utf8') };
  if (content.length > maxInlineBytes) return { ...place, encoding: 'none', content: '' };
  return { ...place, encoding: 'base64', content: wrapped(content) };
}

/** One commit that puts a blob at a path, or takes away what is there, on top of a branch. */
async function commitChange(
  forge: ForgeContext,
  c: ForgeRequest,
  path: string,
  blob: string | null,
  request: z.output<typeof FileRemoval> | z.output<typeof FileChange>,
): Promise<{ commit: string; existed: boolean; branch: string }> {
  const repository = c.get('repository');
  const gitDir = gitDirOf(forge, repository);
  const branch = request.branch ?? repository.default_branch;
  const ref = `refs/heads/${branch}`;
  const { user, appId } = authorOf(c);
  return forge.locks.run(repository.id, async () => {
    const before = await readRef(gitDir, ref);
    if (before === null && branch !== repository.default_branch) throw new ApiError(404, `Branch ${branch} not found`);
    const existing = before === null ? null : await entryAt(gitDir, before, path);
    if (existing === null && blob === null) throw notFound();
    if (existing !== null && request.sha === undefined) throw new ApiError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.');
    if (existing !== null && request.sha !== existing.sha) throw new ApiError(409, `${path} does not match ${request.sha}`);
    const tree = await writeTree(gitDir, before === null ? null : `${before}^{tree}`, [{ path, mode: '100644', sha: blob }]);
    const atSeconds = Math.floor(forge.clock() / 1000);
    const sign = (person: { name: string; email: string } | undefined) => ({
      name: person?.name ?? user.login,
      email: person?.email ?? emailOf(user),
      atSeconds,
      zone: '+0000',
    });
    const commit = await writeCommit(gitDir, {
      tree,
      parents: before === null ? [] : [before],
      author: sign(request.author ?? request.committer),
      committer:
        request.committer === undefined
          ? { ...sign(undefined), name: 'Forge', email: 'noreply@forge.localhost' }
          : sign(request.committer),
      message: request.message,
    });
    const change = { ref, before: before ?? noCommit, after: commit };
    const verdict = judgeRefChange(forge, repository, c.get('actor'), change);
    if (verdict.kind === 'refused') throw new ApiError(409, ruleViolations(verdict.reasons));
    if (!(await moveReference(forge, repository, { user, appId }, change)))
      throw new ApiError(409, `${branch} has moved: try again`);
    return { commit, existed: existing !== null, branch };
  });
}
