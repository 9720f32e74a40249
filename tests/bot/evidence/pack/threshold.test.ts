import { describe, expect, it } from 'vitest';
import { Forecast, Threshold } from '#bot/evidence/pack.ts';

const threshold = (measure: string, value: number, is = 'above') => ({ measure, is, value, afterDays: 30 });

describe('a line that somebody stakes on', () => {
  it.each([
    ['netReturn', -1],
    ['netReturn', -100],
    ['maxDrawdown', 0],
    ['maxDrawdown', 1],
    ['winRate', 1.2],
    ['tradesPerDay', 0],
  ])('cannot be one that every version keeps to or none: %s %d', (measure, value) => {
    for (const is of ['above', 'below']) {
      const killRule = threshold(measure, value, is);
      expect(Threshold.safeParse(killRule).error?.issues[0]?.path).toEqual(['value']);
      expect(Forecast.safeParse({ ...killRule, probability: 1 }).success).toBe(false);
    }
  });

  it.each([
    ['netReturn', -0.5],
    ['netReturn', 3],
    ['maxDrawdown', 0.2],
    ['winRate', 0.5],
    ['tradesPerDay', 12],
  ])('may be anywhere between: %s %d', (measure, value) => {
    expect(Threshold.parse(threshold(measure, value))).toEqual(threshold(measure, value));
  });
});
