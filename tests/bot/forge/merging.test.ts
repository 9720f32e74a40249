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

async function open(branch: string): Promise<{ number: number; head: string }> {
  const { data } = await world
    .bot()
    .pulls.create({ owner, repo, head: branch, base: 'main', title: `Merge ${branch}`, body: 'b' });
  return { number: data.number, head: data.head.sha };
}

const merge = (pull_number: number, more: { sha?: string; merge_method?: 'merge' | 'squash' | 'rebase' } = {}) =>
  world.bot().pulls.merge({ owner, repo, pull_number, ...more });

describe('merging', () => {
  it('two pull requests at once loses neither: both merges end on main', async () => {
    const { clone } = await seed(world, { left: { 'left.txt': 'l' }, right: { 'right.txt': 'r' } });
    const left = await open('left');
    const right = await open('right');
    const [one, other] = await Promise.all([merge(left.number, { sha: left.head }), merge(right.number, { sha: right.head })]);
    await clone.git('pull', '--quiet', 'origin', 'main');
    expect((await clone.git('ls-files')).split('\n')).toEqual(['README.md', 'a.txt', 'left.txt', 'right.txt']);
    const log = (await clone.git('log', '--format=%H')).split('\n');
    expect(log).toContain(one.data.sha);
    expect(log).toContain(other.data.sha);
  });

  it('one pull request twice at once merges it once', async () => {
    await seed(world, { left: { 'left.txt': 'l' } });
    const { number } = await open('left');
    const outcomes = await Promise.allSettled([merge(number), merge(number), merge(number)]);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ status: 405 });
  });

  it('keeps what main gained since the branch began', async () => {
    const { clone } = await seed(world, { work: { 'work.txt': 'w' } });
    await clone.commit('Meanwhile', { 'meanwhile.txt': 'm' });
    await clone.git('push', '--quiet', 'origin', 'main');
    await merge((await open('work')).number);
    await clone.git('pull', '--quiet', 'origin', 'main');
    expect(await clone.git('ls-files')).toBe('README.md\na.txt\nmeanwhile.txt\nwork.txt');
  });

  it('refuses with 409 when the head is not the one named, and leaves main alone', async () => {
    const { clone, main, heads } = await seed(world, { work: { 'work.txt': 'w' } });
    const { number } = await open('work');
    await clone.git('checkout', '--quiet', 'work');
    const moved = await clone.commit('More', { 'work.txt': 'w2' });
    await clone.git('push', '--quiet', 'origin', 'work');
    expect(await refusal(merge(number, { sha: heads.work! }))).toMatchObject({
      status: 409,
      message: 'Head branch was modified. Review and try the merge again.',
    });
    const { data } = await world.bot().git.getRef({ owner, repo, ref: 'heads/main' });
    expect(data.object.sha).toBe(main);
    expect((await merge(number, { sha: moved })).data.merged).toBe(true);
  });

  it('refuses with 405 what conflicts, is a draft, is closed or is merged already', async () => {
    const { clone } = await seed(world, {
      clash: { 'a.txt': 'one\nTWO\nthree\n' },
      draft: { 'd.txt': 'd' },
      closed: { 'c.txt': 'c' },
    });
    await clone.commit('Another two', { 'a.txt': 'one\nzwei\nthree\n' });
    await clone.git('push', '--quiet', 'origin', 'main');
    const clash = await open('clash');
    expect((await world.bot().pulls.get({ owner, repo, pull_number: clash.number })).data).toMatchObject({
      mergeable: false,
      mergeable_state: 'dirty',
    });
    for (const merge_method of ['merge', 'squash', 'rebase'] as const) {
      expect(await refusal(merge(clash.number, { merge_method }))).toMatchObject({
        status: 405,
        message: 'Pull Request is not mergeable',
      });
    }
    const { data: draft } = await world.bot().pulls.create({ owner, repo, head: 'draft', base: 'main', title: 'd', draft: true });
    expect(draft.mergeable_state).toBe('draft');
    expect(await refusal(merge(draft.number))).toMatchObject({ status: 405, message: 'Pull Request is still a draft' });
    const closed = await open('closed');
    await world.bot().pulls.update({ owner, repo, pull_number: closed.number, state: 'closed' });
    expect(await refusal(merge(closed.number))).toMatchObject({ status: 405 });
    expect(await refusal(merge(99))).toMatchObject({ status: 404 });
  });

  it('squashes to one commit of the opener with the title, number and messages', async () => {
    const { clone, main } = await seed(world, { work: { 'work.txt': 'w' } });
    await clone.git('checkout', '--quiet', 'work');
    await clone.commit('More work', { 'more.txt': 'm' });
    await clone.git('push', '--quiet', 'origin', 'work');
    const { number } = await open('work');
    const { data } = await world.as('writer').pulls.merge({ owner, repo, pull_number: number, merge_method: 'squash' });
    await clone.git('fetch', '--quiet', 'origin');
    expect(await clone.git('log', '-1', '--format=%P|%an|%s|%b', data.sha)).toBe(
      `${main}|ratchet[bot]|Merge work (#1)|* Work on work\n\n* More work`,
    );
    expect((await world.bot().pulls.get({ owner, repo, pull_number: number })).data.merged_by?.login).toBe('writer');
  });

  it('rebases each commit onto main, keeping authors and leaving merges out', async () => {
    const { clone } = await seed(world, { work: { 'work.txt': 'w' } });
    const mainNow = await clone.commit('Meanwhile', { 'meanwhile.txt': 'm' });
    await clone.git('push', '--quiet', 'origin', 'main');
    await clone.git('checkout', '--quiet', 'work');
    await clone.git('merge', '--quiet', '--no-edit', 'main');
    await clone.commit('More work', { 'more.txt': 'm' });
    await clone.git('push', '--quiet', 'origin', 'work');
    const { number } = await open('work');
    const { data } = await merge(number, { merge_method: 'rebase' });
    await clone.git('fetch', '--quiet', 'origin');
    expect(await clone.git('log', '--format=%s|%an|%cn', `${mainNow}..${data.sha}`)).toBe(
      'More work|A Person|Forge\nWork on work|A Person|Forge',
    );
    expect(await clone.git('ls-tree', '--name-only', data.sha)).toBe('README.md\na.txt\nmeanwhile.txt\nmore.txt\nwork.txt');
  });

  it('counts a head pushed to main by hand as merged', async () => {
    const { clone, heads } = await seed(world, { work: { 'work.txt': 'w' } });
    const { number } = await open('work');
    await clone.git('merge', '--quiet', '--ff-only', 'work');
    await clone.git('push', '--quiet', 'origin', 'main');
    const { data } = await world.bot().pulls.get({ owner, repo, pull_number: number });
    expect(data).toMatchObject({ merged: true, merge_commit_sha: heads.work, merged_by: { login: owner } });
  });

  it('lets no reader and no stranger merge', async () => {
    await seed(world, { work: { 'work.txt': 'w' } });
    const { number } = await open('work');
    for (const person of ['reader', 'stranger'] as const) {
      expect(await refusal(world.as(person).pulls.merge({ owner, repo, pull_number: number }))).toMatchObject({ status: 403 });
    }
    expect(await refusal(world.with(null).pulls.merge({ owner, repo, pull_number: number }))).toMatchObject({ status: 401 });
  });

  it('brings the newest base into the head on request', async () => {
    const { clone, heads } = await seed(world, { work: { 'work.txt': 'w' } });
    const mainNow = await clone.commit('Meanwhile', { 'meanwhile.txt': 'm' });
    await clone.git('push', '--quiet', 'origin', 'main');
    const { number } = await open('work');
    expect(
      await refusal(world.bot().pulls.updateBranch({ owner, repo, pull_number: number, expected_head_sha: mainNow })),
    ).toMatchObject({ status: 422 });
    await world.bot().pulls.updateBranch({ owner, repo, pull_number: number, expected_head_sha: heads.work! });
    await clone.git('fetch', '--quiet', 'origin');
    expect(await clone.git('log', '-1', '--format=%P', 'origin/work')).toBe(`${heads.work} ${mainNow}`);
    await world.webhook('pull_request', 'synchronize', (payload) => payload.before === heads.work);
  });
});

describe('a protected branch', () => {
  const protect = (
    checks: Array<{ context: string; app_id?: number }>,
    more: { strict?: boolean; enforce_admins?: boolean; approvals?: number } = {},
  ) =>
    world.as('owner').repos.updateBranchProtection({
      owner,
      repo,
      branch: 'main',
      required_status_checks: { strict: more.strict ?? false, contexts: [], checks },
      enforce_admins: more.enforce_admins ?? false,
      required_pull_request_reviews:
        more.approvals === undefined ? null : { required_approving_review_count: more.approvals, dismiss_stale_reviews: true },
      restrictions: null,
    });
  const check = (head_sha: string, conclusion: 'success' | 'failure' | null, name = 'gate') =>
    world.bot().checks.create({
      owner,
      repo,
      name,
      head_sha,
      ...(conclusion === null ? { status: 'in_progress' } : { conclusion, status: 'completed' }),
    });

  it('is merged into only when the required check of the named app succeeded', async () => {
    await seed(world, { work: { 'work.txt': 'w' } });
    await protect([{ context: 'gate', app_id: world.app.appId }]);
    const { number, head } = await open('work');
    expect((await world.bot().pulls.get({ owner, repo, pull_number: number })).data.mergeable_state).toBe('blocked');
    expect(await refusal(merge(number))).toMatchObject({ status: 405, message: 'Required status check "gate" is expected.' });
    await check(head, null);
    expect(await refusal(merge(number))).toMatchObject({ status: 405, message: 'Required status check "gate" is pending.' });
    await check(head, 'failure');
    expect(await refusal(merge(number))).toMatchObject({ status: 405, message: 'Required status check "gate" is failing.' });
    await check(head, 'success');
    expect((await merge(number, { sha: head })).data.merged).toBe(true);
  });

  it('takes neither another app nor a person for the app it names', async () => {
    await seed(world, { work: { 'work.txt': 'w' } });
    await protect([{ context: 'gate', app_id: world.app.appId }]);
    const { number, head } = await open('work');
    const other = world.forge.registerApp({
      slug: 'impostor',
      name: 'Impostor',
      permissions: { checks: 'write', statuses: 'write' },
      events: [],
      webhookUrl: '',
      webhookSecret: 's',
    });
    const { installationId } = world.forge.installApp(other.appId, owner, repo);
    await world
      .bot(other, installationId)
      .checks.create({ owner, repo, name: 'gate', head_sha: head, status: 'completed', conclusion: 'success' });
    await world
      .bot(other, installationId)
      .repos.createCommitStatus({ owner, repo, sha: head, state: 'success', context: 'gate' });
    await world.as('writer').repos.createCommitStatus({ owner, repo, sha: head, state: 'success', context: 'gate' });
    expect(await refusal(merge(number))).toMatchObject({ status: 405, message: 'Required status check "gate" is expected.' });
  });

  it('takes a status for a check when any app will do, and forgets nothing of a newer failure', async () => {
    await seed(world, { work: { 'work.txt': 'w' } });
    await protect([{ context: 'gate' }]);
    const { number, head } = await open('work');
    const status = (state: 'success' | 'failure') =>
      world.as('writer').repos.createCommitStatus({ owner, repo, sha: head, state, context: 'gate' });
    await status('success');
    await status('failure');
    expect(await refusal(merge(number))).toMatchObject({ status: 405, message: 'Required status check "gate" is failing.' });
    await status('success');
    expect((await merge(number)).data.merged).toBe(true);
  });

  it('may demand the newest base', async () => {
    const { clone } = await seed(world, { work: { 'work.txt': 'w' } });
    await protect([], { strict: true });
    const { number } = await open('work');
    await clone.commit('Meanwhile', { 'meanwhile.txt': 'm' });
    await clone.git('push', '--quiet', 'origin', 'main');
    expect((await world.bot().pulls.get({ owner, repo, pull_number: number })).data.mergeable_state).toBe('behind');
    expect(await refusal(merge(number))).toMatchObject({
      status: 405,
      message: 'Head branch is out of date. Review and try the merge again.',
    });
  });

  it('counts approvals of writers for the newest head only, and not the author’s own', async () => {
    const { clone } = await seed(world, { work: { 'work.txt': 'w' } });
    await protect([], { approvals: 1 });
    const { number } = await open('work');
    const review = (person: 'writer' | 'reader', event: 'APPROVE' | 'REQUEST_CHANGES', body = 'b') =>
      world.as(person).pulls.createReview({ owner, repo, pull_number: number, event, body });
    expect(await refusal(world.bot().pulls.createReview({ owner, repo, pull_number: number, event: 'APPROVE' }))).toMatchObject({
      status: 422,
      errors: ['Can not approve your own pull request'],
    });
    await review('reader', 'APPROVE');
    expect(await refusal(merge(number))).toMatchObject({
      status: 405,
      message: 'At least 1 approving review is required by reviewers with write access.',
    });
    await review('writer', 'REQUEST_CHANGES');
    expect(await refusal(merge(number))).toMatchObject({
      status: 405,
      message: 'Changes have been requested by a reviewer with write access.',
    });
    await review('writer', 'APPROVE');
    await clone.git('checkout', '--quiet', 'work');
    await clone.commit('More', { 'work.txt': 'w2' });
    await clone.git('push', '--quiet', 'origin', 'work');
    expect(await refusal(merge(number))).toMatchObject({ status: 405 });
    await review('writer', 'APPROVE');
    expect((await merge(number)).data.merged).toBe(true);
    const hook = await world.webhook('pull_request_review', 'submitted');
    expect(hook.payload.review).toMatchObject({ state: 'approved', user: { login: 'reader' } });
  });

  it('refuses a push without the checks, but for an administrator while they are not included', async () => {
    const { clone } = await seed(world);
    await protect([{ context: 'gate', app_id: world.app.appId }]);
    const theirs = await world.clone(world.tokens.writer);
    await theirs.commit('Straight to main', { 'x.txt': 'x' });
    await expect(theirs.git('push', 'origin', 'main')).rejects.toThrow(
      /GH006: Protected branch update failed for refs\/heads\/main[\s\S]*Required status check "gate" is expected/,
    );
    await clone.commit('The owner, straight to main', { 'y.txt': 'y' });
    await clone.git('push', '--quiet', 'origin', 'main');
    await protect([{ context: 'gate', app_id: world.app.appId }], { enforce_admins: true });
    await clone.commit('Again', { 'z.txt': 'z' });
    await expect(clone.git('push', 'origin', 'main')).rejects.toThrow(/GH006/);
  });

  it('can be neither rewritten nor deleted, by push or by API', async () => {
    const { clone, main } = await seed(world);
    const second = await clone.commit('Second', { 'x.txt': 'x' });
    await clone.git('push', '--quiet', 'origin', 'main');
    await protect([], { enforce_admins: true });
    await clone.git('reset', '--quiet', '--hard', main);
    await clone.commit('Another second', { 'x.txt': 'y' });
    await expect(clone.git('push', '--force', 'origin', 'main')).rejects.toThrow(/Cannot force-push to this branch/);
    await expect(clone.git('push', 'origin', ':main')).rejects.toThrow(/refusing to delete the current branch/);
    expect(
      await refusal(world.as('owner').git.updateRef({ owner, repo, ref: 'heads/main', sha: main, force: true })),
    ).toMatchObject({ status: 422, message: 'Cannot force-push to this branch' });
    expect(await refusal(world.as('owner').git.deleteRef({ owner, repo, ref: 'heads/main' }))).toMatchObject({ status: 422 });
    expect((await world.bot().git.getRef({ owner, repo, ref: 'heads/main' })).data.object.sha).toBe(second);
  });

  it('shows its protection, in the branch and on its own, until it is taken away', async () => {
    await seed(world);
    await protect([{ context: 'gate', app_id: world.app.appId }], { approvals: 2 });
    const { data } = await world.as('owner').repos.getBranchProtection({ owner, repo, branch: 'main' });
    expect(data.required_status_checks?.checks).toEqual([{ context: 'gate', app_id: world.app.appId }]);
    const { data: branch } = await world.as('writer').repos.getBranch({ owner, repo, branch: 'main' });
    expect(branch).toMatchObject({ protected: true, protection: { required_status_checks: { contexts: ['gate'] } } });
    expect(
      (await world.as('writer').repos.listBranches({ owner, repo, protected: true })).data.map((entry) => entry.name),
    ).toEqual(['main']);
    expect(await refusal(world.as('writer').repos.getBranchProtection({ owner, repo, branch: 'main' }))).toMatchObject({
      status: 403,
    });
    await world.as('owner').repos.deleteBranchProtection({ owner, repo, branch: 'main' });
    expect(await refusal(world.as('owner').repos.getBranchProtection({ owner, repo, branch: 'main' }))).toMatchObject({
      status: 404,
      message: 'Branch not protected',
    });
    expect(
      await refusal(
        world
          .as('owner')
          .request('PUT /repos/{owner}/{repo}/branches/{branch}/protection', { owner, repo, branch: 'main' } as never),
      ),
    ).toMatchObject({ status: 422 });
  });

  it('may be protected by a ruleset, which names who bypasses it', async () => {
    const { clone } = await seed(world, { work: { 'work.txt': 'w' } });
    const { data: ruleset } = await world.as('owner').repos.createRepoRuleset({
      owner,
      repo,
      name: 'main is proven',
      enforcement: 'active',
      conditions: { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } },
      bypass_actors: [{ actor_id: 5, actor_type: 'RepositoryRole', bypass_mode: 'always' }],
      rules: [
        { type: 'deletion' },
        { type: 'non_fast_forward' },
        {
          type: 'pull_request',
          parameters: {
            allowed_merge_methods: ['squash'],
            dismiss_stale_reviews_on_push: false,
            require_code_owner_review: false,
            require_last_push_approval: false,
            required_approving_review_count: 0,
            required_review_thread_resolution: false,
          },
        },
        {
          type: 'required_status_checks',
          parameters: {
            required_status_checks: [{ context: 'gate', integration_id: world.app.appId }],
            strict_required_status_checks_policy: false,
          },
        },
      ],
    });
    expect((await world.bot().repos.getRepoRulesets({ owner, repo })).data.map((entry) => entry.id)).toEqual([ruleset.id]);
    expect((await world.bot().repos.getBranchRules({ owner, repo, branch: 'main' })).data.map((rule) => rule.type)).toEqual([
      'deletion',
      'non_fast_forward',
      'pull_request',
      'required_status_checks',
    ]);
    expect((await world.bot().repos.getBranchRules({ owner, repo, branch: 'work' })).data).toEqual([]);
    const theirs = await world.clone(world.tokens.writer);
    await theirs.commit('Straight to main', { 'x.txt': 'x' });
    // Everything that stands against it is said at once.
    await expect(theirs.git('push', 'origin', 'main')).rejects.toThrow(
      /GH013: Repository rule violations found for refs\/heads\/main[\s\S]*\/rules\?ref=refs%2Fheads%2Fmain[\s\S]*- Changes must be made through a pull request\.\s+remote: - Required status check "gate" is expected\./,
    );
    await clone.commit('The owner may', { 'y.txt': 'y' });
    await clone.git('push', '--quiet', 'origin', 'main');
    const { number, head } = await open('work');
    await check(head, 'success');
    expect(await refusal(merge(number, { merge_method: 'merge' }))).toMatchObject({
      status: 405,
      message: 'Merge merges are not allowed on this repository.',
    });
    expect((await merge(number, { merge_method: 'squash' })).data.merged).toBe(true);
    await world.as('owner').repos.deleteRepoRuleset({ owner, repo, ruleset_id: ruleset.id });
  });
});
