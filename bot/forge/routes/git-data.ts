import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { isAncestor, readCommit, type Signature, writeCommit } from '#bot/forge/git/commits.ts';
import { isRefName, listRefs, noCommit, objectType, readRef } from '#bot/forge/git/references.ts';
import { tryGit } from '#bot/forge/git/run-git.ts';
import { listTree, readBlob, type TreeChange, type TreeEntry, writeBlob, writeTree } from '#bot/forge/git/trees.ts';
import { ApiError, invalid, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfList } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, nameIn, readBody } from '#bot/forge/http/request.ts';
import { apiOf, nodeId } from '#bot/forge/present/addresses.ts';
import { emailOf, presentGitCommit } from '#bot/forge/present/commit.ts';
import { forcePushRefusal, judgeRefChange, type RefChange, refusalMessage } from '#bot/forge/protection/judge-ref-change.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { moveReference } from '#bot/forge/refs/move-reference.ts';

const Sha = z.string().regex(/^[0-9a-f]{40}$/, 'must be the 40 hexadecimal digits of an object');
const NewBlob = z.object({ content: z.string(), encoding: z.enum(['utf-8', 'base64']).default('utf-8') });
const NewTree = z.object({
  base_tree: z.string().optional(),
  tree: z
    .array(
      z.object({
        path: z.string().min(1),
        mode: z.enum(['100644', '100755', '040000', '160000', '120000']).default('100644'),
        sha: Sha.nullable().optional(),
        content: z.string().optional(),
      }),
    )
    .min(1),
});
const Person = z.object({ name: z.string(), email: z.string(), date: z.iso.datetime({ offset: true }).optional() });
const NewCommit = z.object({
  message: z.string(),
  tree: Sha,
  parents: z.array(Sha).default([]),
  author: Person.optional(),
  committer: Person.partial().optional(),
});
const NewRef = z.object({ ref: z.string(), sha: Sha });
const MovedRef = z.object({ sha: Sha, force: z.boolean().default(false) });

/** Blobs, trees, commits and references as git has them. */
export function gitDataRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.post('/repos/:owner/:repo/git/blobs', async (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const blob = await readBody(c, NewBlob, 'Blob');
    const sha = await writeBlob(
      gitDirOf(forge, repository),
      Buffer.from(blob.content, blob.encoding === 'base64' ? 'base64' : 'utf8'),
    );
    return c.json({ url: `${apiOf(forge, repository)}/git/blobs/${sha}`, sha }, 201);
  });

  app.get('/repos/:owner/:repo/git/blobs/:file_sha', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const sha = await objectIn(forge, c, 'file_sha', 'blob');
    const content = await readBlob(gitDirOf(forge, repository), sha);
    if ((c.req.header('Accept') ?? '').includes('.raw')) return new Response(new Uint8Array(content));
    return c.json({
      sha,
      node_id: nodeId('Blob', `${repository.id}:${sha}`),
      size: content.length,
      url: `${apiOf(forge, repository)}/git/blobs/${sha}`,
      content: wrapped(content),
      encoding: 'base64',
    });
  });

  app.post('/repos/:owner/:repo/git/trees', async (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const request = await readBody(c, NewTree, 'Tree');
    const base = request.base_tree === undefined ? null : await treeOf(gitDir, request.base_tree);
    if (base === null && request.base_tree !== undefined) throw new ApiError(422, 'base_tree is not a valid tree oid');
    const changes: TreeChange[] = [];
    for (const entry of request.tree) changes.push(await changeOf(gitDir, entry));
    const sha = await writeTree(gitDir, base, changes);
    return c.json(presentTree(forge, repository, sha, await listTree(gitDir, sha, false)), 201);
  });

  app.get('/repos/:owner/:repo/git/trees/:tree_sha{.+}', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const sha = await treeOf(gitDir, nameIn(c, 'tree_sha'));
    if (sha === null) throw notFound();
    return c.json(presentTree(forge, repository, sha, await listTree(gitDir, sha, c.req.query('recursive') !== undefined)));
  });

  app.post('/repos/:owner/:repo/git/commits', async (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const request = await readBody(c, NewCommit, 'Commit');
    if ((await objectType(gitDir, request.tree)) !== 'tree') throw new ApiError(422, 'Tree SHA does not exist');
    for (const parent of request.parents) {
      if ((await objectType(gitDir, parent)) !== 'commit')
        throw new ApiError(422, 'Parent SHA does not exist or is not a commit object');
    }
    const { user } = authorOf(c);
    const own = { name: user.login, email: emailOf(user) };
    const author = signatureOf(request.author ?? own, forge.clock());
    const committer = request.committer === undefined ? author : signatureOf({ ...own, ...request.committer }, forge.clock());
    const sha = await writeCommit(gitDir, {
      tree: request.tree,
      parents: request.parents,
      author,
      committer,
      message: request.message,
    });
    return c.json(presentGitCommit(forge, repository, await readCommit(gitDir, sha)), 201);
  });

  app.get('/repos/:owner/:repo/git/commits/:commit_sha', async (c) => {
    demand(c, needs.readContents);
    const sha = await objectIn(forge, c, 'commit_sha', 'commit');
    return c.json(presentGitCommit(forge, c.get('repository'), await readCommit(gitDirOf(forge, c.get('repository')), sha)));
  });

  app.get('/repos/:owner/:repo/git/matching-refs/:ref{.+}', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const prefix = `refs/${nameIn(c, 'ref')}`;
    const matching = [...(await listRefs(gitDir))].filter(([name]) => name.startsWith(prefix));
    const presented = [];
    for (const [name, sha] of pageOfList(c, matching)) presented.push(await presentRef(forge, repository, name, sha));
    return c.json(presented);
  });

  app.get('/repos/:owner/:repo/git/ref/:ref{.+}', async (c) => {
    demand(c, needs.readContents);
    const repository = c.get('repository');
    const name = `refs/${nameIn(c, 'ref')}`;
    const sha = await readRef(gitDirOf(forge, repository), name);
    if (sha === null) throw notFound();
    return c.json(await presentRef(forge, repository, name, sha));
  });

  app.post('/repos/:owner/:repo/git/refs', async (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const { ref, sha } = await readBody(c, NewRef, 'Reference');
    if (!/^refs\/[^/]+\/[^-]/.test(ref) || !isRefName(ref)) throw new ApiError(422, `${ref} is not a valid ref name.`);
    if ((await objectType(gitDirOf(forge, repository), sha)) === null) throw new ApiError(422, 'Object does not exist');
    await forge.locks.run(repository.id, async () => {
      if ((await readRef(gitDirOf(forge, repository), ref)) !== null) throw new ApiError(422, 'Reference already exists');
      await move(forge, c, { ref, before: noCommit, after: sha }, true);
    });
    return c.json(await presentRef(forge, repository, ref, sha), 201);
  });

  app.patch('/repos/:owner/:repo/git/refs/:ref{.+}', async (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const gitDir = gitDirOf(forge, repository);
    const ref = `refs/${nameIn(c, 'ref')}`;
    const { sha, force } = await readBody(c, MovedRef, 'Reference');
    if ((await objectType(gitDir, sha)) === null) throw new ApiError(422, 'Object does not exist');
    await forge.locks.run(repository.id, async () => {
      const before = await readRef(gitDir, ref);
      if (before === null) throw new ApiError(422, 'Reference does not exist');
      await move(forge, c, { ref, before, after: sha }, force);
    });
    return c.json(await presentRef(forge, repository, ref, sha));
  });

  app.delete('/repos/:owner/:repo/git/refs/:ref{.+}', async (c) => {
    demand(c, needs.writeContents);
    const repository = c.get('repository');
    const ref = `refs/${nameIn(c, 'ref')}`;
    await forge.locks.run(repository.id, async () => {
      const before = await readRef(gitDirOf(forge, repository), ref);
      if (before === null) throw new ApiError(422, 'Reference does not exist');
      await move(forge, c, { ref, before, after: noCommit }, true);
    });
    return c.body(null, 204);
  });

  return app;
}

/** Moves a reference under the rules of its branch. The repository's lock is held. */
async function move(forge: ForgeContext, c: ForgeRequest, change: RefChange, force: boolean): Promise<void> {
  const repository = c.get('repository');
  const verdict = judgeRefChange(forge, repository, c.get('actor'), change);
  if (verdict.kind === 'refused') throw new ApiError(422, refusalMessage(verdict));
  const isUpdate = change.before !== noCommit && change.after !== noCommit;
  const { forwardOnly } = verdict;
  if (
    isUpdate &&
    (!force || forwardOnly !== null) &&
    !(await isAncestor(gitDirOf(forge, repository), change.before, change.after))
  ) {
    const isOverruled = force && forwardOnly !== null;
    throw new ApiError(422, isOverruled ? refusalMessage(forcePushRefusal(forwardOnly)) : 'Update is not a fast forward');
  }
  if (await moveReference(forge, repository, authorOf(c), change)) return;
  throw new ApiError(409, `Reference ${change.ref} could not be updated: it has moved, or its name is in the way of another.`);
}

async function objectIn(forge: ForgeContext, c: ForgeRequest, parameter: string, type: 'blob' | 'commit'): Promise<string> {
  const sha = nameIn(c, parameter);
  if (!Sha.safeParse(sha).success)
    throw new ApiError(422, `The sha parameter must be exactly 40 characters and contain only [0-9a-f].`);
  if ((await objectType(gitDirOf(forge, c.get('repository')), sha)) !== type) throw notFound();
  return sha;
}

/** The tree a hash, branch or tag stands for. */
async function treeOf(gitDir: string, name: string): Promise<string | null> {
  if (!isRefName(name)) return null;
  for (const candidate of [name, `refs/heads/${name}`, `refs/tags/${name}`]) {
    const output = await tryGit(gitDir, ['rev-parse', '--verify', '--quiet', `${candidate}^{tree}`]);
    if (output.exitCode === 0) return output.stdout.toString('utf8').trim();
  }
  return null;
}

async function changeOf(gitDir: string, entry: z.output<typeof NewTree>['tree'][number]): Promise<TreeChange> {
  const parts = entry.path.split('/');
  if (
    entry.path.includes('\0') ||
    parts.some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git')
  ) {
    throw new ApiError(422, `tree.path contains a malformed path component: ${entry.path}`);
  }
  if (entry.content !== undefined && entry.sha !== undefined)
    throw new ApiError(422, 'Must supply either tree.sha or tree.content, not both');
  if (entry.content !== undefined) {
    return { path: entry.path, mode: entry.mode, sha: await writeBlob(gitDir, Buffer.from(entry.content, 'utf8')) };
  }
  if (entry.sha === undefined) throw new ApiError(422, 'Must supply tree.sha or tree.content');
  if (entry.sha === null) return { path: entry.path, mode: entry.mode, sha: null };
  const wanted = entry.mode === '040000' ? 'tree' : entry.mode === '160000' ? null : 'blob';
  if (wanted !== null && (await objectType(gitDir, entry.sha)) !== wanted) {
    throw invalid({ resource: 'Tree', field: 'sha', code: 'invalid', message: `tree.sha ${entry.sha} is not a valid ${wanted}` });
  }
  return { path: entry.path, mode: entry.mode, sha: entry.sha };
}

function signatureOf(person: { name: string; email: string; date?: string | undefined }, now: number): Signature {
  const at = person.date === undefined ? now : Date.parse(person.date);
  return { name: person.name, email: person.email, atSeconds: Math.floor(at / 1000), zone: '+0000' };
}

function presentTree(forge: ForgeContext, repository: RepositoryRow, sha: string, entries: readonly TreeEntry[]) {
  const api = apiOf(forge, repository);
  return {
    sha,
    url: `${api}/git/trees/${sha}`,
    tree: entries.map((entry) => ({
      path: entry.path,
      mode: entry.mode,
      type: entry.type,
      sha: entry.sha,
      ...(entry.size === null ? {} : { size: entry.size }),
      ...(entry.type === 'commit' ? {} : { url: `${api}/git/${entry.type}s/${entry.sha}` }),
    })),
    truncated: false,
  };
}

async function presentRef(forge: ForgeContext, repository: RepositoryRow, ref: string, sha: string) {
  const api = apiOf(forge, repository);
  const type = (await objectType(gitDirOf(forge, repository), sha)) ?? 'commit';
  return {
    ref,
    node_id: nodeId('Ref', `${repository.id}:${ref}`),
    url: `${api}/git/${ref}`,
    object: { type, sha, url: `${api}/git/${type}s/${sha}` },
  };
}

/** Base64 in lines of sixty, as GitHub breaks them. */
export function wrapped(content: Buffer): string {
  return content
    .toString('base64')
    .replace(/.{60}(?=.)/g, '$&\n')
    .concat('\n');
}
