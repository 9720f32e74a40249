import { findFault } from '#engine/candles/find-fault.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { MarketBar } from './market-data.ts';
import { RollingColumns } from './rolling-columns.ts';

/** The venue says something else of a bar than what was handed out. Neither the feed's bars nor the stored ones follow it. */
export interface Correction {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** `changed`: another bar than the one handed out. `late`: a bar where the engine went on without one. */
  readonly kind: 'changed' | 'late';
  readonly was: MarketBar | null;
  readonly is: MarketBar;
  /** When it was noticed, UTC milliseconds by the venue's clock. */
  readonly at: number;
}

export interface LedgerOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** Close of the last bar that needs no more looking after. */
  readonly settledUntil: number;
  readonly onCorrection: (correction: Correction) => void;
}

/** Corrections remembered so that the same one is told once. */
const notedMax = 1000;
/** Beyond what adding the same trades in another order makes of a sum. */
const sameRatio = 1e-9;

/**
 * Which bars of one market have closed, from what a venue says of bars that may still be forming.
 *
 * Two witnesses: the stream, in order but with holes where it broke, and answers to questions, whole but slow. The stream's word is
 * taken from the first full bar after it was (re)joined on (`trustFrom`), and once all before that is known by asking; a bar it told
 * of has ended when it tells of a later one, and minutes it skips are minutes without a trade. Where both speak before a bar is
 * handed out, the answer counts. A bar in which nothing traded is no bar, whichever venue says so and whichever leaves it out.
 */
export class SeriesLedger {
  readonly columns = new RollingColumns();
  readonly #options: LedgerOptions;
  readonly #stepMs: number;
  #settledUntil: number;
  /** Bars that open from here on, the stream has seen whole. */
  #trustFrom = Number.POSITIVE_INFINITY;
  /** The newest bar the stream told of. */
  #forming: MarketBar | null = null;
  /** Bars that ended by the stream's word, where what came before them is not known yet. */
  #ended: MarketBar[] = [];
  #endedUntil = Number.NEGATIVE_INFINITY;
  readonly #noted = new Map<number, MarketBar>();
  #corrections = 0;
  #missed = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#stepMs = timeframeMs(options.timeframe);
    this.#settledUntil = options.settledUntil;
  }

  /** Until when it is known what traded, and that nothing else did. */
  get settledUntil(): number {
    return this.#settledUntil;
  }

  get corrections(): number {
    return this.#corrections;
  }

  /** Bars that were waited for in vain. */
  get missed(): number {
    return this.#missed;
  }

  /** A bar that was stored before this run. */
  restore(bar: MarketBar, knownAt: number): void {
    this.columns.push(bar, knownAt);
  }

  /**
   * What the stream told, at venue time `at`. Repetitions and old news in the wrong order do no harm.
   * @returns what is wrong with a bar that cannot be true and was left out; null when all could
   */
  watched(bars: readonly MarketBar[], at: number): string | null {
    let problem: string | null = null;
    const newest = bars.reduce((time, bar) => Math.max(time, bar.time), Number.NEGATIVE_INFINITY);
    // The bar that was forming when the stream was joined may have begun without it.
    if (this.#trustFrom === Number.POSITIVE_INFINITY && bars.length > 0) {
      this.#trustFrom = Math.max(Math.ceil(at / this.#stepMs) * this.#stepMs, newest + this.#stepMs);
    }
    for (const bar of [...bars].sort((a, b) => a.time - b.time)) {
      const fault = faultOf(bar, this.#options.timeframe);
      if (fault !== null) problem = fault;
      else if (bar.time < this.#settledUntil) this.#compare(bar, at, 'watched');
      else this.#follow(bar);
    }
    this.#joinStream(at);
    return problem;
  }

  /** The stream broke: what it says next does not go on from what it said last. */
  streamBroke(): void {
    this.#trustFrom = Number.POSITIVE_INFINITY;
    this.#forming = null;
    this.#ended = [];
    this.#endedUntil = Number.NEGATIVE_INFINITY;
  }

  /**
   * What the venue answered.
   * @param coveredUntil every bar that closed until then and after what was settled before is in the answer
   * @returns what is wrong with a bar that cannot be true, before which the answer counts; null when all could
   */
  answered(bars: readonly MarketBar[], coveredUntil: number, at: number): string | null {
    let problem: string | null = null;
    let until = coveredUntil;
    let last = Number.NEGATIVE_INFINITY;
    for (const bar of [...bars].sort((a, b) => a.time - b.time)) {
      if (bar.time + this.#stepMs > until || bar.time === last) continue;
      last = bar.time;
      const fault = faultOf(bar, this.#options.timeframe);
      if (bar.time < this.#settledUntil) {
        if (fault === null) this.#compare(bar, at, 'answered');
      } else if (fault !== null) {
        problem = fault;
        // It is known that there is a bar, and not what it is: it and all after it are still to come.
        until = Math.min(until, Math.floor(bar.time / this.#stepMs) * this.#stepMs);
      } else if (bar.volume > 0) this.columns.push(bar, at);
    }
    this.#settledUntil = Math.max(this.#settledUntil, until);
    this.#joinStream(at);
    return problem;
  }

  /**
   * Nobody answers, and the others cannot wait: what is known counts as all there is until `until`.
   * @param isVouched the stream has told of later bars, of whatever market: it would have told of this one's too
   * @returns whether the stream's word was enough; if not, a bar may be missing, and comes late if at all
   */
  concede(until: number, isVouched: boolean, at: number): boolean {
    const forming = this.#forming;
    const isEnough = isVouched && this.#settledUntil >= this.#trustFrom;
    if (isEnough && forming !== null && forming.time >= this.#settledUntil && forming.time + this.#stepMs <= until) {
      if (forming.volume > 0) this.columns.push(forming, at);
    }
    if (!isEnough) this.#missed += 1;
    this.#settledUntil = until;
    // What the stream has seen whole may begin here, and its bars have waited for just that.
    this.#joinStream(at);
    return isEnough;
  }

  #follow(bar: MarketBar): void {
    const forming = this.#forming;
    if (forming === null || bar.time > forming.time) {
      if (forming !== null && forming.time >= this.#trustFrom) this.#ended.push(forming);
      this.#forming = bar;
      this.#endedUntil = bar.time;
      return;
    }
    if (bar.time === forming.time) {
      // A bar's volume only grows: less of it is old news.
      if (bar.volume >= forming.volume) this.#forming = bar;
      return;
    }
    const index = this.#ended.findIndex(({ time }) => time === bar.time);
    if (index >= 0 && bar.volume > this.#ended[index]!.volume) this.#ended[index] = bar;
  }

  #joinStream(at: number): void {
    if (this.#settledUntil < this.#trustFrom) return;
    for (const bar of this.#ended) {
      if (bar.time >= this.#settledUntil && bar.volume > 0) this.columns.push(bar, at);
    }
    this.#ended = [];
    this.#settledUntil = Math.max(this.#settledUntil, this.#endedUntil);
  }

  #compare(bar: MarketBar, at: number, witness: 'watched' | 'answered'): void {
    const { columns } = this;
    if (columns.end === columns.first || bar.time < columns.timeAt(columns.first)) return;
    const found = columns.at(columns.positionFrom(bar.time));
    const known = found?.time === bar.time ? found : null;
    if (known === null ? !(bar.volume > 0) : isSame(known, bar)) return;
    // The stream may repeat how the bar stood before it ended.
    if (witness === 'watched' && known !== null && bar.volume <= known.volume) return;
    const noted = this.#noted.get(bar.time);
    if (noted !== undefined && isSame(noted, bar)) return;
    this.#noted.set(bar.time, bar);
    if (this.#noted.size > notedMax) this.#noted.delete(this.#noted.keys().next().value!);
    this.#corrections += 1;
    const { symbol, timeframe, onCorrection } = this.#options;
    onCorrection({ symbol, timeframe, kind: known === null ? 'late' : 'changed', was: known, is: bar, at });
  }
}

function isSame(one: MarketBar, other: MarketBar): boolean {
  const isNear = (a: number, b: number) => Math.abs(a - b) <= sameRatio * Math.max(Math.abs(a), Math.abs(b));
  return (
    isNear(one.open, other.open) &&
    isNear(one.high, other.high) &&
    isNear(one.low, other.low) &&
    isNear(one.close, other.close) &&
    isNear(one.volume, other.volume)
  );
}

function faultOf(bar: MarketBar, timeframe: Timeframe): string | null {
  const column = (value: number) => Float64Array.of(value);
  const { time, open, high, low, close, volume } = bar;
  const columns = {
    time: column(time),
    open: column(open),
    high: column(high),
    low: column(low),
    close: column(close),
    volume: column(volume),
  };
  return findFault(columns, timeframe)?.message ?? null;
}
