import type { Big } from 'big.js';
import type { Exchange } from './exchange.ts';
import type { PathBar } from './price-path.ts';

const dayMs = 86_400_000;

export interface Print {
  readonly id: number;
  readonly time: number;
  readonly price: number;
  readonly quantity: number;
  /** Of the order that took. */
  readonly side: 'buy' | 'sell';
}

/** What an exchange publishes about its markets, out of the price paths. */
export class MarketFigures {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /**
   * Bars of any length that opened at or after `since` and before `until`, oldest first, the newest `limit` of them; the
   * last may still be forming.
   */
  bars(symbol: string, barMs: number, since: number, limit: number, until = Number.POSITIVE_INFINITY): PathBar[] {
    const path = this.#exchange.path(symbol);
    const now = this.#exchange.now();
    const last = Math.floor(Math.min(now, until - 1, path.end - 1) / barMs) * barMs;
    const from = Math.max(Math.ceil(since / barMs) * barMs, this.firstBar(symbol, barMs), last - (limit - 1) * barMs);
    const bars: PathBar[] = [];
    for (let time = from; time <= last; time += barMs) {
      const bar = path.between(time, Math.min(time + barMs, now + 1));
      if (bar !== null) bars.push(bar);
    }
    return bars;
  }

  /** When the oldest bar of this length opened. */
  firstBar(symbol: string, barMs: number): number {
    return Math.floor((this.#exchange.path(symbol).columns.time[0] ?? this.#exchange.now()) / barMs) * barMs;
  }

  /** The bar of this length that opened at `time`, as far as it has come. */
  bar(symbol: string, barMs: number, time: number): PathBar | null {
    return this.#exchange.path(symbol).between(time, Math.min(time + barMs, this.#exchange.now() + 1));
  }

  /** The last twenty-four hours. */
  day(symbol: string): PathBar {
    const now = this.#exchange.now();
    const path = this.#exchange.path(symbol);
    const price = path.priceAt(now);
    return (
      path.between(now - dayMs, now + 1) ?? { time: now - dayMs, open: price, high: price, low: price, close: price, volume: 0 }
    );
  }

  /** Trades of the crowd: one at each corner of the path, oldest first, the newest `limit` of them. */
  prints(symbol: string, since: number, limit: number): Print[] {
    const path = this.#exchange.path(symbol);
    const now = this.#exchange.now();
    const { time, volume } = path.columns;
    const prints: Print[] = [];
    for (let index = path.indexAt(now); index >= 0 && prints.length < limit; index -= 1) {
      for (let corner = 3; corner >= 0 && prints.length < limit; corner -= 1) {
        const at = time[index]! + Math.floor((path.barMs * [0, 1, 3, 4][corner]!) / 4) - (corner === 3 ? 1 : 0);
        if (at > now) continue;
        if (at < since) return prints.reverse();
        const [price, before] = [path.priceAt(at), path.priceAt(at - 1)];
        const side = price >= before ? 'buy' : 'sell';
        prints.push({ id: index * 4 + corner + 1, time: at, price, quantity: volume[index]! / 4, side });
      }
    }
    return prints.reverse();
  }
}

/** Digits after the point of a tick or a step. */
export function decimalsOf(unit: Big): number {
  const text = unit.toFixed();
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}
