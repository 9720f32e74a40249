import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '#bot/cli/doctor/check.ts';
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
import { browse } from '#tests/bot/forge/pages/browse.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { RatchetProcess } from '#tests/support/ratchet-process.ts';

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

  /** What a person does in a browser: from our page to the forge's, and back with a code; then the installation. */
  async function makeTheApp(): Promise<void> {
    const setup = new RatchetProcess(['bot', 'setup', '--name', 'Ratchet of Octo', ...about()]);
    const [, url] = await setup.says(/open (\S+) in a browser/, 60_000);
    const page = await (await fetch(url!)).text();
    const field = (name: string): string => {
      const value = page.match(new RegExp(`${name}="([^"]+)"`))![1]!;
      return value.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
    };
    const target = new URL(field('action'));
    const manifest = field('name="manifest" value');
    expect(`${target.origin}${target.pathname}`).toBe(`${world.forge.url}/settings/apps/new`);
    const person = browse(world.forge.url);
    await person.get(world.forge.loginUrl(owner));
    const asked = await (await person.post(`${target.pathname}${target.search}`, { manifest })).text();
    expect(asked).toContain('<b>read and write</b> checks');
    expect(asked).not.toMatch(/workflows|administration/);
    const agreed = await person.post('/settings/apps/create', {
      form_key: asked.match(/name="form_key" value="([^"]+)"/)![1]!,
      name: 'Ratchet of Octo',
      manifest,
      state: target.searchParams.get('state')!,
    });
    expect(await (await fetch(agreed.headers.get('location')!)).text()).toContain('/apps/ratchet-of-octo/installations/new');
    const ended = await setup.ended;
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('(ratchet-of-octo) is made') });
    expect(await lacking()).toEqual(['App']);
    const form_key = await person.formKey('/apps/ratchet-of-octo/installations/new');
    await person.post('/apps/ratchet-of-octo/installations', { form_key, repository: `${owner}/${repo}` });
  }

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
    await makeTheApp();
    expect(await lacking()).toEqual(
      expect.arrayContaining(['check gate', 'writers of ratchet/state', 'policies', 'keys', 'candles', 'strategies']),
    );

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
