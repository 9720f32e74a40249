import type Database from 'better-sqlite3';

/** Times of the last purchase and of the last end of a position; 0 where there was none. */
interface Last {
  readonly symbol: string;
  readonly bought: number;
  readonly ended: number;
}

type Change = Last & { readonly instant: number };

/** @param groups by what the changes of a strategy within a stretch of market time are put together */
const changes = (groups: string) =>
  `SELECT ${groups}, max(bought) AS bought, max(ended) AS ended FROM (
     SELECT strategy, instant, symbol, time AS bought, 0 AS ended FROM fills WHERE side = 'buy'
     UNION ALL SELECT strategy, instant, symbol, 0, exitTime FROM trades)
   WHERE strategy = @strategy AND instant > @after AND instant <= @to GROUP BY ${groups}`;

/**
 * Whether a strategy held something at a bar's close, told as the benchmark of exposure tells it: a symbol is held when it was bought
 * later than its last position ended. Asked with rising market times, stretch after stretch.
 */
export class Holdings {
  readonly #database: Database.Database;
  readonly #strategy: string;
  readonly #last = new Map<string, Last>();
  #upTo: number;
  #changes: Change[] = [];

  /** @param from market time before which nothing is asked */
  constructor(database: Database.Database, strategy: string, from: number) {
    this.#database = database;
    this.#strategy = strategy;
    this.#upTo = from;
    const rows = database.prepare(changes('symbol')).all({ strategy, after: -1, to: from }) as Last[];
    for (const row of rows) this.#last.set(row.symbol, row);
  }

  /** Has what happened up to that market time at hand. */
  readTo(to: number): void {
    const within = { strategy: this.#strategy, after: this.#upTo, to };
    this.#changes.push(...(this.#database.prepare(changes('instant, symbol')).all(within) as Change[]));
    this.#upTo = to;
  }

  isHeldAt(instant: number): boolean {
    const later = this.#changes.findIndex((change) => change.instant > instant);
    for (const change of this.#changes.splice(0, later < 0 ? this.#changes.length : later)) {
      const { symbol, bought, ended } = change;
      const before = this.#last.get(symbol) ?? change;
      this.#last.set(symbol, { symbol, bought: Math.max(before.bought, bought), ended: Math.max(before.ended, ended) });
    }
    return [...this.#last.values()].some(({ bought, ended }) => bought > ended);
  }
}
