import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { timeframeMs } from './timeframe.ts';
import type { CandleColumns } from './types.ts';

/** The first thing wrong with a series: which bar, what, and what to do about it. */
export interface ColumnFault {
  readonly index: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** 2000-01-01. An earlier "millisecond" is nearly always a second. */
const earliestMs = 946_684_800_000;
/** 2100-01-01. A later "millisecond" is nearly always a microsecond. */
const latestMs = 4_102_444_800_000;

/**
 * The rules every stored series keeps: times in milliseconds, aligned to the timeframe and strictly rising; prices
 * positive and finite; low ≤ open, close ≤ high; volume finite and not negative. Gaps are legal.
 * @returns undefined when the series keeps them.
 */
export function findFault(columns: CandleColumns, timeframe: Timeframe): ColumnFault | undefined {
  const stepMs = timeframeMs(timeframe);
  const { time, open, high, low, close, volume } = columns;
  for (let index = 0; index < time.length; index += 1) {
    const t = time[index]!;
    const o = open[index]!;
    const h = high[index]!;
    const l = low[index]!;
    const c = close[index]!;
    const v = volume[index]!;
    const isSound =
      t % stepMs === 0 &&
      t >= earliestMs &&
      t < latestMs &&
      (index === 0 || t > time[index - 1]!) &&
      l > 0 &&
      h < Number.POSITIVE_INFINITY &&
      l <= o &&
      l <= c &&
      h >= o &&
      h >= c &&
      v >= 0 &&
      v < Number.POSITIVE_INFINITY;
    // NaN fails every comparison above, so it lands here too.
    if (!isSound) return describeFault(columns, index, timeframe);
  }
  return undefined;
}

/** @throws the fault of a series that breaks a rule, as `candles/…`. */
export function assertSound(columns: CandleColumns, timeframe: Timeframe, name: string): void {
  const fault = findFault(columns, timeframe);
  if (fault === undefined) return;
  throw new RatchetError(fault.code, `${name}, bar ${fault.index}: ${fault.message}.`, fault.remedy, {
    name,
    index: fault.index,
  });
}

function describeFault(columns: CandleColumns, index: number, timeframe: Timeframe): ColumnFault {
  const time = columns.time[index]!;
  return timeFault(columns, index, timeframe, time) ?? priceFault(columns, index) ?? volumeFault(columns, index);
}

function timeFault(columns: CandleColumns, index: number, timeframe: Timeframe, time: number): ColumnFault | undefined {
  if (!(time >= earliestMs)) {
    return fault(
      index,
      'candles/bad-time',
      `timestamp ${time} is before the year 2000`,
      'Give timestamps in milliseconds, not seconds.',
    );
  }
  if (!(time < latestMs)) {
    return fault(index, 'candles/bad-time', `timestamp ${time} is after the year 2100`, 'Give timestamps in milliseconds.');
  }
  const previous = index === 0 ? Number.NEGATIVE_INFINITY : columns.time[index - 1]!;
  if (time === previous) {
    return fault(
      index,
      'candles/duplicate',
      `the bar of ${iso(time)} stands twice`,
      'Keep one of the two bars and import again.',
    );
  }
  if (time < previous) {
    const message = `${iso(time)} comes after ${iso(previous)}; times must rise`;
    return fault(index, 'candles/unsorted', message, 'Sort the rows by timestamp, oldest first, and import again.');
  }
  if (time % timeframeMs(timeframe) !== 0) {
    const message = `${iso(time)} is not the start of a ${timeframe} bar`;
    return fault(index, 'candles/misaligned', message, 'Check the timeframe; timestamps are the open times of bars, in UTC.');
  }
  return undefined;
}

function priceFault(columns: CandleColumns, index: number): ColumnFault | undefined {
  const remedy = 'Correct or remove the row and import again.';
  for (const name of ['open', 'high', 'low', 'close'] as const) {
    const price = columns[name][index]!;
    if (!(price > 0 && price < Number.POSITIVE_INFINITY)) {
      return fault(index, 'candles/bad-price', `${name} is ${price}; prices must be above zero`, remedy);
    }
  }
  const open = columns.open[index]!;
  const high = columns.high[index]!;
  const low = columns.low[index]!;
  const close = columns.close[index]!;
  const message = (what: string) => `${what} (open ${open}, high ${high}, low ${low}, close ${close})`;
  if (high < low) return fault(index, 'candles/ohlc', message('high is below low'), remedy);
  if (high < Math.max(open, close)) return fault(index, 'candles/ohlc', message('high is below open or close'), remedy);
  if (low > Math.min(open, close)) return fault(index, 'candles/ohlc', message('low is above open or close'), remedy);
  return undefined;
}

function volumeFault(columns: CandleColumns, index: number): ColumnFault {
  const message = `volume is ${columns.volume[index]}; it must be zero or more`;
  return fault(index, 'candles/bad-volume', message, 'Correct or remove the row and import again.');
}

function fault(index: number, code: string, message: string, remedy: string): ColumnFault {
  return { index, code, message, remedy };
}

function iso(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
