import Database from 'better-sqlite3';
import type { ShownSeries } from '#engine/analysis/shown-candles.ts';
import { type SourcedTable, TABLES } from '#engine/analysis/tables.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import { openForReading } from '#engine/store/open-database.ts';
import type { Material } from './material.ts';

/** Rows of one table that are taken over; the newest win. */
const ROWS_MAX = 200_000;

/** What would tell the time, draw by lot or reach the disk: the same rows must give the same answer, wherever and whenever. */
const WITHHELD = ['random', 'randomblob', 'load_extension', 'current_time', 'current_date', 'current_timestamp'];
const WITHHELD_DATES = ['date', 'time', 'datetime', 'julianday', 'unixepoch', 'strftime', 'timediff'];

/**
 * A database in memory with everything a module may ask about, and no file behind it: the store is read through a connection that cannot
 * write, copied up to the market time, and closed again before the first question. From then on this one cannot be written to either.
 */
export function fillDatabase({ store, asOf, candles }: Material): Database.Database {
  const database = new Database(':memory:');
  for (const { name, columns } of TABLES) {
    database.exec(`CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')}) STRICT`);
  }
  if (store !== null) copyStore(database, store, asOf);
  database.transaction(() => {
    for (const series of candles) insertSeries(database, series);
  })();
  for (const { name, index } of TABLES) database.exec(`CREATE INDEX ${name}Index ON ${name} (${index})`);
  withhold(database);
  // What a sort needs room for is in memory as well.
  database.pragma('temp_store = MEMORY');
  database.pragma('query_only = ON');
  return database;
}

function copyStore(database: Database.Database, dir: string, asOf: number): void {
  const record = openForReading(dir);
  try {
    // Of one moment, though the engine goes on meanwhile.
    record.transaction(() => {
      database.transaction(() => {
        for (const table of TABLES) if (table.fromStore !== null) copyTable(record, database, table, table.fromStore, asOf);
      })();
    })();
  } finally {
    record.close();
  }
}

function copyTable(
  record: Database.Database,
  database: Database.Database,
  table: SourcedTable,
  select: string,
  asOf: number,
): void {
  const insert = insertInto(database, table);
  const parameters = { asOf, rowsMax: ROWS_MAX };
  const used = Object.fromEntries(Object.entries(parameters).filter(([name]) => select.includes(`@${name}`)));
  for (const row of record.prepare(select).raw().iterate(used)) insert.run(...(row as unknown[]));
}

function insertSeries(database: Database.Database, { symbol, timeframe, part, span, columns }: ShownSeries): void {
  insertInto(database, tableNamed('spans')).run(symbol, timeframe, timeframeMs(timeframe), part, span.from, span.to);
  const { time, open, high, low, close, volume } = columns;
  const insert = insertInto(database, tableNamed('candles'));
  for (let at = 0; at < time.length; at += 1) {
    insert.run(symbol, timeframe, part, time[at], open[at], high[at], low[at], close[at], volume[at]);
  }
}

function insertInto(database: Database.Database, { name, columns }: SourcedTable): Database.Statement {
  return database.prepare(`INSERT INTO ${name} VALUES (${columns.map(() => '?').join(', ')})`);
}

function tableNamed(name: string): SourcedTable {
  const table = TABLES.find((one) => one.name === name);
  if (table === undefined) throw new Error(`There is no table ${name}.`);
  return table;
}

function withhold(database: Database.Database): void {
  for (const name of [...WITHHELD, ...WITHHELD_DATES]) {
    const refuse = (): never => {
      throw new Error(
        WITHHELD_DATES.includes(name)
          ? `${name}() is not here: times are UTC milliseconds, (time / 3600000) % 24 is the hour`
          : `${name}() is not here: the same rows must give the same answer`,
      );
    };
    // One that takes any number, and one for each that the library has by the number of its arguments.
    database.function(name, { varargs: true }, refuse);
    database.function(name, refuse);
    database.function(name, (_one: unknown) => refuse());
    database.function(name, (_one: unknown, _two: unknown) => refuse());
  }
}
