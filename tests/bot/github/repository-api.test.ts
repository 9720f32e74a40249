import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Octokit } from '@octokit/rest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import { createWorld, owner, ratchetApp, repo, seed, type World } from '#tests/bot/forge/forge-under-test.ts';

const repository = { owner, name: repo };
const output = { title: 'Title', summary: 'Summary', annotations: [] };

describe('the repository, as the bot sees it', () => {
  let world: World;
  let api: RepositoryApi;
  beforeEach(async () => {
    world = await createWorld();
    api = new RepositoryApi(world.bot(), repository, world.app.appId);
  });
  afterEach(async () => {
    await world.close();
  });

  it("neither believes nor touches another app's check of the same name", async () => {
    const { main } = await seed(world);
    const other = world.forge.registerApp({ ...ratchetApp, slug: 'other', name: 'Other' });
    const { installationId } = world.forge.installApp(other.appId, owner, repo);
    const theirs = await world
      .bot(other, installationId)
      .rest.checks.create({ owner, repo, name: 'gate', head_sha: main, status: 'completed', conclusion: 'success' });
    expect(await api.checkConclusions(main)).toEqual({});

    await api.writeCheck('gate', main, { status: 'in_progress' }, output);
    expect(await api.checkConclusions(main)).toEqual({});
    await api.writeCheck('gate', main, { status: 'completed', conclusion: 'failure' }, output);
    expect(await api.checkConclusions(main)).toEqual({ gate: 'failure' });

    const { data } = await world.bot().rest.checks.listForRef({ owner, repo, ref: main, check_name: 'gate', filter: 'all' });
    expect(data.check_runs.map((run) => [run.app?.slug, run.conclusion]).sort()).toEqual([
      ['other', 'success'],
      ['ratchet', 'failure'],
    ]);
    expect(data.check_runs.find((run) => run.id === theirs.data.id)?.output.title).toBeNull();
  });

  describe('writes the checks of a proof', () => {
    const found = (count: number, title = 'Red') => ({
      title,
      summary: 'Summary',
      annotations: Array.from({ length: count }, (_, at) => {
        return { path: 'a.ts', startLine: at + 1, endLine: at + 1, level: 'failure', message: `Line ${at + 1}` } as const;
      }),
    });
    const running = { status: 'in_progress' } as const;
    const ended = (conclusion: 'success' | 'failure') => ({ status: 'completed', conclusion }) as const;
    const runsOn = async (ref: string) => {
      const { data } = await world.bot().rest.checks.listForRef({ owner, repo, ref, check_name: 'docs', filter: 'all' });
      return data.check_runs.toSorted((left, right) => left.id - right.id);
    };
    const linesOf = async (check_run_id: number) => {
      const { rest, paginate } = world.bot();
      const said = await paginate(rest.checks.listAnnotations, { owner, repo, check_run_id, per_page: 100 });
      return said.map(({ start_line: line }) => line);
    };

    it('with every annotation, though GitHub takes fifty at a time', async () => {
      const { main } = await seed(world);
      await api.writeCheck('docs', main, running, output);
      await api.writeCheck('docs', main, ended('failure'), found(107));
      const runs = await runsOn(main);
      expect(runs).toHaveLength(1);
      expect(await linesOf(runs[0]!.id)).toEqual(Array.from({ length: 107 }, (_, at) => at + 1));
    });

    it('into a run of their own, so that what was said of an earlier proof is said of no later one', async () => {
      const { main } = await seed(world);
      for (const [conclusion, said] of [
        ['failure', found(3)],
        ['failure', found(2)],
        ['success', output],
      ] as const) {
        await api.writeCheck('docs', main, running, output);
        expect(await api.checkConclusions(main)).toEqual({});
        await api.writeCheck('docs', main, ended(conclusion), said);
        expect(await api.checkConclusions(main)).toEqual({ docs: conclusion });
      }
      const runs = await runsOn(main);
      expect(await Promise.all(runs.map(({ id }) => linesOf(id)))).toEqual([[1, 2, 3], [1, 2], []]);
    });

    it('into the run that is there when it is under way, or says the same already', async () => {
      const { main } = await seed(world);
      await api.writeCheck('docs', main, running, output);
      await api.writeCheck('docs', main, running, output);
      await api.writeCheck('docs', main, ended('failure'), found(2));
      await api.writeCheck('docs', main, ended('failure'), found(2));
      expect(await runsOn(main)).toHaveLength(1);
      await api.writeCheck('docs', main, ended('failure'), found(1, 'Edited by hand'));
      expect((await runsOn(main)).map((run) => run.output.title)).toEqual(['Red', 'Edited by hand']);
    });
  });

  it('finds no merge queue and no protection where the plan has no rulesets, and asks on where it is only refused', async () => {
    let message = 'Upgrade to GitHub Pro or make this repository public to enable this feature.';
    const server = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const octokit = new Octokit({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const { branches } = new RepositoryApi(octokit, repository, 1);
    expect(await branches.hasMergeQueue('main')).toBe(false);
    expect(await branches.protectedNames()).toEqual(new Set());
    message = 'Resource not accessible by integration';
    await expect(branches.hasMergeQueue('main')).rejects.toMatchObject({ status: 403 });
    await expect(branches.protectedNames()).rejects.toMatchObject({ status: 403 });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('reports a deployment once, and again when something about it has changed', async () => {
    const { main } = await seed(world);
    const statuses = async (): Promise<string[]> => {
      const { data: deployments } = await world.bot().rest.repos.listDeployments({ owner, repo });
      expect(deployments).toHaveLength(1);
      const { data } = await world.bot().rest.repos.listDeploymentStatuses({ owner, repo, deployment_id: deployments[0]!.id });
      return data.map((status) => `${status.state}: ${status.description}`);
    };
    const report = { commit: main, environment: 'paper', state: 'success', description: `Trading: ${'a'.repeat(200)}` } as const;
    const said = `success: ${report.description.slice(0, 140)}`;
    await api.reportDeployment(report);
    await api.reportDeployment(report);
    expect(await statuses()).toEqual([said]);
    await api.reportDeployment({ ...report, description: 'Trading: b' });
    await api.reportDeployment({ ...report, state: 'failure', description: 'Trading: b' });
    await api.reportDeployment({ ...report, state: 'failure', description: 'Trading: b' });
    expect(await statuses()).toEqual(['failure: Trading: b', 'success: Trading: b', said]);
  });

  it('knows what people may do here', async () => {
    world.forge.setPermission(owner, repo, 'writer', 'maintain');
    expect(await api.permissionOf('writer')).toBe('maintain');
    expect(await api.permissionOf('nobody-of-that-name')).toBe('none');
  });
});

describe("an organisation's own role", () => {
  it("counts as the role of GitHub's it builds on", async () => {
    // GitHub's answer for a custom repository role; the embedded forge has none.
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ permission: 'write', role_name: 'quant-reviewer', user: null }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const octokit = new Octokit({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    expect(await new RepositoryApi(octokit, repository, 1).permissionOf('quant')).toBe('write');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
