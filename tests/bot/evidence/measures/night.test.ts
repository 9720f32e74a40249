import { describe, expect, it } from 'vitest';
import { bestOfNight } from '#bot/evidence/measures/best-of-night.ts';
import { overfitting } from '#bot/evidence/measures/overfitting.ts';
import { requireSameDays } from '#bot/evidence/measures/same-days.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';

const DAYS = 320;
const options = { seed: 7, resamples: 300 };

function series(name: string, drift = 0): Float64Array {
  const random = new RandomStream(5, name);
  return Float64Array.from({ length: DAYS }, () => drift + 0.01 * random.normal());
}
const worthless = Array.from({ length: 40 }, (_, index) => series(`trial ${index}`));
const incumbent = series('incumbent');

describe('the best of the night', () => {
  it('is not believed where all are worthless, however good it looks', () => {
    const found = bestOfNight(worthless, incumbent, options);
    expect(found.trials).toBe(40);
    expect(found.superiorPredictiveAbility!.pValue).toBeGreaterThan(0.1);
    expect(found.realityCheck!.pValue).toBeGreaterThan(0.1);
  });

  it('is believed where one is really better', () => {
    const found = bestOfNight([...worthless, series('edge', 0.004)], incumbent, options);
    expect(found.superiorPredictiveAbility!.pValue).toBeLessThan(0.02);
    expect(found.superiorPredictiveAbility!.lower).toBeLessThanOrEqual(found.superiorPredictiveAbility!.upper);
  });

  it('is compared with the incumbent: what only equals it is no better', () => {
    expect(bestOfNight([incumbent, incumbent], incumbent, options).superiorPredictiveAbility).toBeNull();
  });

  it('has nothing to say of a night without trials', () => {
    expect(bestOfNight([], incumbent, options)).toEqual({ trials: 0, superiorPredictiveAbility: null, realityCheck: null });
  });

  it('is the same numbers every time', () => {
    expect(bestOfNight(worthless, incumbent, options)).toEqual(bestOfNight(worthless, incumbent, options));
  });
});

describe('overfitting', () => {
  it('is likely where all are worthless, unlikely where one is really better', () => {
    expect(overfitting(worthless, 8).probability!).toBeGreaterThan(0.25);
    expect(overfitting([...worthless, series('edge', 0.006)], 8).probability!).toBeLessThan(0.05);
  });

  it('needs two to choose from', () => {
    const nothing = { splits: 0, probability: null, probabilityOfLoss: null, degradationSlope: null };
    expect(overfitting([], 8)).toEqual({ trials: 0, ...nothing });
    expect(overfitting([incumbent], 8)).toEqual({ trials: 1, ...nothing });
  });
});

describe('returns from the ledger', () => {
  it('must be of the development days, or nothing is compared', () => {
    const span = { from: 0, to: DAYS * 86_400_000 };
    requireSameDays(worthless, span);
    requireSameDays([], span);
    expect(() => requireSameDays([...worthless, new Float64Array(3)], span)).toThrow(/keeps 3 days .* have 320/);
  });
});
