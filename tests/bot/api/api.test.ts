import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resources } from '#bot/api/resources/index.ts';
import type { Api } from '#bot/api/start-api.ts';
import { readTokenFile } from '#bot/api/tokens.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { type EngineFixture, read } from '#tests/engine/runtime/engine-fixture.ts';
import { RatchetProcess } from '#tests/support/ratchet-process.ts';
import { apiOn, optionsOf, recordedFixture, token } from './api-fixture.ts';

/** Blocks of the page that ask something. */
const examples = [...readFileSync('docs/ops/api.md', 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm)]
  .map(([, text]) => text!)
  .filter((text) => text.includes('curl'));
const hasCurl = spawnSync('curl', ['--version']).status === 0;

let fixture: EngineFixture;
let api: Api;
// biome-ignore lint/suspicious/noExplicitAny: the document is JSON, and looked into.
let document: any;
let isWellMade: (name: string, body: unknown) => string | null;
beforeAll(async () => {
  fixture = await recordedFixture();
  api = await apiOn(fixture, { rate: { perMinute: 100_000, burst: 10_000 } });
  document = (await get('/v1/openapi.json')).body;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'api');
  const pointer = (name: string) => `api#/paths/~1v1~1${name}/get/responses/200/content/application~1json/schema`;
  isWellMade = (name, body) => {
    const validate = ajv.compile({ $ref: pointer(name) });
    return validate(body) ? null : ajv.errorsText(validate.errors);
  };
}, 60_000);
afterAll(async () => {
  await api.close();
  fixture.dispose();
});

const bearer = { Authorization: `Bearer ${token}` };

async function get(path: string, headers: Record<string, string> = bearer, method = 'GET') {
  const answer = await fetch(`${api.url}${path}`, { headers, method });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
}

describe('the document', () => {
  it('is OpenAPI 3.1, and lists all that is answered', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
    expect(Object.keys(document.paths)).toEqual([
      ...'system portfolio positions trades performance risk market signals decisions strategy deployments usage benchmarks'
        .split(' ')
        .map((name) => `/v1/${name}`),
      '/v1/events',
      '/v1/openapi.json',
    ]);
  });

  it.each(resources.map(({ name }) => name))('describes what %s answers', async (name) => {
    const { status, body, headers } = await get(`/v1/${name}`);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(isWellMade(name, body)).toBeNull();
    // A description that lets everything pass would too.
    expect(isWellMade(name, { ...body, data: 'something else' })).not.toBeNull();
    expect(body.meta).toMatchObject({ asOf: read(optionsOf(fixture).dir, (reader) => reader.lastFeedTime()), inRunsUpTo: null });
  });
});

describe('the answers', () => {
  it('agree with the record and with each other', async () => {
    const data = async (name: string) => (await get(`/v1/${name}`)).body.data;
    const { dir } = optionsOf(fixture);
    const record = read(dir, (reader) => ({
      trades: reader.trades(),
      equity: reader.equity(),
      held: reader.openPositions(),
      running: reader.deployments().find(({ outcome }) => outcome === 'running')!,
    }));
    expect(record.trades.length).toBeGreaterThan(5);
    const { equity, cash, invested, strategies } = await data('portfolio');
    expect(equity).toBeCloseTo(record.equity!, 8);
    expect(equity).toBeCloseTo(cash + invested, 8);
    expect(strategies).toMatchObject([{ id: 'eager', stage: 'paper', capital: 10_000, positions: record.held.length }]);
    expect(await data('positions')).toMatchObject(record.held);
    const trades = await data('trades');
    expect(trades.toReversed()).toMatchObject(record.trades);
    expect(await data('performance')).toMatchObject([{ strategy: 'eager', trades: trades.length }]);
    expect(await data('system')).toMatchObject({ engine: 'stopped', sync: 'Synced', control: { mode: 'active' } });
    expect(await data('strategy')).toMatchObject([
      { id: 'eager', tree: record.running.treeHash, loadedInstant: record.running.instant },
    ]);
    expect(await data('deployments')).toEqual([record.running]);
    const signals = await data('signals');
    expect(signals.every(({ action }: { action: string }) => action !== 'hold')).toBe(true);
    expect(signals.find(({ outcome }: { outcome: string }) => outcome === 'accepted')).toMatchObject({
      order: { weight: expect.any(Number) },
      ageMs: 0,
      missing: [],
    });
    const [{ figures }] = await data('benchmarks');
    expect(figures.find(({ name }: { name: string }) => name === 'trades').value).toBe(trades.length);
    const [market] = await data('market');
    expect(market).toMatchObject({ symbol: 'BTC/USDT', price: expect.any(Number), rules: { tickSize: 0.01 } });
    expect(await data('usage')).toMatchObject({ models: [] });
    expect((await data('risk')).limits.map(({ code }: { code: string }) => code)).toContain('exposure');
  });

  it('come in pages that neither repeat nor leave out a row, though rows are added meanwhile', async () => {
    const whole = (await get('/v1/decisions?limit=500')).body.data.map(({ id }: { id: number }) => id);
    const { dir } = optionsOf(fixture);
    const store = EngineStore.open(dir);
    const ids: number[] = [];
    try {
      let cursor: string | null = '';
      for (let page = 0; cursor !== null; page += 1) {
        const { body } = await get(`/v1/decisions?limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`);
        ids.push(...body.data.map(({ id }: { id: number }) => id));
        cursor = body.meta.next;
        const instant = store.lastFeedTime()! + 1 + page;
        const decision = { symbol: 'BTC/USDT', action: 'hold', reason: 'new', outcome: 'held', terms: null };
        store.addStep({
          strategy: 'late',
          treeHash: 't',
          instant,
          fills: [],
          trades: [],
          denials: [],
          decisions: [decision],
          equity: 1,
        });
      }
    } finally {
      store.close();
    }
    expect(ids).toEqual(whole);
    expect(ids.length).toBeGreaterThan(70);
  });

  it('are of the record as it is now', async () => {
    const tradesNow = async () => (await get('/v1/performance?strategy=eager')).body.data[0].trades;
    const before = await tradesNow();
    expect(await tradesNow()).toBe(before);
    const { dir } = optionsOf(fixture);
    const { treeHash: _, instant: __, ...trade } = read(dir, (reader) => reader.newestTrades(1))[0]!;
    const store = EngineStore.open(dir);
    const instant = store.lastFeedTime()! + 1_000_000;
    store.addStep({
      strategy: 'eager',
      treeHash: 't',
      instant,
      fills: [],
      trades: [trade],
      denials: [],
      decisions: [],
      equity: 1,
    });
    store.close();
    expect(await tradesNow()).toBe(before + 1);
  });

  it('are narrowed by strategy, symbol and time', async () => {
    const ids = async (query: string) =>
      (await get(`/v1/trades?${query}`)).body.data.map(({ instant }: { instant: number }) => instant);
    const all = await ids('');
    expect(await ids(`from=${all[2]}&to=${all[0]}`)).toEqual(all.slice(0, 3));
    expect(await ids('strategy=eager')).toEqual(all);
    expect(await ids('strategy=nobody')).toEqual([]);
    expect(await ids('symbol=ETH/USDT')).toEqual([]);
  });
});

describe('whoever asks wrongly', () => {
  const problem = async (path: string, headers?: Record<string, string>, method?: string) => {
    const { status, body, headers: sent } = await get(path, headers, method);
    expect(sent.get('content-type')).toBe('application/problem+json');
    expect(sent.get('access-control-allow-origin')).toBeNull();
    expect(body).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code: expect.any(String),
    });
    return { status, code: body.code, allow: sent.get('allow'), challenge: sent.get('www-authenticate') };
  };

  it.each([
    ['without a token', '/v1/system', {}],
    ['with another token', '/v1/system', { Authorization: `Bearer ${'0'.repeat(64)}` }],
    ['with the beginning of the token', '/v1/system', { Authorization: `Bearer ${token.slice(0, -1)}` }],
    ['with the token and more', '/v1/system', { Authorization: `Bearer ${token}0` }],
    ['with the token as a name and a password', '/v1/system', { Authorization: `Basic ${token}` }],
    ['for the document', '/v1/openapi.json', {}],
    ['for what is not there', '/v1/nothing', {}],
  ] as [string, string, Record<string, string>][])('%s is told nothing', async (_, path, headers) => {
    expect(await problem(path, headers)).toEqual({ status: 401, code: 'api/no-token', allow: null, challenge: 'Bearer' });
  });

  it.each([
    ['/v1/nothing', 404, 'api/no-resource'],
    ['/', 404, 'api/no-resource'],
    ['/v1/trades?limit=0', 400, 'api/bad-query'],
    ['/v1/trades?limit=501', 400, 'api/bad-query'],
    ['/v1/trades?limit=ten', 400, 'api/bad-query'],
    ['/v1/trades?limit=5&limit=6', 400, 'api/bad-query'],
    ['/v1/trades?order=asc', 400, 'api/bad-query'],
    ['/v1/system?strategy=eager', 400, 'api/bad-query'],
    ['/v1/trades?cursor=abc', 400, 'api/bad-cursor'],
    ['/v1/trades?cursor=%00', 400, 'api/bad-cursor'],
    ['/v1/events', 400, 'api/no-websocket'],
  ])('for %s is told %i', async (path, status, code) => {
    expect(await problem(path)).toMatchObject({ status, code });
  });

  it('at an address without end is told so', async () => {
    expect(await problem(`/v1/trades?symbol=${'x'.repeat(2_100)}`)).toMatchObject({ status: 414, code: 'api/too-long' });
  });

  it('with the cursor of another list, or of other filters, is refused', async () => {
    const { next } = (await get('/v1/decisions?limit=2&strategy=eager')).body.meta;
    expect((await get(`/v1/decisions?limit=3&strategy=eager&cursor=${next}`)).status).toBe(200);
    for (const path of ['/v1/decisions?', '/v1/signals?strategy=eager&', '/v1/decisions?strategy=other&'])
      expect(await problem(`${path}cursor=${next}`)).toMatchObject({ status: 400, code: 'api/bad-cursor' });
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('with %s is refused', async (method) => {
    expect(await problem('/v1/system', bearer, method)).toMatchObject({ status: 405, allow: 'GET' });
  });

  it('from a page in a browser, or with a body, is refused', async () => {
    const ask = (headers: Record<string, string>, body = '') =>
      new Promise<number>((resolve, reject) => {
        const asked = request(`${api.url}/v1/system`, { headers: { ...bearer, ...headers } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode!);
        });
        asked.on('error', reject);
        asked.end(body);
      });
    expect(await ask({ Origin: 'http://127.0.0.1' })).toBe(403);
    expect(await ask({ 'Content-Length': '4' }, 'body')).toBe(413);
    expect(await ask({ 'X-Long': 'x'.repeat(9_000) })).toBe(431);
  });

  it('too often is told when to come again, and others are answered meanwhile', async () => {
    const other = 'another-token-of-enough-characters-0123456789';
    const strict = await apiOn(fixture, { tokens: [token, other], rate: { perMinute: 60, burst: 3 } });
    try {
      const status = async (held: string) => {
        const answer = await fetch(`${strict.url}/v1/usage`, { headers: { Authorization: `Bearer ${held}` } });
        await answer.text();
        return [answer.status, answer.headers.get('retry-after')];
      };
      for (let at = 0; at < 3; at += 1) expect(await status(token)).toEqual([200, null]);
      expect(await status(token)).toEqual([429, '1']);
      expect(await status(other)).toEqual([200, null]);
      let stranger = await status('nobody');
      for (let at = 0; at < 40 && stranger[0] === 401; at += 1) stranger = await status('nobody');
      expect(stranger[0]).toBe(429);
      // Guessing from the same address locks nobody out who knows.
      expect(await status(other)).toEqual([200, null]);
    } finally {
      await strict.close();
    }
  });
});

describe('a record that cannot be read', () => {
  it('is said without a word of where it lies', async () => {
    const absent = await apiOn(fixture, { dir: `${fixture.root}/nowhere` });
    try {
      const answer = await fetch(`${absent.url}/v1/system`, { headers: bearer });
      const text = await answer.text();
      expect(answer.status).toBe(503);
      expect(JSON.parse(text)).toMatchObject({ code: 'api/no-record' });
      expect(text).not.toContain(fixture.root);
    } finally {
      await absent.close();
    }
  });
});

describe('starting', () => {
  it('is refused without a token, with a weak one, and on an address that others reach unless that is said', async () => {
    await expect(apiOn(fixture, { tokens: [] })).rejects.toMatchObject({ code: 'api/no-token' });
    await expect(apiOn(fixture, { tokens: ['secret'] })).rejects.toMatchObject({ code: 'api/weak-token' });
    await expect(apiOn(fixture, { host: '0.0.0.0' })).rejects.toMatchObject({ code: 'api/not-loopback' });
  });

  it('takes tokens from a file that nobody else can read', () => {
    const file = join(fixture.root, 'tokens');
    writeFileSync(file, `# programs\n${token}\n\n other-${token} \n`, { mode: 0o600 });
    expect(readTokenFile(file)).toEqual([token, `other-${token}`]);
    chmodSync(file, 0o640);
    expect(() => readTokenFile(file)).toThrow(expect.objectContaining({ code: 'api/exposed-token' }));
    expect(() => readTokenFile(`${file}-elsewhere`)).toThrow(expect.objectContaining({ code: 'api/no-token-file' }));
  });
});

/** What a shell prints; the API is in this process, which goes on answering. */
function sh(text: string): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-e'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, RATCHET_API: api.url, RATCHET_API_TOKEN: token },
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part;
    });
    child.on('close', (code) => resolve({ code, stdout }));
    child.stdin.end(text);
  });
}

describe.skipIf(!hasCurl)('the examples of docs/ops/api.md (with curl)', () => {
  it('are there', () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples.map((text, index) => [index + 1, text] as const))('number %i answers as the page says', async (_, text) => {
    const { code, stdout } = await sh(text);
    expect(code).toBe(0);
    const answers = stdout
      .replaceAll('}{', '}\n{')
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const answer of answers)
      expect(Object.keys(answer)).toEqual('openapi' in answer ? expect.arrayContaining(['paths']) : ['data', 'meta']);
    if (text.includes('cursor=')) expect(answers.at(-1).data).toHaveLength(2);
  });
});

describe('ratchet api', () => {
  it('does not start without a token, and answers with one until it is stopped', async () => {
    const args = ['api', '--workspace', fixture.root, '--port', '0'];
    const refused = await new RatchetProcess(args, { RATCHET_API_TOKEN: '' }).ended;
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('api/no-token') });
    const running = new RatchetProcess(args, { RATCHET_API_TOKEN: token });
    try {
      let url: string | undefined;
      await new Promise<void>((resolve) => {
        running.child.stdout!.on('data', () => {
          url ??= /on (http:\S+)\/v1\//.exec(running.stdout)?.[1];
          if (url !== undefined) resolve();
        });
        running.child.once('close', () => resolve());
      });
      const answer = await fetch(`${url}/v1/trades?limit=1`, { headers: { Authorization: `Bearer ${token}` } });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ data: [{ strategy: 'eager' }] });
    } finally {
      expect((await running.kill('SIGTERM')).code).toBe(0);
    }
    expect(running.stdout + running.stderr).not.toContain(token);
  });
});
