import type Database from 'better-sqlite3';
import { z } from 'zod';

/**
 * What was asked of each decision: one entry of the store's migrations. An order may be judged after its decision was recorded, and again
 * when it is sent again, so a decision has any number of rows. `checks` is JSON, a list of `CheckRow`. They go when their decision becomes
 * part of a run.
 */
export const traceSchema = `
  CREATE TABLE decisionTraces (
    id INTEGER PRIMARY KEY,
    strategy TEXT NOT NULL,
    instant INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    checks TEXT NOT NULL
  ) STRICT;
  CREATE INDEX decisionTracesByDecision ON decisionTraces (strategy, instant, symbol);
`;

const Amount = z.union([z.number(), z.string()]).nullable();

/** What one check found. */
export const CheckRow = z.strictObject({ check: z.string(), passed: z.boolean(), value: Amount, limit: Amount });
export type CheckRow = z.infer<typeof CheckRow>;

/** Names a decision: one a symbol a bar. */
export interface DecisionName {
  readonly strategy: string;
  readonly symbol: string;
  /** Close of the bar decided on, UTC milliseconds. */
  readonly instant: number;
}

/** Every check a decision met, in the order in which it met them. */
export function readTrace(database: Database.Database, { strategy, symbol, instant }: DecisionName): CheckRow[] {
  const rows = database
    .prepare('SELECT checks FROM decisionTraces WHERE strategy = ? AND instant = ? AND symbol = ? ORDER BY id')
    .pluck()
    .all(strategy, instant, symbol);
  return rows.flatMap((text) => z.array(CheckRow).parse(JSON.parse(z.string().parse(text))));
}

/** Of decisions that have no row of their own any more, within a stretch of market time, both ends included. */
export function dropTraces(database: Database.Database, within: { strategy: string; first: number; instant: number }): void {
  database
    .prepare(
      `DELETE FROM decisionTraces WHERE strategy = @strategy AND instant >= @first AND instant <= @instant AND NOT EXISTS (
         SELECT 1 FROM decisions AS own WHERE own.strategy = decisionTraces.strategy AND own.instant = decisionTraces.instant
           AND own.symbol = decisionTraces.symbol)`,
    )
    .run(within);
}
