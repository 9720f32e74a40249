import { Hono } from 'hono';
import { z } from 'zod';
import { installApp } from '#bot/forge/administration.ts';
import { type AppManifest, createFromManifest, readManifest } from '#bot/forge/apps/manifest.ts';
import { isAtLeast } from '#bot/forge/auth/access.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { allRepositories, appBySlug, installationFor, repositoryByName, roleOf } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow, UserRow } from '#bot/forge/queries/rows.ts';
import type { PageEnv } from './page-context.ts';
import { admitted, read } from './post-routes.ts';
import { answer } from './respond.ts';
import { appPage, confirmPage, installPage } from './views/app-pages.ts';

const ConfirmForm = z.object({
  name: z.string().trim().min(1).max(34),
  manifest: z.string(),
  state: z.string().max(500).default(''),
});
const InstallForm = z.object({ repository: z.string().regex(/^[^/]+\/[^/]+$/) });

/** Making an app of a manifest, and installing it: the two pages a program sends its person to. */
export function appRoutes(forge: ForgeContext): Hono<PageEnv> {
  const app = new Hono<PageEnv>();

  // Any page may post here: nothing happens before the person agrees on the page that comes.
  app.post('/settings/apps/new', async (c) => {
    const fields = await c.req.parseBody();
    const text = typeof fields.manifest === 'string' ? fields.manifest : '';
    const manifest = readManifest(text);
    return answer(c, confirmPage(c.get('site'), manifest, text, c.req.query('state') ?? ''), 200, landing(manifest));
  });

  app.post('/settings/apps/create', async (c) => {
    const { member, fields } = await admitted(c);
    const form = read(ConfirmForm, fields);
    const manifest = readManifest(form.manifest);
    const code = createFromManifest(forge, member.user.login, form.name, manifest);
    const target = new URL(manifest.redirect_url ?? manifest.url);
    target.searchParams.set('code', code);
    if (form.state !== '') target.searchParams.set('state', form.state);
    return c.redirect(target.href, 303);
  });

  app.get('/apps/:slug', (c) => {
    const row = appBySlug(forge.database, c.req.param('slug'));
    if (row === undefined) throw notFound();
    return answer(c, appPage(c.get('site'), row));
  });

  app.get('/apps/:slug/installations/new', (c) => {
    const row = appBySlug(forge.database, c.req.param('slug'));
    if (row === undefined) throw notFound();
    const { visitor } = c.get('site');
    const choices = visitor.kind === 'member' ? administered(forge, visitor.user) : [];
    const open = choices.filter((repository) => installationFor(forge.database, row.id, repository.id) === undefined);
    const target = row.setup_url === null ? [] : [new URL(row.setup_url).origin];
    return answer(c, installPage(c.get('site'), row, open), 200, target);
  });

  app.post('/apps/:slug/installations', async (c) => {
    const { member, fields } = await admitted(c);
    const row = appBySlug(forge.database, c.req.param('slug'));
    if (row === undefined) throw notFound();
    const [owner = '', name = ''] = read(InstallForm, fields).repository.split('/');
    const repository = repositoryByName(forge.database, owner, name);
    if (repository === undefined || !mayAdminister(forge, repository, member.user))
      throw new ApiError(403, 'Only who administers a repository installs an app on it.');
    const { installationId } = installApp(forge, row.id, repository);
    if (row.setup_url === null) return c.redirect(`/apps/${row.slug}`, 303);
    const target = new URL(row.setup_url);
    target.searchParams.set('installation_id', String(installationId));
    target.searchParams.set('setup_action', 'install');
    return c.redirect(target.href, 303);
  });

  return app;
}

/** Browsers hold the answer to a form against the page's policy as well: where it leads must be named there. */
function landing(manifest: AppManifest): readonly string[] {
  return [new URL(manifest.redirect_url ?? manifest.url).origin];
}

function administered(forge: ForgeContext, user: UserRow): readonly RepositoryRow[] {
  return allRepositories(forge.database).filter((repository) => mayAdminister(forge, repository, user));
}

function mayAdminister(forge: ForgeContext, repository: RepositoryRow, user: UserRow): boolean {
  return isAtLeast(roleOf(forge.database, repository, user.id), 'admin');
}
