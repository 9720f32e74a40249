import type { EquitySpan, TradeRow } from '#engine/store/rows.ts';
import { type Performance, reportBounds } from './report.ts';

/**
 * What there is to say of a strategy's account, taken in row by row in the order in which the record has them: the same rows give
 * the same figures, however they were portioned. It grows only with the number of separate spans in which something was held.
 */
export class StrategyFigures {
  readonly #capital: number;
  readonly #newest: TradeRow[] = [];
  readonly #days: [string, number][] = [];
  readonly #denials = new Map<string, number>();
  /** Spans in which something was held and was closed since: apart from each other, rising. */
  readonly #held: { from: number; to: number }[] = [];
  #trades = 0;
  #wins = 0;
  #gain = 0;
  #loss = 0;
  #netResult = 0;
  #fees = 0;
  #returns = 0;
  #since: number | null = null;
  #last: EquitySpan | null = null;
  #peak: number;
  #maxDrawdown = 0;

  /** @param capital what the account began with, quote asset */
  constructor(capital: number) {
    this.#capital = capital;
    this.#peak = capital;
  }

  /** Close of the last bar taken in; null before the first. */
  get lastInstant(): number | null {
    return this.#last?.instant ?? null;
  }

  /** Quote asset. */
  get equity(): number {
    return this.#last?.value ?? this.#capital;
  }

  /** Oldest first. */
  get newestTrades(): readonly TradeRow[] {
    return this.#newest;
  }

  /** The last equity of each UTC day, oldest first. A close at midnight ends the day before. */
  get dailyEquity(): [string, number][] {
    return this.#days.map(([day, value]) => [day, value]);
  }

  get denials(): Record<string, number> {
    return Object.fromEntries([...this.#denials].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  addTrade(trade: TradeRow): void {
    const { netResult } = trade;
    this.#trades += 1;
    this.#netResult += netResult;
    this.#fees += trade.fees;
    this.#returns += trade.netReturn;
    if (netResult > 0) {
      this.#wins += 1;
      this.#gain += netResult;
    } else this.#loss -= netResult;
    this.#newest.push(trade);
    if (this.#newest.length > reportBounds.trades) this.#newest.shift();
    addSpan(this.#held, { from: trade.entryTime, to: trade.exitTime });
  }

  /** A bar, or a run of bars: what is made of one run is what is made of its bars one by one. */
  addEquity(span: EquitySpan): void {
    const { instant, value, first, high, low, fall } = span;
    this.#since ??= first;
    this.#last = span;
    this.#maxDrawdown = Math.max(this.#maxDrawdown, 1 - low / this.#peak, fall);
    this.#peak = Math.max(this.#peak, high);
    const day = new Date(instant - 1).toISOString().slice(0, 10);
    if (this.#days.at(-1)?.[0] === day) this.#days.pop();
    this.#days.push([day, value]);
    if (this.#days.length > reportBounds.days) this.#days.shift();
  }

  addDenials(code: string, count: number): void {
    this.#denials.set(code, (this.#denials.get(code) ?? 0) + count);
  }

  /**
   * @param openSince entry times of what is held now, UTC milliseconds
   * @param barMs length of the bars
   */
  performance(openSince: readonly number[], barMs: number): Performance {
    const count = this.#trades;
    return {
      since: this.#since,
      trades: count,
      wins: this.#wins,
      winRate: count === 0 ? null : this.#wins / count,
      netResult: this.#netResult,
      fees: this.#fees,
      expectancy: count === 0 ? null : this.#returns / count,
      profitFactor: this.#loss > 0 ? this.#gain / this.#loss : null,
      maxDrawdown: this.#maxDrawdown,
      drawdownNow: this.#drawdownNow(),
      exposure: this.#exposure(openSince, barMs),
    };
  }

  #drawdownNow(): number {
    return 1 - this.equity / this.#peak;
  }

  /** The entry's bar counts, the exit's does not: as many bars as closed with something held. */
  #exposure(openSince: readonly number[], barMs: number): number | null {
    if (this.#since === null || this.#last === null) return null;
    const to = this.#last.instant;
    const spans = this.#held.map((span) => ({ ...span }));
    for (const from of openSince) addSpan(spans, { from, to });
    const held = spans.reduce((sum, span) => sum + span.to - span.from, 0);
    return Math.min(1, held / (to - this.#since + barMs));
  }
}

/** Adds a span that ends no earlier than those before it, and makes one of those that touch. */
function addSpan(spans: { from: number; to: number }[], span: { from: number; to: number }): void {
  let { from } = span;
  while (spans.length > 0 && spans.at(-1)!.to >= from) from = Math.min(from, spans.pop()!.from);
  spans.push({ from, to: span.to });
}
