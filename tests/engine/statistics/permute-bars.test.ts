import { describe, expect, it } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { type BarColumns, permuteBars } from '#engine/statistics/permute-bars.ts';
import fc from '#tests/support/properties.ts';
import { refusal } from './series-samples.ts';

const HOUR_MS = 3_600_000;
const random = (name = 'bars') => new RandomStream(23, name);

function market(seed: number, bars: number, hasBar: (bar: number) => boolean = () => true): BarColumns {
  const stream = new RandomStream(seed, 'market');
  const rows: number[][] = [];
  let price = 100;
  for (let bar = 0; bar < bars; bar += 1) {
    const open = price * Math.exp(0.002 * stream.normal());
    const close = open * Math.exp(0.01 * stream.normal());
    const high = Math.max(open, close) * Math.exp(0.004 * stream.uniform());
    const low = Math.min(open, close) * Math.exp(-0.004 * stream.uniform());
    price = close;
    if (hasBar(bar)) rows.push([bar * HOUR_MS, open, high, low, close, bar + 1]);
  }
  const column = (index: number) => Float64Array.from(rows, (row) => row[index]!);
  return { time: column(0), open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) };
}

const sorted = (values: Iterable<number>) => [...values].sort((left, right) => left - right);
/** Log moves from close to open, and shapes told apart by their volume. */
const gaps = ({ open, close }: BarColumns) => Array.from(open.slice(1), (value, bar) => Math.log(value / close[bar]!));
const shapes = ({ open, high, low, close, volume }: BarColumns) =>
  Array.from(open, (value, bar) => [volume[bar]!, ...[high, low, close].map((column) => Math.log(column[bar]! / value))]).sort(
    (left, right) => left[0]! - right[0]!,
  );
const closeTo = (found: number[], expected: number[]) => {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]!).toBeCloseTo(value, 10);
};

describe('permuted bars', () => {
  it('keep the first bar, the times and the last close', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (bars, seed) => {
        const before = market(seed, bars);
        const [after] = permuteBars([before], random(`${seed}`)) as [BarColumns];
        expect(after.time).toEqual(before.time);
        expect(after.close.at(-1)).toBe(before.close.at(-1));
        for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) expect(after[name][0]).toBe(before[name][0]);
      }),
    );
  });

  it('are made of the same moves from close to open and of the same shapes with their volume', () => {
    const before = market(1, 80);
    const [after] = permuteBars([before], random()) as [BarColumns];
    closeTo(sorted(gaps(after)), sorted(gaps(before)));
    closeTo(shapes(after).flat(), shapes(before).flat());
    expect(after.close).not.toEqual(before.close);
  });

  it('shuffle the moves between bars and the bars themselves apart from each other', () => {
    const before = market(1, 80);
    const [after] = permuteBars([before], random()) as [BarColumns];
    const gapOf = new Map(gaps(before).map((gap, bar) => [gap.toFixed(9), bar + 2]));
    const pairs = gaps(after).filter((gap, bar) => gapOf.get(gap.toFixed(9)) === after.volume[bar + 1]);
    expect(pairs.length).toBeLessThan(10);
  });

  it('hold their open and close between their low and high', () => {
    const [after] = permuteBars([market(4, 5000)], random()) as [BarColumns];
    for (let bar = 0; bar < 5000; bar += 1) {
      expect(after.low[bar]!).toBeLessThanOrEqual(Math.min(after.open[bar]!, after.close[bar]!));
      expect(after.high[bar]!).toBeGreaterThanOrEqual(Math.max(after.open[bar]!, after.close[bar]!));
    }
  });

  it('lose the pattern that the market had', () => {
    // Up and down in turn: neighbours are as unlike as they can be.
    const close = Float64Array.from({ length: 400 }, (_, bar) => (bar % 2 === 0 ? 100 : 101));
    const flat = { time: Float64Array.from(close.keys()), open: close, high: close, low: close, close, volume: close };
    const [after] = permuteBars([flat], random()) as [BarColumns];
    const moves = gaps(after);
    const turns = moves.slice(1).filter((move, at) => Math.sign(move) !== Math.sign(moves[at]!)).length;
    expect(turns / (moves.length - 1)).toBeGreaterThan(0.4);
    expect(turns / (moves.length - 1)).toBeLessThan(0.6);
  });

  it('of several markets stay in step: what moved together still does', () => {
    const one = market(5, 60);
    const twin = {
      ...one,
      open: one.open.map((p) => 3 * p),
      high: one.high.map((p) => 3 * p),
      low: one.low.map((p) => 3 * p),
      close: one.close.map((p) => 3 * p),
    };
    const [left, right] = permuteBars([one, twin], random()) as [BarColumns, BarColumns];
    closeTo(
      [...right.close],
      [...left.close].map((price) => 3 * price),
    );
  });

  it('of markets with gaps and late listings keep every gap, every move and every last price, and the step', () => {
    const whole = market(6, 120);
    const holed = market(6, 120, (bar) => bar >= 30 && bar % 7 !== 3);
    const [first, second] = permuteBars([whole, holed], random()) as [BarColumns, BarColumns];
    expect(second.time).toEqual(holed.time);
    expect(second.close.at(-1)).toBe(holed.close.at(-1));
    closeTo(sorted(gaps(second)), sorted(gaps(holed)));
    closeTo(shapes(second).flat(), shapes(holed).flat());
    // Volume is the number of the bar it came from: at every time both markets show the bar of the same hour.
    for (const [bar, time] of second.time.entries()) {
      if (bar > 0) expect(second.volume[bar]).toBe(first.volume[first.time.indexOf(time)]);
    }
  });

  it('may leave the past in place', () => {
    const before = market(7, 100);
    const [after] = permuteBars([before], random(), 40 * HOUR_MS) as [BarColumns];
    expect(after.close.slice(0, 40)).toEqual(before.close.slice(0, 40));
    expect(after.volume.slice(0, 40)).toEqual(before.volume.slice(0, 40));
    expect(after.volume.slice(40)).not.toEqual(before.volume.slice(40));
    expect(sorted(after.volume.slice(40))).toEqual([...before.volume.slice(40)]);
    expect(permuteBars([before], random(), 1000 * HOUR_MS)).toEqual([before]);
  });

  it('are the same from the same seed, and leave what was handed in as it was', () => {
    const before = market(8, 50);
    const copy = structuredClone(before);
    expect(permuteBars([before], random())).toEqual(permuteBars([before], random()));
    expect(permuteBars([before], random())).not.toEqual(permuteBars([before], random('another')));
    expect(before).toEqual(copy);
  });

  it('of no market, of no bar and of one bar are what they were', () => {
    expect(permuteBars([], random())).toEqual([]);
    for (const bars of [0, 1]) expect(permuteBars([market(9, bars)], random())).toEqual([market(9, bars)]);
  });

  it('refuse what is no price, and say where', () => {
    for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e9]) {
      const broken = market(9, 10);
      broken.close[4] = wrong;
      expect(() => permuteBars([market(9, 10), broken], random())).toThrow(
        expect.objectContaining({ code: 'statistics/not-a-price', details: { series: 1, index: 4 } }),
      );
    }
    expect(() => permuteBars([], random(), Number.NaN)).toThrow(refusal('statistics/out-of-range'));
  });
});
