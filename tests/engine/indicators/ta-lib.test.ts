import { describe, expect, it } from 'vitest';
import { EmaKernel, SmaKernel, WmaKernel } from '#engine/indicators/moving-averages.ts';
import { AdxKernel, AtrKernel, RsiKernel } from '#engine/indicators/wilder.ts';
import { DeviationKernel, RateOfChangeKernel } from '#engine/indicators/windows.ts';

/*
 * What TA-Lib 0.8.1 itself (its C library) gives for a walk in whole hundredths that anyone can repeat: SMA, EMA, WMA, RSI, ATR, ADX,
 * STDDEV and ROCP. Its first value is ours, on the same bar; so are the ones that follow.
 */

interface Prices {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

function walk(bars: number): Prices[] {
  let price = 10_000;
  return Array.from({ length: bars }, (_, bar) => {
    price += ((7 * bar * bar + 13 * bar) % 101) - 50 + (Math.floor(bar / 60) % 2 === 0 ? 3 : -3);
    const high = price + ((11 * bar * bar + 5 * bar) % 37);
    const low = price - ((5 * bar * bar + 17 * bar) % 41);
    return { high: high / 100, low: low / 100, close: price / 100 };
  });
}

const bars = walk(400);

describe('TA-Lib', () => {
  it.each([
    ['SMA 20', new SmaKernel(20), 19, [99.0025, 98.984, 99.115, 96.9255, 97.49, 92.8315]],
    [
      'EMA 21',
      new EmaKernel(21),
      20,
      [99.01, 99.00545454545455, 99.14111350520866, 97.08662922278741, 97.36839982362889, 92.88093574619236],
    ],
    [
      'WMA 20',
      new WmaKernel(20),
      19,
      [99.00471428571427, 99.01971428571429, 99.32957142857143, 96.7404285714285, 97.47485714285709, 93.10928571428573],
    ],
    [
      'RSI 14',
      new RsiKernel(14),
      14,
      [37.00787401574806, 38.57058476077977, 59.003105833168654, 39.909863322590425, 39.95786556121448, 59.397076130231675],
    ],
    [
      'ATR 14',
      new AtrKernel(14),
      14,
      [0.37428571428571494, 0.3911224489795924, 0.5021188390640245, 0.42952426102546026, 0.4469598425254783, 0.4379289685921623],
    ],
    [
      'ADX 14',
      new AdxKernel(14),
      27,
      [15.50070497855069, 15.22013014789461, 16.31745231594658, 25.091553570259638, 15.903560167475902, 29.186900246118483],
    ],
    [
      'STDDEV 20',
      new DeviationKernel(20),
      19,
      [0.263113568635296, 0.23709491770175173, 0.4573565348827978, 0.4299473805013802, 0.3017946321590315, 0.5482451550173134],
    ],
    [
      'ROCP 12',
      new RateOfChangeKernel(12),
      12,
      [
        -0.005023610971566362, -0.003123111021559563, 0.007686084142394874, 0.001034768211920471, -0.012259910093992528,
        0.008756756756756781,
      ],
    ],
  ] as const)('%s: the same first bar and the same values to 1e-9', (_name, kernel, first, expected) => {
    const values = bars.map(({ close, high, low }) => kernel.push(close, high, low));
    expect(values.findIndex((value) => !Number.isNaN(value))).toBe(first);
    [first, first + 1, 60, 120, 200, 399].forEach((bar, index) => {
      expect(Math.abs(values[bar]! - expected[index]!)).toBeLessThan(1e-9);
    });
  });
});
