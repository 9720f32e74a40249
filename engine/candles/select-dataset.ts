import { digestOfJson } from '#engine/attestation/canonical.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { cutColumns, firstIndexFrom, sliceColumns } from './candle-columns.ts';
import type { CandleStore } from './candle-store.ts';
import { digestOfColumns } from './digest-columns.ts';
import { resample } from './resample.ts';
import { nameOfSeries } from './series-key.ts';
import { dividesTimeframe, timeframeMs } from './timeframe.ts';
import type { CandleColumns, Dataset, DatasetEntry, SeriesInfo, SeriesKey, Span } from './types.ts';

/** A market a strategy asks for. */
export interface Want {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

export interface DatasetOptions {
  /** Only this venue's series. */
  readonly venue?: string | undefined;
  readonly span?: Span | undefined;
}

interface Choice {
  readonly want: Want;
  readonly series: SeriesInfo;
}

/**
 * The candles that serve `wants`, cut and digested; always the same for the same store.
 *
 * Each want takes the exact symbol before a dollar stand-in (USD, USDT and USDC serve for each other), the exact
 * timeframe before one to derive from, then the longest span, then the finest timeframe. Venues are not mixed when one
 * serves every want: real before simulated, then the most exact, then the longest span, then the name. Each entry
 * starts where its series starts (markets list late) or at `span.from`; all end together, at the earliest end.
 * @throws candles/nothing-fits listing what is stored; candles/no-overlap; candles/two-timeframes
 */
export function selectDataset(store: CandleStore, wants: readonly Want[], options: DatasetOptions = {}): Dataset {
  const catalogue = store.series().filter((series) => options.venue === undefined || series.venue === options.venue);
  const choices = chooseSeries(catalogue, distinct(wants), () => store.series());
  const to = Math.min(
    options.span?.to ?? Number.POSITIVE_INFINITY,
    ...choices.map(({ want, series }) => endOf(series, want.timeframe)),
  );
  const span = { from: options.span?.from ?? Number.NEGATIVE_INFINITY, to };
  const entries = choices.map((choice) => entryOf(store, choice, span));
  return datasetOf(
    entries,
    choices.some(({ series }) => series.isSimulated),
  );
}

/** The dataset of stored series just as they are: what `ratchet data import` names by digest. */
export function datasetOfSeries(store: CandleStore, keys: readonly SeriesKey[]): Dataset {
  const choices = keys.map((key) => {
    const series = store.find(key);
    if (series === undefined) throw nothingFits({ symbol: key.symbol, timeframe: key.timeframe }, store.series());
    return { want: { symbol: key.symbol, timeframe: key.timeframe }, series };
  });
  const whole = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  return datasetOf(
    choices.map((choice) => entryOf(store, choice, whole)),
    choices.some(({ series }) => series.isSimulated),
  );
}

/** The bars of an entry: its source, resampled when it is finer, cut to [from, to) so that no bar ends after `to`. */
export function columnsOf(store: CandleStore, source: SeriesKey, timeframe: Timeframe, span: Span): CandleColumns {
  const isDerived = source.timeframe !== timeframe;
  // Derived bars need whole buckets, and a bucket without its last base bar is closed by whatever bar comes next.
  const base = store.load(source, isDerived ? { from: firstBucket(span.from, timeframe), to: Number.POSITIVE_INFINITY } : span);
  const bars = isDerived ? cutColumns(resample(base, source.timeframe, timeframe), span) : base;
  return sliceColumns(bars, 0, firstIndexFrom(bars.time, span.to - timeframeMs(timeframe) + 1));
}

function firstBucket(fromMs: number, timeframe: Timeframe): number {
  const bucketMs = timeframeMs(timeframe);
  return Math.ceil(fromMs / bucketMs) * bucketMs;
}

function datasetOf(entries: readonly DatasetEntry[], isSimulated: boolean): Dataset {
  return { digest: digestOfJson(entries), isSimulated, entries };
}

function entryOf(store: CandleStore, { want, series }: Choice, span: Span): DatasetEntry {
  const { venue, symbol, timeframe } = series;
  const source = { venue, symbol, timeframe };
  const columns = columnsOf(store, source, want.timeframe, span);
  const bars = columns.time.length;
  if (bars === 0) throw noOverlap(want, series, span);
  const to = Number.isFinite(span.to) ? span.to : columns.time[bars - 1]! + timeframeMs(want.timeframe);
  return {
    symbol: want.symbol,
    timeframe: want.timeframe,
    source,
    from: columns.time[0]!,
    to,
    bars,
    digest: digestOfColumns(columns),
  };
}

function distinct(wants: readonly Want[]): Want[] {
  const bySymbol = new Map<string, Want>();
  for (const want of wants) {
    const other = bySymbol.get(want.symbol);
    if (other !== undefined && other.timeframe !== want.timeframe) {
      throw new RatchetError(
        'candles/two-timeframes',
        `A dataset holds ${want.symbol} once; ${other.timeframe} and ${want.timeframe} were asked for.`,
        'Ask for the finer one; the other is derived from it.',
        { symbol: want.symbol },
      );
    }
    bySymbol.set(want.symbol, want);
  }
  return [...bySymbol.values()];
}

function chooseSeries(
  catalogue: readonly SeriesInfo[],
  wants: readonly Want[],
  everything: () => readonly SeriesInfo[],
): Choice[] {
  const venues = [...new Set(catalogue.map((series) => series.venue))];
  const whole = venues
    .map((venue) =>
      choicesFrom(
        catalogue.filter((series) => series.venue === venue),
        wants,
      ),
    )
    .filter((choices) => choices.length === wants.length)
    .sort(compareVenues);
  const choices = whole[0] ?? choicesFrom(catalogue, wants);
  const unserved = wants.find((want) => !choices.some((choice) => choice.want === want));
  if (unserved !== undefined) throw nothingFits(unserved, everything());
  return choices;
}

/** One choice for each want that something serves. */
function choicesFrom(catalogue: readonly SeriesInfo[], wants: readonly Want[]): Choice[] {
  return wants.flatMap((want) => {
    const series = catalogue.filter((candidate) => serves(candidate, want)).sort((a, b) => compareSeries(a, b, want))[0];
    return series === undefined ? [] : [{ want, series }];
  });
}

function serves(series: SeriesInfo, want: Want): boolean {
  return (
    (series.symbol === want.symbol || isDollarStandIn(series.symbol, want.symbol)) &&
    dividesTimeframe(series.timeframe, want.timeframe)
  );
}

const dollars = ['USD', 'USDT', 'USDC'];

function isDollarStandIn(symbol: string, wanted: string): boolean {
  const [base, quote] = symbol.split('/');
  const [wantedBase, wantedQuote] = wanted.split('/');
  return base === wantedBase && dollars.includes(quote ?? '') && dollars.includes(wantedQuote ?? '');
}

function compareSeries(a: SeriesInfo, b: SeriesInfo, want: Want): number {
  return (
    Number(a.isSimulated) - Number(b.isSimulated) ||
    Number(b.symbol === want.symbol) - Number(a.symbol === want.symbol) ||
    Number(b.timeframe === want.timeframe) - Number(a.timeframe === want.timeframe) ||
    lengthOf(b) - lengthOf(a) ||
    timeframeMs(a.timeframe) - timeframeMs(b.timeframe) ||
    (nameOfSeries(a) < nameOfSeries(b) ? -1 : 1)
  );
}

function compareVenues(a: readonly Choice[], b: readonly Choice[]): number {
  const count = (choices: readonly Choice[], isCounted: (choice: Choice) => boolean) => choices.filter(isCounted).length;
  const isSimulated = ({ series }: Choice) => series.isSimulated;
  const isExactSymbol = ({ want, series }: Choice) => series.symbol === want.symbol;
  const isExactTimeframe = ({ want, series }: Choice) => series.timeframe === want.timeframe;
  const length = (choices: readonly Choice[]) => choices.reduce((sum, { series }) => sum + lengthOf(series), 0);
  return (
    count(a, isSimulated) - count(b, isSimulated) ||
    count(b, isExactSymbol) - count(a, isExactSymbol) ||
    count(b, isExactTimeframe) - count(a, isExactTimeframe) ||
    length(b) - length(a) ||
    (a[0]!.series.venue < b[0]!.series.venue ? -1 : 1)
  );
}

function lengthOf(series: SeriesInfo): number {
  return series.lastTime - series.firstTime + timeframeMs(series.timeframe);
}

/** End of the last bar of `timeframe` that the series can give whole. */
function endOf(series: SeriesInfo, timeframe: Timeframe): number {
  const end = series.lastTime + timeframeMs(series.timeframe);
  return end - (end % timeframeMs(timeframe));
}

function nothingFits(want: Want, stored: readonly SeriesInfo[]): RatchetError {
  return new RatchetError(
    'candles/nothing-fits',
    `No stored candles serve ${want.symbol} ${want.timeframe}. ${inventory(stored)}`,
    'Import or fetch them, or ask for a market that is stored.',
    { ...want },
  );
}

function inventory(stored: readonly SeriesInfo[]): string {
  if (stored.length === 0) return 'The store is empty.';
  const byVenue = new Map<string, string[]>();
  for (const { venue, symbol, timeframe } of stored)
    byVenue.set(venue, [...(byVenue.get(venue) ?? []), `${symbol} ${timeframe}`]);
  return `Stored: ${[...byVenue].map(([venue, markets]) => `${venue}: ${markets.join(', ')}`).join('; ')}.`;
}

function noOverlap(want: Want, series: SeriesInfo, span: Span): RatchetError {
  const date = (timeMs: number) => (Number.isFinite(timeMs) ? new Date(timeMs).toISOString().slice(0, 10) : '…');
  return new RatchetError(
    'candles/no-overlap',
    `${nameOfSeries(series)} (${date(series.firstTime)} to ${date(series.lastTime)}) has no bars for ${want.symbol} between ${date(span.from)} and ${date(span.to)}.`,
    'Choose a span that all markets cover, or leave this market out.',
    { ...want },
  );
}
