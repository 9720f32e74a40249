import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { concatColumns } from './candle-columns.ts';
import { appendColumnFiles, readColumnFiles, writeColumnFiles } from './column-files.ts';
import { CorrectionTable } from './correction-table.ts';
import { chunkBars, digestOfSeries, digestsOfChunks } from './digest-columns.ts';
import { assertSound } from './find-fault.ts';
import { nameOfSeries, parseSeriesKey, SeriesKey, simulatedVenue } from './series-key.ts';
import type { CandleColumns, SeriesKey as Key, SeriesInfo, Span } from './types.ts';

/** Goes up when the catalogue or the files change their meaning. */
const schemaVersion = 1;

const schema = `
  CREATE TABLE IF NOT EXISTS series (
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    generation INTEGER NOT NULL UNIQUE,
    bars INTEGER NOT NULL,
    firstTime INTEGER NOT NULL,
    lastTime INTEGER NOT NULL,
    digest TEXT NOT NULL,
    chunkDigests TEXT NOT NULL,
    isSimulated INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (venue, symbol, timeframe)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS counter (lastGeneration INTEGER NOT NULL) STRICT;
  INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);
`;

const Row = z.strictObject({
  ...SeriesKey.shape,
  generation: z.int().positive(),
  bars: z.int().positive(),
  firstTime: z.int(),
  lastTime: z.int(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** Of each chunk, joined by spaces. */
  chunkDigests: z.string().transform((text) => text.split(' ')),
  isSimulated: z.literal([0, 1]).transform((flag) => flag === 1),
  source: z.string(),
});
type Row = z.infer<typeof Row>;

/** What `put` records beside the bars. `source` is free text: where the bars came from. */
export interface Origin {
  readonly isSimulated: boolean;
  readonly source: string;
}

/** A reader whose folder was replaced under it looks again; a writer would have to replace it this often in a row to defeat it. */
const readAttempts = 20;

/** How long a writer waits for another one. */
const lockTimeoutMs = 10_000;

/**
 * Candles on disk: a catalogue in SQLite, the bars as six raw column files a series.
 *
 * A series' files live in a folder of their own generation. `put` writes a new generation, forces it to disk, and
 * only then moves the catalogue row; `append` writes behind the committed bars and then raises the row's count. So a
 * kill at any instruction leaves what the catalogue last said; leftovers are swept by the next writer. Writers take
 * turns (the catalogue's write lock, also between processes); readers never wait.
 */
export class CandleStore {
  readonly directory: string;
  readonly corrections: CorrectionTable;
  readonly #database: Database.Database;
  #depth = 0;
  #superseded: number[] = [];

  private constructor(directory: string, database: Database.Database) {
    this.directory = directory;
    this.corrections = new CorrectionTable(database);
    this.#database = database;
  }

  /** Opens the store in `directory`, creating both when absent. Several processes may have it open. */
  static open(directory: string): CandleStore {
    mkdirSync(join(directory, 'series'), { recursive: true });
    return CandleStore.#openCatalogue(directory);
  }

  /**
   * Opens the store in `directory` for who only reads: a slip of the pen must not become an empty store.
   * @throws candles/no-store, and nothing is created
   */
  static openExisting(directory: string): CandleStore {
    if (CandleStore.exists(directory)) return CandleStore.#openCatalogue(directory);
    throw new RatchetError(
      'candles/no-store',
      `There is no candle store in ${directory}.`,
      'Name the one that was filled, or fill this one with ratchet data import, fetch or simulate.',
      { directory },
    );
  }

  static exists(directory: string): boolean {
    return existsSync(catalogueOf(directory));
  }

  static #openCatalogue(directory: string): CandleStore {
    const path = catalogueOf(directory);
    const database = new Database(path, { timeout: lockTimeoutMs });
    try {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      // Only a new store is written to: opening one must not wait for whoever is importing into it.
      if (versionOf(database, path) < schemaVersion) {
        database.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
      }
      return new CandleStore(directory, database);
    } catch (error) {
      database.close();
      if (error instanceof RatchetError) throw error;
      throw new RatchetError(
        'candles/store-unreadable',
        `The candle catalogue ${path} cannot be opened.`,
        'Move it away, or give another --store.',
        { path },
        error,
      );
    }
  }

  close(): void {
    this.#database.close();
  }

  /** The catalogue, ordered by venue, symbol and timeframe. */
  series(): SeriesInfo[] {
    const rows = this.#database.prepare('SELECT * FROM series').all();
    return rows.map((row) => infoOf(Row.parse(row))).sort((a, b) => (nameOfSeries(a) < nameOfSeries(b) ? -1 : 1));
  }

  find(key: Key): SeriesInfo | undefined {
    const row = this.#row(key);
    return row === undefined ? undefined : infoOf(row);
  }

  /**
   * The bars of a series, or those that open within `span`, in new shared memory or from the start of `buffer`.
   * @throws candles/unknown-series, candles/damaged, candles/buffer-too-small
   */
  load(key: Key, span?: Span, buffer?: ArrayBufferLike): CandleColumns {
    for (let attempt = 1; ; attempt += 1) {
      const row = this.#row(key);
      if (row === undefined) throw this.#unknown(key);
      try {
        return readColumnFiles(this.#folder(row.generation), row.bars, span, buffer);
      } catch (error) {
        if (!isMissingFile(error)) throw error;
        // A writer replaced the series between the two reads: the catalogue now names the new folder.
        if (attempt < readAttempts && this.#row(key)?.generation !== row.generation) continue;
        throw new RatchetError(
          'candles/damaged',
          `The candle files of ${nameOfSeries(key)} are gone.`,
          'Import or fetch this series again.',
          { ...key },
          error,
        );
      }
    }
  }

  /** Stores a series, in the place of the one it may replace. Refuses bars that break the rules of {@link assertSound}. */
  put(key: Key, columns: CandleColumns, origin: Origin): SeriesInfo {
    parseSeriesKey(key);
    if (origin.isSimulated !== (key.venue === simulatedVenue)) {
      throw new RatchetError(
        'candles/mislabelled',
        `${nameOfSeries(key)} is ${origin.isSimulated ? '' : 'not '}simulated, and the venue says otherwise.`,
        `Simulated candles, and only those, have the venue "${simulatedVenue}".`,
        { ...key },
      );
    }
    assertSound(columns, key.timeframe, nameOfSeries(key));
    if (columns.time.length === 0) throw empty(key);
    return this.batch(() => this.#replace(key, columns, origin));
  }

  /** Adds bars behind the last one of a stored series. */
  append(key: Key, columns: CandleColumns): SeriesInfo {
    assertSound(columns, key.timeframe, nameOfSeries(key));
    if (columns.time.length === 0) throw empty(key);
    return this.batch(() => {
      const row = this.#row(key);
      if (row === undefined) throw this.#unknown(key);
      return this.#extend(row, columns);
    });
  }

  /** All puts and appends inside `work` become visible together, or not at all when it throws. Other writers wait. */
  batch<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#lock();
    this.#depth = 1;
    this.#superseded = [];
    try {
      this.#sweep();
      const result = work();
      this.#database.exec('COMMIT');
      for (const generation of this.#superseded) rmSync(this.#folder(generation), { recursive: true, force: true });
      return result;
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth = 0;
    }
  }

  /** Reads a series and compares it with its digest. @throws candles/damaged */
  verify(key: Key): SeriesInfo {
    for (let attempt = 1; ; attempt += 1) {
      const info = this.find(key);
      if (info === undefined) throw this.#unknown(key);
      const digest = digestOfSeries(key, digestsOfChunks(this.load(key)));
      if (digest === info.digest) return info;
      const isChanging = this.find(key)?.digest !== info.digest;
      if (isChanging && attempt < readAttempts) continue;
      throw new RatchetError(
        'candles/damaged',
        `The bars of ${nameOfSeries(key)} no longer match their digest ${info.digest}.`,
        'Import or fetch this series again.',
        { ...key, digest },
      );
    }
  }

  #lock(): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
    } catch (error) {
      if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_BUSY') throw error;
      throw new RatchetError(
        'candles/store-busy',
        `Another program has been writing to the candle store ${this.directory} for ${lockTimeoutMs / 1000} s.`,
        'Wait until it has finished, then try again.',
        { directory: this.directory },
        error,
      );
    }
  }

  #replace(key: Key, columns: CandleColumns, origin: Origin): SeriesInfo {
    const old = this.#row(key);
    const { lastGeneration } = z
      .strictObject({ lastGeneration: z.int() })
      .parse(this.#database.prepare('UPDATE counter SET lastGeneration = lastGeneration + 1 RETURNING lastGeneration').get());
    writeColumnFiles(this.#folder(lastGeneration), columns);
    if (old !== undefined) this.#superseded.push(old.generation);
    const { isSimulated, source } = origin;
    const chunkDigests = digestsOfChunks(columns);
    return this.#save({
      ...keyOf(key),
      bars: columns.time.length,
      firstTime: columns.time[0]!,
      lastTime: columns.time.at(-1)!,
      generation: lastGeneration,
      digest: digestOfSeries(key, chunkDigests),
      chunkDigests,
      isSimulated,
      source,
    });
  }

  #extend(row: Row, columns: CandleColumns): SeriesInfo {
    if (columns.time[0]! <= row.lastTime) {
      throw new RatchetError(
        'candles/append-overlaps',
        `${nameOfSeries(row)} is stored up to ${new Date(row.lastTime).toISOString()}; the new bars begin at ${new Date(columns.time[0]!).toISOString()}.`,
        'Append only bars after the last stored one.',
        { symbol: row.symbol, lastTime: row.lastTime },
      );
    }
    const folder = this.#folder(row.generation);
    const fullChunks = Math.floor(row.bars / chunkBars);
    const openChunk = readColumnFiles(folder, row.bars, { start: fullChunks * chunkBars, end: row.bars });
    const chunkDigests = [...row.chunkDigests.slice(0, fullChunks), ...digestsOfChunks(concatColumns(openChunk, columns))];
    appendColumnFiles(folder, row.bars, columns);
    return this.#save({
      ...row,
      bars: row.bars + columns.time.length,
      lastTime: columns.time.at(-1)!,
      digest: digestOfSeries(row, chunkDigests),
      chunkDigests,
    });
  }

  #save(row: Row): SeriesInfo {
    this.#database
      .prepare(
        `INSERT INTO series (venue, symbol, timeframe, generation, bars, firstTime, lastTime, digest, chunkDigests, isSimulated, source)
         VALUES (@venue, @symbol, @timeframe, @generation, @bars, @firstTime, @lastTime, @digest, @chunkDigests, @isSimulated, @source)
         ON CONFLICT (venue, symbol, timeframe) DO UPDATE SET generation = excluded.generation, bars = excluded.bars,
           firstTime = excluded.firstTime, lastTime = excluded.lastTime, digest = excluded.digest,
           chunkDigests = excluded.chunkDigests,
           isSimulated = excluded.isSimulated, source = excluded.source`,
      )
      .run({ ...row, chunkDigests: row.chunkDigests.join(' '), isSimulated: row.isSimulated ? 1 : 0 });
    return infoOf(row);
  }

  /** Removes folders no row names: what killed writers left. Only under the write lock, where no other writer is at work. */
  #sweep(): void {
    const kept = new Set(this.#database.prepare('SELECT generation FROM series').pluck().all().map(String));
    const root = join(this.directory, 'series');
    if (!existsSync(root)) mkdirSync(root, { recursive: true });
    for (const folder of readdirSync(root)) {
      if (!kept.has(folder)) rmSync(join(root, folder), { recursive: true, force: true });
    }
  }

  #row(key: Key): Row | undefined {
    const row = this.#database
      .prepare('SELECT * FROM series WHERE venue = ? AND symbol = ? AND timeframe = ?')
      .get(key.venue, key.symbol, key.timeframe);
    return row === undefined ? undefined : Row.parse(row);
  }

  #folder(generation: number): string {
    return join(this.directory, 'series', String(generation));
  }

  #unknown(key: Key): RatchetError {
    const known = this.series().map(nameOfSeries);
    return new RatchetError(
      'candles/unknown-series',
      `No candles of ${nameOfSeries(key)} are stored.`,
      known.length === 0 ? 'Import, fetch or simulate some first.' : `Stored: ${known.join(', ')}.`,
      { ...key },
    );
  }
}

function catalogueOf(directory: string): string {
  return join(directory, 'catalogue.sqlite');
}

function versionOf(database: Database.Database, path: string): number {
  const version = z.int().parse(database.pragma('user_version', { simple: true }));
  if (version <= schemaVersion) return version;
  throw new RatchetError(
    'candles/store-newer',
    `The candle catalogue ${path} has version ${version}; this program knows ${schemaVersion}.`,
    'Use the newer program, or give another --store.',
    { path, version },
  );
}

function keyOf({ venue, symbol, timeframe }: Key): Key {
  return { venue, symbol, timeframe };
}

function infoOf(row: Row): SeriesInfo {
  const { generation: _generation, chunkDigests: _chunkDigests, ...info } = row;
  return info;
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function empty(key: Key): RatchetError {
  return new RatchetError('candles/empty', `There are no bars to store for ${nameOfSeries(key)}.`, 'Give at least one bar.', {
    ...key,
  });
}
