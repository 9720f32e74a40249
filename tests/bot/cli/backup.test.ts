import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Big } from 'big.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { type Control, type ControlMode, giveOrderHere, initialControl, orderGivenHere } from '#engine/runtime/control.ts';
import { HeardOrders, type OrderPlace } from '#engine/runtime/heard-orders.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import { keepTradedVenue } from '#engine/runtime/real-money.ts';
import { composeStatus, writeLocalStatus } from '#engine/runtime/status.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import type { NewOrder } from '#engine/store/journal/order-journal.ts';
import { storePath } from '#engine/store/open-database.ts';
import { afterEvent, type OrderEvent, UNBORN } from '#engine/trading/order-state.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const BAR = Date.UTC(2026, 0, 2);
let folder: ReturnType<typeof temporaryFolder>;
let dir: string;
beforeEach(() => {
  folder = temporaryFolder('backup');
  dir = join(folder.path, 'engine');
});
afterEach(() => folder.remove());

const ratchet = (...args: string[]) => ratchetHere(...args, '--workspace', folder.path);

function recorded(): number | null {
  const reader = openReader(dir);
  try {
    return reader.lastFeedTime();
  } finally {
    reader.close();
  }
}

describe('ratchet backup and restore', () => {
  it('copy the store while an engine runs, and refuse to replace it under one', async () => {
    const lock = acquireLock(dir, Date.now);
    const store = EngineStore.open(dir);
    store.setFeedTime(BAR);
    const file = join(folder.path, 'elsewhere', 'monday.sqlite');
    const { code, stdout } = await ratchet('backup', '--to', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Wrote \S+monday\.sqlite: version \d+, 0\.\d MiB, up to the bar that closed at 2026-01-02 00:00 UTC\.\n/,
    );
    expect(stdout).toContain('Keys, candles and the settings of the workspace are not in it.');
    execFileSync('sha256sum', ['--check', '--quiet', `${basename(file)}.sha256`], { cwd: dirname(file) });
    store.setFeedTime(BAR + 1);
    expect(await ratchet('restore', file)).toMatchObject({ code: 1, stderr: expect.stringContaining('engine/locked') });
    store.close();
    lock.release();
    expect(recorded()).toBe(BAR + 1);
    const restored = await ratchet('restore', file);
    expect(restored.stdout).toMatch(/^Restored .*\nWhat stood there is kept in .*backups\/replaced-.*\n/);
    expect(recorded()).toBe(BAR);
    // A halt that was said after the backup is forgotten with the rest: a person looks first.
    expect(JSON.parse(String(orderGivenHere(dir)))).toMatchObject({ mode: 'paused', reason: 'restored from monday.sqlite' });
  });

  it('hold the engine back as far as an order that nobody has heard yet, and as the one that was last obeyed', async () => {
    const store = EngineStore.open(dir);
    const { file } = JSON.parse((await ratchet('backup', '--json')).stdout);
    const said = { by: 'ada', at: '2026-01-01T00:00:00.000Z', reason: 'no' };
    giveOrderHere(dir, { ...said, mode: 'halted' });
    expect((await ratchet('restore', file)).stdout).toContain('The engine will start held back (halted), and');
    const order = JSON.parse(String(orderGivenHere(dir)));
    expect(order).toMatchObject({
      mode: 'halted',
      by: 'ratchet restore',
      reason: expect.stringMatching(/; halted as ada said: no$/),
    });
    expect(Date.now() - Date.parse(order.at)).toBeLessThan(60_000);
    store.close();
    // By comment, and then in the backup too.
    const again = EngineStore.open(dir);
    engineHears(again, 'branch', { ...said, mode: 'reducing' });
    const second = JSON.parse((await ratchet('backup', '--json')).stdout).file;
    again.close();
    giveOrderHere(dir, { ...said, mode: 'active', at: '2026-01-01T00:00:00.000Z' });
    writeFileSync(storePath(dir), 'damaged');
    expect((await ratchet('restore', second)).stdout).toContain('held back (reducing)');
  });

  it('hold the engine back where an order on its machine was lifted from elsewhere, without the sales of that order', async () => {
    const store = EngineStore.open(dir);
    const said = (mode: ControlMode, hour: number): Control => ({
      ...{ mode, by: 'ada', at: new Date(BAR + hour * 3_600_000).toISOString(), reason: 'as it is' },
    });
    const before = JSON.parse((await ratchet('backup', '--json')).stdout).file;
    giveOrderHere(dir, said('flattening', 1));
    engineHears(store, 'here', said('flattening', 1));
    engineHears(store, 'branch', said('active', 2));
    const after = JSON.parse((await ratchet('backup', '--to', join(folder.path, 'after.sqlite'), '--json')).stdout).file;
    store.close();
    // Of the first restore what is replaced says that it was lifted, of the second, where that is damaged, the backup itself.
    for (const file of [before, after]) {
      if (file === after) writeFileSync(storePath(dir), 'damaged');
      giveOrderHere(dir, said('flattening', 1));
      expect((await ratchet('restore', file)).stdout).toContain('The engine will start held back (paused), and');
      const restored = EngineStore.open(dir);
      const orders = engineHears(restored, 'here', JSON.parse(String(orderGivenHere(dir))));
      expect(orders.obeyed).toMatchObject({ mode: 'paused', by: 'ratchet restore' });
      // As it still stands on the branch.
      expect(engineHears(restored, 'branch', said('active', 2)).obeyed).toMatchObject({ mode: 'paused' });
      restored.close();
    }
  });

  it('say so when there is nothing to back up, and where a file is already', async () => {
    expect(await ratchet('backup')).toMatchObject({ code: 1, stderr: expect.stringContaining('store/absent') });
    EngineStore.open(dir).close();
    const made = JSON.parse((await ratchet('backup', '--json')).stdout);
    expect(dirname(made.file)).toBe(join(dir, 'backups'));
    expect(await ratchet('backup', '--to', made.file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it is there already'),
    });
  });
});

describe('ratchet engine verify', () => {
  it('reads everything, and exits with 1 when the store is broken', async () => {
    const store = EngineStore.open(dir);
    for (let at = 0; at < 200; at += 1) store.setMeta(`key ${at}`, 'x'.repeat(400));
    store.close();
    const { file } = JSON.parse((await ratchet('backup', '--json')).stdout);
    expect(await ratchet('engine', 'verify')).toEqual({
      code: 0,
      stdout: ['the engine', 'the order journal', 'the store', `the newest backup, ${file}`]
        .map((what) => `✔ ${what} is as it should be\n`)
        .join(''),
      stderr: '',
    });
    const bytes = readFileSync(storePath(dir));
    bytes.fill(0xff, bytes.length - 3 * 4096);
    writeFileSync(storePath(dir), bytes);
    const { code, stdout } = await ratchet('engine', 'verify');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✘ the store:\n {4}.*malformed/);
  });

  it('exits with 1 for a freeze of the account that is traded on, and names that of another apart', async () => {
    const store = EngineStore.open(dir);
    const message = '0.01 BTC more than the journal has';
    const frozen = { symbol: 'BTC/USD', code: 'balance', subject: 'BTC', message, at: BAR };
    for (const account of ['kraken-new', 'kraken-old']) store.journal(account).addFreeze(frozen);
    const trade = (account: string) => keepTradedVenue(store, { name: 'kraken', account, isRehearsal: false });
    const told = 'BTC/USD is frozen (balance): 0.01 BTC more than the journal has';
    trade('kraken-new');
    expect(await ratchet('engine', 'verify')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        `✘ the order journal:\n    ${told}\n  an account no longer traded on: kraken-old: ${told}\n`,
      ),
    });
    store.journal('kraken-new').acceptFreezes('BTC/USD', BAR, 'paid in');
    expect(await ratchet('engine', 'verify')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(
        `✔ the order journal is as it should be\n  an account no longer traded on: kraken-old: ${told}\n`,
      ),
    });
    store.close();
  });

  it('exits with 1 for an engine that runs and is not well, or says nothing any more, and status says since when', async () => {
    const store = EngineStore.open(dir);
    const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;
    store.beginRun(minutesAgo(90));
    const lock = acquireLock(dir, () => minutesAgo(60));
    const engineLine = async () => (await ratchet('engine', 'verify')).stdout.split('✔ the order journal')[0];
    const heardAt = minutesAgo(6);
    store.continueRun(heardAt);
    expect(await ratchet('engine', 'verify')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`✘ the engine:\n    It was last heard of at ${new Date(heardAt).toISOString()}.\n`),
    });
    const status = async () => (await ratchet('engine', 'status')).stdout.split('\n')[0];
    expect(await status()).toMatch(`Nothing was heard of it since ${new Date(heardAt).toISOString()}: it may hang.`);
    store.continueRun(minutesAgo(4));
    expect(await ratchet('engine', 'verify')).toMatchObject({ code: 0 });
    expect(await status()).toMatch(/^The engine runs as process \d+ since \S+Z\.$/);
    const facts = { strategies: [], commit: null, control: initialControl, feed: 'running' as const };
    const says = (status: 'OutOfSync' | 'Degraded') =>
      writeLocalStatus(dir, composeStatus({ ...facts, problems: [{ status, code: 'disk', reason: 'the disk is full' }] }));
    for (const degree of ['Degraded', 'OutOfSync'] as const) {
      says(degree);
      expect(await ratchet('engine', 'verify')).toMatchObject({ code: 1 });
      expect(await engineLine()).toBe(`✘ the engine:\n    It is ${degree}: the disk is full\n`);
    }
    writeLocalStatus(dir, composeStatus({ ...facts, problems: [] }));
    expect(await ratchet('engine', 'verify')).toMatchObject({ code: 0 });
    // One that was stopped is well: what it last said of itself is of then.
    says('Degraded');
    lock.release();
    expect(await ratchet('engine', 'verify')).toMatchObject({ code: 0 });
    store.close();
  });

  it('exits with 1 for what is held, and for what may still be bought, while no engine runs', async () => {
    const store = EngineStore.open(dir);
    keepTradedVenue(store, { name: 'kraken', account: 'kraken-new', isRehearsal: false });
    const journal = store.journal('kraken-new');
    const quantity = new Big('1.5');
    const wrong = async () => {
      const [found] = JSON.parse((await ratchet('engine', 'verify', '--json')).stdout);
      expect(found.what).toBe('the engine');
      return found.wrong;
    };
    let folded = afterEvent(UNBORN, { kind: 'intended' }, quantity);
    const id = journal.addOrder(entry(quantity), folded, JSON.stringify({ kind: 'intended' }));
    const happens = (event: OrderEvent) => {
      folded = afterEvent(folded, event, quantity);
      journal.addEvent(id, BAR + 1, JSON.stringify(event), folded);
    };
    happens({ kind: 'taken', venueOrderId: 'O1' });
    const waits = (left: string) =>
      `It does not run, and the order raaaaaaaaaaaaaaaaa of trend may still buy ${left} BTC/USD: cancel it at the exchange.`;
    expect(await ratchet('engine', 'verify')).toMatchObject({ code: 1 });
    expect(await wrong()).toEqual([waits('1.5')]);
    const fill = {
      symbol: 'BTC/USD',
      fillId: 'f1',
      orderId: id,
      side: 'buy',
      quantity: new Big('0.5'),
      price: new Big(100),
    } as const;
    journal.addFill({ ...fill, isMaker: true, time: BAR, recordedAt: BAR, fees: [] });
    happens({ kind: 'fill', fillId: 'f1', quantity: '0.5' });
    const holds = 'It does not run, and trend holds 0.5 BTC/USD.';
    expect(await wrong()).toEqual([holds, waits('1')]);
    happens({ kind: 'seen', venueOrderId: 'O1', state: 'cancelled', filled: '0.5' });
    expect(await ratchet('engine', 'verify')).toMatchObject({ code: 1 });
    expect(await wrong()).toEqual([holds]);
    // Whoever watches it is an engine.
    const lock = acquireLock(dir, Date.now);
    expect(await ratchet('engine', 'verify')).toMatchObject({ code: 0 });
    lock.release();
    store.close();
  });
});

/** As an engine on this record does with what stands there. */
function engineHears(store: EngineStore, place: OrderPlace, control: Control): HeardOrders {
  const orders = new HeardOrders(store, Date.now);
  const text = `${canonicalJson(control)}\n`;
  const heard = orders.hear(place, text);
  if (heard.ok && heard.isNews) {
    orders.write(place, text, heard.control);
    orders.take(place, text, heard.control);
  }
  return orders;
}

function entry(quantity: Big): NewOrder {
  return {
    ...{ clientOrderId: 'raaaaaaaaaaaaaaaaa', strategy: 'trend', symbol: 'BTC/USD', role: 'entry', side: 'buy', kind: 'limit' },
    ...{ quantity, limitPrice: new Big(100), stopPrice: null, instant: BAR, attempt: 0, version: 'v', cause: 'entry' },
    ...{ reason: 'because', terms: '', createdAt: BAR },
  };
}
