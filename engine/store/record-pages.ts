import { z } from 'zod';
import { CheckRow, readTrace } from './decision-traces.ts';
import { EngineReader } from './engine-reader.ts';
import { Cause, readForcedSales } from './forced-sales.ts';
import { openForReading } from './open-database.ts';
import { DecisionRow, DeploymentRow, decisionColumns, FaultRow, FillRow, StoredDecision, SyncRow, TradeRow } from './rows.ts';
import { RAN } from './tiers/ran.ts';

/** Which rows, newest first: those with a smaller id than `before`, so that a page does not change when rows are added. */
export interface PageRequest {
  readonly before: number | null;
  readonly limit: number;
  readonly strategy?: string | undefined;
  readonly symbol?: string | undefined;
  /** Of `instant`, market time, UTC milliseconds, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

const Id = { id: z.int() };
export const NumberedTrade = z.strictObject({ ...Id, ...TradeRow.shape });
export type NumberedTrade = z.infer<typeof NumberedTrade>;

/**
 * A decision with what was known of its bar, every check its order met, and the order's terms where it became one; or what was sold without
 * one.
 */
export const NumberedDecision = z.strictObject({
  ...Id,
  ...DecisionRow.shape,
  cause: Cause,
  order: z.record(z.string(), z.unknown()).nullable(),
  checks: z.array(CheckRow),
});
export type NumberedDecision = z.infer<typeof NumberedDecision>;

/** Somebody has to look: a symbol on which no entry is made until then. */
export const FrozenSymbol = z.strictObject({
  account: z.string(),
  symbol: z.string(),
  /** Wall-clock time. */
  at: z.int(),
  code: z.string(),
  message: z.string(),
});
export type FrozenSymbol = z.infer<typeof FrozenSymbol>;

/** All that one instant brought, in the order in which it is told. */
export interface InstantRows {
  readonly fills: readonly FillRow[];
  readonly trades: readonly NumberedTrade[];
  readonly decisions: readonly NumberedDecision[];
  readonly equity: readonly { readonly strategy: string; readonly value: number }[];
}

const StoredNumbered = z.strictObject({ ...Id, ...StoredDecision.shape, terms: z.string().nullable() });
const NumberedSync = z.strictObject({ ...Id, ...SyncRow.shape });
const NumberedFault = z.strictObject({ ...Id, ...FaultRow.shape });
const StrategyEquity = z.strictObject({ strategy: z.string(), value: z.number() });

/** The record page by page and instant by instant, for programs that follow it. */
export class RecordPages extends EngineReader {
  /** @param patienceMs as of `openForReading` */
  static open(dir: string, patienceMs: number): RecordPages {
    return new RecordPages(openForReading(dir, patienceMs));
  }

  /** Another number whenever somebody has written. */
  dataVersion(): number {
    return z.int().parse(this.database.pragma('data_version', { simple: true }));
  }

  tradesPage(page: PageRequest): NumberedTrade[] {
    return this.#page(NumberedTrade, Object.keys(NumberedTrade.shape).join(', '), 'trades', page);
  }

  /** @param onlySignals leaves out those to do nothing */
  decisionsPage(page: PageRequest, onlySignals: boolean): NumberedDecision[] {
    const newest = 'ORDER BY id DESC LIMIT @limit';
    const decided = this.#decided(`(${within(page)}) ${onlySignals ? "AND action <> 'hold'" : ''} ${newest}`, page);
    const forced = this.#forced(`${within(page)} ${newest}`, page);
    return [...decided, ...forced].sort((one, other) => other.id - one.id).slice(0, page.limit);
  }

  deploymentsPage({ symbol: _, ...page }: PageRequest): DeploymentRow[] {
    return this.#page(DeploymentRow, Object.keys(DeploymentRow.shape).join(', '), 'deployments', page);
  }

  /** Not resolved by a person yet, oldest first. */
  frozenSymbols(): FrozenSymbol[] {
    const sql = 'SELECT account, symbol, at, code, message FROM venueFreezes WHERE acceptedAt IS NULL ORDER BY id LIMIT 1000';
    return this.#all(FrozenSymbol, sql, {});
  }

  /** How many orders at venues are in which state and not done with. */
  ordersUnderWay(): Record<string, number> {
    const rows = this.database
      .prepare('SELECT state, count(*) AS n FROM venueOrders WHERE isFinal = 0 GROUP BY state ORDER BY state')
      .all();
    return Object.fromEntries(
      rows.map((row) => z.strictObject({ state: z.string(), n: z.int() }).parse(row)).map(({ state, n }) => [state, n]),
    );
  }

  /** The first market time after `instant` at which a bar was recorded; null where none was. */
  nextInstant(instant: number): number | null {
    const sql = `WITH RECURSIVE ${RAN} SELECT min((SELECT min(instant) FROM equity
        WHERE equity.strategy = ran.strategy AND instant > @instant)) FROM ran`;
    return z.int().nullable().parse(this.database.prepare(sql).pluck().get({ instant }));
  }

  instantRows(instant: number): InstantRows {
    const fills = Object.keys(FillRow.shape)
      .map((name) => `fills.${name}`)
      .join(', ');
    return {
      fills: this.#all(
        FillRow,
        `WITH RECURSIVE ${RAN} SELECT ${fills} FROM ran CROSS JOIN fills ON fills.strategy = ran.strategy AND instant = @instant ORDER BY fills.id`,
        { instant },
      ),
      trades: this.#all(
        NumberedTrade,
        `SELECT ${Object.keys(NumberedTrade.shape).join(', ')} FROM trades WHERE instant = @instant ORDER BY id`,
        { instant },
      ),
      decisions: [...this.#forced('instant = @instant', { instant }), ...this.#decided('instant = @instant', { instant })].sort(
        (one, other) => one.id - other.id,
      ),
      equity: this.#all(
        StrategyEquity,
        `WITH RECURSIVE ${RAN} SELECT ran.strategy, value FROM ran CROSS JOIN equity ON equity.strategy = ran.strategy AND instant = @instant
          ORDER BY 1`,
        { instant },
      ),
    };
  }

  /** What was said of the engine's state later than the row `after`, oldest first. */
  syncsAfter(after: number, limit: number): z.infer<typeof NumberedSync>[] {
    const sql = 'SELECT id, at, status, commitHash, reason FROM syncs WHERE id > @after ORDER BY id LIMIT @limit';
    return this.#all(NumberedSync, sql, { after, limit });
  }

  faultsAfter(after: number, limit: number): z.infer<typeof NumberedFault>[] {
    const sql = `SELECT id, at, instant, strategy, treeHash, code, message FROM faults WHERE id > @after ORDER BY id LIMIT @limit`;
    return this.#all(NumberedFault, sql, { after, limit });
  }

  lastSync(): number {
    return z.int().parse(this.database.prepare('SELECT coalesce(max(id), 0) FROM syncs').pluck().get());
  }

  lastFault(): number {
    return z.int().parse(this.database.prepare('SELECT coalesce(max(id), 0) FROM faults').pluck().get());
  }

  #decided(where: string, parameters: object): NumberedDecision[] {
    // Denied later than decided: as of now that is what came of it.
    const sql = `SELECT id, ${decisionColumns}, coalesce(
        (SELECT 'denied:' || code FROM denials WHERE decision = decisions.id LIMIT 1), outcome) AS outcome,
        (SELECT terms FROM orders WHERE decision = decisions.id) AS terms FROM decisions WHERE ${where}`;
    return this.database
      .prepare(sql)
      .all(parameters)
      .map((row) => {
        const { terms, ...decision } = StoredNumbered.parse(row);
        const order: unknown = terms === null ? null : JSON.parse(terms);
        return NumberedDecision.parse({ ...decision, cause: 'decision', order, checks: readTrace(this.database, decision) });
      });
  }

  #forced(where: string, parameters: object): NumberedDecision[] {
    return readForcedSales(this.database, where, parameters).map((sale) => NumberedDecision.parse({ ...sale, order: null }));
  }

  #page<Row>(schema: z.ZodType<Row>, columns: string, table: string, page: PageRequest): Row[] {
    return this.#all(schema, `SELECT ${columns} FROM ${table} WHERE ${within(page)} ORDER BY id DESC LIMIT @limit`, page);
  }

  #all<Row>(schema: z.ZodType<Row>, sql: string, parameters: object): Row[] {
    return this.database
      .prepare(sql)
      .all(parameters)
      .map((row) => schema.parse(row));
  }
}

/** Only what was asked for stands in the statement: an index can answer it. */
function within({ before, strategy, symbol, from, to }: PageRequest): string {
  return [
    'TRUE',
    ...(before === null ? [] : ['id < @before']),
    ...(strategy === undefined ? [] : ['strategy = @strategy']),
    ...(symbol === undefined ? [] : ['symbol = @symbol']),
    ...(from === undefined ? [] : ['instant >= @from']),
    ...(to === undefined ? [] : ['instant <= @to']),
  ].join(' AND ');
}
