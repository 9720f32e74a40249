import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { notFound } from '#bot/forge/http/api-error.ts';
import { pageOfFound, pageOfList, sliceOf } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, maxBodyCharacters, numberIn, readBody, timeIn } from '#bot/forge/http/request.ts';
import { presentComment, presentIssue, presentReaction } from '#bot/forge/present/issue.ts';
import { commentById, findComments, issueById, reactionsOf } from '#bot/forge/queries/issues.ts';
import type { CommentRow, IssueRow, ReactionRow } from '#bot/forge/queries/rows.ts';
import { demandAuthorOr, issueIn } from './named-issue.ts';

const CommentBody = z.object({ body: z.string().min(1).max(maxBodyCharacters) });
const NewReaction = z.object({ content: z.enum(['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes']) });

/** Comments on issues and pull requests, and reactions. */
export function commentRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/issues/comments', (c) => {
    demand(c, needs.readIssues);
    const found = findComments(forge.database, c.get('repository').id, null, timeIn(c, 'since'), sliceOf(c));
    return c.json(pageOfFound(c, found).map((comment) => present(forge, c, comment)));
  });

  app.get('/repos/:owner/:repo/issues/comments/:comment_id', (c) => {
    demand(c, needs.readIssues);
    return c.json(present(forge, c, commentIn(forge, c)));
  });

  app.patch('/repos/:owner/:repo/issues/comments/:comment_id', async (c) => {
    const comment = commentIn(forge, c);
    demandAuthorOr(c, comment, needs.maintainLabels);
    const { body } = await readBody(c, CommentBody, 'IssueComment');
    forge.database.transaction(() => {
      updateRow(forge.database, 'comments', 'id', comment.id, { body, updated_at: forge.clock() });
      tell(forge, c, comment.id, 'edited', { changes: { body: { from: comment.body } } });
    })();
    return c.json(present(forge, c, commentIn(forge, c)));
  });

  app.delete('/repos/:owner/:repo/issues/comments/:comment_id', (c) => {
    const comment = commentIn(forge, c);
    demandAuthorOr(c, comment, needs.maintainLabels);
    forge.database.transaction(() => {
      tell(forge, c, comment.id, 'deleted');
      forge.database.prepare("DELETE FROM reactions WHERE subject_type = 'comment' AND subject_id = ?").run(comment.id);
      forge.database.prepare('DELETE FROM comments WHERE id = ?').run(comment.id);
    })();
    return c.body(null, 204);
  });

  app.get('/repos/:owner/:repo/issues/:issue_number/comments', (c) => {
    demand(c, needs.readIssues);
    const issue = issueIn(forge, c);
    const found = findComments(forge.database, issue.repository_id, issue.id, timeIn(c, 'since'), sliceOf(c));
    return c.json(pageOfFound(c, found).map((comment) => presentComment(forge, c.get('repository'), comment, issue)));
  });

  app.post('/repos/:owner/:repo/issues/:issue_number/comments', async (c) => {
    demand(c, needs.comment);
    const issue = issueIn(forge, c);
    const author = authorOf(c);
    const { body } = await readBody(c, CommentBody, 'IssueComment');
    const id = forge.database.transaction(() => {
      const now = forge.clock();
      const comment = insertRow(forge.database, 'comments', {
        repository_id: issue.repository_id,
        issue_id: issue.id,
        author_id: author.user.id,
        app_id: author.appId,
        body,
        created_at: now,
        updated_at: now,
      });
      updateRow(forge.database, 'issues', 'id', issue.id, { updated_at: now });
      tell(forge, c, comment, 'created');
      return comment;
    })();
    return c.json(presentComment(forge, c.get('repository'), commentById(forge.database, issue.repository_id, id)!, issue), 201);
  });

  for (const [path, type] of [
    ['/repos/:owner/:repo/issues/comments/:comment_id/reactions', 'comment'],
    ['/repos/:owner/:repo/issues/:issue_number/reactions', 'issue'],
  ] as const) {
    const subjectOf = (c: ForgeRequest) => (type === 'comment' ? commentIn(forge, c).id : issueIn(forge, c).id);

    app.get(path, (c) => {
      demand(c, needs.readIssues);
      const wanted = c.req.query('content');
      const reactions = reactionsOf(forge.database, type, subjectOf(c)).filter(
        (row) => wanted === undefined || row.content === wanted,
      );
      return c.json(pageOfList(c, reactions).map((reaction) => presentReaction(forge, reaction)));
    });

    app.post(path, async (c) => {
      demand(c, needs.comment);
      const subject = subjectOf(c);
      const { content } = await readBody(c, NewReaction, 'Reaction');
      const { user } = authorOf(c);
      const mine = (row: ReactionRow) => row.user_id === user.id && row.content === content;
      const before = reactionsOf(forge.database, type, subject).find(mine);
      if (before !== undefined) return c.json(presentReaction(forge, before), 200);
      insertRow(forge.database, 'reactions', {
        subject_type: type,
        subject_id: subject,
        user_id: user.id,
        content,
        created_at: forge.clock(),
      });
      return c.json(presentReaction(forge, reactionsOf(forge.database, type, subject).find(mine)!), 201);
    });

    app.delete(`${path}/:reaction_id`, (c) => {
      demand(c, needs.comment);
      const reaction = reactionsOf(forge.database, type, subjectOf(c)).find((row) => row.id === numberIn(c, 'reaction_id'));
      if (reaction === undefined || reaction.user_id !== authorOf(c).user.id) throw notFound();
      forge.database.prepare('DELETE FROM reactions WHERE id = ?').run(reaction.id);
      return c.body(null, 204);
    });
  }

  return app;
}

function commentIn(forge: ForgeContext, c: ForgeRequest): CommentRow {
  const comment = commentById(forge.database, c.get('repository').id, numberIn(c, 'comment_id'));
  if (comment === undefined) throw notFound();
  return comment;
}

function issueOf(forge: ForgeContext, comment: CommentRow): IssueRow {
  return issueById(forge.database, comment.issue_id);
}

function present(forge: ForgeContext, c: ForgeRequest, comment: CommentRow) {
  return presentComment(forge, c.get('repository'), comment, issueOf(forge, comment));
}

function tell(forge: ForgeContext, c: ForgeRequest, commentId: number, action: string, more: Record<string, unknown> = {}): void {
  const repository = c.get('repository');
  const comment = commentById(forge.database, repository.id, commentId)!;
  const issue = issueOf(forge, comment);
  emit(forge, {
    name: 'issue_comment',
    action,
    repository,
    sender: authorOf(c).user,
    body: { issue: presentIssue(forge, repository, issue), comment: presentComment(forge, repository, comment, issue), ...more },
  });
}
