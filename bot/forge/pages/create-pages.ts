import { Hono } from 'hono';
import { canSee } from '#bot/forge/auth/access.ts';
import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { allRepositories, repositoryByName } from '#bot/forge/queries/accounts.ts';
import { issueByNumber, pullByNumber } from '#bot/forge/queries/issues.ts';
import type { PullRow } from '#bot/forge/queries/rows.ts';
import { appRoutes } from './app-routes.ts';
import { Assets } from './assets.ts';
import { codeRoutes } from './code-routes.ts';
import { editRoutes } from './edit-routes.ts';
import { layout } from './layout.ts';
import { type Html, html } from './markup.ts';
import { type PageContext, type PageEnv, type PageRequest, pageIn, repositoryPage, type SiteContext } from './page-context.ts';
import { type Api, formLimit, postRoutes, sessionRoutes } from './post-routes.ts';
import { answer, refuseStrangeHosts } from './respond.ts';
import { runRoutes } from './run-routes.ts';
import type { Sessions, Visitor } from './sessions.ts';
import { issuePage } from './views/issue-page.ts';
import { issueListPage, pullListPage, type Shown } from './views/lists.ts';
import { fingerprint, type PullTab, pullPage } from './views/pull-page.ts';

/** The forge for people: what GitHub shows of a repository, made on the server, working without scripts. */
export function createPages(forge: ForgeContext, sessions: Sessions, api: Api): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  const assets = new Assets();
  app.route('/', assets.routes());
  app.use(refuseStrangeHosts(forge));
  app.use(async (c, next) => {
    const visitor = sessions.visitor(c);
    const url = new URL(c.req.url);
    const key = url.searchParams.get('key');
    let notice: string | null = null;
    if (key !== null && c.req.method === 'GET') {
      const isOpened = sessions.redeem(c, key);
      url.searchParams.delete('key');
      if (isOpened || visitor.kind === 'member') return c.redirect(`${url.pathname}${url.search}`, 303);
      notice = 'This link was used before, or the forge was started again since. Open the newest one that npm start printed.';
    }
    c.set('site', { forge, visitor, assets: assets.addresses, here: `${url.pathname}${url.search}`, notice });
    await next();
  });

  app.use(formLimit);
  app.route('/', sessionRoutes(sessions));

  app.get('/', async (c) => {
    const site = c.get('site');
    const visible = allRepositories(forge.database).filter((repository) => canSee(forge, actorOf(site.visitor), repository));
    const [only] = visible;
    if (visible.length === 1 && only !== undefined && site.notice === null)
      return c.redirect(repositoryPage(site, only).home, 302);
    const list = visible.map((repository) => {
      const { home } = repositoryPage(site, repository);
      return html`<li><a class="title" href="${home}">${repository.owner}/${repository.name}</a> <span class="pill">${repository.visibility}</span></li>`;
    });
    return answer(c, layout(site, 'Repositories', html`<h1 class="small">Repositories</h1><ul class="box rows">${list}</ul>`));
  });

  app.route('/', appRoutes(forge));

  app.use('/:owner/:repo', findRepository);
  app.use('/:owner/:repo/*', findRepository);
  app.route('/', codeRoutes());
  app.route('/', discussionRoutes());
  app.route('/', postRoutes(forge, api));
  app.route('/', editRoutes(forge, api));
  app.route('/', runRoutes(forge, api));
  app.onError((error, c) => answerError(c as PageRequest, error, forge));
  return app;
}

async function findRepository(c: PageRequest, next: () => Promise<void>): Promise<void> {
  const site = c.get('site');
  const repository = repositoryByName(site.forge.database, c.req.param('owner') ?? '', c.req.param('repo') ?? '');
  if (repository === undefined || !canSee(site.forge, actorOf(site.visitor), repository)) throw notFound();
  c.set('page', repositoryPage(site, repository));
  await next();
}

function actorOf(visitor: Visitor): Actor {
  return visitor.kind === 'member' ? { kind: 'user', user: visitor.user } : { kind: 'anonymous' };
}

function discussionRoutes(): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get('/:owner/:repo/pulls', (c) => answer(c, pullListPage(c.get('page'), shownIn(c), pageIn(c))));
  app.get('/:owner/:repo/issues', (c) => answer(c, issueListPage(c.get('page'), shownIn(c), pageIn(c))));
  app.get('/:owner/:repo/issues/:number{[0-9]+}', async (c) => {
    const page = c.get('page');
    const issue = issueByNumber(page.forge.database, page.repository.id, Number(c.req.param('number')));
    if (issue === undefined) throw notFound();
    if (issue.is_pull === 1) return c.redirect(`${page.home}/pull/${issue.number}`, 302);
    return answer(c, issuePage(page, issue));
  });
  const tab = (address: string, which: PullTab) =>
    app.get(`/:owner/:repo/pull/:number{[0-9]+}${address}`, (c) =>
      onPull(c, async (page, pull) => answer(c, await pullPage(page, pull, which))),
    );
  tab('', 'conversation');
  tab('/commits', 'commits');
  tab('/checks', 'checks');
  tab('/files', 'files');
  app.get('/:owner/:repo/pull/:number{[0-9]+}/fingerprint', (c) =>
    onPull(c, async (page, pull) => c.text(fingerprint(page, pull))),
  );
  return app;
}

async function onPull(c: PageRequest, show: (page: PageContext, pull: PullRow) => Promise<Response>): Promise<Response> {
  const page = c.get('page');
  const number = Number(c.req.param('number'));
  const pull = pullByNumber(page.forge.database, page.repository.id, number);
  if (pull !== undefined) return show(page, pull);
  if (issueByNumber(page.forge.database, page.repository.id, number) === undefined) throw notFound();
  return c.redirect(`${page.home}/issues/${number}`, 302);
}

function shownIn(c: PageRequest): Shown {
  return c.req.query('state') === 'closed' ? 'closed' : 'open';
}

function answerError(c: PageRequest, error: Error, forge: ForgeContext): Response | Promise<Response> {
  const site = c.get('site');
  const status = error instanceof ApiError ? error.status : 500;
  if (status === 500) forge.log.error({ err: error, path: c.req.path }, 'a page of the forge failed');
  const words =
    status === 404
      ? 'There is nothing here.'
      : status === 500
        ? 'The forge failed to make this page; its log says why.'
        : error.message;
  if (site === undefined) return c.text(`${words}\n`, status);
  return answer(c, layout(site, String(status), refusal(status, words, site)), status);
}

function refusal(status: number, words: string, site: SiteContext): Html {
  const back = site.here.split('/').slice(0, 3).join('/');
  return html`<section class="box pad refusal"><p class="big">${status}</p><h1>${words}</h1><p>Nothing was changed. <a href="${back === '' ? '/' : back}">Go back</a></p></section>`;
}
