import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benjaminiHochbergYekutieli, holm } from '#engine/statistics/adjusted-p-values.ts';
import { refusal } from './series-samples.ts';

const six = [0.005, 0.009, 0.0128, 0.0135, 0.045, 0.06];
const rounded = (values: number[]) => values.map((value) => Number(value.toFixed(12)));
const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 25 });

describe('adjusted p-values', () => {
  it('by Holm are those of the step-down table', () => {
    expect(rounded(holm(six))).toEqual([0.03, 0.045, 0.0512, 0.0512, 0.09, 0.09]);
  });

  it('by Benjamini, Hochberg and Yekutieli are those of the step-up table', () => {
    expect(rounded(benjaminiHochbergYekutieli(six))).toEqual([0.0496125, 0.0496125, 0.0496125, 0.0496125, 0.1323, 0.147]);
  });

  it('by Holm reject what the step-down procedure rejects at any level', () => {
    fc.assert(
      fc.property(pValues, fc.double({ min: 0.001, max: 0.3, noNaN: true }), (values, alpha) => {
        const sorted = values.map((value, index) => ({ value, index })).sort((left, right) => left.value - right.value);
        const stop = sorted.findIndex(({ value }, place) => (values.length - place) * value > alpha);
        const rejected = new Set(sorted.slice(0, stop === -1 ? values.length : stop).map(({ index }) => index));
        expect(holm(values).map((value) => value <= alpha)).toEqual(values.map((_, index) => rejected.has(index)));
      }),
    );
  });

  it.each([
    ['Holm', holm],
    ['Benjamini, Hochberg and Yekutieli', benjaminiHochbergYekutieli],
  ])('by %s are never below the raw ones, at most 1, in the same order, and follow their hypothesis', (_, adjust) => {
    fc.assert(
      fc.property(pValues, (values) => {
        const adjusted = adjust(values);
        expect(adjusted).toHaveLength(values.length);
        for (const [index, value] of values.entries()) {
          expect(adjusted[index]!).toBeGreaterThanOrEqual(value);
          expect(adjusted[index]!).toBeLessThanOrEqual(1);
          for (const [other, otherValue] of values.entries()) {
            if (value < otherValue) expect(adjusted[index]!).toBeLessThanOrEqual(adjusted[other]!);
          }
        }
        expect(adjust([...values].reverse())).toEqual([...adjusted].reverse());
      }),
    );
    expect(adjust([])).toEqual([]);
    expect(adjust([0.03])).toEqual([0.03]);
    for (const wrong of [-0.1, 1.1, Number.NaN]) expect(() => adjust([0.5, wrong])).toThrow(refusal('statistics/out-of-range'));
  });
});
