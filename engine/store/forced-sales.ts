import type Database from 'better-sqlite3';
import { z } from 'zod';
import { CheckRow } from './decision-traces.ts';
import type { DecisionRow } from './rows.ts';

/**
 * What the engine sold without a decision of the strategy, at a target for instance: one entry of the store's migrations. `instant` is the
 * close of the bar with which it was recorded, `checks` is JSON, a list of `CheckRow`. They are numbered together with `decisions`, in the
 * order in which both were recorded, and are kept for ever.
 */
export const forcedSaleSchema = `
  CREATE TABLE forcedSales (
    id INTEGER PRIMARY KEY,
    instant INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    treeHash TEXT NOT NULL,
    symbol TEXT NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    checks TEXT NOT NULL
  ) STRICT;
  CREATE INDEX forcedSalesByInstant ON forcedSales (instant);
`;

export const Cause = z
  .string()
  .describe(
    '`decision` for one of the strategy or of an order to it; else what made the engine sell of itself: `take-profit`, `horizon`, `stop`, `trailing-stop` or `flatten`',
  );

/** Beside decisions it is one to leave, with what made it and every check that was asked. */
export interface ForcedSale extends DecisionRow {
  readonly id: number;
  readonly cause: string;
  readonly checks: readonly CheckRow[];
}

const Stored = z
  .strictObject({
    id: z.int(),
    strategy: z.string(),
    treeHash: z.string(),
    instant: z.int(),
    symbol: z.string(),
    cause: z.string(),
    reason: z.string(),
    checks: z.string(),
  })
  .transform(
    ({ checks, ...sale }): ForcedSale => ({
      ...sale,
      ...{ action: 'exit', outcome: 'accepted', ageMs: null, missing: [] },
      checks: z.array(CheckRow).parse(JSON.parse(checks)),
    }),
  );

/** @param where which, in what order and how many, as SQL */
export function readForcedSales(database: Database.Database, where: string, parameters: object): ForcedSale[] {
  const columns = 'id, strategy, treeHash, instant, symbol, cause, reason, checks';
  const rows = database.prepare(`SELECT ${columns} FROM forcedSales WHERE ${where}`).all(parameters);
  return rows.map((row) => Stored.parse(row));
}

/** The number of the next decision or forced sale. */
export const nextNumber =
  'SELECT 1 + max((SELECT coalesce(max(id), 0) FROM decisions), (SELECT coalesce(max(id), 0) FROM forcedSales))';
