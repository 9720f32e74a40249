import { Hono } from 'hono';
import { z } from 'zod';
import { authorOf, demand, needs } from '#bot/forge/auth/access.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { insertRow, updateRow } from '#bot/forge/database/write-row.ts';
import { emit } from '#bot/forge/events/emit.ts';
import { objectType } from '#bot/forge/git/references.ts';
import { ApiError, notFound } from '#bot/forge/http/api-error.ts';
import { pageOfList } from '#bot/forge/http/pagination.ts';
import { type ForgeEnv, type ForgeRequest, maxBodyCharacters, numberIn, readBody } from '#bot/forge/http/request.ts';
import { presentPullSimple, presentReview, presentReviewComments } from '#bot/forge/present/pull-request.ts';
import { reviewsOf } from '#bot/forge/queries/issues.ts';
import type { PullRow, ReviewRow, ReviewState } from '#bot/forge/queries/rows.ts';
import { pullIn } from './pulls.ts';

const Event = z.enum(['APPROVE', 'REQUEST_CHANGES', 'COMMENT']);
const Body = z.string().max(maxBodyCharacters);
const NewReview = z.object({
  commit_id: z.string().optional(),
  body: Body.default(''),
  event: Event.optional(),
  comments: z
    .array(
      z.object({
        path: z.string(),
        body: Body,
        line: z.number().int().optional(),
        position: z.number().int().optional(),
        side: z.string().optional(),
      }),
    )
    .max(100)
    .default([]),
});
const Submission = z.object({ body: Body.default(''), event: Event });
const Dismissal = z.object({ message: Body });

const states: Readonly<Record<z.output<typeof Event>, ReviewState>> = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

/** Reviews of pull requests. */
export function reviewRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/repos/:owner/:repo/pulls/:pull_number/reviews', (c) => {
    demand(c, needs.readPulls);
    const pull = pullIn(forge, c);
    const mine = myId(c);
    // What is not submitted yet is its author's alone.
    const visible = reviewsOf(forge.database, pull.id).filter(
      (review) => review.state !== 'PENDING' || review.author_id === mine,
    );
    return c.json(pageOfList(c, visible).map((review) => presentReview(forge, c.get('repository'), pull, review)));
  });

  app.get('/repos/:owner/:repo/pulls/:pull_number/comments', (c) => {
    demand(c, needs.readPulls);
    const pull = pullIn(forge, c);
    const submitted = reviewsOf(forge.database, pull.id).filter(({ state }) => state !== 'PENDING');
    const comments = submitted.flatMap((review) => presentReviewComments(forge, c.get('repository'), pull, review));
    return c.json(pageOfList(c, comments));
  });

  app.post('/repos/:owner/:repo/pulls/:pull_number/reviews', async (c) => {
    demand(c, needs.reviewPulls);
    const repository = c.get('repository');
    const pull = pullIn(forge, c);
    const author = authorOf(c);
    const request = await readBody(c, NewReview, 'PullRequestReview', 'sentences');
    refuseReview(pull, author.user.id, request.event, request.body, request.comments.length);
    const commitId = request.commit_id ?? pull.head_sha;
    const exists = /^[0-9a-f]{40}$/.test(commitId) && (await objectType(gitDirOf(forge, repository), commitId)) === 'commit';
    if (!exists) throw new ApiError(422, 'Unprocessable Entity', ['commit_id is not part of the pull request']);
    const id = forge.database.transaction(() => {
      const review = insertRow(forge.database, 'reviews', {
        issue_id: pull.id,
        author_id: author.user.id,
        state: request.event === undefined ? 'PENDING' : states[request.event],
        body: request.body,
        commit_id: commitId,
        comments: JSON.stringify(request.comments),
        submitted_at: request.event === undefined ? null : forge.clock(),
      });
      if (request.event !== undefined) tell(forge, c, pull, review, 'submitted');
      return review;
    })();
    return c.json(presentReview(forge, repository, pull, reviewById(forge, pull, id)));
  });

  app.get('/repos/:owner/:repo/pulls/:pull_number/reviews/:review_id', (c) => {
    demand(c, needs.readPulls);
    const pull = pullIn(forge, c);
    return c.json(presentReview(forge, c.get('repository'), pull, reviewIn(forge, c, pull)));
  });

  app.post('/repos/:owner/:repo/pulls/:pull_number/reviews/:review_id/events', async (c) => {
    demand(c, needs.reviewPulls);
    const pull = pullIn(forge, c);
    const review = reviewIn(forge, c, pull);
    const request = await readBody(c, Submission, 'PullRequestReview');
    if (review.state !== 'PENDING')
      throw new ApiError(422, 'Unprocessable Entity', ['Can not submit a review that is not pending']);
    refuseReview(pull, review.author_id, request.event, request.body || review.body, JSON.parse(review.comments).length);
    forge.database.transaction(() => {
      updateRow(forge.database, 'reviews', 'id', review.id, {
        state: states[request.event],
        body: request.body === '' ? review.body : request.body,
        submitted_at: forge.clock(),
      });
      tell(forge, c, pull, review.id, 'submitted');
    })();
    return c.json(presentReview(forge, c.get('repository'), pull, reviewIn(forge, c, pull)));
  });

  app.put('/repos/:owner/:repo/pulls/:pull_number/reviews/:review_id/dismissals', async (c) => {
    demand(c, needs.maintainLabels);
    const pull = pullIn(forge, c);
    const review = reviewIn(forge, c, pull);
    await readBody(c, Dismissal, 'PullRequestReview');
    if (review.state !== 'APPROVED' && review.state !== 'CHANGES_REQUESTED') {
      throw new ApiError(422, 'Unprocessable Entity', ['Can not dismiss a review that neither approves nor requests changes']);
    }
    forge.database.transaction(() => {
      updateRow(forge.database, 'reviews', 'id', review.id, { state: 'DISMISSED' });
      tell(forge, c, pull, review.id, 'dismissed');
    })();
    return c.json(presentReview(forge, c.get('repository'), pull, reviewIn(forge, c, pull)));
  });

  return app;
}

function myId(c: ForgeRequest): number | null {
  const actor = c.get('actor');
  return actor.kind === 'user' || actor.kind === 'installation' ? actor.user.id : null;
}

function refuseReview(
  pull: PullRow,
  authorId: number,
  event: z.output<typeof Event> | undefined,
  body: string,
  commentCount: number,
): void {
  const refuse = (message: string) => new ApiError(422, 'Unprocessable Entity', [message]);
  if (pull.author_id === authorId && event === 'APPROVE') throw refuse('Can not approve your own pull request');
  if (pull.author_id === authorId && event === 'REQUEST_CHANGES')
    throw refuse('Can not request changes on your own pull request');
  if (event !== undefined && event !== 'APPROVE' && body === '' && commentCount === 0) throw refuse("Body can't be blank");
}

function reviewById(forge: ForgeContext, pull: PullRow, id: number): ReviewRow {
  const review = reviewsOf(forge.database, pull.id).find((row) => row.id === id);
  if (review === undefined) throw notFound();
  return review;
}

function reviewIn(forge: ForgeContext, c: ForgeRequest, pull: PullRow): ReviewRow {
  return reviewById(forge, pull, numberIn(c, 'review_id'));
}

function tell(forge: ForgeContext, c: ForgeRequest, pull: PullRow, reviewId: number, action: string): void {
  const repository = c.get('repository');
  const review = presentReview(forge, repository, pull, reviewById(forge, pull, reviewId));
  emit(forge, {
    name: 'pull_request_review',
    action,
    repository,
    sender: authorOf(c).user,
    // In events GitHub writes the state in small letters.
    body: { review: { ...review, state: review.state.toLowerCase() }, pull_request: presentPullSimple(forge, repository, pull) },
  });
}
