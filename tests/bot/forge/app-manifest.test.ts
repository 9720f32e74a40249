import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, owner, refusal, repo, seed, type World } from './forge-under-test.ts';
import { type Browse, browse } from './pages/browse.ts';

const manifest = {
  name: 'Night Shift',
  url: 'https://example.org/',
  hook_attributes: { url: 'https://example.org/webhooks' },
  redirect_url: 'http://127.0.0.1:4321/created',
  setup_url: 'http://127.0.0.1:4321/installed',
  default_permissions: { contents: 'write', checks: 'write' },
  default_events: ['push'],
};

let world: World;
let member: Browse;
beforeAll(async () => {
  world = await createWorld();
  await seed(world);
  member = browse(world.forge.url);
  await member.get(world.forge.loginUrl(owner));
});
afterAll(async () => {
  world.contract.assertKept();
  await world.close();
});

/** Agrees on the page, and gives the address one is sent to. */
async function create(name: string): Promise<URL> {
  const key = await member.formKey(`/${owner}/${repo}/issues`).catch(() => member.formKey('/'));
  const answer = await member.post('/settings/apps/create', {
    form_key: key,
    name,
    manifest: JSON.stringify(manifest),
    state: 'abc',
  });
  expect(answer.status, await answer.clone().text()).toBe(303);
  return new URL(answer.headers.get('location')!);
}

const convert = (code: string) => world.with(null).rest.apps.createFromManifest({ code });

describe('an app made from a manifest', () => {
  it('is shown to a person first: what it may do and for whom', async () => {
    const response = await member.post('/settings/apps/new?state=abc', { manifest: JSON.stringify(manifest) });
    const page = await response.text();
    expect(page).toContain('<b>read and write</b> contents');
    expect(page).toContain(`Create the app for ${owner}`);
    // The browser follows the answer to this form to the program that asked, and nowhere else.
    expect(response.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:4321");
  });

  it('hands its keys over for a code, once, and works with them', async () => {
    const landed = await create('Night Shift');
    expect(landed.origin + landed.pathname).toBe('http://127.0.0.1:4321/created');
    expect(landed.searchParams.get('state')).toBe('abc');
    const code = landed.searchParams.get('code')!;
    const { data } = await convert(code);
    expect(data).toMatchObject({
      slug: 'night-shift',
      name: 'Night Shift',
      permissions: { contents: 'write', metadata: 'read' },
    });
    expect(data.webhook_secret).toMatch(/^[0-9a-f]{40}$/);
    expect(await refusal(convert(code))).toMatchObject({ status: 404 });

    const install = await member.get('/apps/night-shift/installations/new');
    const key = /name="form_key" value="([^"]+)"/.exec(await install.text())![1]!;
    const installed = await member.post('/apps/night-shift/installations', { form_key: key, repository: `${owner}/${repo}` });
    const back = new URL(installed.headers.get('location')!);
    expect(back.pathname).toBe('/installed');
    const app = new Octokit({
      baseUrl: `${world.forge.url}/api/v3`,
      request: { fetch: world.contract.fetch },
      authStrategy: createAppAuth,
      auth: { appId: data.id, privateKey: data.pem, installationId: Number(back.searchParams.get('installation_id')) },
    });
    expect((await app.rest.apps.listReposAccessibleToInstallation()).data.repositories.map(({ name }) => name)).toEqual([repo]);
  });

  it('is refused under a name that is taken, without a person, and with a manifest that is none', async () => {
    await create('Twice');
    const key = await member.formKey('/apps/twice/installations/new');
    const post = (fields: Record<string, string>, who = member) => who.post('/settings/apps/create', fields);
    const good = { form_key: key, name: 'Twice', manifest: JSON.stringify(manifest) };
    expect((await post(good)).status).toBe(422);
    expect((await post({ ...good, manifest: '{' })).status).toBe(422);
    expect((await post({ ...good, form_key: 'x', name: 'Other' })).status).toBe(403);
    expect((await post(good, browse(world.forge.url))).status).toBe(401);
    expect((await member.post('/settings/apps/new', { manifest: '{"name":""}' })).status).toBe(422);
  });

  it('is not installed by someone who does not administer the repository', async () => {
    await create('Third');
    const writer = browse(world.forge.url);
    await writer.get(world.forge.loginUrl('writer'));
    const page = await (await writer.get('/apps/third/installations/new')).text();
    expect(page).not.toContain(`value="${owner}/${repo}"`);
  });
});
