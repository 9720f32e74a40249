import { firstIndexFrom, sliceColumns } from '#engine/candles/candle-columns.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import type { ThreeSpans } from '#engine/candles/cut-in-three.ts';
import { columnsOf } from '#engine/candles/select-dataset.ts';
import type { CandleColumns, Dataset, Span } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';

/** Bars of one market that an analysis module may see. */
export interface ShownSeries {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** `since`: after the vault. */
  readonly part: 'development' | 'since';
  readonly span: Span;
  /** Every bar opens and closes within the span; in memory of their own. */
  readonly columns: CandleColumns;
}

/** Older ones of a part are left out: five years of hours, half a year of five minutes. */
const BARS_MAX = 50_000;

/**
 * The bars that may be shown to whoever proposes changes: those of the development span, and those that came after the vault's end, all
 * closed by `asOf`. Of the selection span and of the vault there is no bar.
 * @param asOf market time, UTC milliseconds
 * @throws candles/unknown-series when a market of the dataset is not stored
 */
export function shownCandles(store: CandleStore, dataset: Dataset, spans: ThreeSpans, asOf: number): ShownSeries[] {
  return dataset.entries.flatMap(({ symbol, timeframe, source }) =>
    partsBefore(spans, asOf).map(({ part, span }) => {
      const whole = columnsOf(store, source, timeframe, span);
      const { time } = whole;
      const cut = sliceColumns(whole, Math.max(firstIndexFrom(time, span.from), time.length - BARS_MAX), time.length);
      const from = time.length > BARS_MAX ? cut.time[0]! : span.from;
      return { symbol, timeframe, part, span: { from, to: span.to }, columns: copyOf(cut) };
    }),
  );
}

function partsBefore({ development, vault }: ThreeSpans, end: number): Pick<ShownSeries, 'part' | 'span'>[] {
  const parts: Pick<ShownSeries, 'part' | 'span'>[] = [
    { part: 'development', span: { from: development.from, to: Math.min(development.to, end) } },
    { part: 'since', span: { from: vault.to, to: end } },
  ];
  return parts.filter(({ span }) => span.from < span.to);
}

/** No byte of another bar behind the ends of a view. */
function copyOf({ time, open, high, low, close, volume }: CandleColumns): CandleColumns {
  const own = (column: Float64Array) => Float64Array.from(column);
  return { time: own(time), open: own(open), high: own(high), low: own(low), close: own(close), volume: own(volume) };
}
