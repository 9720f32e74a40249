import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { allocateColumns, sliceColumns } from '#engine/candles/candle-columns.ts';
import { resample } from '#engine/candles/resample.ts';
import { Resampler } from '#engine/candles/resampler.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import fc from '#tests/support/properties.ts';
import { plain, sampleColumns, startMs, without } from './candle-samples.ts';

const minutes = (count: number) => startMs + count * 60_000;

/** What the live loop does: one closed base bar at a time; with each closed bucket, the time at which it was known. */
function stream(columns: CandleColumns, from: Timeframe, to: Timeframe) {
  const resampler = new Resampler(from, to);
  const bars: number[][] = [];
  const knownAt: number[] = [];
  const keep = (time: number) => {
    bars.push([resampler.time, resampler.open, resampler.high, resampler.low, resampler.close, resampler.volume]);
    knownAt.push(time + timeframeMs(from));
  };
  const { time, open, high, low, close, volume } = columns;
  for (let index = 0; index < time.length; index += 1) {
    const t = time[index]!;
    if (resampler.closesBefore(t)) keep(t);
    if (resampler.add(t, open[index]!, high[index]!, low[index]!, close[index]!, volume[index]!)) keep(t);
  }
  return { bars, knownAt };
}

/** The definition, written another way: group by bucket, then say which groups have closed. */
function byGrouping(columns: CandleColumns, from: Timeframe, to: Timeframe): number[][] {
  const bucketMs = timeframeMs(to);
  const groups = new Map<number, number[]>();
  for (const [index, time] of columns.time.entries()) {
    const bucket = Math.floor(time / bucketMs) * bucketMs;
    groups.set(bucket, [...(groups.get(bucket) ?? []), index]);
  }
  const lastEnd = (columns.time.at(-1) ?? 0) + timeframeMs(from);
  return [...groups]
    .filter(([bucket]) => lastEnd >= bucket + bucketMs)
    .map(([bucket, indexes]) => [
      bucket,
      columns.open[indexes[0]!]!,
      Math.max(...indexes.map((index) => columns.high[index]!)),
      Math.min(...indexes.map((index) => columns.low[index]!)),
      columns.close[indexes.at(-1)!]!,
      indexes.reduce((sum, index) => sum + columns.volume[index]!, 0),
    ]);
}

const barsOf = (c: CandleColumns) =>
  Array.from(c.time, (time, i) => [time, c.open[i]!, c.high[i]!, c.low[i]!, c.close[i]!, c.volume[i]!]);

describe('bars of a higher timeframe', () => {
  it('open with the first base bar, close with the last, and add up the volume', () => {
    const hour = resample(sampleColumns('5m', 12), '5m', '1h');
    expect(plain(hour)).toEqual({ time: [startMs], open: [100], high: [106.5], low: [99.75], close: [104], volume: [138] });
  });

  it('are aligned to UTC, whenever the base bars begin', () => {
    const base = sampleColumns('5m', 40, minutes(35));
    expect([...resample(base, '5m', '1h').time]).toEqual([minutes(0), minutes(60), minutes(120)]);
    expect([...resample(sampleColumns('1h', 60, minutes(600)), '1h', '1d').time]).toEqual([minutes(0), minutes(1440)]);
  });

  it('appear on the very bar that closes them, not before', () => {
    const base = sampleColumns('5m', 24);
    expect(resample(sliceColumns(base, 0, 11), '5m', '1h').time).toHaveLength(0);
    expect(resample(sliceColumns(base, 0, 12), '5m', '1h').time).toHaveLength(1);
    expect(stream(base, '5m', '1h').knownAt).toEqual([minutes(60), minutes(120)]);
  });

  it('whose last base bar is missing close with the next bar there is', () => {
    const base = without(sampleColumns('5m', 30), new Set([10, 11, 12, 13]));
    expect(stream(base, '5m', '1h').knownAt).toEqual([minutes(75), minutes(120)]);
    expect(resample(base, '5m', '1h').volume[0]).toBe(10 + 11 + 12 + 13 + 10 + 11 + 12 + 13 + 10 + 11);
  });

  it('close two at once when the bar that shows the first has ended is the last of the second', () => {
    const only = without(sampleColumns('5m', 24), new Set([11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]));
    expect(stream(only, '5m', '1h').knownAt).toEqual([minutes(120), minutes(120)]);
  });

  it('do not exist where no base bar does', () => {
    const base = without(sampleColumns('5m', 48), new Set(Array.from({ length: 24 }, (_, index) => 12 + index)));
    expect([...resample(base, '5m', '1h').time]).toEqual([minutes(0), minutes(180)]);
  });

  it('are the same when bars without a trade are left out as when they repeat the last price', () => {
    const quiet = new Set([0, 5, 12, 13, 22, 23, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47]);
    const flat = sampleColumns('5m', 72);
    for (const index of quiet) {
      const last = index === 0 ? 100 : flat.close[index - 1]!;
      for (const column of [flat.open, flat.high, flat.low, flat.close]) column[index] = last;
      flat.volume[index] = 0;
    }
    expect(plain(resample(flat, '5m', '1h'))).toEqual(plain(resample(without(flat, quiet), '5m', '1h')));
  });

  it('of the same timeframe are the bars themselves', () => {
    const base = sampleColumns('5m', 30);
    expect(plain(resample(base, '5m', '5m'))).toEqual(plain(base));
  });

  it('can be built where there is no Node: the strategy realm bundles this code', async () => {
    const entry = fileURLToPath(new URL('../../../engine/candles/resampler.ts', import.meta.url));
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'neutral',
      format: 'esm',
      write: false,
      metafile: true,
    });
    expect(outputFiles[0]!.text).not.toMatch(/\bimport\b|\brequire\b|\bprocess\b|\bBuffer\b/);
  });

  it('refuse a base that does not add up to them', () => {
    expect(() => new Resampler('1h', '30m')).toThrow(RangeError);
  });

  it('of no bars are none', () => {
    expect(resample(allocateColumns(0), '5m', '1h').time).toHaveLength(0);
  });

  const pairs: [Timeframe, Timeframe][] = [
    ['1m', '5m'],
    ['1m', '1h'],
    ['5m', '15m'],
    ['5m', '1h'],
    ['15m', '4h'],
    ['1h', '1d'],
    ['30m', '30m'],
  ];
  const market = fc.record({
    pair: fc.constantFrom(...pairs),
    offset: fc.integer({ min: 0, max: 300 }),
    bars: fc.array(
      fc.record({
        skip: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 90 })),
        price: fc.integer({ min: 1, max: 1_000 }),
      }),
      { maxLength: 200 },
    ),
  });

  it('are the same from columns, from a stream and by grouping, for any gaps', () => {
    fc.assert(
      fc.property(market, ({ pair: [from, to], offset, bars }) => {
        const columns = allocateColumns(bars.length);
        let slot = offset;
        for (const [index, { skip, price }] of bars.entries()) {
          slot += skip;
          columns.time[index] = startMs + slot * timeframeMs(from);
          columns.open[index] = price;
          columns.high[index] = price + (slot % 5);
          columns.low[index] = price - (slot % 3) / 4;
          columns.close[index] = price + (slot % 2) / 8;
          columns.volume[index] = slot % 11;
          slot += 1;
        }
        const fromColumns = barsOf(resample(columns, from, to));
        const traded = without(columns, new Set([...columns.volume.keys()].filter((index) => columns.volume[index] === 0)));
        const { bars: streamed, knownAt } = stream(traded, from, to);
        expect(fromColumns).toEqual(byGrouping(traded, from, to));
        expect(streamed).toEqual(fromColumns);
        for (const [index, bar] of streamed.entries()) expect(knownAt[index]).toBeGreaterThanOrEqual(bar[0]! + timeframeMs(to));
      }),
      { numRuns: 1_000 },
    );
  });
});
