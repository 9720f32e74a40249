import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Hono } from 'hono';
import { LRUCache } from 'lru-cache';
import { canSee, holds, needs } from '#bot/forge/auth/access.ts';
import type { Actor, Author } from '#bot/forge/auth/actor.ts';
import { identify } from '#bot/forge/auth/identify.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { runHttpBackend } from '#bot/forge/git/http-backend.ts';
import { readReceiveCommands } from '#bot/forge/git/receive-commands.ts';
import { ApiError } from '#bot/forge/http/api-error.ts';
import type { ForgeEnv, ForgeRequest } from '#bot/forge/http/request.ts';
import {
  forcePushRefusal,
  judgeRefChange,
  type RefChange,
  type RefRefusal,
  refusalLines,
} from '#bot/forge/protection/judge-ref-change.ts';
import { repositoryByName } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { forgetIntents, noteIntent } from '#bot/forge/refs/move-reference.ts';
import { synchroniseRefs } from '#bot/forge/refs/synchronise-refs.ts';

type Service = 'git-upload-pack' | 'git-receive-pack';

const askForPassword = { 'WWW-Authenticate': 'Basic realm="Forge"' };

/** git's smart HTTP protocol at `/<owner>/<name>.git`: clone, fetch and push with a token as the password. */
export function gitHttpRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();
  app.get('/:owner/:repo{[^/]+\\.git}/info/refs', async (c) => {
    const service = c.req.query('service');
    if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return c.text('Please upgrade your git client.\n', 403);
    const { repository, actor } = admit(forge, c, service);
    return service === 'git-upload-pack' ? offer(forge, c, repository, actor) : serve(forge, c, repository, actor, {});
  });
  app.post('/:owner/:repo{[^/]+\\.git}/git-upload-pack', async (c) => {
    const { repository, actor } = admit(forge, c, 'git-upload-pack');
    return serve(forge, c, repository, actor, {});
  });
  app.post('/:owner/:repo{[^/]+\\.git}/git-receive-pack', async (c) => {
    const { repository, actor } = admit(forge, c, 'git-receive-pack');
    return receive(forge, c, repository, actor);
  });
  app.onError((error, c) => {
    if (!(error instanceof ApiError)) throw error;
    return c.text(`${error.message}\n`, error.status, error.headers);
  });
  return app;
}

/** Who is at the door and whether this repository is theirs to read or write. */
function admit(forge: ForgeContext, c: ForgeRequest, service: Service): { repository: RepositoryRow; actor: Actor } {
  const actor = identifyForGit(forge, c.req.header('Authorization'));
  const repository = repositoryByName(forge.database, c.req.param('owner')!, c.req.param('repo')!.replace(/\.git$/, ''));
  if (repository === undefined || !canSee(forge, actor, repository)) {
    throw actor.kind === 'anonymous'
      ? new ApiError(401, 'Authentication required', undefined, askForPassword)
      : new ApiError(404, 'Repository not found.');
  }
  const need = service === 'git-receive-pack' ? needs.writeContents : needs.readContents;
  if (holds(forge, actor, repository, need)) return { repository, actor };
  if (actor.kind === 'anonymous') throw new ApiError(401, 'Authentication required', undefined, askForPassword);
  throw new ApiError(403, `Permission to ${repository.owner}/${repository.name}.git denied.`);
}

function identifyForGit(forge: ForgeContext, authorization: string | undefined): Actor {
  try {
    return identify(forge, authorization);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401)
      throw new ApiError(401, 'Invalid username or token.', undefined, askForPassword);
    throw error;
  }
}

/**
 * A push: its commands are read and judged first, git then runs with the verdict, and the answer waits until pull requests and webhooks
 * know, so that whoever pushed finds them when it returns.
 */
async function receive(forge: ForgeContext, c: ForgeRequest, repository: RepositoryRow, actor: Actor): Promise<Response> {
  const author = authorOfPush(actor);
  const body = bodyOf(c)[Symbol.asyncIterator]();
  const { changes, read } = await readReceiveCommands(body);
  const intents = changes.map((change) => noteIntent(forge, repository, author, change));
  const env = verdicts(forge, repository, actor, changes);
  const call = { ...callOf(forge, c, repository, actor, env), body: continued(read, body), signal: new AbortController().signal };
  try {
    const answer = await runHttpBackend(call);
    const chunks: Buffer[] = [];
    for await (const chunk of answer.body) chunks.push(chunk as Buffer);
    return new Response(Buffer.concat(chunks), { status: answer.status, headers: answer.headers });
  } finally {
    // However git ended, what it moved is told.
    await forge.locks.run(repository.id, () => synchroniseRefs(forge, repository));
    forgetIntents(forge, intents);
  }
}

function authorOfPush(actor: Actor): Author {
  if (actor.kind === 'user') return { user: actor.user, appId: null };
  if (actor.kind === 'installation') return { user: actor.user, appId: actor.app.id };
  throw new ApiError(403, 'Nobody can push without an account.');
}

function verdicts(
  forge: ForgeContext,
  repository: RepositoryRow,
  actor: Actor,
  changes: readonly RefChange[],
): Record<string, string> {
  const refused: string[] = [];
  const forwardOnly: string[] = [];
  for (const change of changes) {
    const said = (refusal: RefRefusal) =>
      refusalLines(forge, repository, change.ref, refusal).map((line) => `${change.ref} ${line}`);
    const verdict = judgeRefChange(forge, repository, actor, change);
    if (verdict.kind === 'refused') refused.push(...said(verdict));
    else if (verdict.forwardOnly !== null) forwardOnly.push(...said(forcePushRefusal(verdict.forwardOnly)));
  }
  return { FORGE_REFUSED: refused.join('\n'), FORGE_FORWARD_ONLY: forwardOnly.join('\n') };
}

interface Offer {
  headers: Record<string, string>;
  body: Buffer;
}

const offers = new LRUCache<string, Offer>({ max: 100 });

/**
 * What a fetch asks first. In version 2 of the protocol the answer names what git can do and no reference, so it is the same until
 * another git is installed: it is asked for once.
 */
async function offer(forge: ForgeContext, c: ForgeRequest, repository: RepositoryRow, actor: Actor): Promise<Response> {
  if (c.req.header('Git-Protocol') !== 'version=2') return serve(forge, c, repository, actor, {});
  const key = gitDirOf(forge, repository);
  const known = offers.get(key);
  if (known !== undefined) return new Response(new Uint8Array(known.body), { headers: known.headers });
  const answer = await serve(forge, c, repository, actor, {});
  const body = Buffer.from(await answer.arrayBuffer());
  if (answer.status === 200) offers.set(key, { headers: Object.fromEntries(answer.headers), body });
  return new Response(new Uint8Array(body), { status: answer.status, headers: answer.headers });
}

async function serve(
  forge: ForgeContext,
  c: ForgeRequest,
  repository: RepositoryRow,
  actor: Actor,
  env: Readonly<Record<string, string>>,
): Promise<Response> {
  const answer = await runHttpBackend({ ...callOf(forge, c, repository, actor, env), body: bodyOf(c), signal: c.req.raw.signal });
  return new Response(Readable.toWeb(answer.body) as ReadableStream, { status: answer.status, headers: answer.headers });
}

function callOf(
  forge: ForgeContext,
  c: ForgeRequest,
  repository: RepositoryRow,
  actor: Actor,
  env: Readonly<Record<string, string>>,
) {
  const url = new URL(c.req.url);
  const tail = /\.git(\/(?:info\/refs|git-upload-pack|git-receive-pack))$/.exec(url.pathname)![1]!;
  return {
    projectRoot: join(forge.dir, 'repositories'),
    pathInfo: `/${repository.owner}/${repository.name}.git${tail}`,
    method: c.req.method,
    query: url.search.slice(1),
    contentType: c.req.header('Content-Type') ?? '',
    protocol: c.req.header('Git-Protocol') ?? '',
    remoteUser: actor.kind === 'user' || actor.kind === 'installation' ? actor.user.login : '',
    env,
  };
}

/** The request's bytes, unpacked where the client packed them. */
function bodyOf(c: ForgeRequest): AsyncIterable<Buffer> {
  const raw = c.req.raw.body;
  if (raw === null) return Readable.from([]);
  const stream = Readable.fromWeb(raw as Parameters<typeof Readable.fromWeb>[0]);
  if (c.req.header('Content-Encoding') !== 'gzip') return stream;
  const unpacked = createGunzip();
  stream.on('error', (error) => unpacked.destroy(error));
  return stream.pipe(unpacked);
}

async function* continued(read: Buffer, rest: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  if (read.length > 0) yield read;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}
