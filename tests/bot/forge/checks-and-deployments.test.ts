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

describe('check runs', () => {
  it('grow from queued to a conclusion with annotations, inside the suite the push asked for', async () => {
    const { main } = await seed(world, { work: { 'w.txt': 'w' } });
    const requested = await world.webhook(
      'check_suite',
      'requested',
      (payload) => (payload.check_suite as { head_sha: string }).head_sha === main,
    );
    const bot = world.bot();
    const { data: run } = await bot.checks.create({ owner, repo, name: 'backtest', head_sha: main, external_id: 'job-1' });
    expect(run).toMatchObject({
      status: 'queued',
      conclusion: null,
      app: { slug: 'ratchet' },
      check_suite: { id: (requested.payload.check_suite as { id: number }).id },
    });
    const annotations = Array.from({ length: 50 }, (_, line) => ({
      path: 'a.txt',
      start_line: line + 1,
      end_line: line + 1,
      annotation_level: 'warning' as const,
      message: `Line ${line + 1}`,
    }));
    const output = { title: 'Equal', summary: 'Byte for byte', text: '| a |\n|---|', annotations };
    await bot.checks.update({ owner, repo, check_run_id: run.id, status: 'in_progress', output });
    await bot.checks.update({
      owner,
      repo,
      check_run_id: run.id,
      conclusion: 'failure',
      output: { ...output, annotations: annotations.slice(0, 5) },
    });
    const { data: done } = await bot.checks.get({ owner, repo, check_run_id: run.id });
    expect(done).toMatchObject({ status: 'completed', conclusion: 'failure', output: { title: 'Equal', annotations_count: 55 } });
    expect(done.completed_at).not.toBeNull();
    const listed = await bot.paginate(bot.checks.listAnnotations, { owner, repo, check_run_id: run.id, per_page: 30 });
    expect(listed).toHaveLength(55);
    await world.webhook('check_run', 'created');
    await world.webhook('check_run', 'completed');
    const suite = await world.webhook('check_suite', 'completed');
    expect(suite.payload.check_suite).toMatchObject({ conclusion: 'failure', head_branch: 'main' });
  });

  it('show the newest of each name, in the commit and its suites', async () => {
    const { main } = await seed(world);
    const bot = world.bot();
    const create = (conclusion: 'success' | 'failure') =>
      bot.checks.create({ owner, repo, name: 'gate', head_sha: main, status: 'completed', conclusion });
    await create('failure');
    const { data: newest } = await create('success');
    const latest = await bot.checks.listForRef({ owner, repo, ref: 'main' });
    expect(latest.data).toMatchObject({ total_count: 1, check_runs: [{ id: newest.id, conclusion: 'success' }] });
    expect((await bot.checks.listForRef({ owner, repo, ref: 'main', filter: 'all', check_name: 'gate' })).data.total_count).toBe(
      2,
    );
    expect((await bot.checks.listForRef({ owner, repo, ref: main, app_id: 99 })).data.total_count).toBe(0);
    const suites = await bot.checks.listSuitesForRef({ owner, repo, ref: 'heads/main' });
    expect(suites.data.check_suites).toMatchObject([{ status: 'completed', conclusion: 'success', latest_check_runs_count: 1 }]);
    await world.as('writer').checks.rerequestRun({ owner, repo, check_run_id: newest.id });
    await world.webhook('check_run', 'rerequested');
    await world.as('writer').checks.rerequestSuite({ owner, repo, check_suite_id: suites.data.check_suites[0]!.id });
    await world.webhook('check_suite', 'rerequested');
  });

  it('are written by apps alone, each its own, and within GitHub’s sizes', async () => {
    const { main } = await seed(world);
    const bot = world.bot();
    const { data: run } = await bot.checks.create({ owner, repo, name: 'gate', head_sha: main });
    const other = world.forge.registerApp({
      slug: 'other',
      name: 'Other',
      permissions: { checks: 'write' },
      events: [],
      webhookUrl: '',
      webhookSecret: 's',
    });
    const stranger = world.bot(other, world.forge.installApp(other.appId, owner, repo).installationId);
    expect(await refusal(stranger.checks.update({ owner, repo, check_run_id: run.id, conclusion: 'success' }))).toMatchObject({
      status: 403,
    });
    expect(await refusal(world.as('owner').checks.create({ owner, repo, name: 'x', head_sha: main }))).toMatchObject({
      status: 403,
      message: 'You must authenticate via a GitHub App.',
    });
    expect(await refusal(bot.checks.create({ owner, repo, name: 'x', head_sha: 'f'.repeat(40) }))).toMatchObject({ status: 422 });
    expect(
      await refusal(bot.checks.create({ owner, repo, name: 'x', head_sha: main, status: 'completed' } as never)),
    ).toMatchObject({ status: 422 });
    const note = { path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice' as const, message: 'm' };
    const tooMany = { title: 't', summary: 's', annotations: Array.from({ length: 51 }, () => note) };
    expect(await refusal(bot.checks.create({ owner, repo, name: 'x', head_sha: main, output: tooMany }))).toMatchObject({
      status: 422,
    });
    expect(
      await refusal(
        bot.checks.create({ owner, repo, name: 'x', head_sha: main, output: { title: 't', summary: 's'.repeat(65_536) } }),
      ),
    ).toMatchObject({ status: 422 });
  });
});

describe('statuses', () => {
  it('combine to the worst of the newest of each context', async () => {
    const { main } = await seed(world);
    const bot = world.bot();
    const combined = async () => (await bot.repos.getCombinedStatusForRef({ owner, repo, ref: 'main' })).data;
    expect(await combined()).toMatchObject({ state: 'pending', total_count: 0 });
    const set = (context: string, state: 'success' | 'failure' | 'pending') =>
      bot.repos.createCommitStatus({ owner, repo, sha: main, context, state, description: 'd' });
    await set('one', 'failure');
    await set('two', 'success');
    expect((await combined()).state).toBe('failure');
    await set('one', 'success');
    expect(await combined()).toMatchObject({ state: 'success', total_count: 2, sha: main });
    expect((await bot.repos.listCommitStatusesForRef({ owner, repo, ref: 'main' })).data).toHaveLength(3);
    expect((await world.webhook('status')).payload).toMatchObject({ sha: main, branches: [{ name: 'main' }] });
    expect(
      await refusal(world.as('reader').repos.createCommitStatus({ owner, repo, sha: main, state: 'success' })),
    ).toMatchObject({ status: 403 });
    expect(await refusal(bot.repos.createCommitStatus({ owner, repo, sha: 'a'.repeat(40), state: 'success' }))).toMatchObject({
      status: 422,
    });
  });
});

describe('deployments', () => {
  it('are made of a ref, told, and the older success gives way to the newer', async () => {
    const { main } = await seed(world);
    const bot = world.bot();
    const deploy = async () => {
      const { data } = await bot.repos.createDeployment({
        owner,
        repo,
        ref: 'main',
        auto_merge: false,
        required_contexts: [],
        environment: 'paper',
        payload: { tree: 'abc' },
        description: 'ema-cross',
      });
      if (!('id' in data)) throw new Error('It was merged, not deployed.');
      return data;
    };
    const first = await deploy();
    expect(first).toMatchObject({
      sha: main,
      environment: 'paper',
      payload: { tree: 'abc' },
      creator: { login: 'ratchet[bot]' },
    });
    await world.webhook('deployment', 'created');
    const done = (deployment_id: number) =>
      bot.repos.createDeploymentStatus({ owner, repo, deployment_id, state: 'success', description: 'Synced' });
    await done(first.id);
    await world.webhook('deployment_status', 'created');
    const second = await deploy();
    await done(second.id);
    const states = async (deployment_id: number) =>
      (await bot.repos.listDeploymentStatuses({ owner, repo, deployment_id })).data.map((status) => status.state);
    expect(await states(first.id)).toEqual(['inactive', 'success']);
    expect(await states(second.id)).toEqual(['success']);
    expect(
      (await bot.repos.listDeployments({ owner, repo, environment: 'paper' })).data.map((deployment) => deployment.id),
    ).toEqual([second.id, first.id]);
    expect((await bot.repos.listDeployments({ owner, repo, environment: 'live' })).data).toEqual([]);
  });

  it('wait for the checks they name', async () => {
    const { main } = await seed(world);
    const bot = world.bot();
    const deploy = () => bot.repos.createDeployment({ owner, repo, ref: main, auto_merge: false, required_contexts: ['gate'] });
    expect(await refusal(deploy())).toMatchObject({ status: 409 });
    await bot.checks.create({ owner, repo, name: 'gate', head_sha: main, status: 'completed', conclusion: 'success' });
    expect((await deploy()).status).toBe(201);
    expect(await refusal(bot.repos.createDeployment({ owner, repo, ref: 'nowhere' }))).toMatchObject({ status: 422 });
    expect(await refusal(bot.repos.createDeploymentStatus({ owner, repo, deployment_id: 99, state: 'success' }))).toMatchObject({
      status: 404,
    });
    expect(
      await refusal(bot.repos.createDeploymentStatus({ owner, repo, deployment_id: 1, state: 'sure' as 'success' })),
    ).toMatchObject({ status: 422 });
  });
});
