import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, holds, needs } from '#bot/forge/auth/access.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { ApiError } from '#bot/forge/http/api-error.ts';
import { pageOfFound, sliceOf } from '#bot/forge/http/pagination.ts';
import { choiceIn, type ForgeEnv, type ForgeRequest, maxBodyCharacters, readBody, timeIn } from '#bot/forge/http/request.ts';
import type { PullState } from '#bot/forge/merge/pull-state.ts';
import { presentIssue } from '#bot/forge/present/issue.ts';
import { userByLogin } from '#bot/forge/queries/accounts.ts';
import { findIssues, insertIssue, issueById } from '#bot/forge/queries/issues.ts';
import type { IssueRow } from '#bot/forge/queries/rows.ts';
import { addLabels, LabelNames, setLabels, stateForEvents, tellLabels } from './labels.ts';
import { demandAuthorOr, issueIn } from './named-issue.ts';

const Title = z.union([z.string(), z.number().int()]).transform(String).pipe(z.string().trim().min(1).max(256));
const Body = z.string().max(maxBodyCharacters).nullable();

const NewIssue = z.object({ title: Title, body: Body.optional(), labels: LabelNames.optional() });
const IssueChange = z.object({
  title: Title.optional(),
  body: Body.optional(),
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'duplicate', 'reopened']).nullable().optional(),
  labels: LabelNames.optional(),
});

/** Issues; a pull request answers here too, as the issue it also is. */
export function issueRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/issues', (c) => {
    demand(c, needs.readIssues);
    const repository = c.get('repository');
    const creator = c.req.query('creator');
    const creatorId = creator === undefined ? null : (userByLogin(forge.database, creator)?.id ?? -1);
    const found = findIssues(
      forge.database,
      repository.id,
      {
        state: choiceIn(c, 'state', ['open', 'closed', 'all'], 'open'),
        labels: (c.req.query('labels') ?? '').split(',').filter((name) => name !== ''),
        creatorId,
        updatedSince: timeIn(c, 'since'),
        sort: choiceIn(c, 'sort', ['created', 'updated', 'comments'], 'created'),
        direction: choiceIn(c, 'direction', ['asc', 'desc'], 'desc'),
      },
      sliceOf(c),
    );
    return c.json(pageOfFound(c, found).map((issue) => presentIssue(forge, repository, issue)));
  });

  app.post('/repos/:owner/:repo/issues', async (c) => {
    demand(c, needs.writeIssues);
    const repository = c.get('repository');
    const author = authorOf(c);
    const request = await readBody(c, NewIssue, 'Issue');
    const issue = forge.database.transaction(() => {
      const id = insertIssue(forge.database, {
        repositoryId: repository.id,
        isPull: false,
        title: request.title,
        body: request.body ?? null,
        authorId: author.user.id,
        appId: author.appId,
        now: forge.clock(),
      });
      const row = issueById(forge.database, id);
      // Labels from someone who may not set any are dropped in silence, as on GitHub.
      const labels = holds(forge, c.get('actor'), repository, needs.triageIssues) ? (request.labels ?? []) : [];
      const added = addLabels(forge, repository, row, labels);
      tellIssue(forge, c, row, 'opened');
      tellLabels(forge, c, row, 'labeled', added, null);
      return row;
    })();
    return c.json(presentIssue(forge, repository, issue), 201);
  });

  app.get('/repos/:owner/:repo/issues/:issue_number', (c) => {
    demand(c, needs.readIssues);
    return c.json(presentIssue(forge, c.get('repository'), issueIn(forge, c)));
  });

  app.patch('/repos/:owner/:repo/issues/:issue_number', async (c) => {
    const issue = issueIn(forge, c);
    demandAuthorOr(c, issue, needs.triageIssues);
    const request = await readBody(c, IssueChange, 'Issue');
    if (issue.is_pull === 1 && request.state !== undefined && request.state !== issue.state) {
      throw new ApiError(422, 'A pull request is closed and reopened through the pulls API.');
    }
    const state = await stateForEvents(forge, c.get('repository'), issue);
    forge.database.transaction(() => changeIssue(forge, c, issue, request, state))();
    return c.json(presentIssue(forge, c.get('repository'), issueById(forge.database, issue.id)));
  });

  return app;
}

function changeIssue(
  forge: ForgeContext,
  c: ForgeRequest,
  issue: IssueRow,
  request: z.output<typeof IssueChange>,
  state: PullState | null,
): void {
  const now = forge.clock();
  const author = authorOf(c);
  const edited = {
    ...(request.title !== undefined && request.title !== issue.title ? { title: { from: issue.title } } : {}),
    ...(request.body !== undefined && request.body !== issue.body ? { body: { from: issue.body ?? '' } } : {}),
  };
  const closes = request.state === 'closed' && issue.state === 'open';
  const reopens = request.state === 'open' && issue.state === 'closed';
  updateRow(forge.database, 'issues', 'id', issue.id, {
    ...(request.title === undefined ? {} : { title: request.title }),
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(closes
      ? { state: 'closed', state_reason: request.state_reason ?? 'completed', closed_at: now, closed_by_id: author.user.id }
      : {}),
    ...(reopens ? { state: 'open', state_reason: 'reopened', closed_at: null, closed_by_id: null } : {}),
    updated_at: now,
  });
  if (request.labels !== undefined) {
    const { added, removed } = setLabels(forge, c.get('repository'), issue, request.labels);
    tellLabels(forge, c, issue, 'labeled', added, state);
    tellLabels(forge, c, issue, 'unlabeled', removed, state);
  }
  if (Object.keys(edited).length > 0) tellIssue(forge, c, issue, 'edited', { changes: edited });
  if (closes) tellIssue(forge, c, issue, 'closed');
  if (reopens) tellIssue(forge, c, issue, 'reopened');
}

/** Emits `issues` for an issue. A pull request's own events are told where pull requests change. */
function tellIssue(
  forge: ForgeContext,
  c: ForgeRequest,
  issue: IssueRow,
  action: string,
  more: Record<string, unknown> = {},
): void {
  if (issue.is_pull === 1) return;
  const repository = c.get('repository');
  emit(forge, {
    name: 'issues',
    action,
    repository,
    sender: authorOf(c).user,
    body: { issue: presentIssue(forge, repository, issueById(forge.database, issue.id)), ...more },
  });
}
