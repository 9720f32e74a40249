import { describe, expect, it } from 'vitest';
import { pow } from '#engine/sandbox/realm/pow.ts';

const bits = new BigInt64Array(new Float64Array(2).buffer);
const doubles = new Float64Array(bits.buffer);

/** How many doubles lie between two of the same sign. */
function distance(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  doubles[0] = a;
  doubles[1] = b;
  const difference = bits[0]! - bits[1]!;
  return Number(difference < 0n ? -difference : difference);
}

const special = [0, -0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, Infinity, -Infinity, NaN, 5e-324, 1.7976931348623157e308, 1 + 2 ** -52];
const exponents = [...special, 1e300, -1e300, 2 ** 31 + 1, 1023, 1024, -1074, -1075, 2 ** 53 + 2, 0.1];

describe('pow', () => {
  it('gives exactly what ECMAScript says at the special values', () => {
    for (const x of [0, -0, 1, -1, Infinity, -Infinity, NaN]) {
      for (const y of exponents) expect([x, y, pow(x, y)]).toEqual([x, y, x ** y]);
    }
  });

  it('is exact for powers of two, down to the smallest subnormal', () => {
    let expected = 1;
    for (let n = 0; n >= -1074; n -= 1) {
      expect(pow(2, n)).toBe(expected);
      expected /= 2;
    }
  });

  it('stays within one unit of the last place of the platform’s', () => {
    let seed = 1;
    const next = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (const x of special) for (const y of exponents) expect(distance(pow(x, y), x ** y)).toBeLessThanOrEqual(1);
    let worst = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const x = Math.exp((next() - 0.5) * 600);
      const y = (next() - 0.5) * 4;
      worst = Math.max(worst, distance(pow(x, y), x ** y));
      const near = 1 + (next() - 0.5) * 1e-3;
      worst = Math.max(worst, distance(pow(near, y * 1e5), near ** (y * 1e5)));
    }
    expect(worst).toBeLessThanOrEqual(1);
  });

  it('gives the same bits on every Node: a digest over 20,000 powers', () => {
    let seed = 7;
    let digest = 0n;
    for (let round = 0; round < 20_000; round += 1) {
      seed = (seed * 16807) % 2147483647;
      const x = seed / 1e8;
      seed = (seed * 16807) % 2147483647;
      doubles[0] = pow(x, seed / 1e8 - 10);
      digest = BigInt.asUintN(64, digest * 31n + bits[0]!);
    }
    expect(digest.toString(16)).toBe('1f996ea3023cc1ea');
  });
});
