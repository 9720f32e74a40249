import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { storePath } from '#engine/store/open-database.ts';
import { type TierSettings, tiersOf } from '#engine/store/tiers/tier-settings.ts';

const minuteMs = 60_000;
const pageBytes = 4_096;

const Piece = z.object({ table: z.string(), rows: z.int(), bytes: z.int() });
/** A table with its indexes: its rows, and the pages they take. */
export type Piece = z.infer<typeof Piece>;

/** What a store was fed with: minute bars, and what came of them. */
export interface Fed {
  /** Of each symbol. */
  readonly bars: number;
  readonly strategies: number;
  /** Of all strategies together, each of which has its own. */
  readonly symbols: number;
  readonly keep: TierSettings;
  /** By the exchange's own books; null where none was traded on. */
  readonly exchange: { readonly orders: number; readonly fills: number } | null;
}

/** One kind of row. */
export interface Kind extends Piece {
  /** As many as may be kept. */
  readonly rowsMax: number;
  /** As much as a row may take, its part of the indexes included. */
  readonly rowBytesMax: number;
  readonly isKept: boolean;
}

/** Of an engine's folder, with what has not been written back to it yet. */
export function storeBytes(dir: string): number {
  const file = storePath(dir);
  return ['', '-wal'].reduce((sum, end) => sum + (statSync(`${file}${end}`, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Every table of a store, the largest first. */
export function storePieces(dir: string): Piece[] {
  const database = new Database(storePath(dir), { readonly: true });
  try {
    const sizes = database
      .prepare(
        `SELECT tbl_name AS "table", sum(pgsize) AS bytes FROM dbstat JOIN sqlite_schema USING (name)
           GROUP BY tbl_name ORDER BY bytes DESC, tbl_name`,
      )
      .all() as { table: string; bytes: number }[];
    return sizes.map(({ table, bytes }) => {
      const rows = database.prepare(`SELECT count(*) FROM "${table}"`).pluck().get();
      return Piece.parse({ table, bytes, rows });
    });
  } finally {
    database.close();
  }
}

/** How many decisions are accounted for, in rows of their own and in runs. */
export function storedDecisions(dir: string): number {
  const database = new Database(storePath(dir), { readonly: true });
  try {
    const sql = 'SELECT (SELECT count(*) FROM decisions) + (SELECT coalesce(sum(times), 0) FROM decisionTiers)';
    return z.int().parse(database.prepare(sql).pluck().get());
  } finally {
    database.close();
  }
}

/**
 * What there may be of each kind of row, told from what went in and from how long the policy keeps it in which detail; what is named nowhere
 * here may not grow with bars at all.
 */
export function kindsOf(pieces: readonly Piece[], { bars, strategies, symbols, keep, exchange }: Fed): Kind[] {
  const rowsOf = (table: string): number => pieces.find((piece) => piece.table === table)?.rows ?? 0;
  const kept = keptPerSeries(bars, keep);
  const orders = exchange?.orders ?? rowsOf('orders');
  const fills = exchange?.fills ?? rowsOf('fills');
  const acted = rowsOf('orders') + rowsOf('denials');
  const limits: Readonly<Record<string, readonly [rows: number, rowBytes: number]>> = {
    equity: [strategies * kept.recorded, 64],
    equityTiers: [strategies * kept.runs, 256],
    // What became an order, or was denied, stays as it is.
    decisions: [symbols * kept.recorded + acted, 400],
    decisionTiers: [symbols * kept.runs * reasonsOfBench, 256],
    // They go with their decision; an order may be judged again when it is sent again.
    decisionTraces: [rowsOf('decisions') + acted, 5_000],
    // Sold without a decision, with what was checked.
    forcedSales: [orders, 5_000],
    orders: [orders, 200],
    denials: [orders, 300],
    fills: [fills, 300],
    trades: [fills, 500],
    venueOrders: [orders, 700],
    orderEvents: [eventsOfOrder * orders, 150],
    venueFills: [fills, 300],
    venueFillFees: [fills, 100],
  };
  return pieces.map((piece) => {
    const [rowsMax, rowBytesMax] = limits[piece.table] ?? [standingRowsMax, 64 * 1_024];
    const isKept = piece.rows <= rowsMax && piece.bytes <= piece.rows * rowBytesMax + pagesOfEmpty * pageBytes;
    return { ...piece, rowsMax, rowBytesMax, isKept };
  });
}

/** The strategies of the bench give one reason for doing nothing while they hold, and one while they do not. */
const reasonsOfBench = 2;
/** Intended, sent, acknowledged, filled or cancelled, final; and an answer that was asked for once more. */
const eventsOfOrder = 6;
/** Rows of what does not grow: deployments, accounts, lanes, what a store knows of itself. */
const standingRowsMax = 32;
/** A table without a row, and each of up to three indexes, has a page; and one more each that is begun. */
const pagesOfEmpty = 8;

/** Rows that one series leaves: bar by bar, and in runs. A tier may be behind by one portion, an hour, and the first bars are not counted. */
function keptPerSeries(bars: number, keep: TierSettings): { readonly recorded: number; readonly runs: number } {
  const slack = 90;
  const [five, hour, day] = tiersOf(keep).map(({ everyMs, afterMs }) => ({
    every: everyMs / minuteMs,
    after: afterMs / minuteMs,
  }));
  const between = (from: number, to: number) => Math.max(0, Math.min(bars, to) - from);
  const runs =
    between(five!.after, hour!.after + slack) / five!.every +
    between(hour!.after, day!.after + slack) / hour!.every +
    between(day!.after, Number.POSITIVE_INFINITY) / day!.every;
  return { recorded: Math.min(bars, five!.after) + slack, runs: Math.ceil(runs) + slack / five!.every };
}
