import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '#bot/cli/doctor/check.ts';
import { APP_PERMISSIONS } from '#bot/github/app-manifest.ts';
import { saveCredentials } from '#bot/github/credentials.ts';
import {
  type Clone,
  createWorld,
  owner,
  ratchetApp,
  repo,
  type World,
  webhookSecret,
} from '#tests/bot/forge/forge-under-test.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

/** docs/ops/install.md, step by step, on a forge of this machine. */
describe('an installation, from an empty repository', () => {
  let world: World;
  let workspace: string;
  let clone: Clone;
  const about = () => ['--repository', `${owner}/${repo}`, '--workspace', workspace, '--api-url', `${world.forge.url}/api/v3`];
  const doctor = async (): Promise<Map<string, Check>> => {
    const { stdout } = await ratchetHere('doctor', '--json', ...about());
    const { checks } = JSON.parse(stdout) as { checks: Check[] };
    return new Map(checks.map((check) => [check.name, check]));
  };
  const lacking = async (): Promise<string[]> =>
    [...(await doctor()).values()].filter(({ status }) => status === 'missing').map(({ name }) => name);
  const withToken = async (variable: string, ...args: string[]): Promise<void> => {
    process.env[variable] = world.tokens.owner;
    try {
      expect(await ratchetHere(...args, ...about())).toMatchObject({ code: 0 });
    } finally {
      delete process.env[variable];
    }
  };

  beforeAll(async () => {
    world = await createWorld();
    workspace = join(world.dir, 'workspace');
    clone = await world.clone(world.tokens.owner);
  });
  afterAll(() => world.close());

  it('begins with nothing, and the doctor says what comes first', async () => {
    expect(await lacking()).toEqual(['credentials']);
    expect((await doctor()).get('credentials')?.mend).toContain('ratchet bot setup');
  });

  it('goes on with an App that is not installed', async () => {
    const other = world.forge.registerApp({ ...ratchetApp, slug: 'elsewhere', name: 'Elsewhere' });
    const dir = join(world.dir, 'elsewhere');
    const facts = { appId: other.appId, slug: 'elsewhere', name: 'E', url: world.forge.url, apiUrl: world.forge.url };
    saveCredentials(dir, facts, { privateKey: other.privateKeyPem, webhookSecret });
    const { stdout } = await ratchetHere('doctor', '--json', '--credentials', dir, ...about());
    expect(stdout).toMatch(/is not installed on octo\/strategies/);
  });

  it('ends with everything in place, and a night that runs on a copy', async () => {
    const app = world.forge.registerApp({ ...ratchetApp, permissions: APP_PERMISSIONS, webhookUrl: '' });
    const facts = { appId: app.appId, slug: app.slug, name: 'Ratchet', url: world.forge.url, apiUrl: world.forge.url };
    saveCredentials(join(workspace, 'github'), facts, { privateKey: app.privateKeyPem, webhookSecret });
    expect(await lacking()).toEqual(expect.arrayContaining(['check gate', 'policies', 'keys', 'candles', 'strategies']));

    const program = `octo/ratchet@${'a'.repeat(40)}`;
    expect(await ratchetHere('init', clone.path, '--program', program, ...about())).toMatchObject({ code: 0 });
    await clone.commit('Start with Ratchet', {});
    await clone.git('push', '--quiet', 'origin', 'HEAD:main');
    await withToken('RATCHET_GIT_TOKEN', 'init', '--adopt');
    await withToken('RATCHET_ADMIN_TOKEN', 'init', '--protect');
    const checks = await doctor();
    expect([...checks.values()].filter(({ status }) => status !== 'good')).toMatchObject([{ name: 'webhook', status: 'note' }]);

    const refs = async (): Promise<string> => clone.git('ls-remote', 'origin');
    const before = await refs();
    const dry = ['night', '--dry-run', '--json', '--trials', '2', '--hint', 'fewer trades'];
    const night = await ratchetHere(...dry, ...about());
    expect(night.stderr).toBe('');
    expect(JSON.parse(night.stdout)).toMatchObject({
      isDry: true,
      decision: expect.stringMatching(/NO_CHANGE|TWEAK|RESTRUCTURE/),
    });
    expect(await refs()).toBe(before);
    expect((await world.as('owner').rest.pulls.list({ owner, repo, state: 'all' })).data).toEqual([]);
  }, 180_000);
});
