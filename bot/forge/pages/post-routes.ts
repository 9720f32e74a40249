import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { ForgeContext } from '#bot/forge/context.ts';
import { ApiError, type ErrorStatus, notFound } from '#bot/forge/http/api-error.ts';
import { pullByNumber } from '#bot/forge/queries/issues.ts';
import { mergeReadiness } from './merge-readiness.ts';
import type { PageContext, PageEnv, PageRequest } from './page-context.ts';
import { holdsFormKey, type Sessions, type Visitor } from './sessions.ts';

/** How the pages post: the forge's own API, through its front door. */
export type Api = (request: Request) => Response | Promise<Response>;

export type Member = Extract<Visitor, { kind: 'member' }>;

const maxFormBytes = 400_000;

const CommentForm = z.object({ body: z.string().default(''), state: z.enum(['open', 'closed']).optional() });
const ReviewForm = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/), event: z.literal('APPROVE') });
const MergeForm = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/), method: z.enum(['squash', 'merge', 'rebase']) });

/** Keeps forms to a size before anything reads them. */
export const formLimit: MiddlewareHandler = bodyLimit({
  maxSize: maxFormBytes,
  onError: (c) => {
    // The rest of the form is not read, so nothing else can come over this connection.
    c.header('Connection', 'close');
    throw new ApiError(413, 'The text is too long.');
  },
});

/** Signing out; signing in is following a link. */
export function sessionRoutes(sessions: Sessions): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.post('/-/logout', async (c) => {
    const { member, fields } = await admitted(c);
    sessions.close(c, member.token);
    return c.redirect(localAddress(fields.back), 303);
  });
  return app;
}

/** What forms send. Each becomes a request to the API with the visitor's own token, so a page can do nothing the API would refuse. */
export function postRoutes(forge: ForgeContext, api: Api): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  for (const part of ['issues', 'pull'] as const) {
    app.post(`/:owner/:repo/${part}/:number{[0-9]+}/comment`, async (c) => {
      const { member, fields } = await admitted(c);
      const page = c.get('page');
      const form = read(CommentForm, fields);
      const number = c.req.param('number');
      if (form.body.trim() === '' && form.state === undefined) throw new ApiError(422, 'The comment is empty.');
      const call = caller(forge, api, page, member);
      let anchor = '';
      if (form.body.trim() !== '') {
        const made = z
          .object({ id: z.number() })
          .parse(await call('POST', `/issues/${number}/comments`, { body: normalised(form.body) }));
        anchor = `#issuecomment-${made.id}`;
      }
      if (form.state !== undefined)
        await call('PATCH', `/${part === 'pull' ? 'pulls' : 'issues'}/${number}`, { state: form.state });
      return c.redirect(`${page.home}/${part}/${number}${anchor}`, 303);
    });
  }

  app.post('/:owner/:repo/pull/:number{[0-9]+}/review', async (c) => {
    const { member, fields } = await admitted(c);
    const page = c.get('page');
    const form = read(ReviewForm, fields);
    const number = c.req.param('number');
    await caller(forge, api, page, member)('POST', `/pulls/${number}/reviews`, { event: form.event, commit_id: form.sha });
    return c.redirect(`${page.home}/pull/${number}`, 303);
  });

  app.post('/:owner/:repo/pull/:number{[0-9]+}/merge', async (c) => {
    const { member, fields } = await admitted(c);
    const page = c.get('page');
    const form = read(MergeForm, fields);
    const number = c.req.param('number');
    const pull = pullByNumber(forge.database, page.repository.id, Number(number));
    if (pull === undefined) throw notFound();
    const readiness = await mergeReadiness(page, pull);
    if (readiness.kind === 'blocked') throw new ApiError(405, `It cannot be merged: ${readiness.reason}`);
    await caller(forge, api, page, member)('PUT', `/pulls/${number}/merge`, { sha: form.sha, merge_method: form.method });
    return c.redirect(`${page.home}/pull/${number}`, 303);
  });

  return app;
}

/** Lets a form in that came from one of our pages, in the session it was made for. */
export async function admitted(c: PageRequest): Promise<{ member: Member; fields: Record<string, unknown> }> {
  const { visitor } = c.get('site');
  if (visitor.kind === 'reader') throw new ApiError(401, 'Sign in first: open the link that npm start prints.');
  const site = c.req.header('Sec-Fetch-Site');
  if (site !== undefined && site !== 'same-origin') throw new ApiError(403, 'This form came from another site.');
  const fields = await c.req.parseBody();
  if (!holdsFormKey(visitor, fields.form_key))
    throw new ApiError(403, 'This form is not one of this session; reload the page and try again.');
  return { member: visitor, fields };
}

export function read<Schema extends z.ZodType>(schema: Schema, fields: Record<string, unknown>): z.output<Schema> {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  throw new ApiError(422, `The form is incomplete: ${result.error.issues[0]?.path.join('.')}.`);
}

export type Call = (method: 'POST' | 'PUT' | 'PATCH', path: string, body: object) => Promise<unknown>;

export function caller(forge: ForgeContext, api: Api, { repository }: PageContext, member: Member): Call {
  const root = `${forge.url()}/api/v3/repos/${repository.owner}/${repository.name}`;
  return async (method, path, body) => {
    const request = new Request(`${root}${path}`, {
      method,
      headers: { Authorization: `token ${member.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const response = await api(request);
    const answer: unknown = response.status === 204 ? null : await response.json();
    if (response.ok) return answer;
    const { message } = z.object({ message: z.string() }).parse(answer);
    throw new ApiError(response.status as ErrorStatus, message);
  };
}

/** Browsers send line ends as CR LF. */
export function normalised(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

/** Only an address of this forge may be gone back to. */
export function localAddress(value: unknown): string {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) ? value : '/';
}
