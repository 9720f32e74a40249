import type { Database } from 'better-sqlite3';
import { z } from 'zod';
import { SeriesKey } from './series-key.ts';
import type { SeriesKey as Key } from './types.ts';

const Bar = z.strictObject({
  time: z.int(),
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
});

/** A venue said something else of a bar after it had been traded on. The stored series keeps the bar that was traded on. */
export const BarCorrection = z.strictObject({
  ...SeriesKey.shape,
  /** Null where it was gone on without the bar. */
  was: Bar.nullable(),
  is: Bar,
  /** UTC milliseconds. */
  noticedAt: z.int(),
});
export type BarCorrection = z.infer<typeof BarCorrection>;

const Row = z
  .strictObject({ ...SeriesKey.shape, time: z.int(), noticedAt: z.int(), was: z.string().nullable(), becomes: z.string() })
  .transform(({ venue, symbol, timeframe, noticedAt, was, becomes }) =>
    BarCorrection.parse({
      venue,
      symbol,
      timeframe,
      noticedAt,
      was: was === null ? null : JSON.parse(was),
      is: JSON.parse(becomes),
    }),
  );

/** Made when there is first something to note: stores without live bars are as they always were. */
const schema = `
  CREATE TABLE IF NOT EXISTS corrections (
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    time INTEGER NOT NULL,
    noticedAt INTEGER NOT NULL,
    was TEXT,
    becomes TEXT NOT NULL,
    PRIMARY KEY (venue, symbol, timeframe, time, noticedAt)
  ) STRICT;
`;

/** Beside the catalogue of a candle store: what became of bars after they were handed out. Append-only. */
export class CorrectionTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  note({ venue, symbol, timeframe, was, is, noticedAt }: BarCorrection): void {
    this.#database.exec(schema);
    this.#database
      .prepare('INSERT OR IGNORE INTO corrections VALUES (@venue, @symbol, @timeframe, @time, @noticedAt, @was, @becomes)')
      .run({
        venue,
        symbol,
        timeframe,
        time: is.time,
        noticedAt,
        was: was === null ? null : JSON.stringify(was),
        becomes: JSON.stringify(is),
      });
  }

  /** Of one series, or of all; oldest bars first. */
  list(key?: Key): BarCorrection[] {
    const exists = this.#database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'corrections'").get();
    if (exists === undefined) return [];
    const rows = this.#database.prepare('SELECT * FROM corrections ORDER BY venue, symbol, timeframe, time, noticedAt').all();
    const all = rows.map((row) => Row.parse(row));
    if (key === undefined) return all;
    return all.filter(
      ({ venue, symbol, timeframe }) => venue === key.venue && symbol === key.symbol && timeframe === key.timeframe,
    );
  }
}
