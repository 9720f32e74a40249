import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupFile, backupsDir, digestFile, newestBackup } from '#engine/store/backups.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import { openForReading, openForWriting, restoringPath, storePath } from '#engine/store/open-database.ts';
import { restoreStore } from '#engine/store/restore-store.ts';
import { migrations } from '#engine/store/schema.ts';
import { digestOf, inspectStore, writeBackup } from '#engine/store/write-backup.ts';

const NOW = Date.UTC(2026, 10, 26, 12);
const clock = () => NOW;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-backups-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A store as the Ratchet of that version left it, with a halt in it. */
function storeOfVersion(version: number, steps: readonly string[] = migrations): void {
  const raw = new Database(storePath(dir));
  raw.pragma('journal_mode = WAL');
  for (const step of steps.slice(0, version)) raw.exec(step);
  raw.pragma(`user_version = ${version}`);
  raw.exec("INSERT INTO meta VALUES ('feed', '42'), ('control', 'halted')");
  raw.close();
}

function backUp(kind: 'by-hand' = 'by-hand', now = NOW): string {
  const database = openForReading(dir);
  try {
    return writeBackup(database, backupFile(dir, kind, now)).file;
  } finally {
    database.close();
  }
}

function metaIn(file: string): unknown {
  const raw = new Database(file, { readonly: true });
  try {
    return [
      raw.pragma('user_version', { simple: true }),
      raw.prepare("SELECT value FROM meta WHERE key = 'control'").pluck().get(),
    ];
  } finally {
    raw.close();
  }
}

it('a store is written in full before anything goes on: what a crash of the machine takes was not said to be kept', () => {
  const database = openForWriting(dir);
  const asked = ['journal_mode', 'synchronous'].map((name) => database.pragma(name, { simple: true }));
  database.close();
  // 2 is FULL.
  expect(asked).toEqual(['wal', 2]);
});

describe('a migration', () => {
  it.each(migrations.map((_, index) => index + 1).slice(0, -1))(
    'takes a store of version %i on, and leaves a backup of it',
    (version) => {
      storeOfVersion(version);
      const store = EngineStore.open(dir, clock);
      expect(store.lastFeedTime()).toBe(42);
      store.close();
      const backup = newestBackup(dir)!;
      expect(basename(backup.file)).toBe(`before-v${migrations.length}-2026-11-26T120000.000Z.sqlite`);
      expect(metaIn(backup.file)).toEqual([version, 'halted']);
      expect(readFileSync(digestFile(backup.file), 'utf8')).toBe(`${digestOf(backup.file)}  ${basename(backup.file)}\n`);
    },
  );

  it('makes no backup of a new store, nor of one that is of this version', () => {
    EngineStore.open(dir, clock).close();
    EngineStore.open(dir, clock).close();
    expect(existsSync(backupsDir(dir))).toBe(false);
  });

  it('that fails half-way changes nothing, leaves the backup, and says both in one error', () => {
    storeOfVersion(migrations.length);
    const steps = [
      ...migrations,
      "UPDATE meta SET value = 'gone'; CREATE TABLE half (x) STRICT;",
      'CREATE TABLE other (x INTEGER) STRICT',
    ];
    const attempt = () => openForWriting(dir, clock, steps);
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'store/migration-failed',
        message: expect.stringMatching(/It is as it was, and .*before-v\d+-2026-11-26T120000\.000Z\.sqlite holds the same/),
      }),
    );
    expect(metaIn(storePath(dir))).toEqual([migrations.length, 'halted']);
    expect(metaIn(newestBackup(dir)!.file)).toEqual([migrations.length, 'halted']);
    const store = EngineStore.open(dir, clock);
    expect(store.lastFeedTime()).toBe(42);
    store.close();
  });

  it('is not begun when its backup cannot be written', () => {
    storeOfVersion(1);
    mkdirSync(`${backupFile(dir, `before-v${migrations.length}`, NOW)}.sha256`, { recursive: true });
    expect(() => EngineStore.open(dir, clock)).toThrow(expect.objectContaining({ code: 'store/no-backup' }));
    expect(metaIn(storePath(dir))).toEqual([1, 'halted']);
  });

  it('leaves the newest three of its backups and all that somebody asked for', () => {
    storeOfVersion(migrations.length);
    const asked = backUp('by-hand', 0);
    const steps = [...migrations];
    for (let day = 1; day <= 5; day += 1) {
      steps.push(`CREATE TABLE t${day} (x INTEGER) STRICT`);
      openForWriting(dir, () => NOW + day, steps).close();
    }
    const left = readdirSync(backupsDir(dir)).filter((name) => name.endsWith('.sqlite'));
    expect(left).toHaveLength(4);
    expect(left).toContain(basename(asked));
    const ends = left.filter((name) => name.startsWith('before-')).map((name) => name.slice(-9));
    // By their times: version 10 stands before version 9 among names.
    expect(ends.toSorted()).toEqual(['003Z.sqlite', '004Z.sqlite', '005Z.sqlite'].map((end) => end.slice(-9)));
  });
});

describe('a backup', () => {
  it('holds what was committed, made while the writer goes on, and is one file with its digest', () => {
    const store = EngineStore.open(dir, clock);
    store.setMeta('control', 'halted');
    store.transaction(() => {
      store.setMeta('control', 'not yet');
      expect(metaIn(backUp())).toEqual([migrations.length, 'halted']);
    });
    store.close();
    expect(readdirSync(backupsDir(dir)).toSorted()).toEqual([
      'by-hand-2026-11-26T120000.000Z.sqlite',
      'by-hand-2026-11-26T120000.000Z.sqlite.sha256',
    ]);
    expect(inspectStore(newestBackup(dir)!.file)).toMatchObject({ version: migrations.length, marketTime: null });
  });

  it('is never written over another file', () => {
    EngineStore.open(dir, clock).close();
    backUp();
    expect(() => backUp()).toThrow(/it is there already/);
  });
});

describe('a restore', () => {
  it('brings back what was, keeps what it replaces with what was not written back into it, and leaves no old journal', () => {
    const store = EngineStore.open(dir, clock);
    store.setMeta('control', 'halted');
    const backup = backUp();
    store.setMeta('control', 'active');
    // As after a kill: the newest of it is in the journal only.
    const killed = join(dir, 'killed');
    copyFileSync(storePath(dir), killed);
    copyFileSync(`${storePath(dir)}-wal`, `${killed}-wal`);
    store.close();
    for (const suffix of ['', '-wal']) copyFileSync(`${killed}${suffix}`, `${storePath(dir)}${suffix}`);
    const { replaced } = restoreStore(dir, backup, NOW);
    expect(metaIn(storePath(dir))).toEqual([migrations.length, 'halted']);
    expect(metaIn(join(replaced!, 'engine.sqlite'))).toEqual([migrations.length, 'active']);
    const again = EngineStore.open(dir, clock);
    expect(again.meta('control')).toBe('halted');
    again.close();
  });

  it('that fails before anything was replaced leaves the store, and the next one is as if it had not been', () => {
    const store = EngineStore.open(dir, clock);
    store.setMeta('control', 'halted');
    const backup = backUp();
    store.setMeta('control', 'active');
    store.close();
    const fail = () => {
      throw new Error('no order could be written');
    };
    expect(() => restoreStore(dir, backup, NOW, fail)).toThrow('no order could be written');
    expect(metaIn(storePath(dir))).toEqual([migrations.length, 'active']);
    EngineStore.open(dir, clock).close();
    restoreStore(dir, backup, NOW + 1);
    expect(metaIn(storePath(dir))).toEqual([migrations.length, 'halted']);
  });

  it('works where there is nothing yet', () => {
    EngineStore.open(dir, clock).close();
    const backup = backUp();
    const elsewhere = join(dir, 'elsewhere');
    expect(restoreStore(elsewhere, backup, NOW).replaced).toBeNull();
    openReader(elsewhere).close();
  });

  it('takes a backup of an earlier version, which the next start takes on', () => {
    storeOfVersion(1);
    EngineStore.open(dir, clock).close();
    restoreStore(dir, newestBackup(dir)!.file, NOW);
    const store = EngineStore.open(dir, () => NOW + 1);
    expect(store.lastFeedTime()).toBe(42);
    store.close();
  });

  it('refuses what is damaged, newer, no store, or other than the digest beside it says, and touches nothing', () => {
    const store = EngineStore.open(dir, clock);
    store.setMeta('control', 'active');
    store.close();
    const backup = backUp();
    const spoil = (change: (file: string) => void, withDigest: boolean): string => {
      const file = join(dir, `spoilt-${Math.random()}`);
      copyFileSync(backup, file);
      if (withDigest) writeFileSync(digestFile(file), readFileSync(digestFile(backup)));
      change(file);
      return file;
    };
    const write = (sql: string) => (file: string) => {
      const raw = new Database(file);
      raw.exec(sql);
      raw.close();
    };
    const spoilt: [string, RegExp][] = [
      [spoil(write("INSERT INTO meta VALUES ('x', 'y')"), true), /its digest is/],
      [spoil(write('PRAGMA user_version = 99'), false), /newer Ratchet/],
      [spoil((file) => truncateSync(file, statSync(file).size - 4096), false), /cannot be used/],
      [spoil((file) => writeFileSync(file, 'no database at all, whatever its name may say about it'), false), /not a database/],
      [join(dir, 'nowhere'), /no such file/],
    ];
    for (const [file, why] of spoilt) expect(() => restoreStore(dir, file, NOW), file).toThrow(why);
    expect(metaIn(storePath(dir))).toEqual([migrations.length, 'active']);
    expect(readdirSync(backupsDir(dir)).filter((name) => name.startsWith('replaced'))).toEqual([]);
  });

  it('that was interrupted is refused by the engine and by readers until it is run again', () => {
    EngineStore.open(dir, clock).close();
    const backup = backUp();
    writeFileSync(restoringPath(dir), backup);
    rmSync(storePath(dir));
    for (const open of [() => EngineStore.open(dir, clock), () => openReader(dir)])
      expect(open).toThrow(expect.objectContaining({ code: 'store/half-restored' }));
    restoreStore(dir, backup, NOW);
    EngineStore.open(dir, clock).close();
  });
});

describe('a start', () => {
  it('refuses a damaged store, names the newest backup, and leaves both as they are', () => {
    const store = EngineStore.open(dir, clock);
    for (let at = 0; at < 500; at += 1) store.setMeta(`key ${at}`, 'x'.repeat(200));
    store.close();
    const backup = backUp();
    const path = storePath(dir);
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096 * 30, 4096 * 34);
    writeFileSync(path, bytes);
    const attempt = () => EngineStore.open(dir, clock);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'store/damaged', remedy: expect.stringContaining(`ratchet restore ${backup}`) }),
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
    restoreStore(dir, backup, NOW);
    const mended = EngineStore.open(dir, clock);
    expect(mended.meta('key 499')).toBe('x'.repeat(200));
    mended.close();
  });

  it('does not begin anew in silence when the store has vanished and backups of it have not', () => {
    EngineStore.open(dir, clock).close();
    const backup = backUp();
    for (const name of readdirSync(dir)) if (name !== basename(dirname(backup))) rmSync(join(dir, name));
    const attempt = () => EngineStore.open(dir, clock);
    expect(attempt).toThrow(expect.objectContaining({ code: 'store/gone', remedy: expect.stringContaining(backup) }));
    writeFileSync(storePath(dir), '');
    expect(attempt).toThrow(expect.objectContaining({ code: 'store/gone' }));
  });
});
