import { get as ask, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewApp } from '#bot/github/exchange-code.ts';
import { type AppSetup, startSetup } from '#bot/github/setup-server.ts';

const conversion = {
  id: 42,
  slug: 'ratchet-octo',
  node_id: 'x',
  name: 'Ratchet <of Octo>',
  html_url: 'https://github.example/apps/ratchet-octo',
  client_id: 'c',
  client_secret: 'cs',
  webhook_secret: 'given by the forge',
  pem: 'the key',
};

/** GitHub's side: one endpoint that takes a code once. */
async function startApi(answers: readonly { status: number; body: object }[]) {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const { status, body } = answers[asked.length] ?? answers.at(-1)!;
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { asked, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('the page that makes the App', () => {
  let api: Awaited<ReturnType<typeof startApi>>;
  let setup: AppSetup;
  let kept: NewApp[];
  const start = async (answers: readonly { status: number; body: object }[], webhookUrl: string | null = null) => {
    api = await startApi(answers);
    setup = await startSetup({
      apiUrl: api.url,
      newAppUrl: 'https://github.example/settings/apps/new',
      name: 'ratchet-octo',
      homepage: 'https://github.example/octo/strategies',
      webhookUrl,
      port: 0,
      keep: (app) => kept.push(app),
      dir: '/somewhere/github',
    });
  };
  const get = async (path: string) => {
    const response = await fetch(`${setup.url}${path}`);
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const form = async () => {
    const { text } = await get('/');
    const plain = (value: string) => value.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
    const manifest = JSON.parse(plain(text.match(/name="manifest" value="([^"]+)"/)![1]!)) as Record<string, unknown>;
    const target = new URL(plain(text.match(/action="([^"]+)"/)![1]!));
    return { manifest, target, state: target.searchParams.get('state')! };
  };
  beforeEach(() => {
    kept = [];
  });
  afterEach(async () => {
    await setup.close();
    api.server.closeAllConnections();
    await new Promise((resolve) => api.server.close(resolve));
  });

  it('asks for the least, and never for workflows or administration', async () => {
    await start([{ status: 201, body: conversion }], 'https://bot.example/webhooks');
    const { manifest, target } = await form();
    expect(`${target.origin}${target.pathname}`).toBe('https://github.example/settings/apps/new');
    expect(manifest).toMatchObject({
      public: false,
      redirect_url: `${setup.url}/made`,
      hook_attributes: { url: 'https://bot.example/webhooks', active: true },
      default_permissions: {
        checks: 'write',
        contents: 'write',
        deployments: 'write',
        issues: 'write',
        merge_queues: 'read',
        metadata: 'read',
        pull_requests: 'write',
      },
      default_events: ['check_run', 'check_suite', 'issue_comment', 'issues', 'merge_group', 'pull_request', 'push'],
    });
    expect(Object.keys(manifest.default_permissions as object)).toHaveLength(7);
  });

  it('makes an App without webhooks for a machine that cannot be reached', async () => {
    await start([{ status: 201, body: { ...conversion, webhook_secret: null } }]);
    const { manifest, state } = await form();
    expect(manifest).toMatchObject({ hook_attributes: { active: false } });
    await get(`/made?code=abc&state=${state}`);
    expect(kept[0]?.secrets.webhookSecret).toMatch(/^[0-9a-f]{64}$/);
  });

  it('exchanges the code once, keeps what comes, and leads to the installation', async () => {
    await start([{ status: 201, body: conversion }]);
    const { state } = await form();
    const { status, text, headers } = await get(`/made?code=abc123&state=${state}`);
    expect(status).toBe(200);
    expect(text).toContain('https://github.example/apps/ratchet-octo/installations/new');
    expect(text).not.toContain('<of Octo>');
    for (const secret of ['the key', 'given by the forge']) expect(text).not.toContain(secret);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(api.asked).toEqual(['POST /app-manifests/abc123/conversions']);
    const facts = { appId: 42, slug: 'ratchet-octo', name: conversion.name, url: conversion.html_url, apiUrl: api.url };
    expect(kept).toEqual([{ facts, secrets: { privateKey: 'the key', webhookSecret: 'given by the forge' } }]);
    expect(await setup.made).toEqual(facts);
    expect(await get(`/made?code=abc123&state=${state}`)).toMatchObject({ status: 409, text: expect.stringContaining('used') });
    expect(api.asked).toHaveLength(1);
  });

  it.each<[string, { status: number; body: object }, number, RegExp]>([
    [
      'a code that was used or is old',
      { status: 404, body: { message: 'Not Found' } },
      400,
      /used already, or is older than an hour/,
    ],
    ['a code it refuses', { status: 422, body: { message: 'Validation Failed' } }, 400, /refuses the code: Validation Failed\./],
    ['trouble of its own', { status: 502, body: { message: 'Bad Gateway' } }, 502, /Load this page again/],
    ['something else', { status: 201, body: { id: 'many' } }, 400, /not what its documentation says/],
  ])('says in a sentence that GitHub answered with %s, and keeps nothing', async (_what, answer, status, sentence) => {
    await start([answer]);
    const { state } = await form();
    const page = await get(`/made?code=abc&state=${state}`);
    expect(page.status).toBe(status);
    expect(page.text).toMatch(sentence);
    expect(kept).toEqual([]);
  });

  it('exchanges the code after all when the page is loaded again', async () => {
    await start([
      { status: 502, body: {} },
      { status: 201, body: conversion },
    ]);
    const { state } = await form();
    expect((await get(`/made?code=abc&state=${state}`)).status).toBe(502);
    expect((await get(`/made?code=abc&state=${state}`)).status).toBe(200);
  });

  it.each([
    ['a state that is not its own', (state: string) => `/made?code=abc&state=${state.replace(/.$/, 'x')}`, /another request/],
    ['no state', () => '/made?code=abc', /another request/],
    ['no code', (state: string) => `/made?state=${state}`, /no code/],
    ['a code that is a path', (state: string) => `/made?state=${state}&code=..%2F..%2Fuser`, /no code/],
  ])('asks GitHub nothing for %s', async (_what, path, sentence) => {
    await start([{ status: 201, body: conversion }]);
    const { state } = await form();
    const { status, text } = await get(path(state));
    expect(status).toBe(400);
    expect(text).toMatch(sentence);
    expect(api.asked).toEqual([]);
  });

  it('answers to its own name only', async () => {
    await start([{ status: 201, body: conversion }]);
    const status = await new Promise<number>((resolve, reject) => {
      ask(setup.url, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).on('error', reject);
    });
    expect(status).toBe(421);
  });
});
