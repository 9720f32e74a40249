import { createHash, randomUUID } from 'node:crypto';
import { Hono, type MiddlewareHandler } from 'hono';
import { canSee } from './auth/access.ts';
import { identify } from './auth/identify.ts';
import type { ForgeContext } from './context.ts';
import { ApiError, notFound } from './http/api-error.ts';
import { type RateLimiter, rateLimitHeaders } from './http/rate-limit.ts';
import type { ForgeEnv, ForgeRequest } from './http/request.ts';
import { type OverheardAnswer, overheardAnswers } from './overheard.ts';
import { createPages } from './pages/create-pages.ts';
import type { Sessions } from './pages/sessions.ts';
import { repositoryByName } from './queries/accounts.ts';
import { actionRoutes } from './routes/actions.ts';
import { appRoutes } from './routes/apps.ts';
import { checkRoutes } from './routes/checks.ts';
import { commentRoutes } from './routes/comments.ts';
import { commitRoutes } from './routes/commits.ts';
import { contentRoutes } from './routes/contents.ts';
import { deploymentRoutes } from './routes/deployments.ts';
import { gitDataRoutes } from './routes/git-data.ts';
import { gitHttpRoutes } from './routes/git-http.ts';
import { issueRoutes } from './routes/issues.ts';
import { labelRoutes } from './routes/labels.ts';
import { metaRoutes } from './routes/meta.ts';
import { protectionRoutes } from './routes/protection.ts';
import { pullRoutes } from './routes/pulls.ts';
import { repositoryRoutes } from './routes/repositories.ts';
import { reviewRoutes } from './routes/reviews.ts';
import { statusRoutes } from './routes/statuses.ts';

/** Everything the forge answers: the API for programs under `/api/v3`, git under `/<owner>/<name>.git`, pages for people at the root. */
export function createServer(forge: ForgeContext, limiter: RateLimiter, sessions: Sessions): Hono<ForgeEnv> {
  // Octokit asks for the API's root with a slash at its end.
  const app = new Hono<ForgeEnv>({ strict: false });
  app.use(async (c, next) => {
    c.set('forge', forge);
    await next();
  });
  app.route('/api/v3', createApi(forge, limiter));
  app.route('/', gitHttpRoutes(forge));
  app.route(
    '/',
    createPages(forge, sessions, (request) => app.fetch(request)),
  );
  app.notFound((c) => c.text('Not Found\n', 404));
  return app;
}

/** GitHub's REST API. The order matters in one place: longer addresses under `commits/` and `branches/` come before shorter ones. */
function createApi(forge: ForgeContext, limiter: RateLimiter): Hono<ForgeEnv> {
  const api = new Hono<ForgeEnv>();
  api.use(overhear);
  api.use(frame(forge, limiter));
  api.use('/repos/:owner/:repo/*', findRepository(forge));
  api.get('/rate_limit', (c) => {
    const core = plain(limiter.look(c.get('actor')));
    return c.json({ resources: { core, search: core }, rate: core });
  });
  const rooms = [
    metaRoutes,
    appRoutes,
    protectionRoutes,
    repositoryRoutes,
    checkRoutes,
    statusRoutes,
    commitRoutes,
    contentRoutes,
    gitDataRoutes,
    commentRoutes,
    labelRoutes,
    issueRoutes,
    reviewRoutes,
    pullRoutes,
    deploymentRoutes,
    actionRoutes,
  ];
  for (const room of rooms) api.route('/', room(forge));
  api.all('*', () => {
    throw notFound();
  });
  api.onError((error, c) => answerError(forge, c, error));
  return api;
}

const overhear: MiddlewareHandler<ForgeEnv> = async (c, next) => {
  await next();
  if (!overheardAnswers.hasSubscribers) return;
  const answer: OverheardAnswer = {
    method: c.req.method,
    path: new URL(c.req.url).pathname.replace(/^\/api\/v3(?=\/|$)/, '') || '/',
    status: c.res.status,
    contentType: c.res.headers.get('Content-Type') ?? '',
    body: await c.res.clone().text(),
  };
  overheardAnswers.publish(answer);
};

/** What every API answer has: an id, the account's limits, and for reading an ETag that may spare the answer. */
function frame(forge: ForgeContext, limiter: RateLimiter): MiddlewareHandler<ForgeEnv> {
  return async (c, next) => {
    c.header('X-GitHub-Request-Id', randomUUID().toUpperCase());
    c.header('X-GitHub-Media-Type', 'github.v3; format=json');
    c.header('X-GitHub-Enterprise-Version', '3.17.0');
    // Nothing has a zero byte in its name, and git cannot be asked about one.
    if (/%00/.test(c.req.url)) throw notFound();
    // Not yet known to be anyone: should the header be bad, the answer is still counted to nobody.
    c.set('actor', { kind: 'anonymous' });
    c.set('actor', identify(forge, c.req.header('Authorization')));
    const isFree = c.req.path.endsWith('/rate_limit');
    const state = isFree ? limiter.look(c.get('actor')) : limiter.spend(c.get('actor'));
    for (const [name, value] of Object.entries(rateLimitHeaders(state))) c.header(name, value);
    await next();
    if (c.req.method === 'GET' && c.res.status === 200) await answerConditionally(c);
  };
}

async function answerConditionally(c: ForgeRequest): Promise<void> {
  const body = await c.res.clone().arrayBuffer();
  const tag = `W/"${createHash('sha256').update(new Uint8Array(body)).digest('hex')}"`;
  c.header('ETag', tag);
  const asked =
    c.req
      .header('If-None-Match')
      ?.split(',')
      .map((entry) => entry.trim().replace(/^W\//, '')) ?? [];
  if (!asked.includes(tag.slice(2))) return;
  const headers = new Headers(c.res.headers);
  headers.delete('Content-Type');
  headers.delete('Content-Length');
  c.res = undefined;
  c.res = new Response(null, { status: 304, headers });
}

function findRepository(forge: ForgeContext): MiddlewareHandler<ForgeEnv> {
  return async (c, next) => {
    const repository = repositoryByName(forge.database, c.req.param('owner') ?? '', c.req.param('repo') ?? '');
    // To someone who may not see it, it does not exist.
    if (repository === undefined || !canSee(forge, c.get('actor'), repository)) throw notFound();
    c.set('repository', repository);
    await next();
  };
}

function answerError(forge: ForgeContext, c: ForgeRequest, error: Error): Response {
  if (error instanceof ApiError) {
    for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
    return c.json(error.body(), error.status);
  }
  forge.log.error({ err: error, method: c.req.method, path: c.req.path }, 'the forge failed to answer');
  return c.json({ message: 'Server Error', documentation_url: 'https://docs.github.com/rest', status: '500' }, 500);
}

function plain(state: { limit: number; used: number; remaining: number; reset: number }) {
  return { limit: state.limit, used: state.used, remaining: state.remaining, reset: state.reset, resource: 'core' };
}
