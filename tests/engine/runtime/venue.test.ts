import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Big } from 'big.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#engine/clock.ts';
import { isAcceptancePending, requestAcceptance } from '#engine/runtime/accept-request.ts';
import { giveOrderHere } from '#engine/runtime/control.ts';
import type { EngineOptionsInput, FollowedMarket } from '#engine/runtime/options.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { verifyJournal } from '#engine/trading/verify-journal.ts';
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
} from './engine-fixture.ts';

/** Bars of a minute close every second. */
const FACTOR = 60;

/** Enters whenever it holds nothing, with a stop far away, and leaves after three bars. */
const restless = strategyText({
  symbols: ['BTC/USD'],
  timeframe: '1m',
  onBar: `
    if (!position.isOpen) return context.target(0.5, 'in again', { stopLoss: 0.2 });
    if (position.barsHeld >= 3) return context.exit('three bars are enough');
    return context.hold('waiting');
  `,
});

/** Enters once and stays; each decision says what it knows of its position and of its own past. */
const steady = (note: string) =>
  strategyText({
    symbols: ['BTC/USD'],
    timeframe: '1m',
    note,
    onBar: `
    if (!position.isOpen) return context.target(0.5, 'in to stay', { stopLoss: 0.2 });
    return context.hold(\`${note}: \${position.barsHeld} bars held, \${state.bars} bars seen\`);
  `,
  });

const newKey = () => ({
  ...{ key: randomBytes(16).toString('hex'), secret: randomBytes(32).toString('base64') },
  ...{ account: 'rehearsal', canTrade: true, canWithdraw: false },
});

const keys = [newKey(), newKey()];
let fixture: EngineFixture;
let rehearsal: Rehearsal;
let keyFile: string;
let otherKeyFile: string;
let state: string;
let running: RunningEngine | null = null;
const since = Date.now();
const clock = pacedClock(systemClock, FACTOR, since);

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'ratchet-state-'));
  process.env.XDG_STATE_HOME = state;
  fixture = await engineFixture();
  rehearsal = await startRehearsal({
    dialect: 'kraken',
    prices: { seed: 3, symbols: ['BTC/USD'], timeframe: '1m' },
    keys,
    balances: { USD: '10000' },
    clock,
  });
  [keyFile, otherKeyFile] = keys.map(({ key, secret }, index) => {
    const file = join(state, `key-${index}.json`);
    writeFileSync(file, JSON.stringify({ key, secret }), { mode: 0o600 });
    return file;
  }) as [string, string];
});
afterEach(async () => {
  await running?.stop();
  running = null;
});
afterAll(async () => {
  delete process.env.XDG_STATE_HOME;
  await rehearsal.close();
  fixture.dispose();
  rmSync(state, { recursive: true, force: true });
});

const dir = () => fixture.options().dir;

function options(file = keyFile): EngineOptionsInput {
  const place = { exchange: 'kraken', baseUrl: rehearsal.baseUrl } as const;
  const market: FollowedMarket = {
    ...place,
    symbols: ['BTC/USD'],
    timeframe: '1m',
    pace: { factor: FACTOR, since },
    markets: { 'BTC/USD': rules },
  };
  return { ...fixture.options(), market, venue: { ...place, keyFile: file } };
}

const held = () => rehearsal.exchange.balances('rehearsal').get('BTC')?.total ?? new Big(0);

const stopAtVenue = () => rehearsal.exchange.openOrders('rehearsal').find(({ kind }) => kind === 'stop');

/** The last decision's reason, where it is such a one. */
const said = (what: RegExp) => {
  const reason = read(dir(), (reader) => reader.decisions(1))[0]?.reason ?? '';
  return what.test(reason) ? reason : null;
};

describe('an engine on a venue', () => {
  it('sends the orders of a canary there, rests its stop there while it holds, and records what was filled as on paper', async () => {
    const commit = await fixture.deploy({ trend: restless }, { stage: 'canary' });
    running = await startEngine(options(), clock);
    await until('a closed trade', () => read(dir(), (reader) => reader.trades().length > 0), 60_000);
    await until(
      'a stop at the venue',
      () => rehearsal.exchange.openOrders('rehearsal').some(({ kind }) => kind === 'stop'),
      30_000,
    );
    const status = await untilStatus(dir(), 'Synced', (told) => told.status === 'Synced' && told.commit === commit);
    expect(status.strategies).toMatchObject([{ id: 'trend', stage: 'canary', code: 'running' }]);
    const fills = rehearsal.exchange.fills('rehearsal');
    const recorded = read(dir(), (reader) => reader.fills());
    expect(recorded.length).toBeGreaterThanOrEqual(2);
    for (const [index, fill] of recorded.entries()) {
      expect(fill.price).toBeCloseTo(Number(fills[index]!.price), 8);
      expect(fill.quantity).toBeCloseTo(Number(fills[index]!.quantity), 10);
    }
  }, 120_000);

  it('takes up a new version while it holds: the stop rests untouched, and the position and the state pass over', async () => {
    await fixture.deploy({ trend: steady('one') }, { stage: 'canary' });
    running = await startEngine(options(), clock);
    await until('what the first version says', () => said(/^one: [1-9]\d* bars held/), 60_000);
    const before = { held: held(), stop: stopAtVenue() };
    expect(before.stop?.quantity.eq(before.held)).toBe(true);
    const happened: string[] = [];
    const leave = rehearsal.exchange.on(({ kind, order }) => happened.push(`${kind} ${order.side} ${order.kind}`));
    await fixture.deploy({ trend: steady('two') }, { stage: 'canary' });
    const second = await until('what the second version says', () => said(/^two: /), 30_000);
    leave();
    expect(happened).toEqual([]);
    expect(held().eq(before.held)).toBe(true);
    expect(stopAtVenue()?.number).toBe(before.stop?.number);
    const [, bars, seen] = /(\d+) bars held, (\d+) bars seen/.exec(second)!;
    expect(Number(bars)).toBeGreaterThanOrEqual(2);
    expect(Number(seen)).toBeGreaterThan(Number(bars));
  }, 120_000);

  it('sells first what a version holds that is demoted to where no money is, and only then changes', async () => {
    running = await startEngine(options(), clock);
    await until('a bar of the version that runs', () => said(/^two: /) && held().gt(0), 30_000);
    const sold: (string | null | undefined)[] = [];
    const leave = rehearsal.exchange.on((event) => {
      if (event.kind === 'fill') sold.push(`${event.order.side} as ${readLocalStatus(dir())?.strategies[0]?.stage}`);
    });
    await fixture.deploy({ trend: steady('two') }, { stage: 'shadow' });
    await until('the shadow', () => readLocalStatus(dir())?.strategies[0]?.stage === 'shadow', 30_000);
    expect(held().eq(0)).toBe(true);
    expect(rehearsal.exchange.openOrders('rehearsal')).toEqual([]);
    await until('what the shadow would do', () => said(/^in to stay$/), 30_000);
    leave();
    expect(new Set(sold)).toEqual(new Set(['sell as canary']));
    expect(held().eq(0)).toBe(true);
  }, 120_000);

  it('does not start with the key of another account while it holds something; goes on where it stood, and flattens when told', async () => {
    await fixture.deploy({ trend: restless }, { stage: 'canary' });
    running = await startEngine(options(), clock);
    await until('a position', () => held().gt(0) && read(dir(), (reader) => reader.openPositions().length > 0), 60_000);
    await running.stop();
    running = null;
    const elsewhere = startEngine(options(otherKeyFile), clock);
    await expect(elsewhere).rejects.toMatchObject({
      code: 'engine/other-account',
      message: expect.stringContaining('BTC/USD'),
    });
    running = await startEngine(options(), clock);
    giveOrderHere(dir(), { mode: 'flattening', by: 'alice', at: new Date(clock.now()).toISOString(), reason: 'enough' });
    await until('nothing held', () => held().eq(0) && rehearsal.exchange.openOrders('rehearsal').length === 0, 30_000);
    const orders = rehearsal.exchange.orders('rehearsal').length;
    await until(
      'bars later',
      () => read(dir(), (reader) => reader.decisions(3).every(({ outcome }) => outcome !== 'accepted')),
      30_000,
    );
    expect(rehearsal.exchange.orders('rehearsal')).toHaveLength(orders);
    expect(rehearsal.exchange.books().every(({ difference }) => difference.eq(0))).toBe(true);
    expect(read(dir(), (reader) => reader.journals().flatMap((journal) => verifyJournal(journal, clock.now())))).toEqual([]);
  }, 120_000);

  it('freezes what somebody else has moved, says so with the numbers, and trades it again once a person has accepted it', async () => {
    running = await startEngine(options(), clock);
    rehearsal.exchange.deposit('rehearsal', 'BTC', new Big('0.01'));
    const told = await untilStatus(dir(), 'the freeze', ({ reason }) => reason.includes('BTC/USD is frozen'), 60_000);
    expect(told).toMatchObject({ status: 'Degraded', reason: expect.stringContaining('0.01') });
    requestAcceptance(dir(), { symbol: 'BTC/USD', by: 'alice', reason: 'I paid it in' });
    await untilStatus(dir(), 'no freeze', ({ reason }) => !reason.includes('frozen'), 30_000);
    expect(isAcceptancePending(dir())).toBe(false);
  }, 120_000);

  it('keeps to one quote asset: markets of two are refused at the start, those of another one too, and so is a version', async () => {
    const asked = options();
    const market = asked.market as FollowedMarket;
    const markets = (...symbols: string[]): EngineOptionsInput => ({
      ...asked,
      market: { ...market, symbols, markets: Object.fromEntries(symbols.map((symbol) => [symbol, rules])) },
    });
    await expect(startEngine(markets('BTC/USD', 'ETH/BTC'), clock)).rejects.toMatchObject({
      code: 'engine/options',
      message: expect.stringContaining('ETH/BTC is paid for in BTC and BTC/USD in USD'),
    });
    await expect(startEngine(markets('BTC/EUR'), clock)).rejects.toMatchObject({
      code: 'engine/other-quote',
      message: expect.stringContaining('BTC/USD is paid for in USD and BTC/EUR in EUR'),
    });
    running = await startEngine(asked, clock);
    await fixture.deploy({ other: strategyText({ symbols: ['ETH/BTC'], timeframe: '1m' }) }, { stage: 'canary' });
    const told = await untilStatus(dir(), 'the refusal', ({ strategies }) =>
      strategies.some(({ code }) => code === 'other-quote'),
    );
    expect(told.strategies.find(({ id }) => id === 'other')).toMatchObject({
      status: 'Degraded',
      reason: expect.stringContaining('ETH/BTC is paid for in BTC and the account in USD'),
    });
    await fixture.deploy({ other: null });
  }, 120_000);

  it('sends nothing with a key that turns out late to be able to withdraw, and says so until it may not', async () => {
    Object.assign(keys[1]!, { canWithdraw: true });
    rehearsal.server.faults.next('GetApiKeyInfo', { kind: 'drop-before' });
    const late = { ...options(otherKeyFile), dir: join(state, 'late') };
    mkdirSync(late.dir);
    const before = rehearsal.exchange.orders('rehearsal').length;
    running = await startEngine(late, clock);
    const told = await untilStatus(late.dir, 'the refusal', ({ reason }) => reason.includes('may withdraw'), 30_000);
    expect(told).toMatchObject({ status: 'Degraded', reason: expect.stringContaining('Nothing is sent there') });
    expect(rehearsal.exchange.orders('rehearsal')).toHaveLength(before);
    Object.assign(keys[1]!, { canWithdraw: false });
    await untilStatus(late.dir, 'an account that is opened', ({ reason }) => !reason.includes('withdraw'), 30_000);
  }, 60_000);
});
