import { RatchetError } from '#engine/errors.ts';
import { parseSeriesKey, symbolOfPair } from './series-key.ts';
import { isTimeframe, timeframes } from './timeframe.ts';
import type { SeriesKey, Span } from './types.ts';

/** What a person says about a file instead of, or against, its name. */
export interface GivenKey {
  readonly venue?: string | undefined;
  readonly symbol?: string | undefined;
  readonly timeframe?: string | undefined;
}

export interface FileName {
  readonly key: SeriesKey;
  /** The days the name promises, the last one included; undefined when it promises none. */
  readonly span: Span | undefined;
}

const dayMs = 86_400_000;

/**
 * `<venue>_<BASEQUOTE>_<timeframe>_<from>-<to>.csv[.gz]`, dates as YYYYMMDD; the dates may be left out. What `given`
 * says takes the place of what the name says.
 * @throws candles/unclear-name when a part is in neither.
 */
export function parseFileName(name: string, given: GivenKey = {}): FileName {
  const base = name
    .replace(/^.*[\\/]/, '')
    .replace(/\.gz$/, '')
    .replace(/\.csv$/, '');
  const [venue, pair, timeframe, dates] = base.split('_');
  const isNamed = venue !== undefined && pair !== undefined && timeframe !== undefined;
  const key = {
    venue: given.venue ?? (isNamed ? venue : undefined),
    symbol: given.symbol ?? (isNamed ? symbolOfPair(pair) : undefined),
    timeframe: given.timeframe ?? (isNamed ? timeframe : undefined),
  };
  if (key.venue === undefined || key.timeframe === undefined || (key.symbol === undefined && !isNamed)) {
    throw unclear(name, 'the name does not say which market it holds');
  }
  if (key.symbol === undefined) throw unclear(name, `"${pair}" does not end in a known quote currency`);
  if (!isTimeframe(key.timeframe))
    throw unclear(name, `"${key.timeframe}" is not one of the timeframes ${timeframes.join(', ')}`);
  return { key: parseSeriesKey({ venue: key.venue, symbol: key.symbol, timeframe: key.timeframe }), span: spanOf(dates) };
}

function spanOf(dates: string | undefined): Span | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})-(\d{4})(\d{2})(\d{2})$/.exec(dates ?? '');
  if (match === null) return undefined;
  const from = Date.parse(`${match[1]}-${match[2]}-${match[3]}T00:00:00Z`);
  const lastDay = Date.parse(`${match[4]}-${match[5]}-${match[6]}T00:00:00Z`);
  return Number.isNaN(from) || Number.isNaN(lastDay) || lastDay < from ? undefined : { from, to: lastDay + dayMs };
}

function unclear(name: string, what: string): RatchetError {
  return new RatchetError(
    'candles/unclear-name',
    `${name}: ${what}.`,
    'Name it like binance_BTCUSDT_1h_20240101-20240630.csv.gz, or give --venue, --symbol and --timeframe.',
    { name },
  );
}
