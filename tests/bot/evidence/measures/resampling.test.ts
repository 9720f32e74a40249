import { describe, expect, it } from 'vitest';
import { differences } from '#bot/evidence/measures/differences.ts';
import { intervals } from '#bot/evidence/measures/intervals.ts';
import { prediction } from '#bot/evidence/measures/prediction.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { totalReturn } from '#engine/statistics/return-statistics.ts';

const options = { seed: 7, resamples: 400 };

function series(name: string, drift: number, spread = 0.01, days = 360): Float64Array {
  const random = new RandomStream(11, name);
  return Float64Array.from({ length: days }, () => drift + spread * random.normal());
}
const market = series('market', 0, 0.03);
const candidate = market.map((value, day) => value + series('own', 0.001, 0.003)[day]!);

describe('intervals', () => {
  it('hold the number itself and name what they were made with', () => {
    const { netReturn, sharpe, maxDrawdown } = intervals(candidate, options);
    for (const one of [netReturn!, sharpe!, maxDrawdown!]) {
      expect(one.low).toBeLessThan(one.high);
      expect(one).toMatchObject({ confidence: 0.95, resamples: 400 });
    }
    expect(netReturn!.point).toBeCloseTo(totalReturn(candidate), 12);
    expect(netReturn!.low).toBeLessThan(netReturn!.point);
    expect(netReturn!.high).toBeGreaterThan(netReturn!.point);
  });

  it('do not exist for nothing and for one day; a ratio needs days that differ', () => {
    expect(intervals([], options)).toEqual({ sharpe: null, netReturn: null, maxDrawdown: null });
    expect(intervals([0.1], options)).toEqual({ sharpe: null, netReturn: null, maxDrawdown: null });
    const still = intervals(new Float64Array(100), options);
    expect(still.sharpe).toBeNull();
    expect(still.netReturn).toMatchObject({ point: 0, low: 0, high: 0 });
  });
});

describe('differences', () => {
  it('leave out what both have from the market, so a small steady lead is seen', () => {
    const { netReturn } = differences(candidate, market, { ...options, name: 'market' });
    expect(netReturn!.low).toBeGreaterThan(0);
    expect(netReturn!.shareAbove).toBeGreaterThan(0.97);
    expect(intervals(candidate, options).netReturn!.low).toBeLessThan(0);
  });

  it('of a version from itself are nothing, surely', () => {
    expect(differences(market, market, { ...options, name: 'itself' }).netReturn).toMatchObject({
      point: 0,
      low: 0,
      high: 0,
      shareAbove: 0.5,
    });
  });

  it('are the same numbers from the same seed, others from another', () => {
    const made = (seed: number) => differences(candidate, market, { ...options, seed, name: 'market' });
    expect(made(7)).toEqual(made(7));
    expect(made(8).netReturn!.low).not.toBe(made(7).netReturn!.low);
  });
});

describe('a prediction', () => {
  it('promises a range, and draws the line where hardly any future lies', () => {
    const made = prediction(candidate, { ...options, days: 90 })!;
    expect(made.days).toBe(90);
    expect(made.netReturn.low).toBeLessThan(made.netReturn.median);
    expect(made.netReturn.median).toBeLessThan(made.netReturn.high);
    expect(made.killRule.maxDrawdown).toBeGreaterThanOrEqual(made.maxDrawdown);
    expect(made.killRule).toMatchObject({ netReturn: made.netReturn.low, afterDays: 90 });
  });

  it('holds the truth about as often as it says', () => {
    let held = 0;
    for (let trial = 0; trial < 60; trial += 1) {
      const made = prediction(series(`past ${trial}`, 0.0005), { ...options, days: 60 })!;
      const truth = totalReturn(series(`future ${trial}`, 0.0005, 0.01, 60));
      if (truth >= made.netReturn.low && truth <= made.netReturn.high) held += 1;
    }
    expect(held).toBeGreaterThanOrEqual(47);
  });

  it('looks no further than there are days behind it', () => {
    expect(prediction(candidate.subarray(0, 40), { ...options, days: 90 })).toMatchObject({ days: 40 });
  });

  it('is not made from less than a month, nor from what does not move', () => {
    expect(prediction(candidate.subarray(0, 29), { ...options, days: 90 })).toBeNull();
    expect(prediction(new Float64Array(200), { ...options, days: 90 })).toBeNull();
  });
});
