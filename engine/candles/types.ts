import type { Timeframe } from '#engine/contract/types.ts';

/** Closed bars of one market, oldest first, one column each, all of the same length. */
export interface CandleColumns {
  /** Open time of the bar, UTC milliseconds, strictly rising. */
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** Base asset. */
  readonly volume: Float64Array;
}

export interface SeriesKey {
  /** `binance`, `kraken`, `coinbase`, or `simulated`. */
  readonly venue: string;
  /** `BTC/USDT` */
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** One row of the catalogue. */
export interface SeriesInfo extends SeriesKey {
  readonly bars: number;
  /** Open time of the first and of the last bar. */
  readonly firstTime: number;
  readonly lastTime: number;
  /** `sha256:…` over the key and the bars; see digestOfSeries. */
  readonly digest: string;
  readonly isSimulated: boolean;
  /** Where the bars came from: a file's name, an exchange, a seed. */
  readonly source: string;
}

/** One market of a dataset: the symbol a strategy asks for, and the stored series that serves it. */
export interface DatasetEntry {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** The stored series; its symbol differs when a dollar stand-in serves (BTC/USD for BTC/USDT), its timeframe when the bars were derived. */
  readonly source: SeriesKey;
  /** Open time of the first bar, and the end (exclusive) of the span, UTC milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly bars: number;
  /** `sha256:…` over the entry's columns after resampling and cutting. */
  readonly digest: string;
}

/** Candles that evidence can name: `digest` is the hash of the canonical JSON of the entries. */
export interface Dataset {
  readonly digest: string;
  readonly isSimulated: boolean;
  readonly entries: readonly DatasetEntry[];
}

export interface Span {
  /** Inclusive, UTC milliseconds. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}
