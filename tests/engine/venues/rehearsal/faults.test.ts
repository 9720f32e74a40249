import ccxt, { type Exchange } from 'ccxt';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { faultPath } from '#engine/venues/rehearsal/fault-order.ts';
import { Faults, type RestFault } from '#engine/venues/rehearsal/faults.ts';
import { type Rehearsal, type RehearsalDialect, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { HandClock } from './hand-clock.ts';
import { bars, start } from './small-market.ts';
import { unmodifiedCcxt } from './unmodified-ccxt.ts';
import { until } from './until.ts';

const still = [1000, 1000, 1000, 1000] as const;
/** How long the clients wait for an answer. */
const patienceMs = 250;

interface Stage {
  readonly clock: HandClock;
  readonly rehearsal: Rehearsal;
  readonly client: Exchange;
  readonly symbol: string;
  /** How faults name the call that places an order. */
  readonly placing: string;
}
const stages = {} as Record<RehearsalDialect, Stage>;

async function open(dialect: RehearsalDialect, quote: string, placing: string): Promise<void> {
  const clock = new HandClock(start);
  const symbol = `BTC/${quote}`;
  const rehearsal = await startRehearsal({
    dialect,
    prices: { candles: new Map([[symbol, bars(Array(60).fill(still))]]), timeframe: '1h' },
    balances: { [quote]: '100000', BTC: '10' },
    clock,
  });
  const client = await unmodifiedCcxt(dialect, rehearsal, patienceMs);
  await client.loadMarkets();
  stages[dialect] = { clock, rehearsal, client, symbol, placing };
}

beforeAll(async () => {
  await open('kraken', 'USD', 'AddOrder');
  await open('binance', 'USDT', 'POST order');
});
afterAll(async () => {
  for (const { client, rehearsal } of Object.values(stages)) {
    await client.close();
    await rehearsal.close();
  }
});
beforeEach(() => {
  for (const { rehearsal } of Object.values(stages)) rehearsal.exchange.cancelAll('rehearsal');
});

/** Places an order that meets the fault: what ccxt makes of it, and how many orders the exchange has got. */
async function placed(dialect: RehearsalDialect, fault: RestFault): Promise<{ error: unknown; id: unknown; orders: number }> {
  const { rehearsal, client, symbol, placing } = stages[dialect];
  const before = rehearsal.exchange.orders('rehearsal').length;
  rehearsal.server.faults.next(placing, fault);
  const answer = await client.createOrder(symbol, 'limit', 'buy', 1, 500, { clientOrderId: 'rsame' }).then(
    ({ id }) => ({ error: null, id }),
    (error: unknown) => ({ error, id: null }),
  );
  return { ...answer, orders: rehearsal.exchange.orders('rehearsal').length - before };
}

describe.each(['kraken', 'binance'] as const)('an order at %s', (dialect) => {
  it.each([
    ['timeout-before', 0],
    ['timeout-after', 1],
  ] as const)('meets %s: the client waits in vain, and the exchange has %d', async (kind, orders) => {
    const outcome = await placed(dialect, { kind });
    expect(outcome.error).toBeInstanceOf(ccxt.RequestTimeout);
    expect(outcome.orders).toBe(orders);
  });

  it.each([
    ['drop-before', 0],
    ['drop-after', 1],
  ] as const)('meets %s: the connection breaks, and the exchange has %d', async (kind, orders) => {
    const outcome = await placed(dialect, { kind });
    expect(outcome.error).toBeInstanceOf(ccxt.NetworkError);
    expect(outcome.orders).toBe(orders);
  });

  it('meets a server error before or after it was taken', async () => {
    for (const isDone of [false, true]) {
      const outcome = await placed(dialect, { kind: 'server-error', status: 502, isDone });
      expect(outcome.error).toBeInstanceOf(ccxt.ExchangeNotAvailable);
      expect(outcome.orders).toBe(isDone ? 1 : 0);
      stages[dialect].rehearsal.exchange.cancelAll('rehearsal');
    }
  });

  it('meets a rate limit', async () => {
    expect(await placed(dialect, { kind: 'rate-limit' })).toMatchObject({ error: expect.any(ccxt.DDoSProtection), orders: 0 });
    expect(await placed(dialect, { kind: 'order-rate-limit' })).toMatchObject({
      error: expect.any(ccxt.DDoSProtection),
      orders: 0,
    });
  });

  it('meets a refused nonce', async () => {
    expect(await placed(dialect, { kind: 'nonce' })).toMatchObject({ error: expect.any(ccxt.InvalidNonce), orders: 0 });
  });

  it('meets an answer cut in the middle, of which ccxt makes an order without an id', async () => {
    const outcome = await placed(dialect, { kind: 'malformed' });
    expect(outcome.orders).toBe(1);
    expect(outcome.id ?? null).toBeNull();
  });

  it('meets a delay', async () => {
    const { clock, rehearsal } = stages[dialect];
    const outcome = placed(dialect, { kind: 'delay', ms: 5_000 });
    const before = rehearsal.server.calls.length;
    await until(() => rehearsal.server.calls.length > before);
    clock.turn(5_000);
    expect(await outcome).toMatchObject({ error: null, orders: 1 });
  });

  it('meets maintenance, which the status tells', async () => {
    const { rehearsal, client, symbol } = stages[dialect];
    expect(await placed(dialect, { kind: 'maintenance' })).toMatchObject({ orders: 0, error: expect.any(ccxt.OperationFailed) });
    rehearsal.setMaintenance(true);
    expect(await client.fetchStatus()).toMatchObject({ status: 'maintenance' });
    await expect(client.fetchTicker(symbol)).rejects.toThrow(ccxt.OperationFailed);
    rehearsal.setMaintenance(false);
    expect(await client.fetchStatus()).toMatchObject({ status: 'ok' });
  });

  it('signed with another secret is not taken', async () => {
    const { rehearsal } = stages[dialect];
    const stranger = await unmodifiedCcxt(dialect, { ...rehearsal, key: { ...rehearsal.key, secret: 'bm90IGl0' } });
    await expect(stranger.fetchBalance()).rejects.toThrow(/signature/i);
  });

  it('cannot be sent where the name does not resolve, or nobody listens', async () => {
    const { rehearsal, client } = stages[dialect];
    const lost = await unmodifiedCcxt(dialect, { ...rehearsal, baseUrl: 'http://exchange.invalid' });
    await expect(lost.fetchTime()).rejects.toThrow(ccxt.NetworkError);
    await rehearsal.server.down();
    await expect(client.fetchTime()).rejects.toThrow(ccxt.NetworkError);
    await rehearsal.server.up();
    await expect(client.fetchTime()).resolves.toBeGreaterThan(0);
  });
});

describe('a request that comes twice', () => {
  it('is stopped at Kraken by its nonce', async () => {
    expect(await placed('kraken', { kind: 'duplicate' })).toMatchObject({ error: null, orders: 1 });
  });

  it('is stopped at Binance by its id only while the first is open', async () => {
    expect(await placed('binance', { kind: 'duplicate' })).toMatchObject({ error: null, orders: 1 });
    const { rehearsal, client, symbol } = stages.binance;
    const before = rehearsal.exchange.orders('rehearsal').length;
    rehearsal.server.faults.next('POST order', { kind: 'duplicate' });
    await client.createOrder(symbol, 'market', 'buy', 0.01, undefined, { clientOrderId: 'rtwice' });
    expect(rehearsal.exchange.orders('rehearsal').length - before).toBe(2);
  });
});

describe('Binance', () => {
  it('says how long it wants to be left alone', async () => {
    const { client } = stages.binance;
    const outcome = await placed('binance', { kind: 'rate-limit', isBan: true, retryAfterS: 120 });
    expect(String(outcome.error)).toMatch(/418 .*banned until/);
    expect(client.last_response_headers).toMatchObject({ 'Retry-After': '120' });
  });

  it('refuses a clock that is behind or ahead', async () => {
    const { rehearsal, client } = stages.binance;
    for (const ms of [20_000, -20_000]) {
      rehearsal.setSkew(ms);
      await expect(client.fetchBalance()).rejects.toThrow(ccxt.InvalidNonce);
      expect((await client.fetchTime())! - rehearsal.clock.now()).toBe(ms);
    }
    rehearsal.setSkew(0);
  });
});

describe('the messages of a stream', () => {
  async function listening(): Promise<{ socket: WebSocket; seen: string[]; order(): Promise<string> }> {
    const { rehearsal, client, symbol } = stages.kraken;
    const seen: string[] = [];
    const socket = new WebSocket(`${rehearsal.baseUrl.replace('http', 'ws')}/v2`);
    const { result } = await client.privatePostGetWebSocketsToken();
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    socket.addEventListener('message', ({ data }) => {
      const { channel, type, data: rows } = JSON.parse(String(data));
      if (channel === 'executions' && type === 'update') seen.push(rows[0].exec_type);
    });
    const before = rehearsal.server.calls.length;
    socket.send(
      JSON.stringify({ method: 'subscribe', params: { channel: 'executions', token: result.token, snap_orders: false } }),
    );
    await until(() => rehearsal.server.calls.length > before);
    return {
      socket,
      seen,
      order: async () => (await client.createOrder(symbol, 'limit', 'buy', 1, 500)).id!,
    };
  }

  it('come in order, twice, late or never', async () => {
    const { rehearsal, client } = stages.kraken;
    const { socket, seen, order } = await listening();
    const first = await order();
    await until(() => seen.length === 2);
    rehearsal.server.faults.nextMessage('executions', 'twice', 'late');
    await client.cancelOrder(first);
    const second = await order();
    await until(() => seen.length === 6);
    rehearsal.server.faults.nextMessage('executions', 'lost');
    await client.cancelOrder(second);
    await order();
    await until(() => seen.length === 8);
    expect(seen).toEqual(['pending_new', 'new', 'canceled', 'canceled', 'new', 'pending_new', 'pending_new', 'new']);
    socket.close();
  });

  it('end where the stream falls silent, and where it breaks ccxt says so once', async () => {
    const { rehearsal, client, clock, symbol } = stages.kraken;
    await client.watchTicker(symbol);
    rehearsal.server.silence();
    let hasHeard = false;
    const next = client.watchTicker(symbol).finally(() => {
      hasHeard = true;
    });
    const settled = expect(next).rejects.toThrow(ccxt.NetworkError);
    clock.turn(60_000);
    await client.fetchTime();
    expect(hasHeard).toBe(false);
    rehearsal.server.speak();
    rehearsal.server.dropStreams();
    await settled;
    expect(await client.watchTicker(symbol)).toMatchObject({ last: 1000 });
  });
});

describe('faults by chance', () => {
  const drawn = (seed: number) => {
    const faults = new Faults();
    faults.byChance({ seed, rate: 0.2, messageRate: 0.1 });
    return Array.from({ length: 500 }, () => [faults.take('AddOrder'), faults.takeMessage('executions')]);
  };

  it('are the same for the same seed, and about as many as asked for', () => {
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
    const calls = drawn(7).filter(([fault]) => fault !== null).length;
    expect(calls).toBeGreaterThan(60);
    expect(calls).toBeLessThan(140);
  });
});

describe('faults by hand', () => {
  const order = async (change: object, secret?: string) => {
    const { rehearsal } = stages.kraken;
    const headers = { Authorization: `Bearer ${secret ?? rehearsal.key.secret}` };
    const answer = await fetch(rehearsal.baseUrl + faultPath, { method: 'POST', headers, body: JSON.stringify(change) });
    return { status: answer.status, ...((await answer.json()) as { done?: string; wrong?: string }) };
  };
  const timeOf = async () => {
    const answer = await fetch(`${stages.kraken.rehearsal.baseUrl}/0/public/Time`);
    const told = answer.ok ? await answer.json() : {};
    const { error = [], result } = told as { error?: string[]; result?: { unixtime: number } };
    return { status: answer.status, error, seconds: result?.unixtime ?? null };
  };

  it('need the secret of the key, and what each is about', async () => {
    expect(await order({ kind: 'silence' }, 'guessed')).toMatchObject({ status: 401 });
    expect(await order({ kind: 'rain' })).toMatchObject({ status: 400 });
    expect(await order({ kind: 'deposit', asset: 'BTC' })).toMatchObject({
      status: 400,
      wrong: expect.stringContaining('amount'),
    });
    expect(await order({ kind: 'thin', symbol: 'ADA/EUR' })).toMatchObject({
      status: 400,
      wrong: expect.stringContaining('BTC/USD'),
    });
  });

  it('last for their time, and end at once when a person says so', async () => {
    await order({ kind: 'server-error', forMs: 40 });
    expect((await timeOf()).status).toBeGreaterThanOrEqual(500);
    await vi.waitFor(async () => expect((await timeOf()).status).toBe(200));
    const before = (await timeOf()).seconds!;
    await order({ kind: 'skew', skewMs: 90_000 });
    expect((await timeOf()).seconds).toBe(before + 90);
    await order({ kind: 'maintenance' });
    expect(await stages.kraken.client.fetchStatus()).toMatchObject({ status: 'maintenance' });
    await order({ kind: 'none' });
    expect(await stages.kraken.client.fetchStatus()).toMatchObject({ status: 'ok' });
    expect(await timeOf()).toEqual({ status: 200, error: [], seconds: before });
    await order({ kind: 'down', forMs: 200 });
    await vi.waitFor(() => expect(timeOf()).rejects.toThrow());
    await vi.waitFor(timeOf);
  });

  it('meet orders alone where that is asked for', async () => {
    const { rehearsal, client, symbol } = stages.kraken;
    await order({ kind: 'timeout-after', ordersOnly: true });
    await expect(client.createOrder(symbol, 'limit', 'buy', 1, 500)).rejects.toThrow(ccxt.RequestTimeout);
    expect(rehearsal.exchange.openOrders('rehearsal')).toHaveLength(1);
    expect((await timeOf()).status).toBe(200);
    await order({ kind: 'none' });
  });

  it('fill in parts where the book is thin, and are deeds of somebody else: money, an order, a trade', async () => {
    const { rehearsal, client, symbol } = stages.kraken;
    const { exchange } = rehearsal;
    const filled = async () => (await client.fetchOrder((await client.createOrder(symbol, 'market', 'buy', 1)).id!)).filled;
    await order({ kind: 'thin' });
    expect(await filled()).toBeLessThan(1);
    await order({ kind: 'none' });
    const before = exchange.balances('rehearsal').get('BTC')!.total;
    await order({ kind: 'deposit', asset: 'BTC', amount: '-0.5' });
    expect(exchange.balances('rehearsal').get('BTC')!.total.minus(before).toFixed()).toBe('-0.5');
    await order({ kind: 'trade' });
    expect(exchange.fills('rehearsal').at(-1)).toMatchObject({ side: 'buy', symbol });
    expect(await order({ kind: 'order' })).toMatchObject({ done: expect.stringMatching(/Somebody else would buy \S+ BTC\/USD/) });
    expect(exchange.openOrders('rehearsal')).toMatchObject([{ side: 'buy', clientOrderId: null }]);
    await order({ kind: 'none' });
    expect(exchange.openOrders('rehearsal')).toEqual([]);
    expect(exchange.books().every(({ difference }) => difference.eq(0))).toBe(true);
  });
});
