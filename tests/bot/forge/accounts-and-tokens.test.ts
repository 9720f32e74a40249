import { createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, owner, ratchetApp, refusal, repo, seed, type World } from './forge-under-test.ts';

let world: World;
let now = 0;
beforeEach(async () => {
  // The forge's clock stands still at the present: Octokit signs its tokens with the system's.
  now = Math.floor(Date.now() / 1000) * 1000;
  world = await createWorld({ clock: () => now, requestsPerHour: 500 });
});
afterEach(async () => {
  await world.close();
  world.contract.assertKept();
});

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(
  claims: Record<string, unknown>,
  key = world.app.privateKeyPem,
  header: Record<string, unknown> = { alg: 'RS256', typ: 'JWT' },
): string {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}

const asApp = (token: string) => world.with(`Bearer ${token}`).apps.getAuthenticated();

describe('an app’s JWT', () => {
  const seconds = () => Math.floor(now / 1000);
  const good = () => ({ iss: world.app.appId, iat: seconds() - 30, exp: seconds() + 300 });

  it('is believed when signed with the app’s key, by number or by client id', async () => {
    expect((await asApp(jwt(good()))).data).toMatchObject({
      id: world.app.appId,
      slug: 'ratchet',
      permissions: { checks: 'write', metadata: 'read' },
    });
    expect((await asApp(jwt({ ...good(), iss: 'Iv1.ratchet' }))).data?.slug).toBe('ratchet');
  });

  it('is refused when expired, from the future, too long, foreign, unsigned or signed with the public key', async () => {
    const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }) as string;
    const forgeries = [
      jwt({ ...good(), exp: seconds() - 1 }),
      jwt({ ...good(), iat: seconds() + 120, exp: seconds() + 300 }),
      jwt({ ...good(), exp: seconds() + 660 }),
      jwt(good(), foreign),
      `${part({ alg: 'none', typ: 'JWT' })}.${part(good())}.`,
      jwt(good(), world.app.privateKeyPem, { alg: 'HS256', typ: 'JWT' }),
      `${part({ alg: 'RS256' })}.${part({ iss: world.app.appId })}.AAAA`,
      `${jwt(good()).slice(0, -12)}AAAAAAAAAAAA`,
    ];
    for (const forgery of forgeries) expect(await refusal(asApp(forgery))).toMatchObject({ status: 401 });
    expect(await refusal(asApp(jwt({ ...good(), iss: 4711 })))).toMatchObject({ status: 404 });
    expect(createPublicKey(createPrivateKey(world.app.privateKeyPem)).asymmetricKeyType).toBe('rsa');
  });

  it('opens the app’s own addresses and no others', async () => {
    await seed(world);
    const app = world.with(`Bearer ${jwt(good())}`);
    expect((await app.apps.getRepoInstallation({ owner, repo })).data.id).toBe(world.installationId);
    expect((await app.apps.getInstallation({ installation_id: world.installationId })).data).toMatchObject({
      app_slug: 'ratchet',
      account: { login: owner },
    });
    expect((await app.apps.listInstallations()).data).toHaveLength(1);
    expect(await refusal(app.issues.create({ owner, repo, title: 't' }))).toMatchObject({ status: 403 });
    expect(await refusal(world.as('owner').apps.getAuthenticated())).toMatchObject({ status: 401 });
    expect(await refusal(app.apps.getInstallation({ installation_id: 99 }))).toMatchObject({ status: 404 });
  });
});

describe('an installation token', () => {
  const issue = (more: object = {}) =>
    world
      .with(`Bearer ${jwt({ iss: world.app.appId, iat: Math.floor(now / 1000), exp: Math.floor(now / 1000) + 300 })}`)
      .apps.createInstallationAccessToken({ installation_id: world.installationId, ...more });

  it('lives an hour and is then a bad credential', async () => {
    const { data } = await issue();
    expect(Date.parse(data.expires_at)).toBe(now + 3_600_000);
    const octokit = world.with(`token ${data.token}`);
    expect((await octokit.apps.listReposAccessibleToInstallation()).data.repositories.map((entry) => entry.full_name)).toEqual([
      `${owner}/${repo}`,
    ]);
    now += 3_600_001;
    expect(await refusal(octokit.repos.get({ owner, repo }))).toMatchObject({ status: 401, message: 'Bad credentials' });
  });

  it('carries no more than was asked, and cannot be asked for more than the app has', async () => {
    await seed(world);
    const { data } = await issue({ permissions: { contents: 'read' }, repositories: [repo] });
    const octokit = world.with(`Bearer ${data.token}`);
    expect((await octokit.repos.getContent({ owner, repo, path: 'README.md' })).status).toBe(200);
    expect(await refusal(octokit.issues.create({ owner, repo, title: 't' }))).toMatchObject({
      status: 403,
      message: 'Resource not accessible by integration',
    });
    expect(await refusal(issue({ permissions: { administration: 'write' } }))).toMatchObject({ status: 422 });
    expect(await refusal(issue({ repositories: ['elsewhere'] }))).toMatchObject({ status: 422 });
  });

  it('reaches only repositories the app is installed on', async () => {
    world.forge.createRepository({ owner, name: 'elsewhere', defaultBranch: 'main', visibility: 'private' });
    const octokit = world.with(`Bearer ${(await issue()).data.token}`);
    expect(await refusal(octokit.repos.get({ owner, repo: 'elsewhere' }))).toMatchObject({ status: 404 });
  });
});

describe('people', () => {
  it('are known by their tokens, each with the permission they were given', async () => {
    expect((await world.as('writer').users.getAuthenticated()).data.login).toBe('writer');
    const level = async (username: string) =>
      (await world.bot().repos.getCollaboratorPermissionLevel({ owner, repo, username })).data;
    expect(await level(owner)).toMatchObject({ permission: 'admin', role_name: 'admin' });
    expect(await level('writer')).toMatchObject({
      permission: 'write',
      role_name: 'write',
      user: { login: 'writer', permissions: { push: true, admin: false } },
    });
    world.forge.setPermission(owner, repo, 'writer', 'maintain');
    expect(await level('writer')).toMatchObject({ permission: 'write', role_name: 'maintain' });
    world.forge.setPermission(owner, repo, 'reader', 'triage');
    expect(await level('reader')).toMatchObject({ permission: 'read', role_name: 'triage' });
    expect(await level('stranger')).toMatchObject({ permission: 'read', role_name: 'read' });
    expect(await refusal(level('nobody'))).toMatchObject({ status: 404 });
  });

  it('are refused with a token that is not one', async () => {
    for (const header of ['Bearer nonsense', 'token ghp_0000', 'Basic bm9uc2Vuc2U6', 'Digest x', 'Bearer']) {
      expect(await refusal(world.with(header).repos.get({ owner, repo }))).toMatchObject({
        status: 401,
        message: 'Bad credentials',
      });
    }
  });

  it('are told their limit and stopped at it', async () => {
    const { headers } = await world.as('reader').repos.get({ owner, repo });
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '500', 'x-ratelimit-remaining': '499', 'x-ratelimit-used': '1' });
    expect(headers['x-github-request-id']).toMatch(/^[0-9A-F-]{36}$/);
    const { data } = await world.as('reader').rateLimit.get();
    expect(data.rate).toMatchObject({ limit: 500, remaining: 499 });
    for (let count = 0; count < 499; count += 1) await world.as('reader').repos.get({ owner, repo });
    expect(await refusal(world.as('reader').repos.get({ owner, repo }))).toMatchObject({
      status: 403,
      message: expect.stringContaining('API rate limit exceeded'),
    });
    now += 3_600_000;
    expect((await world.as('reader').repos.get({ owner, repo })).status).toBe(200);
  });
});

describe('settings', () => {
  it('are idempotent: the same app keeps its number and key while its address may change', () => {
    const again = world.forge.registerApp({ ...ratchetApp, webhookUrl: 'http://127.0.0.1:9/elsewhere' });
    expect(again).toEqual(world.app);
    expect(world.forge.installApp(again.appId, owner, repo).installationId).toBe(world.installationId);
    expect(world.forge.createUser({ login: 'WRITER' }).login).toBe('writer');
    expect(world.forge.createRepository({ owner, name: repo, defaultBranch: 'main' }).id).toBe(1);
  });

  it('refuse names that would not work', () => {
    expect(() => world.forge.createUser({ login: 'a b' })).toThrow(/cannot be a login/);
    expect(() => world.forge.createUser({ login: 'api' })).toThrow(/address of the forge/);
    expect(() => world.forge.createRepository({ owner, name: '../up', defaultBranch: 'main' })).toThrow(/cannot be a repository/);
    expect(() => world.forge.createRepository({ owner, name: 'x', defaultBranch: 'a..b' })).toThrow(/cannot be a branch/);
    expect(() => world.forge.registerApp({ ...ratchetApp, slug: 'other', webhookSecret: '' })).toThrow(/needs a webhook secret/);
    expect(() => world.forge.createToken('nobody')).toThrow(/no account/);
  });
});
