import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { ApiError, invalid, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfList } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, nameIn, readBody } from '#bot/forge/http/request.ts';
import { type PullState, readPullState } from '#bot/forge/merge/pull-state.ts';
import { presentIssue, presentLabel } from '#bot/forge/present/issue.ts';
import { presentPull } from '#bot/forge/present/pull-request.ts';
import { issueById, labelByName, labelsOf, labelsOfIssue, pullById } from '#bot/forge/queries/issues.ts';
import type { IssueRow, LabelRow, RepositoryRow } from '#bot/forge/queries/rows.ts';
import { issueIn } from './named-issue.ts';

const Name = z.string().trim().min(1).max(50);
const Color = z.string().regex(/^[0-9a-fA-F]{6}$/, 'must be six hexadecimal digits');
const Description = z.string().max(100).nullable();
const NewLabel = z.object({ name: Name, color: Color.optional(), description: Description.optional() });
const LabelChange = z.object({ new_name: Name.optional(), color: Color.optional(), description: Description.optional() });

/** Labels in a request body: names, or objects with a name. */
export const LabelNames = z.array(z.union([Name, z.object({ name: Name }).transform((label) => label.name)])).max(100);

/** A label nobody gave a colour. */
const plainColor = 'ededed';

/** Labels of the repository and of its issues. */
export function labelRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/labels', (c) => {
    demand(c, needs.readIssues);
    const repository = c.get('repository');
    return c.json(pageOfList(c, labelsOf(forge.database, repository.id)).map((label) => presentLabel(forge, repository, label)));
  });

  app.post('/repos/:owner/:repo/labels', async (c) => {
    demand(c, needs.maintainLabels);
    const repository = c.get('repository');
    const request = await readBody(c, NewLabel, 'Label');
    refuseTaken(forge, repository, request.name);
    const label = createLabel(forge, repository, request.name, request.color ?? plainColor, request.description ?? null);
    return c.json(presentLabel(forge, repository, label), 201);
  });

  app.get('/repos/:owner/:repo/labels/:name', (c) => {
    demand(c, needs.readIssues);
    return c.json(presentLabel(forge, c.get('repository'), labelIn(forge, c)));
  });

  app.patch('/repos/:owner/:repo/labels/:name', async (c) => {
    demand(c, needs.maintainLabels);
    const repository = c.get('repository');
    const label = labelIn(forge, c);
    const request = await readBody(c, LabelChange, 'Label');
    const name = request.new_name ?? label.name;
    if (name.toLowerCase() !== label.name.toLowerCase()) refuseTaken(forge, repository, name);
    const color = request.color?.toLowerCase() ?? label.color;
    const description = request.description === undefined ? label.description : request.description;
    updateRow(forge.database, 'labels', 'id', label.id, { name, color, description });
    return c.json(presentLabel(forge, repository, { ...label, name, color, description }));
  });

  app.delete('/repos/:owner/:repo/labels/:name', (c) => {
    demand(c, needs.maintainLabels);
    const label = labelIn(forge, c);
    forge.database.transaction(() => {
      forge.database.prepare('DELETE FROM issue_labels WHERE label_id = ?').run(label.id);
      forge.database.prepare('DELETE FROM labels WHERE id = ?').run(label.id);
    })();
    return c.body(null, 204);
  });

  app.get('/repos/:owner/:repo/issues/:issue_number/labels', (c) => {
    demand(c, needs.readIssues);
    return c.json(pageOfList(c, presentLabels(forge, c, issueIn(forge, c))));
  });

  app.post('/repos/:owner/:repo/issues/:issue_number/labels', async (c) => {
    demand(c, needs.triageIssues);
    const issue = issueIn(forge, c);
    const { labels } = await readBody(c, z.object({ labels: LabelNames.min(1) }), 'Label');
    const state = await stateForEvents(forge, c.get('repository'), issue);
    forge.database.transaction(() =>
      tellLabels(forge, c, issue, 'labeled', addLabels(forge, c.get('repository'), issue, labels), state),
    )();
    return c.json(presentLabels(forge, c, issue));
  });

  app.put('/repos/:owner/:repo/issues/:issue_number/labels', async (c) => {
    demand(c, needs.triageIssues);
    const issue = issueIn(forge, c);
    const { labels } = await readBody(c, z.object({ labels: LabelNames.default([]) }), 'Label');
    const state = await stateForEvents(forge, c.get('repository'), issue);
    forge.database.transaction(() => {
      const { added, removed } = setLabels(forge, c.get('repository'), issue, labels);
      tellLabels(forge, c, issue, 'labeled', added, state);
      tellLabels(forge, c, issue, 'unlabeled', removed, state);
    })();
    return c.json(presentLabels(forge, c, issue));
  });

  app.delete('/repos/:owner/:repo/issues/:issue_number/labels/:name', async (c) => {
    demand(c, needs.triageIssues);
    const issue = issueIn(forge, c);
    const worn = labelsOfIssue(forge.database, issue.id).find((label) => sameName(label.name, nameIn(c, 'name')));
    if (worn === undefined) throw new ApiError(404, 'Label does not exist');
    const state = await stateForEvents(forge, c.get('repository'), issue);
    forge.database.transaction(() => {
      removeLabel(forge, issue, worn);
      tellLabels(forge, c, issue, 'unlabeled', [worn], state);
    })();
    return c.json(presentLabels(forge, c, issue));
  });

  return app;
}

function presentLabels(forge: ForgeContext, c: ForgeRequest, issue: IssueRow) {
  return labelsOfIssue(forge.database, issue.id).map((label) => presentLabel(forge, c.get('repository'), label));
}

function labelIn(forge: ForgeContext, c: ForgeRequest): LabelRow {
  const label = labelByName(forge.database, c.get('repository').id, nameIn(c, 'name'));
  if (label === undefined) throw notFound();
  return label;
}

function refuseTaken(forge: ForgeContext, repository: RepositoryRow, name: string): void {
  if (labelByName(forge.database, repository.id, name) === undefined) return;
  throw invalid({ resource: 'Label', field: 'name', code: 'already_exists' });
}

function createLabel(
  forge: ForgeContext,
  repository: RepositoryRow,
  name: string,
  color: string,
  description: string | null,
): LabelRow {
  const row = { repository_id: repository.id, name, color: color.toLowerCase(), description };
  return { ...row, id: insertRow(forge.database, 'labels', row) };
}

/** Puts labels on an issue, making those the repository has not; gives the ones that are new on it. */
export function addLabels(forge: ForgeContext, repository: RepositoryRow, issue: IssueRow, names: readonly string[]): LabelRow[] {
  const added: LabelRow[] = [];
  for (const name of names) {
    const label = labelByName(forge.database, repository.id, name) ?? createLabel(forge, repository, name, plainColor, null);
    const outcome = forge.database
      .prepare('INSERT OR IGNORE INTO issue_labels (issue_id, label_id) VALUES (?, ?)')
      .run(issue.id, label.id);
    if (outcome.changes > 0) added.push(label);
  }
  if (added.length > 0) updateRow(forge.database, 'issues', 'id', issue.id, { updated_at: forge.clock() });
  return added;
}

function removeLabel(forge: ForgeContext, issue: IssueRow, label: LabelRow): void {
  forge.database.prepare('DELETE FROM issue_labels WHERE issue_id = ? AND label_id = ?').run(issue.id, label.id);
  updateRow(forge.database, 'issues', 'id', issue.id, { updated_at: forge.clock() });
}

/** Makes exactly these the labels of an issue. */
export function setLabels(
  forge: ForgeContext,
  repository: RepositoryRow,
  issue: IssueRow,
  names: readonly string[],
): { added: LabelRow[]; removed: LabelRow[] } {
  const removed = labelsOfIssue(forge.database, issue.id).filter((label) => !names.some((name) => sameName(name, label.name)));
  for (const label of removed) removeLabel(forge, issue, label);
  return { added: addLabels(forge, repository, issue, names), removed };
}

/** What a pull request's events show of it, asked before a transaction begins; null for an issue. */
export async function stateForEvents(forge: ForgeContext, repository: RepositoryRow, issue: IssueRow): Promise<PullState | null> {
  return issue.is_pull === 1 ? readPullState(forge, repository, pullById(forge.database, issue.id)) : null;
}

/** Emits one event for each label, under the name of what wears it. */
export function tellLabels(
  forge: ForgeContext,
  c: ForgeRequest,
  issue: IssueRow,
  action: 'labeled' | 'unlabeled',
  labels: readonly LabelRow[],
  state: PullState | null,
): void {
  const repository = c.get('repository');
  for (const label of labels) {
    const subject =
      state !== null
        ? { number: issue.number, pull_request: presentPull(forge, repository, pullById(forge.database, issue.id), state) }
        : { issue: presentIssue(forge, repository, issueById(forge.database, issue.id)) };
    emit(forge, {
      name: state !== null ? 'pull_request' : 'issues',
      action,
      repository,
      sender: authorOf(c).user,
      body: { ...subject, label: presentLabel(forge, repository, label) },
    });
  }
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
