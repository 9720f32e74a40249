import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskTrouble } from '#engine/store/disk-trouble.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { openForWriting, storePath } from '#engine/store/open-database.ts';
import { migrations } from '#engine/store/schema.ts';
import { mayMount, type SmallDisk, smallDisk } from '#tests/support/small-disk.ts';

const decision = { symbol: 'BTC/USDT', action: 'hold', reason: 'x'.repeat(2000), outcome: 'held', terms: null };
const nothing = { fills: [], trades: [], denials: [] };

function failureOf(work: () => void): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

describe.skipIf(!mayMount)('a disk of two mebibytes (to be mounted by root)', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = smallDisk(2)!;
  });
  afterEach(() => disk.remove());

  it('that is full takes a whole step or nothing of it, is told from other errors, and goes on when there is room', () => {
    const store = EngineStore.open(disk.path);
    const step = (instant: number) =>
      store.transaction(() => {
        store.addStep({ ...nothing, strategy: 's', treeHash: 't', instant, decisions: [decision], equity: instant });
        store.setFeedTime(instant);
      });
    step(1);
    disk.fill();
    let last = 1;
    let failure: unknown = null;
    while (failure === null && last < 1000) {
      failure = failureOf(() => step(last + 1));
      if (failure === null) last += 1;
    }
    expect(diskTrouble(failure)).toBe('full');
    expect(store.lastFeedTime()).toBe(last);
    expect(store.counts().decisions).toBe(last);
    disk.makeRoom();
    step(last + 1);
    expect(store.equity()).toBe(last + 1);
    store.close();
    EngineStore.open(disk.path).close();
  });

  it('that is read-only is refused in one sentence, and nothing on it changes', () => {
    const store = EngineStore.open(disk.path);
    store.setFeedTime(42);
    store.close();
    const before = readFileSync(storePath(disk.path));
    disk.makeReadOnly();
    expect(() => EngineStore.open(disk.path)).toThrow(
      expect.objectContaining({ code: 'store/unreadable', remedy: expect.stringContaining('the rights on the folder') }),
    );
    expect(readFileSync(storePath(disk.path)).equals(before)).toBe(true);
  });

  it('that has no room for the backup is not migrated', () => {
    const store = EngineStore.open(disk.path);
    store.setFeedTime(42);
    disk.fill();
    const attempt = () => openForWriting(disk.path, () => 0, [...migrations, 'CREATE TABLE more (x INTEGER) STRICT']).close();
    expect(attempt).toThrow(expect.objectContaining({ code: 'store/no-backup' }));
    expect(store.lastFeedTime()).toBe(42);
    disk.makeRoom();
    expect(attempt).not.toThrow();
    store.close();
  });
});
