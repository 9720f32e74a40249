import { describe, expect, it } from 'vitest';
import { neighbourhood, neighboursOf } from '#bot/evidence/measures/neighbourhood.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { range, subjectWith } from './landscape.ts';

const ranges = { fast: range(3, 20, 1), stop: range(0, 0.1, 0.005) };
const near = (centre: Record<string, number>, radius: number, directions = 0) =>
  neighboursOf(centre, ranges, radius, { directions, random: new RandomStream(1, 'test') });

describe('neighbours', () => {
  it('move one parameter by a share of its value, on its grid', () => {
    expect(near({ fast: 10, stop: 0.05 }, 0.2)).toEqual([
      { fast: 12, stop: 0.05 },
      { fast: 8, stop: 0.05 },
      { fast: 10, stop: 0.06 },
      { fast: 10, stop: 0.04 },
    ]);
  });

  it('move by one step at least, so that small values and 0 have neighbours', () => {
    expect(near({ fast: 4, stop: 0 }, 0.1)).toEqual([
      { fast: 5, stop: 0 },
      { fast: 3, stop: 0 },
      { fast: 4, stop: 0.005 },
    ]);
  });

  it('stay within the declared range, and are never the centre', () => {
    expect(near({ fast: 20, stop: 0.1 }, 0.2)).toEqual([
      { fast: 16, stop: 0.1 },
      { fast: 20, stop: 0.08 },
    ]);
  });

  it('also move all at once, without repetition', () => {
    const all = near({ fast: 10, stop: 0.05 }, 0.2, 30);
    expect(all).toHaveLength(8);
    expect(all.slice(4).every(({ fast, stop }) => fast !== 10 && stop !== 0.05)).toBe(true);
  });
});

describe('the neighbourhood', () => {
  it('tells a needle from a plateau', async () => {
    const options = { parameters: { fast: 10 }, ranges: { fast: range(3, 20, 1) } };
    const needle = subjectWith(({ parameters }) => (parameters!.fast === 10 ? 1 : -0.5), options);
    const plateau = subjectWith(({ parameters }) => 1 - Math.abs(parameters!.fast! - 10) / 100, options);
    expect(await neighbourhood(needle, 0, { seed: 1, directions: 0 })).toMatchObject([
      { radius: 0.1, neighbours: 2, median: -0.5, worst: -0.5, shareAhead: 0 },
      { radius: 0.2, neighbours: 2, median: -0.5, worst: -0.5, shareAhead: 0 },
    ]);
    expect(await neighbourhood(plateau, 0, { seed: 1, directions: 0 })).toMatchObject([
      { radius: 0.1, worst: 0.99, shareAhead: 1 },
      { radius: 0.2, worst: 0.98, shareAhead: 1 },
    ]);
  });

  it('counts those that fail as none, and says nothing where there is none', async () => {
    const failing = subjectWith(() => null, { parameters: { fast: 10 }, ranges: { fast: range(3, 20, 1) } });
    const nothing = { neighbours: 0, median: null, worst: null, shareAhead: null };
    expect(await neighbourhood(failing, 0, { seed: 1, directions: 4 })).toMatchObject([nothing, nothing]);
    expect(
      await neighbourhood(
        subjectWith(() => 1),
        0,
        { seed: 1, directions: 4 },
      ),
    ).toMatchObject([nothing, nothing]);
  });
});
