import { RatchetError } from '#engine/errors.ts';
import type { CandleColumns, Span } from './types.ts';

/** The columns in the order in which they are stored and hashed. */
export const columnNames = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;
export type ColumnName = (typeof columnNames)[number];

/** Bytes that `bars` bars take: six doubles each. */
export function bytesOfColumns(bars: number): number {
  return bars * columnNames.length * Float64Array.BYTES_PER_ELEMENT;
}

/**
 * Room for `bars` bars: six columns, one after the other, in one shared buffer, so that workers see the same
 * memory. A buffer handed in is used from its start and must be large enough.
 */
export function allocateColumns(
  bars: number,
  buffer: ArrayBufferLike = new SharedArrayBuffer(bytesOfColumns(bars)),
): CandleColumns {
  if (buffer.byteLength < bytesOfColumns(bars)) {
    throw new RatchetError(
      'candles/buffer-too-small',
      `${bars} bars need ${bytesOfColumns(bars)} bytes; the buffer has ${buffer.byteLength}.`,
      'Hand in a larger buffer, or none.',
      { bars, bytes: buffer.byteLength },
    );
  }
  const column = (index: number) => new Float64Array(buffer, bytesOfColumns(bars) * (index / columnNames.length), bars);
  return { time: column(0), open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) };
}

/** Bars `start` (inclusive) to `end` (exclusive) as views of the same memory; nothing is copied. */
export function sliceColumns(columns: CandleColumns, start: number, end: number): CandleColumns {
  return {
    time: columns.time.subarray(start, end),
    open: columns.open.subarray(start, end),
    high: columns.high.subarray(start, end),
    low: columns.low.subarray(start, end),
    close: columns.close.subarray(start, end),
    volume: columns.volume.subarray(start, end),
  };
}

/** The bars that open within the span, as views. */
export function cutColumns(columns: CandleColumns, span: Span): CandleColumns {
  return sliceColumns(columns, firstIndexFrom(columns.time, span.from), firstIndexFrom(columns.time, span.to));
}

/** Index of the first bar that opens at or after `timeMs`; the number of bars when there is none. */
export function firstIndexFrom(time: Float64Array, timeMs: number): number {
  let low = 0;
  let high = time.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (time[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One after the other, copied. */
export function concatColumns(first: CandleColumns, second: CandleColumns): CandleColumns {
  const joined = allocateColumns(first.time.length + second.time.length);
  for (const name of columnNames) {
    joined[name].set(first[name], 0);
    joined[name].set(second[name], first.time.length);
  }
  return joined;
}

/**
 * The union of two rising series. A bar both have must be the same in both.
 * @throws candles/conflict naming the first bar that differs.
 */
export function mergeColumns(first: CandleColumns, second: CandleColumns): CandleColumns {
  const merged = allocateColumns(first.time.length + second.time.length);
  let left = 0;
  let right = 0;
  let count = 0;
  while (left < first.time.length || right < second.time.length) {
    const leftTime = first.time[left] ?? Number.POSITIVE_INFINITY;
    const rightTime = second.time[right] ?? Number.POSITIVE_INFINITY;
    if (leftTime === rightTime) refuseConflict(first, left, second, right);
    if (leftTime <= rightTime) copyBar(first, left, merged, count);
    else copyBar(second, right, merged, count);
    if (leftTime <= rightTime) left += 1;
    if (rightTime <= leftTime) right += 1;
    count += 1;
  }
  return sliceColumns(merged, 0, count);
}

function copyBar(from: CandleColumns, index: number, to: CandleColumns, at: number): void {
  for (const name of columnNames) to[name][at] = from[name][index]!;
}

function refuseConflict(first: CandleColumns, left: number, second: CandleColumns, right: number): void {
  for (const name of columnNames) {
    if (first[name][left] === second[name][right]) continue;
    const time = new Date(first.time[left]!).toISOString();
    throw new RatchetError(
      'candles/conflict',
      `The bar of ${time} is stored with ${name} ${first[name][left]}, and the new data say ${second[name][right]}.`,
      'Import with --replace to let the new data take the place of the stored series.',
      { time, column: name },
    );
  }
}
