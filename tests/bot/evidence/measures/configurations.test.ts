import { describe, expect, it } from 'vitest';
import { configurationsOver } from '#bot/evidence/measures/configurations.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { range } from './landscape.ts';

const random = () => new RandomStream(7, 'test');

describe('configurations over declared ranges', () => {
  it('use every part of each range once', () => {
    const made = configurationsOver({ a: range(0, 1, 0.001), b: range(-10, 10, 0.01) }, 10, random());
    const tenths = (name: 'a' | 'b', from: number, width: number) =>
      made.map((one) => Math.min(9, Math.floor(((one[name]! - from) / width) * 10 + 1e-9))).sort();
    expect(tenths('a', 0, 1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(tenths('b', -10, 20)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('lie on the grids and do not repeat', () => {
    const made = configurationsOver({ a: range(1, 3, 1) }, 12, random());
    expect(made.map(({ a }) => a).sort()).toEqual([1, 2, 3]);
  });

  it('are one where there is nothing to choose', () => {
    expect(configurationsOver({}, 12, random())).toEqual([{}]);
  });

  it('are the same from the same stream', () => {
    const ranges = { a: range(0, 1, 0.01) };
    expect(configurationsOver(ranges, 5, random())).toEqual(configurationsOver(ranges, 5, random()));
  });
});
