import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { writeCursor } from '#bot/api/cursor.ts';
import { Rates } from '#bot/api/rates.ts';
import { resources } from '#bot/api/resources/index.ts';
import type { Api } from '#bot/api/start-api.ts';
import { readTokenFile } from '#bot/api/tokens.ts';
import type { FeedHealth } from '#engine/feeds/feed.ts';
import { HealthKeeper, type VenueHealth } from '#engine/runtime/health.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { storePath } from '#engine/store/open-database.ts';
import { type EngineFixture, read, until } from '#tests/engine/runtime/engine-fixture.ts';
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
/** What is wrong with a value by a schema of the document, named by its place there; null where nothing is. */
let wrongBy: (place: string, value: unknown) => string | null;
beforeAll(async () => {
  fixture = await recordedFixture();
  api = await apiOn(fixture, { rate: { perMinute: 100_000, burst: 10_000 } });
  document = (await get('/v1/openapi.json')).body;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'api');
  wrongBy = (place, value) => {
    const validate = ajv.getSchema(`api#${place}`)!;
    return validate(value) ? null : ajv.errorsText(validate.errors);
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
    const place = `/paths/~1v1~1${name}/get/responses/200/content/application~1json/schema`;
    expect(wrongBy(place, body)).toBeNull();
    // A description that lets everything pass would too.
    expect(wrongBy(place, { ...body, data: 'something else' })).not.toBeNull();
    expect(body.meta).toMatchObject({ asOf: read(optionsOf(fixture).dir, (reader) => reader.lastFeedTime()), inRunsUpTo: null });
  });
});

describe('the document, of refusals and events', () => {
  /** A status and what it is told with, of whatever kind of answer. */
  const ask = (on: Api, path: string, headers: Record<string, string>, body = '') =>
    new Promise<{ status: number; body: unknown }>((resolve, reject) => {
      const asked = request(`${on.url}${path}`, { headers, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode!, body: JSON.parse(text) }));
      });
      asked.on('error', reject);
      asked.end(body);
    });

  it('describes every way in which any of them is refused', async () => {
    const strict = await apiOn(fixture, { rate: { perMinute: 1, burst: 0.5 } });
    const absent = await apiOn(fixture, { dir: `${fixture.root}/nowhere`, rate: { perMinute: 100_000, burst: 10_000 } });
    try {
      for (const path of Object.keys(document.paths)) {
        const isFixed = path === '/v1/openapi.json';
        const refusals = [
          [400, await ask(api, `${path}?nothing=1`, bearer), isFixed],
          [401, await ask(api, path, {}), false],
          [403, await ask(api, path, { ...bearer, Origin: 'http://here' }), false],
          [413, await ask(api, path, { ...bearer, 'Content-Length': '4' }, 'body'), false],
          [414, await ask(api, `${path}?strategy=${'x'.repeat(2_100)}`, bearer), false],
          [429, await ask(strict, path, bearer), false],
          [503, await ask(absent, path, bearer), isFixed || path === '/v1/events' || path === '/v1/usage'],
        ] as const;
        for (const [status, answer, isOther] of refusals) {
          if (isOther) continue;
          expect([path, answer.status]).toEqual([path, status]);
          const { $ref } = document.paths[path].get.responses[status];
          const place = `${$ref.slice(1)}/content/application~1problem+json/schema`;
          expect(wrongBy(place, answer.body)).toBeNull();
          expect(wrongBy(place, { ...(answer.body as object), stack: 'at …' })).not.toBeNull();
        }
      }
    } finally {
      await strict.close();
      await absent.close();
    }
  });

  it('describes every event that the record gives rise to', async () => {
    const beginning = writeCursor('events', { instant: -1, count: 0, sync: 0, fault: 0 });
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/v1/events?cursor=${beginning}`, { headers: bearer });
    const events: { type: string }[] = [];
    socket.on('message', (text) => events.push(JSON.parse(String(text))));
    const types = ['hello', 'status', 'fill', 'trade', 'decision', 'bar'];
    await until('each of them', () => types.every((type) => events.some((event) => event.type === type)), 10_000);
    socket.terminate();
    for (const event of events) expect(wrongBy('/components/schemas/Event', event)).toBeNull();
    expect(wrongBy('/components/schemas/Event', { ...events[0], more: 1 })).not.toBeNull();
  });

  it('says of a number that it is one, and how large it may be', () => {
    const limit = document.paths['/v1/trades'].get.parameters.find(({ name }: { name: string }) => name === 'limit');
    expect(limit.schema).toEqual({ type: 'integer', minimum: 1, maximum: 500 });
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

  it('say while an engine runs how its account and its bars stand', async () => {
    const { dir } = optionsOf(fixture);
    const now = Date.now();
    const venue: VenueHealth = {
      ...{
        name: 'kraken',
        account: 'kraken-4f2a',
        isReady: true,
        lookedAt: now,
        reconciledAt: now,
        openOrders: 2,
        openPositions: 1,
        sellingSince: null,
      },
      ...{
        deadMan: { state: 'armed', until: now + 60_000 },
        clockOffset: { offsetMs: 12, uncertaintyMs: 30 },
        money: { shares: 1_000, own: 2_000 },
      },
    };
    const closed = now - 60_000;
    const series = { symbol: 'BTC/USD', newestClose: closed, ageMs: 0, settledUntil: closed, missed: 1, corrections: 0 };
    const feed: FeedHealth = {
      ...{ venue: 'kraken', stream: 'connected', lastMessageAt: now, reconnects: 0, breaker: 'closed', unstoredBars: 0 },
      ...{ clock: { offset: 250, uncertainty: 20, measuredAt: now }, series: [series], problems: [], notices: ['a gap'] },
    };
    const lock = acquireLock(dir, Date.now);
    new HealthKeeper(dir, Date.now).note(venue, feed);
    const { body } = await get('/v1/system');
    lock.release();
    expect(wrongBy('/paths/~1v1~1system/get/responses/200/content/application~1json/schema', body)).toBeNull();
    expect(body.data).toMatchObject({ engine: 'running', venue, bars: { notices: ['a gap'], series: [{ missed: 1 }] } });
    expect(body.data.bars.series[0].ageMs).toBeGreaterThanOrEqual(60_250);
    expect((await get('/v1/system')).body.data).toMatchObject({ engine: 'stopped', venue: null, bars: null });
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
          forced: [{ symbol: 'BTC/USDT', cause: 'take-profit', reason: 'target', checks: [] }],
          equity: 1,
        });
      }
    } finally {
      store.close();
    }
    expect(ids).toEqual(whole);
    expect(ids.length).toBeGreaterThan(70);
    // What was sold without a decision stands among them, the newest first.
    const causes = async (list: string) =>
      (await get(`/v1/${list}?limit=3&strategy=late`)).body.data.map(({ cause, action }: Record<string, string>) => [
        cause,
        action,
      ]);
    const [held, sold] = [
      ['decision', 'hold'],
      ['take-profit', 'exit'],
    ];
    expect(await causes('decisions')).toEqual([held, sold, held]);
    expect(await causes('signals')).toEqual([sold, sold, sold]);
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

describe('connections', () => {
  /** One that says no more than it is told to, and does not close its side. */
  const dial = (on: Api, text = ''): Socket => {
    const { hostname, port } = new URL(on.url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    socket.on('error', () => undefined).resume();
    socket.write(text);
    return socket;
  };
  const usage = async (on: Api, held = token, agent: Agent | false = false) =>
    new Promise<number>((resolve, reject) => {
      const headers = { Authorization: `Bearer ${held}` };
      request(`${on.url}/v1/usage`, { headers, agent }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode!)))
        .on('error', reject)
        .end();
    });
  const half = 'GET /v1/usage HTTP/1.1\r\nHost: here\r\n';

  it('that show no token make room for who does, the oldest first', async () => {
    const small = await apiOn(fixture, { connections: { all: 3 } });
    const [first, ...others] = [dial(small, half), dial(small), dial(small, half)];
    try {
      await until('the connections', () => [first, ...others].every((one) => !one!.connecting));
      expect(await usage(small)).toBe(200);
      await until('the oldest to go', () => first!.readableEnded || first!.destroyed);
      expect(others.map((one) => one.readableEnded)).toEqual([false, false]);
    } finally {
      for (const one of [first!, ...others]) one.destroy();
      await small.close();
    }
  });

  it('of one token do not keep another out', async () => {
    const other = `other-${token}`;
    const small = await apiOn(fixture, { tokens: [token, other], connections: { all: 2, ofHolder: 1 } });
    const agent = new Agent({ keepAlive: true });
    try {
      expect(await usage(small, token, agent)).toBe(200);
      expect(await usage(small, token)).toBe(429);
      expect(await usage(small, other)).toBe(200);
      expect(await usage(small, token, agent)).toBe(200);
    } finally {
      agent.destroy();
      await small.close();
    }
  });

  it('are ended when their headers never end, when they are silent, and when they are refused', async () => {
    const hasty = await apiOn(fixture, { patience: { headersMs: 50, everyMs: 20 } });
    const idle = await apiOn(fixture, { patience: { idleMs: 50 } });
    const refused = 'GET /v1/events HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const body = `GET /v1/usage HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000000\r\n\r\n`;
    const sockets = [dial(hasty, half), dial(idle), dial(api, refused), dial(api, body)];
    let closed = 0;
    for (const socket of sockets) socket.on('close', () => (closed += 1));
    try {
      // What still listens takes another word.
      await until('the end of each', () => {
        for (const socket of sockets) if (socket.readableEnded) socket.write('x');
        return closed === sockets.length;
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      await hasty.close();
      await idle.close();
    }
  });
});

describe('the measure', () => {
  it('is not emptied by a clock that is set back', () => {
    let now = 3_600_000;
    const rates = new Rates({ perMinute: 60, burst: 3 }, () => now);
    rates.spend('one');
    now = 0;
    rates.spend('one');
    rates.spend('one');
    expect(() => rates.spend('one')).toThrow(expect.objectContaining({ status: 429, headers: { 'Retry-After': '1' } }));
    now = 1_000;
    rates.spend('one');
  });
});

describe('a record that cannot be read', () => {
  const aside = (name: string): string => {
    const dir = join(fixture.root, name);
    mkdirSync(dir);
    copyFileSync(storePath(optionsOf(fixture).dir), storePath(dir));
    return dir;
  };
  it.each([
    ['is held by another process', (database: Database.Database) => void database.exec('BEGIN EXCLUSIVE')],
    ['is damaged', (database: Database.Database) => damage(database)],
    ['is being restored', (database: Database.Database) => writeFileSync(`${database.name.slice(0, -7)}.restoring`, 'x')],
    ['waits for its migration', (database: Database.Database) => void database.pragma('user_version = 1')],
  ])('because it %s is said soon, and without a word of it', async (why, spoil) => {
    const dir = aside(why.replaceAll(' ', '-'));
    const database = new Database(storePath(dir));
    database.pragma('locking_mode = EXCLUSIVE');
    spoil(database);
    if (!database.inTransaction) database.close();
    const on = await apiOn(fixture, { dir });
    try {
      const from = performance.now();
      const answer = await fetch(`${on.url}/v1/trades`, { headers: bearer });
      const text = await answer.text();
      expect(answer.status).toBe(503);
      expect(JSON.parse(text)).toMatchObject({ code: 'api/record-unreadable' });
      expect(text).not.toMatch(/SQL|sqlite|malformed|at .*\.ts|\/tmp/i);
      expect(performance.now() - from).toBeLessThan(5_000);
    } finally {
      database.close();
      await on.close();
    }
  });

  it('in one part is told in the others', async () => {
    const dir = aside('half-status');
    writeFileSync(join(dir, 'status.json'), '{"schema":');
    const on = await apiOn(fixture, { dir });
    try {
      const status = async (name: string) => (await fetch(`${on.url}/v1/${name}`, { headers: bearer })).status;
      expect([await status('system'), await status('trades')]).toEqual([503, 200]);
    } finally {
      await on.close();
    }
  });

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

/** Overwrites all but the first pages. */
function damage(database: Database.Database): void {
  const path = database.name;
  database.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x5a, 4 * 4096));
}

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
