import { describe, expect, it } from 'vitest';
import { type Track, walk } from '#bot/evidence/measures/walk-forward.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';

const DAYS = 1_000;

function track(name: string, drift: (day: number) => number): Track {
  const random = new RandomStream(1, name);
  return {
    parameters: { [name]: 1 },
    returns: Float64Array.from({ length: DAYS }, (_, day) => drift(day) + random.normal() * 0.005),
  };
}

describe('walking forward', () => {
  it('cuts the days behind the first sample into equal windows; anchored samples grow, rolling ones do not', () => {
    const tracks = [track('a', () => 0.001)];
    const days = (spans: { from: number; to: number }) => [spans.from / 86_400_000, spans.to / 86_400_000];
    const anchored = walk(tracks, 100, 6, 'anchored');
    expect(anchored.windows.map(({ inSample }) => days(inSample))).toEqual([
      [100, 500],
      [100, 600],
      [100, 700],
      [100, 800],
      [100, 900],
      [100, 1_000],
    ]);
    expect(anchored.windows.map(({ outOfSample }) => days(outOfSample))[5]).toEqual([1_000, 1_100]);
    const rolling = walk(tracks, 100, 6, 'rolling');
    expect(rolling.windows.map(({ inSample }) => days(inSample))[5]).toEqual([600, 1_000]);
  });

  it('keeps what is really there: efficiency near 1', () => {
    const good = walk([track('bad', () => -0.001), track('good', () => 0.001)], 0, 6, 'anchored');
    expect(good.windows.every(({ parameters }) => parameters?.good === 1)).toBe(true);
    expect(good.efficiency).toBeGreaterThan(0.7);
    expect(good.efficiency).toBeLessThan(1.3);
    expect(good.windowsAhead).toBe(6);
  });

  it('finds that the best of what is worthless does not go on earning', () => {
    const worthless = Array.from({ length: 50 }, (_, index) => track(`n${index}`, () => 0));
    const walked = walk(worthless, 0, 6, 'rolling');
    expect(walked.windows.every(({ inSampleReturn }) => inSampleReturn > 0.1)).toBe(true);
    expect(Math.abs(walked.efficiency!)).toBeLessThan(0.35);
  });

  it('stays in cash where no configuration ever traded', () => {
    const still = { parameters: { a: 1 }, returns: new Float64Array(DAYS) };
    const walked = walk([still], 0, 6, 'anchored');
    expect(walked).toMatchObject({ efficiency: null, netReturn: 0, sharpe: null, windowsAhead: 0 });
    expect(walked.windows[0]).toMatchObject({ parameters: null, inSampleReturn: 0, outOfSampleReturn: 0, efficiency: null });
  });

  it('says nothing without a configuration or without days', () => {
    const nothing = { windows: [], efficiency: null, netReturn: null, sharpe: null, windowsAhead: 0 };
    expect(walk([], 0, 6, 'anchored')).toEqual(nothing);
    expect(walk([{ parameters: {}, returns: new Float64Array(5) }], 0, 6, 'rolling')).toEqual(nothing);
  });
});
