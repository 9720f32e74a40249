import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { giveOrderHere, orderGivenHere } from '#engine/runtime/control.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import { keepTradedVenue } from '#engine/runtime/real-money.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { storePath } from '#engine/store/open-database.ts';
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
    expect(JSON.parse(orderGivenHere(dir)!)).toMatchObject({ mode: 'paused', reason: 'restored from monday.sqlite' });
  });

  it('leave an order that holds the engine back further as it was given', async () => {
    EngineStore.open(dir).close();
    const { file } = JSON.parse((await ratchet('backup', '--json')).stdout);
    giveOrderHere(dir, { mode: 'halted', by: 'ada', at: '2026-01-01T00:00:00.000Z', reason: 'no' });
    await ratchet('restore', file);
    expect(JSON.parse(orderGivenHere(dir)!)).toMatchObject({ mode: 'halted', by: 'ada' });
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
});
