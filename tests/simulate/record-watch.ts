import Database from 'better-sqlite3';
import { Big } from 'big.js';
import type { PendingOutcome } from '#engine/runtime/record.ts';
import type { Fill } from '#engine/simulation/types.ts';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import { StoredVenueAccount } from '#engine/trading/venue-account-snapshot.ts';
import type { Tally } from './tally.ts';

/** A decision as the record has it, or should. */
interface Decided {
  readonly action: string;
  readonly reason: string;
  readonly outcome: string;
}

interface DecisionRow extends Decided {
  readonly id: number;
  readonly strategy: string;
  readonly instant: number;
  readonly symbol: string;
}

interface AccountRow {
  readonly strategy: string;
  readonly instant: number;
  readonly account: string;
}

type ToldFill = Pick<Fill, 'symbol' | 'side' | 'time' | 'quantity' | 'price'> & { readonly strategy: string };

export interface RecordWatchOptions {
  readonly storeFile: string;
  readonly tally: Tally;
  /** What is too small to be sold, base asset, by symbol. */
  readonly dustOf: (symbol: string) => number;
  readonly orders: () => ReadonlyMap<number, OrderRow>;
}

/** What the slots decided, beside what their record says of it whenever something has been committed: read by a connection of its own. */
export class RecordWatch {
  readonly #options: RecordWatchOptions;
  readonly #database: Database.Database;
  readonly #statements: Record<
    'decisions' | 'accounts' | 'held' | 'gone' | 'told' | 'filled' | 'since' | 'feed',
    Database.Statement
  >;
  /** By strategy, instant and symbol: on disk, as seen there. */
  readonly #recorded = new Map<string, Decided>();
  /** Taken by the slots of this life, and not committed. */
  #pending = new Map<string, Decided>();
  #pendingFills: ToldFill[] = [];
  /** How often each fill was told to the record. */
  readonly #told = new Map<string, number>();
  #lastDecision = 0;
  #lastOrder = 0;
  /** Entries whose instant is not on disk yet. */
  #entries: OrderRow[] = [];
  /** Orders that were on disk before their instant. */
  readonly #early = new Set<number>();
  #feedTime = Number.NEGATIVE_INFINITY;
  decisionProblem: string | null = null;
  standingProblem: string | null = null;

  constructor(options: RecordWatchOptions) {
    this.#options = options;
    this.#database = new Database(options.storeFile, { readonly: true });
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      decisions: prepare('SELECT id, strategy, instant, symbol, action, reason, outcome FROM decisions WHERE id > ? ORDER BY id'),
      accounts: prepare('SELECT strategy, instant, account FROM accounts'),
      held: prepare(
        `SELECT f.id, f.side, f.quantity, (SELECT group_concat(amount, ' ') FROM venueFillFees WHERE fill = f.id AND asset = @base) AS fees
         FROM venueFills f JOIN venueOrders o ON o.id = f.orderId WHERE o.strategy = @strategy AND f.symbol = @symbol`,
      ),
      gone: prepare(
        "SELECT quantity FROM venueNotes WHERE strategy = @strategy AND symbol = @symbol AND kind = 'written-off'",
      ).pluck(),
      told: prepare(`SELECT max(f.id) FROM venueFills f JOIN venueOrders o ON o.id = f.orderId WHERE o.strategy = ?`).pluck(),
      filled: prepare(
        `SELECT count(*) FROM venueFills f JOIN venueOrders o ON o.id = f.orderId
         WHERE o.strategy = @strategy AND f.symbol = @symbol AND f.side = @side AND f.time = @time
           AND CAST(f.quantity AS REAL) = @quantity AND CAST(f.price AS REAL) = @price`,
      ).pluck(),
      since: prepare('SELECT id FROM venueOrders WHERE id > ?').pluck(),
      feed: prepare("SELECT value FROM meta WHERE key = 'feed'").pluck(),
    };
  }

  close(): void {
    this.#database.close();
  }

  /** Another life begins: what it had not committed the one before has never done. */
  forget(): void {
    // It may have died between the commit and hearing of it.
    if (this.#hasCommitted()) this.look();
    if (this.#pending.size > 0) this.#options.tally.count('decisions lost with a crash', this.#pending.size);
    this.#pending = new Map();
    this.#pendingFills = [];
  }

  /** Slots have taken an instant. */
  note({ outcomes }: PendingOutcome): void {
    for (const { slot, outcome } of outcomes) {
      for (const step of outcome.steps) {
        for (const { symbol, side, time, quantity, price } of step.fills)
          this.#pendingFills.push({ strategy: slot.id, symbol, side, time, quantity, price });
        for (const { symbol, action, reason, outcome: came } of step.decisions) {
          const key = keyOf(slot.id, step.instant, symbol);
          if (this.#pending.has(key)) this.decisionProblem ??= `${key} was decided twice in one life.`;
          this.#pending.set(key, { action, reason, outcome: came });
        }
      }
    }
  }

  /** What was ordered so far leaves before its instant is on disk: one strategy took too long for the others. */
  noteEarly(): void {
    for (const id of this.#statements.since.all(this.#lastOrder) as number[]) this.#early.add(id);
  }

  /** Everything that was taken is said to be on disk. */
  look(): void {
    const expected = this.#pending;
    this.#pending = new Map();
    const fills = this.#pendingFills;
    this.#pendingFills = [];
    this.#database.transaction(() => {
      this.#lookAtDecisions(expected);
      for (const fill of fills) this.#lookAtFill(fill);
      this.#lookAtStandings();
      this.#lookAtOrders();
    })();
  }

  #hasCommitted(): boolean {
    return Number(this.#statements.feed.get() ?? Number.NEGATIVE_INFINITY) > this.#feedTime;
  }

  /** Nothing is told that was not filled, and nothing twice. */
  #lookAtFill(fill: ToldFill): void {
    const key = Object.values(fill).join(' ');
    const times = (this.#told.get(key) ?? 0) + 1;
    this.#told.set(key, times);
    const filled = this.#statements.filled.get(fill) as number;
    if (times > filled) this.standingProblem ??= `The fill ${key} was told ${times} times; the journal has it ${filled} times.`;
  }

  #lookAtDecisions(expected: ReadonlyMap<string, Decided>): void {
    const rows = this.#statements.decisions.all(this.#lastDecision) as DecisionRow[];
    const fresh = new Set<string>();
    for (const row of rows) {
      this.#lastDecision = row.id;
      const key = keyOf(row.strategy, row.instant, row.symbol);
      if (this.#recorded.has(key)) this.decisionProblem ??= `${key} is recorded twice.`;
      const { action, reason, outcome } = row;
      this.#recorded.set(key, { action, reason, outcome });
      fresh.add(key);
      const decided = expected.get(key);
      const isSame = decided?.action === action && decided.reason === reason && decided.outcome === outcome;
      if (!isSame)
        this.decisionProblem ??= `${key} is recorded as ${action} (${outcome}); it was ${decided?.action ?? 'never decided'}.`;
    }
    for (const key of expected.keys()) if (!fresh.has(key)) this.decisionProblem ??= `${key} was decided and is not recorded.`;
    const feedTime = Number(this.#statements.feed.get());
    if (feedTime < this.#feedTime) this.decisionProblem ??= `The record went back from ${this.#feedTime} to ${feedTime}.`;
    this.#feedTime = feedTime;
  }

  /** What is stored of a strategy's account says of its holdings what the journal's fills come to, in the same moment. */
  #lookAtStandings(): void {
    for (const { strategy, account } of this.#statements.accounts.all() as AccountRow[]) {
      const parsed = StoredVenueAccount.safeParse(JSON.parse(account));
      if (!parsed.success) continue;
      const { books, taken } = parsed.data;
      const newest = (this.#statements.told.get(strategy) as number | null) ?? 0;
      if (taken.fill > newest)
        this.standingProblem ??= `${strategy} has told of fill ${taken.fill}; the journal ends at ${newest}.`;
      for (const { symbol, position } of books) {
        const quantity = this.#heldOf(strategy, symbol);
        const stored = position?.quantity ?? 0;
        const isDust = stored === 0 && quantity < this.#options.dustOf(symbol);
        if (isDust || Math.abs(stored - quantity) <= 1e-9 * Math.max(1, quantity)) continue;
        this.standingProblem ??= `${strategy} is stored with ${stored} ${symbol}; the journal's fills make it ${quantity}.`;
      }
    }
  }

  /** Every order that a decision made is there with the decision, once that instant is on disk. */
  #lookAtOrders(): void {
    for (const order of this.#options.orders().values()) {
      if (order.id <= this.#lastOrder) continue;
      this.#lastOrder = order.id;
      if (order.role === 'entry') this.#entries.push(order);
    }
    const due = this.#entries.filter(({ instant }) => instant <= this.#feedTime);
    this.#entries = this.#entries.filter((order) => !due.includes(order));
    for (const order of due) {
      const key = keyOf(order.strategy, order.instant, order.symbol);
      const decided = this.#recorded.get(key);
      const isThere = decided?.action === 'target' || decided?.action === 'limit';
      if (this.#early.has(order.id)) this.#options.tally.count(isThere ? 'left before its record' : 'left, and its record died');
      else if (!isThere)
        this.decisionProblem ??= `${key} made the entry ${order.clientOrderId} and is recorded as ${decided?.action ?? 'nothing'}.`;
    }
  }

  #heldOf(strategy: string, symbol: string): number {
    const base = symbol.split('/')[0]!;
    const rows = this.#statements.held.all({ strategy, symbol, base }) as {
      side: string;
      quantity: string;
      fees: string | null;
    }[];
    let held = new Big(0);
    for (const { side, quantity, fees } of rows) {
      held = side === 'buy' ? held.plus(quantity) : held.minus(quantity);
      for (const fee of fees?.split(' ') ?? []) held = held.minus(fee);
    }
    for (const quantity of this.#statements.gone.all({ strategy, symbol }) as string[]) held = held.minus(quantity);
    return held.toNumber();
  }
}

function keyOf(strategy: string, instant: number, symbol: string): string {
  return `${strategy} at ${instant} in ${symbol}`;
}
