import type { CandleColumns } from '#engine/candles/types.ts';
import type { Feed, Instant } from '#engine/feeds/feed.ts';
import type { MarketBar } from '#engine/feeds/market-data.ts';
import type { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { Tally } from './tally.ts';

export interface BarWatchOptions {
  readonly exchange: Exchange;
  readonly symbols: readonly string[];
  readonly barMs: number;
  readonly tally: Tally;
  /** Whether a clock that jumped may have made a bar look closed that was not. */
  readonly isExcused: () => boolean;
}

/** What the engine's loop is given to take, beside what traded: each bar once, in order, as it was. */
export class BarWatch {
  readonly #options: BarWatchOptions;
  /** By symbol and close: bars that were waited for in vain, and are never handed out. */
  /** Close of the last instant that this life has taken. */
  #taken = 0;
  /** The first thing that was not as it must be. */
  problem: string | null = null;

  constructor(options: BarWatchOptions) {
    this.#options = options;
  }

  /** The same feed, watched. @param taken close of the last instant that is on disk, or where it begins */
  watching(feed: Feed, taken: number): Feed {
    this.#taken = taken;
    return new Proxy(feed, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'next') return value.bind(target);
        return (): Instant | null => {
          const instant = target.next();
          if (instant !== null) this.#take(instant);
          return instant;
        };
      },
    });
  }

  /** What a version is warmed up with must have traded, and have closed by then. */
  noteHistory(columns: ReadonlyMap<string, CandleColumns>, until: number): void {
    const { barMs } = this.#options;
    for (const [symbol, { time }] of columns) {
      const last = time.at(-1);
      if (last !== undefined && last + barMs > until) this.problem ??= `The history of ${symbol} goes beyond ${until}: ${last}.`;
    }
  }

  #take({ time, bars, missing }: Instant): void {
    const { symbols, barMs, tally } = this.#options;
    if (time <= this.#taken) this.problem ??= `The instant ${time} was taken after that of ${this.#taken}.`;
    if (missing.length > 0) tally.count('bars missing', missing.length);
    for (const symbol of symbols) {
      const bar = bars.find((one) => one.symbol === symbol);
      if (bar !== undefined && bar.time + barMs !== time) this.problem ??= `The bar ${bar.time} of ${symbol} came at ${time}.`;
      if (bar === undefined && !missing.includes(symbol) && this.#barThatClosed(symbol, time) !== null) {
        this.problem ??= `No bar of ${symbol} came at ${time}, nothing was said to be missing, and there was one.`;
      }
      if (bar !== undefined && !this.#isTrue(symbol, bar)) {
        tally.count('bars told too early');
        if (!this.#options.isExcused()) this.problem ??= `The bar ${bar.time} of ${symbol} is not the one that traded.`;
      }
      for (let close = this.#taken + barMs; close < time; close += barMs) {
        if (this.#barThatClosed(symbol, close) === null) continue;
        this.problem ??= `The bar of ${symbol} that closed at ${close} was left out: after ${this.#taken} came ${time}.`;
      }
    }
    this.#taken = Math.max(this.#taken, time);
  }

  #barThatClosed(symbol: string, close: number): MarketBar | null {
    const { exchange, barMs } = this.#options;
    const bar = exchange.path(symbol).between(close - barMs, close);
    return bar === null || !(bar.volume > 0) ? null : bar;
  }

  #isTrue(symbol: string, bar: MarketBar): boolean {
    const there = this.#barThatClosed(symbol, bar.time + this.#options.barMs);
    return there !== null && there.high === bar.high && there.low === bar.low && there.close === bar.close;
  }
}
