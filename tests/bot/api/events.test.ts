import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { ApiEvent } from '#bot/api/events/event.ts';
import type { StreamLimits } from '#bot/api/events/event-streams.ts';
import { eventsAfter, placeOf } from '#bot/api/events/read-events.ts';
import { type Api, type ApiOptions, startApi } from '#bot/api/start-api.ts';
import type { Clock } from '#engine/clock.ts';
import { createLog } from '#engine/log.ts';
import { EngineStore, type StrategyStep } from '#engine/store/engine-store.ts';
import { openForReading } from '#engine/store/open-database.ts';
import { RecordPages } from '#engine/store/record-pages.ts';
import { restoreStore } from '#engine/store/restore-store.ts';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';
import { writeBackup } from '#engine/store/write-backup.ts';
import { hourMs, until } from '#tests/engine/runtime/engine-fixture.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { token } from './api-fixture.ts';

const folder = temporaryFolder('events');
const dir = join(folder.path, 'engine');
const options: ApiOptions = {
  dir,
  botDir: join(folder.path, 'bot'),
  tokens: [token],
  port: 0,
  version: '0.1.0',
  log: createLog('silent'),
};
let store: EngineStore;
let api: Api | null = null;
beforeAll(() => {
  store = EngineStore.open(dir);
  store.setFeedTime(Date.UTC(2026, 0, 1));
  nextBar();
});
afterEach(async () => {
  await api?.close();
  api = null;
});
afterAll(() => {
  store.close();
  folder.remove();
});

const bearer = { Authorization: `Bearer ${token}` };
const soon: Partial<StreamLimits> = { pollMs: 10 };

class Listener {
  readonly events: ApiEvent[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | null = null;

  constructor(query = '', headers: Record<string, string> = bearer, autoPong = true) {
    this.socket = new WebSocket(`${api!.url.replace('http', 'ws')}/v1/events${query}`, { headers, autoPong });
    this.socket.on('message', (text) => this.events.push(ApiEvent.parse(JSON.parse(String(text)))));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.socket.on('error', () => undefined);
  }

  hears(what: string, isIt: (event: ApiEvent) => boolean): Promise<ApiEvent> {
    return until(what, () => this.events.find(isIt), 10_000);
  }
}

/** With what answer the change to a websocket was refused. */
function refusal(
  query: string,
  headers: Record<string, string> = bearer,
): Promise<{ status: number; code: string; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${api!.url.replace('http', 'ws')}/v1/events${query}`, { headers });
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('unexpected-response', (_, answer) => {
      let body = '';
      answer.on('data', (text) => {
        body += String(text);
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, code: JSON.parse(body).code, retryAfter: answer.headers['retry-after'] }),
      );
    });
    socket.on('error', () => undefined);
  });
}

/** The next bar of the record, as the engine writes it. */
function nextBar(part: Partial<StrategyStep> = {}): number {
  const instant = store.lastFeedTime()! + hourMs;
  const decision = { symbol: 'BTC/USDT', action: 'hold', reason: 'nothing', outcome: 'held', terms: null };
  const nothing = { fills: [], trades: [], denials: [], decisions: [decision], equity: 10_000 };
  store.transaction(() => {
    store.addStep({ strategy: 'eager', treeHash: 't', instant, ...nothing, ...part });
    store.setFeedTime(instant);
  });
  return instant;
}

const fill = {
  time: 1,
  symbol: 'BTC/USDT',
  side: 'buy',
  quantity: 1,
  price: 2,
  fee: 0,
  isMaker: false,
  cause: 'entry',
  reason: 'x',
} as const;

describe('a stream', () => {
  it('says hello, then what a bar brought, in order, and what is said between bars', async () => {
    api = await startApi({ ...options, streams: soon });
    const listener = new Listener();
    await listener.hears('hello', ({ type }) => type === 'hello');
    const instant = nextBar({ fills: [fill] });
    await listener.hears('the bar', ({ type }) => type === 'bar');
    store.addSync({ at: 7, status: 'Degraded', commitHash: null, reason: 'the disk is full' });
    store.addFault({ at: 8, instant, strategy: 'eager', treeHash: 't', code: 'sandbox/timeout', message: 'too long' });
    await listener.hears('the fault', ({ type }) => type === 'fault');
    expect(listener.events.map(({ type, data }) => ({ type, data }))).toMatchObject([
      { type: 'hello', data: { control: { mode: 'active' } } },
      { type: 'fill', data: { instant, side: 'buy', quantity: 1, isMaker: false } },
      { type: 'decision', data: { instant, action: 'hold' } },
      { type: 'bar', data: { instant, equity: [{ strategy: 'eager', value: 10_000 }] } },
      { type: 'status', data: { status: 'Degraded' } },
      { type: 'fault', data: { code: 'sandbox/timeout' } },
    ]);
  });

  it('goes on after any event by its cursor, on another API too, without a gap or a repetition', async () => {
    api = await startApi({ ...options, streams: soon });
    const first = new Listener();
    await first.hears('hello', ({ type }) => type === 'hello');
    const instants = [nextBar({ fills: [fill, fill] }), nextBar(), nextBar({ fills: [fill] })];
    await first.hears('the last bar', ({ type, data }) => type === 'bar' && data.instant === instants[2]);
    const told = first.events;
    await api.close();
    api = await startApi({ ...options, streams: soon });
    for (const [index, { cursor }] of told.slice(0, -1).entries()) {
      const again = new Listener(`?cursor=${cursor}`);
      await again.hears('the last bar', ({ type, data }) => type === 'bar' && data.instant === instants[2]);
      expect(again.events.slice(1)).toEqual(told.slice(index + 1));
      again.socket.terminate();
    }
  });

  it('tells of the types that were asked for, and its cursor is beyond the others', async () => {
    api = await startApi({ ...options, streams: soon });
    const listener = new Listener('?types=fill,status');
    await listener.hears('hello', ({ type }) => type === 'hello');
    nextBar();
    const instant = nextBar({ fills: [fill] });
    await listener.hears('the fill', ({ type }) => type === 'fill');
    expect(listener.events.slice(1)).toMatchObject([{ type: 'fill', data: { instant } }]);
  });

  it('beats when nothing is said, and lets go of who does not answer', async () => {
    let now = 0;
    const turns: (() => void)[] = [];
    const clock: Clock = {
      now: () => now,
      after: (_, work) => {
        turns.push(work);
        return () => undefined;
      },
    };
    /** Everything that waits, once. */
    const turn = (ms: number) => {
      now += ms;
      for (const work of turns.splice(0)) work();
    };
    api = await startApi({ ...options, clock, streams: { heartbeatMs: 1000 } });
    const listener = new Listener('', bearer, false);
    await listener.hears('hello', ({ type }) => type === 'hello');
    turn(999);
    turn(1);
    await listener.hears('a heartbeat', ({ type, data }) => type === 'heartbeat' && data.at === 1000);
    expect(listener.events.map(({ type }) => type)).toEqual(['hello', 'heartbeat']);
    turn(1000);
    await until('the end', () => listener.closed);
    expect(listener.closed).toEqual({ code: 4411, reason: 'the last ping was not answered' });
  });

  it('beats on after the clock was set back', async () => {
    let now = 100_000;
    const turns: (() => void)[] = [];
    const after: Clock['after'] = (_, work) => {
      turns.push(work);
      return () => undefined;
    };
    api = await startApi({ ...options, clock: { now: () => now, after }, streams: { heartbeatMs: 1000 } });
    const listener = new Listener();
    await listener.hears('hello', ({ type }) => type === 'hello');
    for (now of [5_000, 6_000]) for (const work of turns.splice(0)) work();
    await listener.hears('a heartbeat', ({ type, data }) => type === 'heartbeat' && data.at === 6_000);
  });

  it('lets go of who does not take what is sent, with a reason, and others go on', async () => {
    api = await startApi({ ...options, streams: { ...soon, waitingBytes: 1024, slowMs: 500 } });
    const quick = new Listener();
    await quick.hears('hello', ({ type }) => type === 'hello');
    const { hostname, port } = new URL(api.url);
    const slow = connect(Number(port), hostname);
    slow.pause();
    const upgrade = {
      Host: 'here',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const lines = Object.entries({ ...bearer, ...upgrade }).map(([name, value]) => `${name}: ${value}\r\n`);
    slow.write(`GET /v1/events HTTP/1.1\r\n${lines.join('')}\r\n`);
    await until('both', () => api!.streams.count === 2);
    const reason = 'y'.repeat(100_000);
    const decision = { symbol: 'BTC/USDT', action: 'hold', reason, outcome: 'held', terms: null };
    // More than the system keeps for a reader who does not read.
    await until('one of them', () => {
      if (api!.streams.count === 2) nextBar({ decisions: [decision] });
      return api!.streams.count === 1;
    });
    expect(quick.closed).toBeNull();
    let taken = '';
    slow.on('data', (bytes) => {
      taken = (taken + bytes.toString('latin1')).slice(-200);
    });
    slow.resume();
    await until('the goodbye', () => taken.includes('come again with your last cursor'));
    const instant = nextBar();
    await quick.hears('the bar after', ({ type, data }) => type === 'bar' && data.instant === instant);
    slow.destroy();
  });

  it('only tells: a word to it ends it', async () => {
    const logged: unknown[] = [];
    const log = Object.assign(createLog('silent'), { warn: (...line: unknown[]) => logged.push(line) });
    api = await startApi({ ...options, log, streams: soon });
    const listener = new Listener();
    await listener.hears('hello', ({ type }) => type === 'hello');
    for (let word = 0; word < 100; word += 1) listener.socket.send('buy');
    await until('the end', () => listener.closed);
    expect(listener.closed).toEqual({ code: 1008, reason: 'this stream only tells' });
    expect(logged).toHaveLength(1);
  });

  it('ends where an earlier record takes the place of its own', async () => {
    const backup = join(folder.path, 'earlier.sqlite');
    const record = openForReading(dir);
    writeBackup(record, backup);
    record.close();
    nextBar();
    api = await startApi({ ...options, streams: soon });
    const listener = new Listener();
    const { cursor } = await listener.hears('hello', ({ type }) => type === 'hello');
    store.close();
    restoreStore(dir, backup, 0);
    await until('the end', () => listener.closed);
    expect(listener.closed).toMatchObject({ code: 4410 });
    expect(await refusal(`?cursor=${cursor}`)).toMatchObject({ status: 410, code: 'api/cursor-ahead' });
    store = EngineStore.open(dir);
  });

  it('is followed through bars that brought nothing, however old those become', async () => {
    api = await startApi({ ...options, streams: soon });
    const { cursor } = await new Listener().hears('hello', ({ type }) => type === 'hello');
    const quiet = store.lastFeedTime()! + 100 * hourMs;
    store.setFeedTime(quiet);
    const record = RecordPages.open(dir, 0);
    const { told, place } = eventsAfter(record, placeOf(cursor), 10);
    record.close();
    expect([told, place]).toEqual([[], { ...placeOf(cursor), instant: quiet, count: 0 }]);
  });
});

describe('a stream is refused', () => {
  it('without a token, from a page, with what is not known, and when there are enough', async () => {
    api = await startApi({ ...options, streams: { ...soon, clients: 1 } });
    expect(await refusal('', {})).toMatchObject({ status: 401, code: 'api/no-token' });
    expect(await refusal('', { ...bearer, Origin: 'http://127.0.0.1' })).toMatchObject({ status: 403 });
    expect(await refusal('?types=money')).toMatchObject({ status: 400, code: 'api/bad-query' });
    expect(await refusal('?cursor=abc')).toMatchObject({ status: 400, code: 'api/bad-cursor' });
    expect(await refusal('?__proto__=1')).toMatchObject({ status: 400, code: 'api/bad-query' });
    const other = { Connection: 'Upgrade', Upgrade: 'h2c' };
    const plain = await new Promise<number>((resolve) =>
      get(`${api!.url}/v1/system`, { headers: { ...bearer, ...other } }, (answer) => resolve(answer.resume().statusCode!)),
    );
    expect(plain).toBe(400);
    const listener = new Listener();
    await listener.hears('hello', ({ type }) => type === 'hello');
    expect(await refusal('')).toEqual({ status: 429, code: 'api/too-many-streams', retryAfter: '10' });
    listener.socket.close();
    await until('room', () => api!.streams.count === 0);
    await new Listener().hears('hello', ({ type }) => type === 'hello');
  });

  it('with a cursor from before what is kept bar by bar', async () => {
    api = await startApi({ ...options, streams: soon });
    const listener = new Listener();
    const { cursor } = await listener.hears('hello', ({ type }) => type === 'hello');
    const instants = [nextBar(), nextBar(), nextBar()];
    const none = TierSettings.parse({ recordedDays: 0, fiveMinuteDays: 0, hourDays: 0 });
    store.keepTiers(none, instants[2]! + 24 * hourMs, { clock: () => 0, ms: 1 });
    expect(await refusal(`?cursor=${cursor}`)).toMatchObject({ status: 410, code: 'api/cursor-too-old' });
  });
});
