import { Hono } from 'hono';
import { WORKFLOWS_FOLDER, workflowAt } from '#bot/forge/actions/dispatch.ts';
import { dispatchInputs, type Input } from '#bot/forge/actions/workflow-file.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { resolveCommit } from '#bot/forge/git/references.ts';
import { entryAt, listTree } from '#bot/forge/git/trees.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { workflowRunById } from '#bot/forge/queries/workflow-runs.ts';
import { type PageContext, type PageEnv, pageIn } from './page-context.ts';
import { type Api, admitted, caller } from './post-routes.ts';
import { answer } from './respond.ts';
import { deploymentsPage } from './views/deployments-page.ts';
import { runFingerprint, runListPage, runPage, type Startable } from './views/run-pages.ts';

/** Runs of workflows, the button that starts one, and where things are deployed. */
export function runRoutes(forge: ForgeContext, api: Api): Hono<PageEnv> {
  const app = new Hono<PageEnv>();

  app.get('/:owner/:repo/actions', async (c) => {
    const page = c.get('page');
    return answer(c, runListPage(page, await startable(page), pageIn(c)));
  });

  app.get('/:owner/:repo/actions/runs/:run{[0-9]+}', (c) => {
    const page = c.get('page');
    const run = workflowRunById(forge.database, page.repository.id, Number(c.req.param('run')));
    if (run === undefined) throw notFound();
    return answer(c, runPage(page, run));
  });

  app.get('/:owner/:repo/actions/runs/:run{[0-9]+}/fingerprint', (c) => {
    const run = workflowRunById(forge.database, c.get('page').repository.id, Number(c.req.param('run')));
    if (run === undefined) throw notFound();
    return c.text(runFingerprint(c.get('page'), run));
  });

  app.post('/:owner/:repo/actions/workflows/:file/dispatch', async (c) => {
    const { member, fields } = await admitted(c);
    const page = c.get('page');
    const inputs = Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) =>
        name.startsWith('input:') && typeof value === 'string' && value !== '' ? [[name.slice('input:'.length), value]] : [],
      ),
    );
    const file = encodeURIComponent(c.req.param('file'));
    const ref = page.repository.default_branch;
    await caller(forge, api, page, member)('POST', `/actions/workflows/${file}/dispatches`, { ref, inputs });
    return c.redirect(`${page.home}/actions`, 303);
  });

  app.get('/:owner/:repo/deployments', (c) => answer(c, deploymentsPage(c.get('page'), pageIn(c))));

  return app;
}

/** The workflows on the default branch that can be started by hand. One that cannot be read is none. */
async function startable(page: PageContext): Promise<readonly Startable[]> {
  const { forge, repository } = page;
  const ref = repository.default_branch;
  const sha = await resolveCommit(page.gitDir, `refs/heads/${ref}`);
  if (sha === null) return [];
  const found: Startable[] = [];
  const folder = await entryAt(page.gitDir, sha, WORKFLOWS_FOLDER);
  if (folder?.type !== 'tree') return [];
  for (const { path: file } of await listTree(page.gitDir, folder.sha, false)) {
    try {
      const { workflow, name } = await workflowAt(forge, repository, file, ref);
      const inputs: Readonly<Record<string, Input>> | null = dispatchInputs(workflow);
      if (inputs !== null) found.push({ file, name, inputs });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return found;
}
