import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Big } from 'big.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noteRehearsal, rehearsalKeyIn } from '#bot/cli/engine/rehearsal-address.ts';
import { systemClock } from '#engine/clock.ts';
import { pendingAcceptance, requestAcceptance } from '#engine/runtime/accept-request.ts';
import type { EngineOptionsInput, FollowedMarket } from '#engine/runtime/options.ts';
import { tradedVenueIn } from '#engine/runtime/real-money.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { openForReading } from '#engine/store/open-database.ts';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import { type Rehearsal, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import {
  type EngineFixture,
  engineFixture,
  type RunningEngine,
  read,
  rules,
  startEngine,
  strategyText,
  until,
  untilStatus,
} from '#tests/engine/runtime/engine-fixture.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

/** Bars of a minute close every second. */
const pace = { factor: 60, since: Date.now() };
const clock = pacedClock(systemClock, pace.factor, pace.since);
const idle = strategyText({ symbols: ['BTC/USD'], timeframe: '1m', onBar: `return context.hold('waiting');` });

let fixture: EngineFixture;
let rehearsal: Rehearsal;
let state: string;
let running: RunningEngine;
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'ratchet-state-'));
  process.env.XDG_STATE_HOME = state;
  fixture = await engineFixture();
  await fixture.deploy({ idle }, { stage: 'canary' });
  rehearsal = await startRehearsal({
    dialect: 'kraken',
    prices: { seed: 3, symbols: ['BTC/USD'], timeframe: '1m' },
    balances: { USD: '10000' },
    clock,
  });
  const { key, secret } = rehearsal.key;
  noteRehearsal(fixture.root, { exchange: 'kraken', baseUrl: rehearsal.baseUrl, pace }, { key, secret });
  running = await startEngine(options(), clock);
}, 60_000);
afterAll(async () => {
  await running.stop();
  await rehearsal.close();
  delete process.env.XDG_STATE_HOME;
  fixture.dispose();
  rmSync(state, { recursive: true, force: true });
});

function options(): EngineOptionsInput {
  const place = { exchange: 'kraken', baseUrl: rehearsal.baseUrl } as const;
  const market: FollowedMarket = { ...place, symbols: ['BTC/USD'], timeframe: '1m', pace, markets: { 'BTC/USD': rules } };
  return { ...fixture.options(), market, venue: { ...place, keyFile: rehearsalKeyIn(fixture.root) } };
}

const engine = (...args: string[]) => ratchetHere('engine', ...args, '--workspace', fixture.root);
function comparedAt(dir: string): number | null {
  const database = openForReading(dir);
  try {
    const account = read(dir, (reader) => tradedVenueIn(reader)!.account);
    return new OrderJournal(database, account).cursor()?.reconciledAt ?? null;
  } finally {
    database.close();
  }
}

const obeyed = () => readLocalStatus(fixture.options().dir)?.control;

describe('an order on the engine’s own machine', () => {
  it('is obeyed by the engine that runs before the command ends, and says who gave it, why, and when by the engine’s own time', async () => {
    const before = clock.now();
    expect(await engine('halt', '--by', 'alice', '--reason', 'the feed looks odd')).toMatchObject({
      code: 0,
      stdout: 'The engine obeys: halted, as alice said.\n',
    });
    expect(obeyed()).toMatchObject({ mode: 'halted', by: 'alice', reason: 'the feed looks odd' });
    expect(Date.parse(obeyed()!.at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(obeyed()!.at)).toBeLessThanOrEqual(clock.now());
  });

  it('is each mode by its verb, and by its name', async () => {
    for (const [args, mode] of [
      [['flatten'], 'flattening'],
      [['transition', 'reducing'], 'reducing'],
      [['pause'], 'paused'],
      [['resume'], 'active'],
    ] as const) {
      const { order, isObeyed } = JSON.parse((await engine(...args, '--json')).stdout);
      expect({ isObeyed, mode: order.mode }).toEqual({ isObeyed: true, mode });
      expect(obeyed()).toEqual(order);
    }
  });

  it('is refused whole where it cannot be an order', async () => {
    const before = obeyed();
    expect(await engine('halt', '--reason', 'x'.repeat(501))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('engine/bad-order'),
    });
    expect(obeyed()).toEqual(before);
  });
});

describe('the status of an engine that runs on a venue', () => {
  it('says how the account and the bars stand, in its own time, and nothing of it once it is stopped', async () => {
    await until('a look', async () => (await engine('status')).stdout.includes('newest bar closed'));
    const { stdout } = await engine('status');
    const lines = [
      /\n {2}looked at [\d.]+ s ago, compared with the journal [\d.]+ (s|min) ago; 0 open orders\n/,
      /\n {2}its clock is \d+ ms (ahead of|behind) ours, give or take \d+ ms; dead-man switch not armed: no entry waits there/,
      /\nBars of rehearsal come by a stream that is \w+, last heard [\d.]+ s ago/,
      /\n {2}note: rehearsal serves only its newest 720 candles: no bars of BTC\/USD between [^.]*\.\n/,
      /\n {2}BTC\/USD newest bar closed \d{4}-\S+Z, [\d.]+ s ago/,
    ];
    for (const line of lines) expect(stdout).toMatch(line);
    const { health } = JSON.parse((await engine('status', '--json')).stdout);
    expect(health).toMatchObject({
      venue: { name: 'rehearsal', isReady: true, openOrders: 0, deadMan: { state: 'off' } },
      bars: { venue: 'rehearsal', breaker: 'closed', series: [{ symbol: 'BTC/USD' }] },
    });
    const [{ newestClose, ageMs }] = health.bars.series;
    // A minute is a second here.
    expect(ageMs).toBeLessThan(5 * 60_000);
    expect(Math.abs(clock.now() - newestClose - ageMs)).toBeLessThan(20 * 60_000);
  });
});

describe('what froze a symbol', () => {
  it('is not accepted where it is not frozen: no balance is taken as right by a name typed wrong', async () => {
    expect(await engine('accept', 'BTC/EUR', '--reason', 'why not')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('engine/not-frozen'),
    });
    expect(pendingAcceptance(fixture.options().dir)).toBeNull();
  });

  it('is accepted by a person with a reason, and the symbol is traded again', async () => {
    const { dir } = fixture.options();
    await untilStatus(dir, 'trading', ({ status, strategies }) => status === 'Synced' && strategies[0]?.code === 'running');
    // What an account has when a symbol is first looked at counts as right.
    const since = clock.now();
    await until('a comparison', () => (comparedAt(dir) ?? 0) > since);
    rehearsal.exchange.deposit('rehearsal', 'BTC', new Big('0.01'));
    await untilStatus(dir, 'the freeze', ({ reason }) => reason.includes('BTC/USD is frozen'));
    expect(await engine('verify')).toMatchObject({ code: 1, stdout: expect.stringContaining('BTC/USD is frozen') });
    // Whoever asks for another symbol than that which is frozen changes nothing, command or none.
    requestAcceptance(dir, { symbol: 'BTC/EUR', by: 'alice', reason: 'a slip' });
    await until('the answer', () => pendingAcceptance(dir) === null);
    const slip = await engine('accept', 'BTC/EUR', '--reason', 'a slip');
    expect(slip.stderr).toContain('These are: BTC/USD.');
    expect(await engine('accept', 'BTC/USD', '--by', 'alice', '--reason', 'I paid it in')).toMatchObject({
      code: 0,
      stdout: 'BTC/USD is traded again, from what the account really holds.\n',
    });
    await untilStatus(dir, 'no freeze', ({ status }) => status === 'Synced');
    expect(await engine('verify')).toMatchObject({ code: 0 });
  });
});

describe('without an engine', () => {
  it('an order waits for it, and nothing can be accepted', async () => {
    await running.stop();
    expect((await engine('status')).stdout).not.toMatch(/looked at|newest bar/);
    expect((await engine('halt', '--by', 'alice')).stdout).toBe(
      'No engine runs here. It will obey when it starts: halted, as alice said.\n',
    );
    expect(await engine('accept', 'BTC/USD', '--reason', 'x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('engine/not-running'),
    });
    running = await startEngine(options(), clock);
    await until('obedience', () => obeyed()?.mode === 'halted');
  });

  it('an order needs a workspace', async () => {
    const empty = temporaryFolder('orders');
    expect(await ratchetHere('engine', 'halt', '--workspace', empty.path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('engine/no-workspace'),
    });
    empty.remove();
  });
});
