import type { Timeframe } from '#engine/contract/types.ts';
import { allocateColumns, sliceColumns } from './candle-columns.ts';
import { Resampler } from './resampler.ts';
import { timeframeMs } from './timeframe.ts';
import type { CandleColumns } from './types.ts';

/**
 * The closed bars of `to` that base bars of `from` add up to. A last bucket that has not closed is left out. A bar without volume is no
 * bar: an exchange whose API repeats the last price where nothing traded gives the same bars as its dump, which leaves those out.
 */
export function resample(columns: CandleColumns, from: Timeframe, to: Timeframe): CandleColumns {
  const { time, open, high, low, close, volume } = columns;
  const resampler = new Resampler(from, to);
  const room = allocateColumns(mostBuckets(time, timeframeMs(to)));
  let count = 0;
  for (let index = 0; index < time.length; index += 1) {
    if (!(volume[index]! > 0)) continue;
    if (resampler.closesBefore(time[index]!)) count = keep(resampler, room, count);
    if (resampler.add(time[index]!, open[index]!, high[index]!, low[index]!, close[index]!, volume[index]!)) {
      count = keep(resampler, room, count);
    }
  }
  return sliceColumns(room, 0, count);
}

function mostBuckets(time: Float64Array, bucketMs: number): number {
  if (time.length === 0) return 0;
  const spanned = Math.floor(time[time.length - 1]! / bucketMs) - Math.floor(time[0]! / bucketMs) + 1;
  return Math.min(time.length, spanned);
}

function keep(bar: Resampler, room: CandleColumns, at: number): number {
  room.time[at] = bar.time;
  room.open[at] = bar.open;
  room.high[at] = bar.high;
  room.low[at] = bar.low;
  room.close[at] = bar.close;
  room.volume[at] = bar.volume;
  return at + 1;
}
