import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '#engine/statistics/normal-distribution.ts';
import fc from '#tests/support/properties.ts';
import { refusal } from './series-samples.ts';

/** Simpson's rule over the density, which the function under test does not use. */
function integral(from: number, to: number): number {
  const steps = 4_000;
  const width = (to - from) / steps;
  let total = 0;
  for (let step = 0; step <= steps; step += 1) {
    const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2;
    const x = from + step * width;
    total += weight * Math.exp((-x * x) / 2);
  }
  return (total * width) / 3 / Math.sqrt(2 * Math.PI);
}

describe('the normal distribution function', () => {
  it.each([-6, -3.5, -2.000001, -2, -1.999999, -1, -0.1, 0.3, 1.5, 2, 2.5, 4, 7])(
    'is the area under the density up to %d',
    (x) => {
      expect(Math.abs(normalCdf(x) - (0.5 + integral(0, x)))).toBeLessThan(1e-14);
    },
  );

  it('agrees with 50-digit values of the error function to the last digits, far tail included', () => {
    // mpmath.ncdf at 50 digits.
    for (const [x, exact] of [
      [-1, 0.15865525393145705],
      [-3, 0.0013498980316300946],
      [-5, 2.866515718791939e-7],
      [-10, 7.619853024160525e-24],
      [-37, 5.725571222524577e-300],
      [1.96, 0.9750021048517796],
    ] as const) {
      expect(Math.abs(normalCdf(x) / exact - 1)).toBeLessThan(2e-14);
      expect(Math.abs(normalCdf(x) - exact)).toBeLessThan(3e-16);
    }
  });

  it('rises, and what lies below -x lies above x', () => {
    const x = fc.double({ min: -9, max: 9, noNaN: true });
    fc.assert(
      fc.property(x, x, (a, b) => {
        expect(normalCdf(Math.min(a, b))).toBeLessThanOrEqual(normalCdf(Math.max(a, b)) + 1e-16);
      }),
    );
    fc.assert(
      fc.property(x, (a) => {
        expect(Math.abs(normalCdf(a) + normalCdf(-a) - 1)).toBeLessThan(1e-15);
      }),
    );
  });

  it('ends at 0 and 1, and refuses NaN', () => {
    expect([normalCdf(Number.NEGATIVE_INFINITY), normalCdf(Number.POSITIVE_INFINITY), normalCdf(0)]).toEqual([0, 1, 0.5]);
    expect(() => normalCdf(Number.NaN)).toThrow(refusal('statistics/out-of-range'));
  });
});

describe('the normal quantile', () => {
  it('is where the distribution function takes the probability', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 0.5, noNaN: true }), (p) => {
        expect(Math.abs(normalCdf(normalQuantile(p)) / p - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  it('has the values of the tables', () => {
    // scipy.stats.norm.ppf and mpmath at 50 digits.
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
    expect(normalQuantile(0.01)).toBeCloseTo(-2.3263478740408408, 14);
    expect(normalQuantile(1e-20)).toBeCloseTo(-9.262340089798409, 13);
  });

  it('is 0 in the middle and infinite at the ends, and refuses what is no probability', () => {
    expect([0, 0.5, 1].map(normalQuantile)).toEqual([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY]);
    for (const p of [-0.1, 1.1, Number.NaN]) expect(() => normalQuantile(p)).toThrow(refusal('statistics/out-of-range'));
  });
});
