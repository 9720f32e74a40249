import { describe, expect, it } from 'vitest';
import {
  amount,
  count,
  counted,
  days,
  decimal,
  percent,
  points,
  shortDigest,
  signedDecimal,
  signedPercent,
} from '#bot/evidence/numbers.ts';

describe('numbers as people read them', () => {
  it.each([
    [0.0843, '+8.43%'],
    [-0.0843, '−8.43%'],
    [0.246, '+24.6%'],
    [-12.344, '−1,234%'],
    [0, '0.00%'],
    [-0.000_001, '0.00%'],
    [null, '–'],
  ])('%s is %s', (ratio, shown) => {
    expect(signedPercent(ratio)).toBe(shown);
  });

  it('leaves the plus away where a size is meant', () => {
    expect(percent(0.0733)).toBe('7.33%');
  });

  it('speaks of points for a difference of per cents', () => {
    expect(points(0.072)).toBe('+7.20 points');
    expect(points(-1.5)).toBe('−150.0 points');
  });

  it('groups thousands and uses a true minus', () => {
    expect(count(-1_234_567)).toBe('−1,234,567');
    expect(decimal(-0.4)).toBe('−0.40');
    expect(decimal(-0.001)).toBe('0.00');
    expect(signedDecimal(1.29)).toBe('+1.29');
    expect(signedDecimal(-417, 0)).toBe('−417');
    expect(amount(812.4)).toBe('812.40');
    expect(amount(2_604.1)).toBe('2,604');
    expect(counted(1, 'month')).toBe('1 month');
  });

  it('shows the last day inside a span, whose end is exclusive', () => {
    expect(days({ from: Date.UTC(2025, 0, 1), to: Date.UTC(2025, 1, 1) })).toBe('2025-01-01 to 2025-01-31');
  });

  it('shortens a digest to what one compares by eye', () => {
    expect(shortDigest(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab');
  });
});
