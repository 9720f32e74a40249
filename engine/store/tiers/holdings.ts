import type Database from 'better-sqlite3';

interface Held {
  /** Bought less sold, and both together, base asset. */
  net: number;
  traded: number;
}

interface FillPart {
  readonly instant: number;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
}

/**
 * Whether a strategy held something at a bar's close, told from its fills as the benchmark of exposure tells it: what is left of sums of
 * floats that cancel is no holding. Asked with rising market times, stretch after stretch.
 */
export class Holdings {
  readonly #database: Database.Database;
  readonly #strategy: string;
  readonly #held: Map<string, Held>;
  #upTo: number;
  #fills: FillPart[] = [];

  /** @param from market time before which nothing is asked */
  constructor(database: Database.Database, strategy: string, from: number) {
    this.#database = database;
    this.#strategy = strategy;
    this.#upTo = from;
    const sql = `SELECT symbol, sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END) AS net, sum(quantity) AS traded
      FROM fills WHERE strategy = ? AND instant <= ? GROUP BY symbol`;
    const rows = database.prepare(sql).all(strategy, from) as (Held & { symbol: string })[];
    this.#held = new Map(rows.map(({ symbol, net, traded }) => [symbol, { net, traded }]));
  }

  /** Has the fills up to that market time at hand. */
  readTo(to: number): void {
    const sql =
      'SELECT instant, symbol, side, quantity FROM fills WHERE strategy = ? AND instant > ? AND instant <= ? ORDER BY id';
    this.#fills.push(...(this.#database.prepare(sql).all(this.#strategy, this.#upTo, to) as FillPart[]));
    this.#upTo = to;
  }

  isHeldAt(instant: number): boolean {
    const later = this.#fills.findIndex((fill) => fill.instant > instant);
    for (const { symbol, side, quantity } of this.#fills.splice(0, later < 0 ? this.#fills.length : later)) {
      const before = this.#held.get(symbol) ?? { net: 0, traded: 0 };
      this.#held.set(symbol, { net: before.net + (side === 'buy' ? quantity : -quantity), traded: before.traded + quantity });
    }
    return [...this.#held.values()].some(({ net, traded }) => Math.abs(net) > 1e-12 * traded);
  }
}
