import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BOT_PERSON } from '#bot/cli/identity.ts';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import { EngineWatch } from '#bot/orchestrator/engine-watch.ts';
import { createLog } from '#engine/log.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { initialControl } from '#engine/runtime/control.ts';
import { type EngineReport, reportPath, reportText } from '#engine/runtime/report.ts';
import { type EngineStatus, type StrategyStatus, statusPath, statusText } from '#engine/runtime/status.ts';
import { createWorld, owner, repo, seed, type World } from '#tests/bot/forge/forge-under-test.ts';

let world: World;
let state: StateBranch;
let main: string;
let watch: EngineWatch;
beforeEach(async () => {
  world = await createWorld();
  ({ main } = await seed(world));
  const repository = await Repository.openMirror({
    dir: join(world.dir, 'mirror.git'),
    remoteUrl: `${world.forge.url}/${owner}/${repo}.git`,
    authorization: () => basicAuthorization('x-access-token', world.tokens.owner),
  });
  state = await StateBranch.open({ repository, author: BOT_PERSON, clock: Date.now });
  watch = newWatch();
});
afterEach(() => world.close());

/** As after a start of the bot: it remembers nothing. */
const newWatch = () =>
  new EngineWatch({
    api: new RepositoryApi(world.bot(), { owner, name: repo }, world.app.appId),
    state,
    login: 'ratchet[bot]',
    log: createLog('silent'),
  });

const trend: StrategyStatus = {
  id: 'trend',
  status: 'Synced',
  code: 'running',
  reason: '',
  tree: 'a'.repeat(40),
  commit: 'b'.repeat(40),
  stage: 'paper',
  desiredTree: 'a'.repeat(40),
  positions: 0,
};
const synced = (change: Partial<EngineStatus> = {}): EngineStatus => ({
  schema: 'ratchet/engine-status/2',
  status: 'Synced',
  reason: '',
  commit: main,
  control: initialControl,
  mode: 'active',
  feed: 'running',
  strategies: [trend],
  ...change,
});
const put = (path: string, text: string) => state.update('engine', () => new Map([[path, Buffer.from(text)]]));
const publish = (change: Partial<EngineStatus> = {}) => put(statusPath, statusText(synced(change)));
const show = async (change: Partial<EngineStatus> = {}) => {
  await publish(change);
  await watch.look();
};

const moveMain = async () => {
  const clone = await world.clone(world.tokens.owner);
  const commit = await clone.commit('Go on', { 'more.txt': 'more' });
  await clone.git('push', '--quiet', 'origin', 'main');
  return commit;
};
/** Every deployment of a commit, by environment: what its statuses say, newest first. */
const deployments = async (commit = main) => {
  const { data } = await world.bot().rest.repos.listDeployments({ owner, repo, sha: commit });
  const told = data.map(async ({ id, environment }) => {
    const { data: statuses } = await world.bot().rest.repos.listDeploymentStatuses({ owner, repo, deployment_id: id });
    return [environment, statuses.map(({ state: says, description }) => `${says}: ${description}`)] as const;
  });
  return Object.fromEntries(await Promise.all(told));
};
const openIssues = async () => (await world.bot().rest.issues.listForRepo({ owner, repo, state: 'open' })).data;

describe('deployments', () => {
  it('are under way while a version is on trial, and a success once it runs', async () => {
    const reason = 'the new version waits for a bar to decide on';
    await show({ status: 'OutOfSync', strategies: [{ ...trend, status: 'OutOfSync', code: 'on-trial', reason }] });
    expect(await deployments()).toEqual({ paper: [`in_progress: trend: ${reason}`] });
    await show();
    expect(await deployments()).toEqual({ paper: ['success: Trading: trend', `in_progress: trend: ${reason}`] });
  });

  it('of a commit that was replaced become inactive', async () => {
    await show();
    const next = await moveMain();
    await show({ commit: next });
    expect(await deployments(next)).toEqual({ paper: ['success: Trading: trend'] });
    expect(await deployments(main)).toEqual({ paper: ['inactive: ', 'success: Trading: trend'] });
  });

  it('fail with the reason where a version is refused, and leave standing what runs and the other stages', async () => {
    await show();
    const next = await moveMain();
    const refused: StrategyStatus = { ...trend, status: 'Degraded', code: 'unsigned', reason: 'nobody has signed this tree' };
    await show({ commit: next, status: 'Degraded', strategies: [refused, { ...trend, id: 'calm', stage: 'canary' }] });
    expect(await deployments(next)).toEqual({
      paper: ['failure: trend: nobody has signed this tree'],
      canary: ['success: Trading: calm'],
    });
    expect(await deployments(main)).toEqual({ paper: ['success: Trading: trend'] });
  });

  it('become inactive in a stage that has emptied, though the bot was started anew meanwhile', async () => {
    await show({ strategies: [trend, { ...trend, id: 'calm', stage: 'canary' }] });
    watch = newWatch();
    const next = await moveMain();
    await show({ commit: next, strategies: [{ ...trend, stage: 'canary' }] });
    expect(await deployments(next)).toEqual({ canary: ['success: Trading: trend'] });
    expect(await deployments(main)).toEqual({
      paper: ['inactive: Nothing runs here any more.', 'success: Trading: trend'],
      canary: ['inactive: ', 'success: Trading: calm'],
    });
  });
});

describe('trouble', () => {
  it('is one issue for as long as it lasts, in which nothing that was written acts', async () => {
    const refused: StrategyStatus = { ...trend, status: 'Degraded', code: 'fault', reason: 'it said `@octo` <b>closes #1</b>' };
    const degraded: Partial<EngineStatus> = { status: 'Degraded', reason: `trend: ${refused.reason}`, strategies: [refused] };
    await show(degraded);
    watch = newWatch();
    await show(degraded);
    const [issue, ...others] = await openIssues();
    expect(others).toEqual([]);
    expect(issue!.title).toBe(`The engine does not run what is on main (${main.slice(0, 12)})`);
    expect(issue!.body).not.toMatch(/@octo|<b>|#1/);
    await show();
    expect(await openIssues()).toEqual([]);
  });

  it('of a limit that was reached says what is safe and what ends it, in one issue however main moves on', async () => {
    const breach = { ...trend, status: 'Degraded', code: 'breach', reason: 'its equity has fallen by 51%' } as const;
    const reached: Partial<EngineStatus> = { status: 'Degraded', reason: `trend: ${breach.reason}`, strategies: [breach] };
    await show(reached);
    await show({ ...reached, commit: await moveMain() });
    const [issue, ...others] = await openIssues();
    expect(others).toEqual([]);
    expect(issue!.title).toBe('A limit was reached: no new entries for trend');
    expect(issue!.body).toContain('51%');
    expect(issue!.body).toContain('exits, stops and cancels pass');
    expect(issue!.body).toContain('`/resume`');
  });

  it('that no engine wrote is waited out', async () => {
    await put(statusPath, 'rubbish');
    await watch.look();
    await expect(watch.status()).rejects.toMatchObject({ code: 'engine/bad-status' });
    await put(statusPath, JSON.stringify({ schema: 'ratchet/engine-status/1', mode: 'active' }));
    expect(await watch.status()).toBeNull();
    await watch.look();
    await show();
    expect(await deployments()).toEqual({ paper: ['success: Trading: trend'] });
  });
});

describe('what people ask for', () => {
  it('is nothing before the engine has published', async () => {
    expect(await watch.status()).toBeNull();
    expect(await watch.publishedReport()).toBeNull();
    expect(await watch.report()).toBe('The engine has not published anything yet.');
    await watch.look();
    expect(await deployments()).toEqual({});
  });

  it('is the status, with the order obeyed: by whom, since when, and why', async () => {
    await publish();
    expect(await watch.report()).toContain(`**Synced** at \`${main.slice(0, 12)}\`, active.`);
    const control = { mode: 'paused', by: 'alice', at: '2026-03-01T10:00:00.000Z', reason: 'ask @bob | or not' } as const;
    await publish({ control, mode: 'paused' });
    expect(await watch.status()).toMatchObject({ control });
    const report = await watch.report();
    expect(report).toContain('**paused** since 2026-03-01T10:00:00.000Z by alice: ask ');
    expect(report).not.toContain('@bob');
    expect(report).toContain('| `trend` | paper | `aaaaaaaaaaaa` | Synced |');
  });

  it('is the report in figures, as it was published', async () => {
    const report: EngineReport = {
      schema: 'ratchet/engine-report/1',
      asOf: 1,
      control: initialControl,
      strategies: [],
      strategiesOmitted: 0,
      risk: [],
    };
    await put(reportPath, reportText(report));
    expect(await watch.publishedReport()).toEqual(report);
    await put(reportPath, '{}');
    await expect(watch.publishedReport()).rejects.toMatchObject({ code: 'engine/bad-report' });
  });
});
