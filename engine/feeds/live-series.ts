import { concatColumns, cutColumns } from '#engine/candles/candle-columns.ts';
import type { CandleStore, Origin } from '#engine/candles/candle-store.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, SeriesKey } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { ClosedBar } from '#engine/simulation/types.ts';
import type { FeedSeries, SeriesHealth } from './feed.ts';
import { type Correction, SeriesLedger } from './series-ledger.ts';

export interface LiveSeriesOptions {
  readonly key: SeriesKey;
  readonly store: CandleStore;
  readonly origin: Origin;
  /** Close of the last bar the engine has taken in; null when it has taken none. */
  readonly takenUntil: number | null;
  /** Where history begins when nothing is stored, UTC milliseconds. */
  readonly historyFrom: number;
  readonly keepBars: number;
  /** Where the venue gives only its newest bars: how many. */
  readonly servesNewest: number | null;
  readonly now: number;
  readonly onCorrection: (correction: Correction) => void;
}

/** One market of a live feed: its newest bars in memory, all of them in the candle store, and how far the engine has come. */
export class LiveSeries implements FeedSeries {
  readonly key: SeriesKey;
  readonly ledger: SeriesLedger;
  readonly stepMs: number;
  readonly servesNewest: number | null;
  readonly #store: CandleStore;
  readonly #origin: Origin;
  readonly #keepBars: number;
  /** Position of the first bar the engine has not taken, and of the first the store does not have. */
  #next: number;
  #stored: number;
  /** Bars that closed until then are history, however late they are told. */
  #takenUntil = Number.NEGATIVE_INFINITY;

  constructor(options: LiveSeriesOptions) {
    const { key, store, takenUntil, historyFrom, keepBars, now } = options;
    this.key = key;
    this.stepMs = timeframeMs(key.timeframe);
    this.servesNewest = options.servesNewest;
    this.#store = store;
    this.#origin = options.origin;
    this.#keepBars = keepBars;
    const info = store.find(key);
    const settledUntil = info === undefined ? historyFrom : info.lastTime + this.stepMs;
    const { symbol, timeframe } = key;
    this.ledger = new SeriesLedger({ symbol, timeframe, settledUntil, onCorrection: options.onCorrection });
    if (info !== undefined) {
      const from = Math.min(takenUntil ?? Number.POSITIVE_INFINITY, info.lastTime - keepBars * this.stepMs);
      const { time, open, high, low, close, volume } = store.load(key, { from, to: Number.POSITIVE_INFINITY });
      for (const [index, opened] of time.entries()) {
        const bar = { open: open[index]!, high: high[index]!, low: low[index]!, close: close[index]!, volume: volume[index]! };
        this.ledger.restore({ time: opened, ...bar }, now);
      }
    }
    this.#stored = this.ledger.columns.end;
    this.#next = this.ledger.columns.end;
  }

  get symbol(): string {
    return this.key.symbol;
  }

  get timeframe(): Timeframe {
    return this.key.timeframe;
  }

  get oldest(): number {
    const { columns } = this.ledger;
    const here = columns.end > columns.first ? columns.timeAt(columns.first) : Number.POSITIVE_INFINITY;
    return Math.min(here, this.#store.find(this.key)?.firstTime ?? Number.POSITIVE_INFINITY);
  }

  since(time: number): CandleColumns {
    const { columns } = this.ledger;
    const isHere = columns.end > columns.first && columns.timeAt(columns.first) <= time;
    if (isHere) return columns.copyFrom(columns.positionFrom(time));
    const here = columns.copyFrom(columns.first);
    if (this.#store.find(this.key) === undefined) return here;
    const older = this.#store.load(this.key, { from: time, to: here.time[0] ?? Number.POSITIVE_INFINITY });
    return concatColumns(older, here);
  }

  /** Close of the newest bar that is known; null when there is none. */
  get newestClose(): number | null {
    const { columns } = this.ledger;
    return columns.end > columns.first ? columns.timeAt(columns.end - 1) + this.stepMs : null;
  }

  /** The engine goes on with the first bar that closes after `time`. */
  seek(time: number): void {
    this.#takenUntil = time;
    this.#next = this.ledger.columns.first;
    this.skipTaken();
  }

  /** Leaves out of the engine's way what closed before it began: history that has come in meanwhile. */
  skipTaken(): void {
    this.#next = Math.max(this.#next, this.ledger.columns.positionFrom(this.#takenUntil - this.stepMs + 1));
  }

  /** Close of the next bar for the engine; infinite when none is known. */
  get nextClose(): number {
    const { columns } = this.ledger;
    return this.#next < columns.end ? columns.timeAt(this.#next) + this.stepMs : Number.POSITIVE_INFINITY;
  }

  nextBar(): { readonly bar: ClosedBar; readonly ageMs: number } {
    const { columns } = this.ledger;
    const bar = { symbol: this.symbol, ...columns.at(this.#next)! };
    return { bar, ageMs: columns.knownAt(this.#next) - (bar.time + this.stepMs) };
  }

  takeBar(): void {
    this.#next += 1;
    this.#forget();
  }

  get unstoredBars(): number {
    return this.ledger.columns.end - this.#stored;
  }

  /** Puts what the store does not have behind what it has; inside the store's batch. What somebody else has stored meanwhile stays. */
  keep(): () => void {
    const { columns } = this.ledger;
    const end = columns.end;
    const unstored = columns.copyFrom(this.#stored);
    const info = this.#store.find(this.key);
    const from = info === undefined ? Number.NEGATIVE_INFINITY : info.lastTime + 1;
    const fresh = cutColumns(unstored, { from, to: Number.POSITIVE_INFINITY });
    if (fresh.time.length > 0) {
      if (info === undefined) this.#store.put(this.key, fresh, this.#origin);
      else this.#store.append(this.key, fresh);
    }
    return () => {
      this.#stored = end;
      this.#forget();
    };
  }

  health(venueNow: number): SeriesHealth {
    const { newestClose } = this;
    return {
      symbol: this.symbol,
      newestClose,
      ageMs: newestClose === null ? null : venueNow - newestClose,
      settledUntil: this.ledger.settledUntil,
      missed: this.ledger.missed,
      corrections: this.ledger.corrections,
    };
  }

  /** What is stored and taken may go; the newest stay, for comparing with what the venue says later. */
  #forget(): void {
    const { columns } = this.ledger;
    columns.forgetBefore(Math.min(this.#stored, this.#next, columns.end - this.#keepBars));
  }
}
