import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, owner, refusal, repo, seed, type World } from './forge-under-test.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.close();
  world.contract.assertKept();
});

describe('an issue', () => {
  it('is opened, commented, labelled, reacted to, edited and closed, and each is told', async () => {
    const bot = world.bot();
    const { data: issue } = await bot.issues.create({
      owner,
      repo,
      title: 'Degraded',
      body: 'The tree is unsigned.',
      labels: ['engine'],
    });
    expect(issue).toMatchObject({
      number: 1,
      state: 'open',
      user: { login: 'ratchet[bot]', type: 'Bot' },
      performed_via_github_app: { slug: 'ratchet' },
    });
    await world.webhook('issues', 'opened');
    await world.webhook('issues', 'labeled', (payload) => (payload.label as { name: string }).name === 'engine');

    const { data: comment } = await world.as('stranger').issues.createComment({ owner, repo, issue_number: 1, body: '/status' });
    const told = await world.webhook('issue_comment', 'created');
    expect(told.payload).toMatchObject({
      comment: { id: comment.id, body: '/status' },
      issue: { number: 1 },
      sender: { login: 'stranger' },
      installation: { id: world.installationId },
    });

    const { data: eyes, status } = await bot.reactions.createForIssueComment({
      owner,
      repo,
      comment_id: comment.id,
      content: 'eyes',
    });
    expect(status).toBe(201);
    expect((await bot.reactions.createForIssueComment({ owner, repo, comment_id: comment.id, content: 'eyes' })).status).toBe(
      200,
    );
    expect((await bot.issues.getComment({ owner, repo, comment_id: comment.id })).data.reactions).toMatchObject({
      eyes: 1,
      total_count: 1,
    });
    await bot.reactions.deleteForIssueComment({ owner, repo, comment_id: comment.id, reaction_id: eyes.id });
    expect((await bot.reactions.listForIssueComment({ owner, repo, comment_id: comment.id })).data).toEqual([]);

    const { data: answer } = await bot.issues.createComment({ owner, repo, issue_number: 1, body: 'Looking…' });
    await bot.issues.updateComment({ owner, repo, comment_id: answer.id, body: 'All is well.' });
    expect((await world.webhook('issue_comment', 'edited')).payload.changes).toEqual({ body: { from: 'Looking…' } });
    expect((await bot.issues.listComments({ owner, repo, issue_number: 1 })).data.map((entry) => entry.body)).toEqual([
      '/status',
      'All is well.',
    ]);

    await bot.issues.update({ owner, repo, issue_number: 1, title: 'Synced', state: 'closed', labels: ['done'] });
    const { data: closed } = await bot.issues.get({ owner, repo, issue_number: 1 });
    expect(closed).toMatchObject({
      title: 'Synced',
      state: 'closed',
      state_reason: 'completed',
      closed_by: { login: 'ratchet[bot]' },
      labels: [{ name: 'done' }],
      comments: 2,
    });
    for (const action of ['edited', 'unlabeled', 'closed']) await world.webhook('issues', action);
  });

  it('is changed only by its author or someone with triage; comments only by theirs or a writer', async () => {
    await world.as('stranger').issues.create({ owner, repo, title: 'Mine', labels: ['dropped, for I may not'] });
    expect((await world.bot().issues.get({ owner, repo, issue_number: 1 })).data.labels).toEqual([]);
    expect(await refusal(world.as('reader').issues.update({ owner, repo, issue_number: 1, state: 'closed' }))).toMatchObject({
      status: 403,
    });
    await world.as('stranger').issues.update({ owner, repo, issue_number: 1, title: 'Still mine' });
    const { data: comment } = await world.as('reader').issues.createComment({ owner, repo, issue_number: 1, body: 'Hm.' });
    expect(
      await refusal(
        world.as('stranger').issues.updateComment({ owner, repo, comment_id: comment.id, body: 'Put in their mouth' }),
      ),
    ).toMatchObject({ status: 403 });
    await world.as('reader').issues.updateComment({ owner, repo, comment_id: comment.id, body: 'Ah.' });
    expect(await refusal(world.as('reader').issues.addLabels({ owner, repo, issue_number: 1, labels: ['x'] }))).toMatchObject({
      status: 403,
    });
    await world.as('writer').issues.deleteComment({ owner, repo, comment_id: comment.id });
    await world.webhook('issue_comment', 'deleted');
    expect(await refusal(world.with(null).issues.create({ owner, repo, title: 't' }))).toMatchObject({ status: 401 });
  });

  it('refuses what GitHub refuses, saying which field', async () => {
    const octokit = world.as('writer');
    const long = 'x'.repeat(65_537);
    expect(await refusal(octokit.request('POST /repos/{owner}/{repo}/issues', { owner, repo } as never))).toMatchObject({
      status: 422,
      message: 'Validation Failed',
      errors: [{ resource: 'Issue', field: 'title', code: 'missing_field' }],
    });
    expect(await refusal(octokit.issues.create({ owner, repo, title: 't', body: long }))).toMatchObject({
      status: 422,
      errors: [{ field: 'body', code: 'custom', message: 'body is too long (maximum is 65536 characters)' }],
    });
    await octokit.issues.create({ owner, repo, title: 't', body: long.slice(1) });
    expect(await refusal(octokit.issues.createComment({ owner, repo, issue_number: 1, body: long }))).toMatchObject({
      status: 422,
    });
    expect(await refusal(octokit.issues.createComment({ owner, repo, issue_number: 1, body: '' }))).toMatchObject({
      status: 422,
    });
    expect(await refusal(octokit.issues.createComment({ owner, repo, issue_number: 7, body: 'x' }))).toMatchObject({
      status: 404,
    });
    expect(await refusal(octokit.issues.update({ owner, repo, issue_number: 1, state: 'melted' as 'open' }))).toMatchObject({
      status: 422,
    });
    expect(
      await refusal(octokit.reactions.createForIssueComment({ owner, repo, comment_id: 1, content: 'rage' as 'eyes' })),
    ).toMatchObject({ status: 404 });
    const raw = (body: string) =>
      world.contract.fetch(`${world.forge.url}/api/v3/repos/${owner}/${repo}/issues`, {
        method: 'POST',
        body,
        headers: { authorization: `token ${world.tokens.writer}` },
      });
    expect((await raw('{"title":')).status).toBe(400);
    expect((await raw('[1]')).status).toBe(400);
    expect(await refusal(octokit.request('GET /repos/{owner}/{repo}/nothing/here', { owner, repo }))).toMatchObject({
      status: 404,
      message: 'Not Found',
    });
  });

  it('lists in pages with links, by state and by label', async () => {
    const octokit = world.as('writer');
    for (let count = 1; count <= 7; count += 1)
      await octokit.issues.create({ owner, repo, title: `Issue ${count}`, labels: count % 2 === 0 ? ['even'] : [] });
    await octokit.issues.update({ owner, repo, issue_number: 2, state: 'closed' });
    const first = await octokit.issues.listForRepo({ owner, repo, state: 'all', per_page: 3 });
    expect(first.data.map((issue) => issue.number)).toEqual([7, 6, 5]);
    expect(first.headers.link).toContain(`rel="next"`);
    expect(first.headers.link).toContain(`page=3>; rel="last"`);
    expect(first.headers.link).toContain(world.forge.url);
    const all = await octokit.paginate(octokit.issues.listForRepo, { owner, repo, state: 'all', per_page: 3, direction: 'asc' });
    expect(all.map((issue) => issue.number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect((await octokit.issues.listForRepo({ owner, repo, labels: 'even' })).data.map((issue) => issue.number)).toEqual([6, 4]);
    const last = await octokit.issues.listForRepo({ owner, repo, state: 'all', per_page: 3, page: 3 });
    expect(last.headers.link).not.toContain('rel="next"');
    expect((await octokit.issues.listForRepo({ owner, repo, state: 'all', per_page: 100, page: 9 })).data).toEqual([]);
  });

  it('spares an answer that has not changed', async () => {
    const octokit = world.as('writer');
    await octokit.issues.create({ owner, repo, title: 't' });
    const { headers } = await octokit.issues.get({ owner, repo, issue_number: 1 });
    const ask = () => octokit.issues.get({ owner, repo, issue_number: 1, headers: { 'if-none-match': headers.etag! } });
    await expect(ask()).rejects.toMatchObject({ status: 304 });
    await octokit.issues.update({ owner, repo, issue_number: 1, title: 'u' });
    expect((await ask()).data.title).toBe('u');
  });
});

describe('labels', () => {
  it('are made, found whatever the case, changed and taken away', async () => {
    const octokit = world.as('writer');
    await octokit.issues.createLabel({ owner, repo, name: 'Needs care', color: 'AA0000', description: 'Slowly' });
    expect(await refusal(octokit.issues.createLabel({ owner, repo, name: 'needs CARE' }))).toMatchObject({
      status: 422,
      errors: [{ resource: 'Label', field: 'name', code: 'already_exists' }],
    });
    expect(await refusal(octokit.issues.createLabel({ owner, repo, name: 'x', color: 'red' }))).toMatchObject({ status: 422 });
    await octokit.issues.create({ owner, repo, title: 't' });
    const { data } = await octokit.issues.addLabels({ owner, repo, issue_number: 1, labels: ['NEEDS CARE', 'new one'] });
    expect(data.map((label) => [label.name, label.color])).toEqual([
      ['Needs care', 'aa0000'],
      ['new one', 'ededed'],
    ]);
    await octokit.issues.updateLabel({ owner, repo, name: 'new one', new_name: 'old one' });
    expect(
      (await octokit.issues.removeLabel({ owner, repo, issue_number: 1, name: 'needs care' })).data.map((label) => label.name),
    ).toEqual(['old one']);
    expect(await refusal(octokit.issues.removeLabel({ owner, repo, issue_number: 1, name: 'needs care' }))).toMatchObject({
      status: 404,
      message: 'Label does not exist',
    });
    await octokit.issues.deleteLabel({ owner, repo, name: 'old one' });
    expect((await octokit.issues.get({ owner, repo, issue_number: 1 })).data.labels).toEqual([]);
    expect((await octokit.issues.listLabelsForRepo({ owner, repo })).data.map((label) => label.name)).toEqual(['Needs care']);
  });
});

describe('a pull request', () => {
  it('is labelled, listed by head and state, edited, retargeted, closed and reopened', async () => {
    const { heads } = await seed(world, { one: { '1.txt': '1' }, two: { '2.txt': '2' } });
    const bot = world.bot();
    for (const head of ['one', 'two']) await bot.pulls.create({ owner, repo, head, base: 'main', title: head, body: 'b' });
    await bot.issues.addLabels({ owner, repo, issue_number: 1, labels: ['evolution'] });
    expect((await world.webhook('pull_request', 'labeled')).payload).toMatchObject({ number: 1, label: { name: 'evolution' } });
    const list = async (more: object) => (await bot.pulls.list({ owner, repo, ...more })).data.map((pull) => pull.number);
    expect(await list({})).toEqual([2, 1]);
    expect(await list({ head: `${owner}:one` })).toEqual([1]);
    expect(await list({ base: 'two' })).toEqual([]);
    await bot.pulls.update({ owner, repo, pull_number: 1, title: 'Better', body: 'Said again' });
    expect((await world.webhook('pull_request', 'edited')).payload.changes).toEqual({
      title: { from: 'one' },
      body: { from: 'b' },
    });
    expect((await bot.pulls.update({ owner, repo, pull_number: 1, base: 'two' })).data.base).toMatchObject({
      ref: 'two',
      sha: heads.two,
    });
    await bot.pulls.update({ owner, repo, pull_number: 1, state: 'closed' });
    expect(await list({ state: 'closed' })).toEqual([1]);
    await bot.pulls.update({ owner, repo, pull_number: 1, state: 'open' });
    expect((await bot.issues.get({ owner, repo, issue_number: 1 })).data.pull_request?.url).toContain('/pulls/1');
    expect((await bot.pulls.listCommits({ owner, repo, pull_number: 2 })).data.map((commit) => commit.sha)).toEqual([heads.two]);
    expect(
      (await bot.repos.listPullRequestsAssociatedWithCommit({ owner, repo, commit_sha: heads.two! })).data.map(
        (pull) => pull.number,
      ),
    ).toEqual([2]);
    expect(await refusal(bot.pulls.get({ owner, repo, pull_number: 3 }))).toMatchObject({ status: 404 });
    expect(await refusal(world.as('reader').pulls.create({ owner, repo, head: 'one', base: 'main', title: 't' }))).toMatchObject({
      status: 403,
    });
    const diff = await bot.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      owner,
      repo,
      pull_number: 2,
      headers: { accept: 'application/vnd.github.v3.diff' },
    });
    expect(String(diff.data)).toContain('+++ b/2.txt');
  });

  it('holds reviews that are drafted, submitted and dismissed', async () => {
    await seed(world, { one: { '1.txt': '1' } });
    await world.bot().pulls.create({ owner, repo, head: 'one', base: 'main', title: 't' });
    const writer = world.as('writer');
    const at = { owner, repo, pull_number: 1 };
    expect(await refusal(writer.pulls.createReview({ ...at, event: 'COMMENT' }))).toMatchObject({
      status: 422,
      errors: ["Body can't be blank"],
    });
    const { data: draft } = await writer.pulls.createReview({ ...at, body: 'Reading' });
    expect(draft.state).toBe('PENDING');
    expect((await world.as('reader').pulls.listReviews(at)).data).toEqual([]);
    await writer.pulls.submitReview({ ...at, review_id: draft.id, event: 'APPROVE' });
    await writer.pulls.dismissReview({ ...at, review_id: draft.id, message: 'It moved' });
    expect((await world.as('reader').pulls.listReviews(at)).data.map((review) => review.state)).toEqual(['DISMISSED']);
    await world.webhook('pull_request_review', 'dismissed');
  });
});
