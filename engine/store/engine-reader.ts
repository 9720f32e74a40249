import type Database from 'better-sqlite3';
import { z } from 'zod';
import { type CheckRow, readTrace } from './decision-traces.ts';
import { readForcedSales } from './forced-sales.ts';
import { OrderJournal } from './journal/order-journal.ts';
import { openForReading } from './open-database.ts';
import {
  AccountRow,
  DecidedRow,
  DecisionCountRow,
  type DecisionRow,
  DenialCountRow,
  DeploymentRow,
  decisionColumns,
  EquityRow,
  EquitySpan,
  FaultRow,
  FillRow,
  OpenPosition,
  QuarantineRow,
  StoredDecision,
  SyncRow,
  TradeRow,
} from './rows.ts';
import { Holdings } from './tiers/holdings.ts';
import { RAN } from './tiers/ran.ts';
import { BENCHMARKS, VERSION_ROWS } from './truth/benchmarks.ts';
import { Truth } from './truth/truth.ts';

/** Asks about everything the engine has recorded. */
const always = Number.MAX_SAFE_INTEGER;

/** A decision that was accepted and then denied when it should have filled counts as denied, once that is known. */
const outcomeAsOf = `coalesce((SELECT 'denied:' || code FROM denials WHERE decision = decisions.id AND denials.instant <= @asOf LIMIT 1), outcome)`;

/** Benchmarks that are one number and need no clock on the wall. */
export type PlainFigure = 'trades' | 'netResult' | 'winRate' | 'drawdownWorst' | 'dataAge';

/** The newest rows of the tables that only grow. */
export interface RecordIds {
  readonly trade: number;
  readonly decision: number;
  readonly denial: number;
}

/** A decision, or a sale that the strategy did not decide, and what was asked of it. */
export interface TracedDecision extends DecisionRow {
  /** See `forced-sales.ts`. */
  readonly cause: string;
  readonly checks: readonly CheckRow[];
}

const MetaValue = z.string().nullable();
const NumberedStored = z.strictObject({ id: z.int(), ...StoredDecision.shape });

/** A limit on every list: the newest rows win. */
const rowsMax = 1_000_000;

/**
 * What the engine has recorded, as typed rows, oldest first. `asOf` is a market time (UTC milliseconds, inclusive): rows
 * that became known later are left out, so that two readers who ask as of the same time get the same answer.
 */
export class EngineReader {
  protected readonly database: Database.Database;
  /** Asked before every order, for the limits in force. */
  #meta: Database.Statement | null = null;

  constructor(database: Database.Database) {
    this.database = database;
  }

  close(): void {
    this.database.close();
  }

  /** Everything `look` reads is of one moment, though the engine goes on meanwhile. */
  atOnce<T>(look: () => T): T {
    return this.database.transaction(look).deferred();
  }

  /** Close time of the newest bar the engine has taken in; null before the first. */
  lastFeedTime(): number | null {
    const value = this.meta('feed');
    return value === null ? null : Number(value);
  }

  /** Wall-clock time at which the engine last said that it runs; null before it first did. */
  lastSeen(): number | null {
    return z.int().nullable().parse(this.database.prepare('SELECT max(seenAt) FROM runs').pluck().get());
  }

  meta(key: string): string | null {
    this.#meta ??= this.database.prepare('SELECT value FROM meta WHERE key = ?').pluck();
    return MetaValue.parse(this.#meta.get(key) ?? null);
  }

  /** What is remembered of each venue account for its limits, JSON, by the account's name. */
  venueRisks(): Map<string, string> {
    const rows = this.database.prepare('SELECT account, state FROM venueRisk ORDER BY account').all();
    return new Map(
      z
        .array(z.strictObject({ account: z.string(), state: z.string() }))
        .parse(rows)
        .map(({ account, state }) => [account, state]),
    );
  }

  /** The orders of every venue account that was ever traded on, to read. */
  journals(): OrderJournal[] {
    const accounts = z
      .array(z.string())
      .parse(
        this.database
          .prepare('SELECT DISTINCT account FROM venueOrders UNION SELECT account FROM venueFreezes ORDER BY 1')
          .pluck()
          .all(),
      );
    return accounts.map((account) => new OrderJournal(this.database, account));
  }

  /** The newest `limit` trades, oldest of them first. */
  newestTrades(limit: number): TradeRow[] {
    const columns = Object.keys(TradeRow.shape).join(', ');
    return this.#rows(TradeRow, `SELECT ${columns} FROM trades ORDER BY id DESC LIMIT @limit`, { limit }).reverse();
  }

  trades(asOf = always): TradeRow[] {
    const columns = Object.keys(TradeRow.shape).join(', ');
    return this.#rows(TradeRow, `SELECT ${columns} FROM trades WHERE instant <= @asOf ORDER BY id LIMIT ${rowsMax}`, { asOf });
  }

  fills(asOf = always): FillRow[] {
    const columns = Object.keys(FillRow.shape).join(', ');
    return this.#rows(FillRow, `SELECT ${columns} FROM fills WHERE instant <= @asOf ORDER BY id LIMIT ${rowsMax}`, { asOf });
  }

  /** The newest `limit` decisions known at `asOf`, oldest of them first; of those in runs only what became an order has a row of its own. */
  decisions(limit: number, asOf = always): DecisionRow[] {
    const sql = `SELECT ${decisionColumns}, ${outcomeAsOf} AS outcome
      FROM decisions WHERE instant <= @asOf ORDER BY id DESC LIMIT @limit`;
    return this.#rows(StoredDecision, sql, { asOf, limit: Math.min(limit, rowsMax) }).reverse();
  }

  /**
   * The same, and what was sold without a decision of the strategy, each with every check it met; what stopped its order only later stands
   * last, with no numbers.
   */
  tracedDecisions(limit: number): TracedDecision[] {
    const newest = 'TRUE ORDER BY id DESC LIMIT @limit';
    const sql = `SELECT id, ${decisionColumns}, ${outcomeAsOf} AS outcome FROM decisions WHERE ${newest}`;
    const decided = this.#rows(NumberedStored, sql, { limit, asOf: always }).map(({ id, ...decision }) => {
      const checks = readTrace(this.database, decision);
      const code = /^denied:(.*)$/.exec(decision.outcome)?.[1];
      const isTold = code === undefined || checks.some(({ check, passed }) => check === code && !passed);
      const late = isTold ? [] : [{ check: code, passed: false, value: null, limit: null }];
      return { id, ...decision, cause: 'decision', checks: [...checks, ...late] };
    });
    return [...decided, ...readForcedSales(this.database, newest, { limit })]
      .sort((one, other) => one.id - other.id)
      .slice(-limit)
      .map(({ id: _, ...told }) => told);
  }

  /** The newest `limit` decisions of one strategy, oldest of them first. */
  decisionsOf(strategy: string, limit: number): DecisionRow[] {
    const sql = `SELECT ${decisionColumns}, ${outcomeAsOf} AS outcome
      FROM decisions WHERE strategy = @strategy ORDER BY instant DESC, id DESC LIMIT @limit`;
    return this.#rows(StoredDecision, sql, { strategy, limit, asOf: always }).reverse();
  }

  /** All that one version of a strategy decided at bars that closed later than `since`, as it was known at `asOf`, oldest first. */
  decidedBy(strategy: string, tree: string, { since, asOf }: { readonly since: number; readonly asOf: number }): DecidedRow[] {
    const which = 'strategy = @strategy AND instant > @since AND instant <= @asOf AND treeHash = @tree';
    const sql = `SELECT symbol, action, reason, ${outcomeAsOf} AS outcome, instant AS first, instant, 1 AS times FROM decisions WHERE ${which}
      UNION ALL SELECT symbol, action, reason, outcome, first, instant, times FROM decisionTiers WHERE ${which} ORDER BY instant, symbol`;
    return this.#rows(DecidedRow, sql, { strategy, tree, since, asOf });
  }

  /** How often each action was decided for each reason, and what came of it, by any version or by one; the most frequent first. */
  decisionCounts(asOf = always, tree?: string): DecisionCountRow[] {
    const sql = `SELECT strategy, action, reason, outcome, sum(times) AS count FROM (
        SELECT strategy, treeHash, action, reason, ${outcomeAsOf} AS outcome, 1 AS times FROM decisions WHERE instant <= @asOf
        UNION ALL SELECT strategy, treeHash, action, reason, outcome, times FROM decisionTiers WHERE instant <= @asOf
      ) WHERE @tree IS NULL OR treeHash = @tree
      GROUP BY 1, 2, 3, 4 ORDER BY count DESC, 1, 2, 3, 4`;
    return this.#rows(DecisionCountRow, sql, { asOf, tree: tree ?? null });
  }

  /** Equity in quote asset at every bar of each strategy; of bars that have become a run, at the last of it. */
  equitySeries(asOf = always, strategy?: string): EquityRow[] {
    const which = 'WHERE instant <= @asOf AND (@strategy IS NULL OR strategy = @strategy)';
    const sql = `SELECT strategy, instant, value FROM equity ${which}
      UNION ALL SELECT strategy, instant, close FROM equityTiers ${which} ORDER BY 2, 1 LIMIT ${rowsMax}`;
    return this.#rows(EquityRow, sql, { asOf, strategy: strategy ?? null });
  }

  /**
   * From which market time on everything is kept bar by bar, UTC milliseconds; what closed by then may stand in runs: figures over whole
   * runs are the same, and a figure as of a time within one is that of the run before. Null where nothing was put together yet.
   */
  keptInRunsUpTo(): number | null {
    return z.int().nullable().parse(this.database.prepare('SELECT max(upTo) FROM tierKept').pluck().get());
  }

  /**
   * What is true of one version of a strategy.
   * @param tree its content
   * @param asOf market time, UTC milliseconds
   * @param now wall-clock time, UTC milliseconds, for how long the engine has run
   */
  truth(strategy: string, tree: string, asOf: number, now: number): Truth {
    // In one statement, so that the version's rows are gathered once and not anew for each figure.
    const figures = Object.entries(BENCHMARKS).map(([name, { sql }]) => `(${sql}) AS ${name}`);
    const row = this.database.prepare(`${VERSION_ROWS}SELECT ${figures.join(', ')}`).get({ strategy, tree, asOf, now });
    const { refusals, ...values } = row as Record<string, unknown>;
    return Truth.parse({ version: tree, ...values, refusals: JSON.parse(String(refusals)) });
  }

  /**
   * One such figure alone, for whoever looks at it day by day.
   * @returns null where there is nothing to make it of
   */
  figure(name: PlainFigure, strategy: string, tree: string, asOf: number): number | null {
    const value = this.database.prepare(`${VERSION_ROWS}${BENCHMARKS[name].sql}`).pluck().get({ strategy, tree, asOf });
    return z
      .number()
      .nullable()
      .parse(value ?? null);
  }

  // ── for those who have read a part already ───────────────────────────────────────────────────────────────────────────

  /** Up to where the record goes now; 0 where there is nothing. */
  lastIds(): RecordIds {
    const last = (table: string) =>
      z.int().parse(this.database.prepare(`SELECT coalesce(max(id), 0) FROM ${table}`).pluck().get());
    return { trade: last('trades'), decision: last('decisions'), denial: last('denials') };
  }

  /** Trades of all strategies with an id above `after`, up to `upTo`. */
  tradesBetween(after: number, upTo: number): TradeRow[] {
    const columns = Object.keys(TradeRow.shape).join(', ');
    const sql = `SELECT ${columns} FROM trades WHERE id > @after AND id <= @upTo ORDER BY id`;
    return this.#rows(TradeRow, sql, { after, upTo });
  }

  /** Equity of one strategy at bars, or runs of bars, that closed later than `instant`; null asks for all. */
  equityAfter(strategy: string, instant: number | null): EquitySpan[] {
    const which = 'WHERE strategy = @strategy AND instant > @instant';
    const sql = `SELECT strategy, instant, value, instant AS first, value AS high, value AS low, 0.0 AS fall FROM equity ${which}
      UNION ALL SELECT strategy, instant, close, first, high, low, fall FROM equityTiers ${which} ORDER BY 2`;
    return this.#rows(EquitySpan, sql, { strategy, instant: instant ?? -1 });
  }

  /**
   * What stopped decisions at once, and orders later, among the rows above `after` and up to `upTo`. Decisions that have become part of a
   * run have no row: they are counted for whoever has read nothing yet, and have been counted by whoever has read beyond that run.
   */
  denialCounts(after: RecordIds, upTo: RecordIds): DenialCountRow[] {
    const sql = `SELECT strategy, code, sum(times) AS count FROM (
        SELECT strategy, substr(outcome, 8) AS code, 1 AS times FROM decisions
          WHERE id > @afterDecision AND id <= @decision AND outcome LIKE 'denied:%'
        UNION ALL SELECT strategy, substr(outcome, 8), times FROM decisionTiers WHERE @afterDecision = 0 AND outcome LIKE 'denied:%'
        UNION ALL SELECT strategy, code, 1 FROM denials WHERE id > @afterDenial AND id <= @denial
      ) GROUP BY 1, 2 ORDER BY 1, 2`;
    const { decision, denial } = upTo;
    return this.#rows(DenialCountRow, sql, { afterDecision: after.decision, afterDenial: after.denial, decision, denial });
  }

  // ── what is ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Newest equity of all strategies that ever ran here, summed; null before the first bar. */
  equity(asOf = always): number | null {
    const sql = `WITH RECURSIVE ${RAN} SELECT sum((SELECT value FROM (
        SELECT * FROM (SELECT instant, value FROM equity
          WHERE equity.strategy = ran.strategy AND instant <= @asOf ORDER BY instant DESC LIMIT 1)
        UNION ALL SELECT * FROM (SELECT instant, close FROM equityTiers
          WHERE equityTiers.strategy = ran.strategy AND instant <= @asOf ORDER BY instant DESC LIMIT 1)
        ORDER BY instant DESC LIMIT 1))) FROM ran`;
    return z.number().nullable().parse(this.database.prepare(sql).pluck().get({ asOf }));
  }

  counts(asOf = always): { decisions: number; fills: number; trades: number } {
    const count = (table: string) =>
      z.int().parse(this.database.prepare(`SELECT count(*) FROM ${table} WHERE instant <= ?`).pluck().get(asOf));
    const inRuns = this.database
      .prepare('SELECT coalesce(sum(times), 0) FROM decisionTiers WHERE instant <= ?')
      .pluck()
      .get(asOf);
    return { decisions: count('decisions') + z.int().parse(inRuns), fills: count('fills'), trades: count('trades') };
  }

  /** Whether a strategy held something of any symbol then, as far as was known by that market time. */
  isHeldAt(strategy: string, instant: number): boolean {
    return new Holdings(this.database, strategy, instant).isHeldAt(instant);
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
