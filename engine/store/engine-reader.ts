import type Database from 'better-sqlite3';
import { z } from 'zod';
import { openForReading } from './open-database.ts';
import {
  AccountRow,
  DecisionCountRow,
  DecisionRow,
  DeploymentRow,
  EquityRow,
  FaultRow,
  FillRow,
  OpenPosition,
  QuarantineRow,
  SyncRow,
  TradeRow,
} from './rows.ts';

/** Asks about everything the engine has recorded. */
const always = Number.MAX_SAFE_INTEGER;

/** A decision that was accepted and then denied when it should have filled counts as denied, once that is known. */
const outcomeAsOf = `coalesce((SELECT 'denied:' || code FROM denials WHERE decision = decisions.id AND denials.instant <= @asOf LIMIT 1), outcome)`;

/** A limit on every list: the newest rows win. */
const rowsMax = 1_000_000;

/**
 * What the engine has recorded, as typed rows, oldest first. `asOf` is a market time (UTC milliseconds, inclusive): rows
 * that became known later are left out, so that two readers who ask as of the same time get the same answer.
 */
export class EngineReader {
  protected readonly database: Database.Database;

  constructor(database: Database.Database) {
    this.database = database;
  }

  close(): void {
    this.database.close();
  }

  /** Close time of the newest bar the engine has taken in; null before the first. */
  lastFeedTime(): number | null {
    const value = this.meta('feed');
    return value === null ? null : Number(value);
  }

  meta(key: string): string | null {
    return z
      .string()
      .nullable()
      .parse(this.database.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) ?? null);
  }

  trades(asOf = always): TradeRow[] {
    const columns = Object.keys(TradeRow.shape).join(', ');
    return this.#rows(TradeRow, `SELECT ${columns} FROM trades WHERE instant <= @asOf ORDER BY id LIMIT ${rowsMax}`, { asOf });
  }

  fills(asOf = always): FillRow[] {
    const columns = Object.keys(FillRow.shape).join(', ');
    return this.#rows(FillRow, `SELECT ${columns} FROM fills WHERE instant <= @asOf ORDER BY id LIMIT ${rowsMax}`, { asOf });
  }

  /** The newest `limit` decisions known at `asOf`, oldest of them first. */
  decisions(limit: number, asOf = always): DecisionRow[] {
    const sql = `SELECT strategy, treeHash, instant, symbol, action, reason, ${outcomeAsOf} AS outcome
      FROM decisions WHERE instant <= @asOf ORDER BY id DESC LIMIT @limit`;
    return this.#rows(DecisionRow, sql, { asOf, limit: Math.min(limit, rowsMax) }).reverse();
  }

  /** How often each action was decided for each reason, and what came of it, by any version or by one; the most frequent first. */
  decisionCounts(asOf = always, tree?: string): DecisionCountRow[] {
    const sql = `SELECT strategy, action, reason, ${outcomeAsOf} AS outcome, count(*) AS count
      FROM decisions WHERE instant <= @asOf AND (@tree IS NULL OR treeHash = @tree)
      GROUP BY 1, 2, 3, 4 ORDER BY count DESC, 1, 2, 3, 4`;
    return this.#rows(DecisionCountRow, sql, { asOf, tree: tree ?? null });
  }

  /** Equity in quote asset at every bar of each strategy. */
  equitySeries(asOf = always, strategy?: string): EquityRow[] {
    const sql = `SELECT strategy, instant, value FROM equity
      WHERE instant <= @asOf AND (@strategy IS NULL OR strategy = @strategy) ORDER BY instant, strategy LIMIT ${rowsMax}`;
    return this.#rows(EquityRow, sql, { asOf, strategy: strategy ?? null });
  }

  /** Newest equity of all strategies that ever ran here, summed; null before the first bar. */
  equity(asOf = always): number | null {
    const sql = `SELECT sum(value) FROM equity JOIN
      (SELECT strategy, max(instant) AS instant FROM equity WHERE instant <= ? GROUP BY strategy) USING (strategy, instant)`;
    return z.number().nullable().parse(this.database.prepare(sql).pluck().get(asOf));
  }

  counts(asOf = always): { decisions: number; fills: number; trades: number } {
    const count = (table: string) =>
      z.int().parse(this.database.prepare(`SELECT count(*) FROM ${table} WHERE instant <= ?`).pluck().get(asOf));
    return { decisions: count('decisions'), fills: count('fills'), trades: count('trades') };
  }

  /** By market time of loading, oldest first, those dropped since included. */
  deployments(asOf = always): DeploymentRow[] {
    return this.#rows(DeploymentRow, 'SELECT * FROM deployments WHERE instant <= @asOf ORDER BY id', { asOf });
  }

  /** What each strategy holds now. */
  openPositions(): (OpenPosition & { readonly strategy: string })[] {
    return this.accounts().flatMap(({ strategy, positions }) =>
      z
        .array(OpenPosition)
        .parse(JSON.parse(positions))
        .map((position) => ({ strategy, ...position })),
    );
  }

  accounts(): AccountRow[] {
    return this.#rows(AccountRow, 'SELECT * FROM accounts ORDER BY strategy', {});
  }

  quarantine(): QuarantineRow[] {
    return this.#rows(QuarantineRow, 'SELECT * FROM quarantine ORDER BY at, treeHash', {});
  }

  /** Newest first. */
  faults(limit: number): FaultRow[] {
    const sql = 'SELECT at, instant, strategy, treeHash, code, message FROM faults ORDER BY id DESC LIMIT @limit';
    return this.#rows(FaultRow, sql, { limit });
  }

  /** Newest first. */
  syncs(limit: number): SyncRow[] {
    return this.#rows(SyncRow, 'SELECT at, status, commitHash, reason FROM syncs ORDER BY id DESC LIMIT @limit', { limit });
  }

  #rows<Row>(schema: z.ZodType<Row>, sql: string, parameters: Record<string, unknown>): Row[] {
    return this.database
      .prepare(sql)
      .all(parameters)
      .map((row) => schema.parse(row));
  }
}

/** A look at the engine's store from any process, while the engine runs or after. Close it. */
export function openReader(dir: string): EngineReader {
  return new EngineReader(openForReading(dir));
}
