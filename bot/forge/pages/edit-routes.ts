import { Hono } from 'hono';
import { z } from 'zod';
import type { ForgeContext } from '#bot/forge/context.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { commentById, issueById, issueByNumber } from '#bot/forge/queries/issues.ts';
import { turnTask } from './markdown/render-markdown.ts';
import type { PageEnv, PageRequest } from './page-context.ts';
import { type Api, admitted, caller, localAddress, normalised, read } from './post-routes.ts';
import { textDigest } from './views/forms.ts';

/** Either a new text, or one box of the old one turned over. */
const EditForm = z.object({
  seen: z.string(),
  body: z.string().optional(),
  task: z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number)
    .optional(),
});

/** Writing texts anew, ticking what they list, asking for a check again: like every form, through the API with the visitor's token. */
export function editRoutes(forge: ForgeContext, api: Api): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  for (const part of ['issues', 'pull'] as const) {
    app.post(`/:owner/:repo/${part}/:number{[0-9]+}/body`, async (c) => {
      const page = c.get('page');
      const issue = issueByNumber(forge.database, page.repository.id, Number(c.req.param('number')));
      if (issue === undefined) throw notFound();
      const { member, body } = await edited(c, issue.body ?? '');
      const address = `/${part === 'pull' ? 'pulls' : 'issues'}/${issue.number}`;
      await caller(forge, api, page, member)('PATCH', address, { body });
      return c.redirect(`${page.home}/${part}/${issue.number}#opening`, 303);
    });
  }

  app.post('/:owner/:repo/comments/:comment{[0-9]+}/body', async (c) => {
    const page = c.get('page');
    const comment = commentById(forge.database, page.repository.id, Number(c.req.param('comment')));
    if (comment === undefined) throw notFound();
    const { member, body } = await edited(c, comment.body);
    await caller(forge, api, page, member)('PATCH', `/issues/comments/${comment.id}`, { body });
    const issue = issueById(forge.database, comment.issue_id);
    return c.redirect(`${page.home}/${issue.is_pull === 1 ? 'pull' : 'issues'}/${issue.number}#issuecomment-${comment.id}`, 303);
  });

  app.post('/:owner/:repo/checks/:run{[0-9]+}/rerequest', async (c) => {
    const { member, fields } = await admitted(c);
    await caller(forge, api, c.get('page'), member)('POST', `/check-runs/${c.req.param('run')}/rerequest`, {});
    return c.redirect(localAddress(fields.back), 303);
  });

  return app;
}

/** What the text is to be. One that somebody else has changed since the page was made is not written over. */
async function edited(c: PageRequest, present: string) {
  const { member, fields } = await admitted(c);
  const form = read(EditForm, fields);
  if (form.seen !== textDigest(present)) throw new ApiError(409, 'The text was changed meanwhile; look at it again.');
  const body = form.task === undefined ? form.body : turnTask(present, form.task);
  if (body === undefined || body === null) throw new ApiError(422, 'There is nothing to change.');
  return { member, body: normalised(body) };
}
