import type Database from 'better-sqlite3';
import type { CheckRow, DecisionName } from './decision-traces.ts';
import { EngineReader } from './engine-reader.ts';
import { nextNumber } from './forced-sales.ts';
import { OrderJournal } from './journal/order-journal.ts';
import { openForWriting } from './open-database.ts';
import type { DeploymentOutcome, FillRow, Stage, SyncRow, TradeRow } from './rows.ts';
import { keepTiers, type TierBudget } from './tiers/keep-tiers.ts';
import type { TierSettings } from './tiers/tier-settings.ts';

export interface NewDeployment {
  readonly strategy: string;
  readonly treeHash: string;
  readonly commitHash: string;
  readonly stage: Stage;
  readonly artifact: string;
  readonly instant: number;
  readonly loadedAt: number;
  readonly barMs: number;
  readonly symbols: number;
}

export interface NewDecision {
  readonly symbol: string;
  readonly action: string;
  readonly reason: string;
  /** `held`, `accepted`, or `denied:<code>`. */
  readonly outcome: string;
  /** The numbers of an order, JSON; null when none was made. */
  readonly terms: string | null;
  /** What was asked of it so far; absent where nothing was. */
  readonly checks?: readonly CheckRow[];
  /** How long after its close the bar decided on was known, milliseconds; absent where that was not looked at. */
  readonly ageMs?: number;
  /** Symbols whose bars were waited for in vain; absent where none was. */
  readonly missing?: readonly string[];
}

/** What a step adds to every row itself: whose it is, and when it became known. */
type Stamp = 'strategy' | 'treeHash' | 'instant';
export type NewFill = Omit<FillRow, Stamp>;
export type NewTrade = Omit<TradeRow, Stamp>;

export interface NewForcedSale {
  readonly symbol: string;
  /** What made it, see `forced-sales.ts`. */
  readonly cause: string;
  readonly reason: string;
  readonly checks: readonly CheckRow[];
}

/** All that one closed bar brought for one strategy. */
export interface StrategyStep {
  readonly strategy: string;
  readonly treeHash: string;
  /** Close time of the bar, UTC milliseconds. */
  readonly instant: number;
  readonly fills: readonly NewFill[];
  readonly trades: readonly NewTrade[];
  /** Orders that ended without a fill. */
  readonly denials: readonly { readonly symbol: string; readonly code: string; readonly reason: string }[];
  readonly decisions: readonly NewDecision[];
  /** What was sold without a decision of the strategy since the bar before; absent where nothing was. */
  readonly forced?: readonly NewForcedSale[];
  /** What was asked of orders that were decided on at bars before. */
  readonly traces?: readonly (Pick<DecisionName, 'symbol' | 'instant'> & { readonly trace: readonly CheckRow[] })[];
  readonly equity: number;
}

/** Where a strategy stands after its steps: written over what stood before. */
export interface StrategyStanding {
  readonly strategy: string;
  readonly deployment: number | null;
  readonly instant: number;
  readonly account: string;
  readonly memory: string;
  readonly positions: string;
}

/** The engine's record, with its one writer. Every public method is atomic; `transaction` makes several one. */
export class EngineStore extends EngineReader {
  /**
   * @param clock wall-clock time, UTC milliseconds, for the name of the backup that a migration makes first
   * @throws RatchetError `store/…`, see {@link openForWriting}
   */
  static open(dir: string, clock?: () => number): EngineStore {
    return new EngineStore(openForWriting(dir, clock));
  }

  private constructor(database: Database.Database) {
    super(database);
  }

  /** All of it is on disk when this returns, or none of it. */
  transaction<T>(work: () => T): T {
    return this.database.transaction(work).immediate();
  }

  /** The orders of a venue account, in this same database: a `transaction` of either is one of both. */
  journal(account: string): OrderJournal {
    return new OrderJournal(this.database, account);
  }

  setMeta(key: string, value: string): void {
    this.#run('INSERT INTO meta VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value', { key, value });
  }

  setFeedTime(instant: number): void {
    this.setMeta('feed', String(instant));
  }

  /** The engine begins to run. @param at wall-clock time */
  beginRun(at: number): void {
    this.#insert('runs', { startedAt: at, seenAt: at });
  }

  /** The engine still runs. What is between two of these and a kill counts as not running. */
  continueRun(at: number): void {
    this.#run('UPDATE runs SET seenAt = @at WHERE id = (SELECT max(id) FROM runs)', { at });
  }

  addDeployment(deployment: NewDeployment): number {
    const result = this.#run(
      `INSERT INTO deployments (strategy, treeHash, commitHash, stage, artifact, instant, loadedAt, outcome, barMs, symbols)
       VALUES (@strategy, @treeHash, @commitHash, @stage, @artifact, @instant, @loadedAt, 'trial', @barMs, @symbols)`,
      { ...deployment },
    );
    return Number(result.lastInsertRowid);
  }

  /** A deployment that has decided once without fault runs; one that ends says when and how. */
  setDeploymentOutcome(id: number, outcome: DeploymentOutcome, droppedAt: number | null): void {
    this.#run('UPDATE deployments SET outcome = @outcome, droppedAt = @droppedAt WHERE id = @id', { id, outcome, droppedAt });
  }

  addStep(step: StrategyStep): void {
    this.transaction(() => {
      const { strategy, treeHash, instant } = step;
      for (const [ordinal, fill] of step.fills.entries()) {
        this.#insert('fills', { ...fill, isMaker: fill.isMaker ? 1 : 0, strategy, treeHash, instant, ordinal });
      }
      for (const [ordinal, trade] of step.trades.entries())
        this.#insert('trades', { ...trade, strategy, treeHash, instant, ordinal });
      // Before this bar's own decisions: a late denial speaks of an earlier one.
      for (const { symbol, code, reason } of step.denials) {
        this.#insert('denials', { decision: this.#lastOrder(strategy, symbol), instant, strategy, symbol, code, reason });
      }
      let id = this.#statement(nextNumber).pluck().get() as number;
      for (const { checks, ...sale } of step.forced ?? []) {
        this.#insert('forcedSales', { id, ...sale, checks: JSON.stringify(checks), strategy, treeHash, instant });
        id += 1;
      }
      for (const { terms, checks = [], ageMs, missing = [], ...decision } of step.decisions) {
        const lacking = missing.length === 0 ? null : JSON.stringify(missing);
        this.#insert('decisions', {
          id,
          ...decision,
          ageMs: ageMs ?? null,
          missing: lacking,
          strategy,
          treeHash,
          instant,
        });
        if (checks.length > 0) this.#addTrace({ strategy, symbol: decision.symbol, instant }, checks);
        if (terms !== null) this.#insert('orders', { decision: id, instant, strategy, symbol: decision.symbol, terms });
        id += 1;
      }
      for (const { trace, ...decision } of step.traces ?? []) this.#addTrace({ strategy, ...decision }, trace);
      this.#insert('equity', { strategy, instant, value: step.equity });
    });
  }

  setStanding(standing: StrategyStanding): void {
    this.#run(
      `INSERT INTO accounts (strategy, instant, deployment, account, memory, positions)
       VALUES (@strategy, @instant, @deployment, @account, @memory, @positions)
       ON CONFLICT (strategy) DO UPDATE SET instant = excluded.instant, deployment = excluded.deployment,
         account = excluded.account, memory = excluded.memory, positions = excluded.positions`,
      { ...standing },
    );
  }

  /** A tree that failed here is not loaded again, whatever main says, until it is released. */
  addQuarantine(row: { treeHash: string; strategy: string; reason: string; at: number }): void {
    this.#run('INSERT INTO quarantine VALUES (@treeHash, @strategy, @reason, @at) ON CONFLICT (treeHash) DO NOTHING', row);
  }

  addFault(fault: {
    at: number;
    instant: number | null;
    strategy: string;
    treeHash: string | null;
    code: string;
    message: string;
  }): void {
    this.#insert('faults', fault);
  }

  addSync(sync: SyncRow): void {
    this.#insert('syncs', sync);
  }

  /**
   * Takes a portion of what has come of age into coarser tiers; to be called whenever nothing else is to be done. See {@link keepTiers}.
   * @param now market time, UTC milliseconds
   * @returns whether nothing of age is left
   */
  keepTiers(settings: TierSettings, now: number, budget: TierBudget): boolean {
    return keepTiers(this.database, settings, now, budget);
  }

  #addTrace({ strategy, symbol, instant }: DecisionName, checks: readonly CheckRow[]): void {
    this.#insert('decisionTraces', { strategy, symbol, instant, checks: JSON.stringify(checks) });
  }

  #lastOrder(strategy: string, symbol: string): number | null {
    const sql = 'SELECT decision FROM orders WHERE strategy = ? AND symbol = ? ORDER BY id DESC LIMIT 1';
    return (this.#statement(sql).pluck().get(strategy, symbol) as number | undefined) ?? null;
  }

  #insert(table: string, row: Record<string, unknown>): void {
    const names = Object.keys(row);
    const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`;
    this.#run(sql, row);
  }

  readonly #statements = new Map<string, Database.Statement>();

  /** Statements are compiled once: a bar runs a handful of them. */
  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #run(sql: string, parameters: Record<string, unknown>): Database.RunResult {
    return this.#statement(sql).run(parameters);
  }
}
