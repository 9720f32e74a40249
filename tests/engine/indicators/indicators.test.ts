import { ADX, ATR, EMA, RSI, SMA, WMA } from 'trading-signals';
import { describe, expect, it } from 'vitest';
import { Block, type Kernel } from '#engine/indicators/kernel.ts';
import { EmaKernel, SmaKernel, WmaKernel } from '#engine/indicators/moving-averages.ts';
import {
  Cursor,
  claimIndicator,
  holdIndicator,
  StreamingIndicator,
  stepIndicator,
} from '#engine/indicators/streaming-indicator.ts';
import { AdxKernel, AtrKernel, RsiKernel } from '#engine/indicators/wilder.ts';
import { DeviationKernel, ExtremeKernel, RateOfChangeKernel } from '#engine/indicators/windows.ts';

interface PlainBar {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

const bars = randomBars(3000, 7);
const closes = bars.map(({ close }) => close);

describe('the convention of TA-Lib', () => {
  it('an exponential average is seeded with the simple mean of its first bars', () => {
    const values = run(new EmaKernel(3), [2, 4, 6, 8, 10].map(flat));
    expect(values).toEqual([Number.NaN, Number.NaN, 4, 6, 8]);
  });

  it('a relative strength index needs one bar more than its period, and is Wilder’s', () => {
    // Wilder 1978, p. 65: changes +1 -1 +2 over three bars, then +1.
    const values = run(new RsiKernel(3), [10, 11, 10, 12, 13].map(flat));
    expect(values.slice(0, 3)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(values[3]).toBeCloseTo(75, 12);
    // gains (1·2 + 1)/3 = 1, losses (1/3·2 + 0)/3 = 2/9
    expect(values[4]).toBeCloseTo((100 * 1) / (1 + 2 / 9), 12);
  });

  it('a relative strength index of prices that do not move is 0, of prices that only rise 100', () => {
    expect(run(new RsiKernel(2), [5, 5, 5, 5].map(flat)).at(-1)).toBe(0);
    expect(run(new RsiKernel(2), [5, 6, 7, 8].map(flat)).at(-1)).toBe(100);
  });

  it('a true range reaches to the close before', () => {
    const values = run(new AtrKernel(2), [
      { high: 11, low: 9, close: 10 },
      { high: 14, low: 12, close: 13 },
      { high: 13, low: 12, close: 12 },
      { high: 12, low: 6, close: 8 },
    ]);
    // ranges 4, 1, 6: mean of the first two 2.5, then (2.5 · 1 + 6) / 2
    expect(values).toEqual([Number.NaN, Number.NaN, 2.5, 4.25]);
  });

  it('a deviation is divided by the period', () => {
    expect(run(new DeviationKernel(4), [2, 4, 4, 6].map(flat)).at(-1)).toBeCloseTo(Math.sqrt(2), 12);
  });
});

describe('against independent calculations', () => {
  it('a simple average is the mean of its window, after a thousand windows too', () => {
    agree(
      run(new SmaKernel(20), bars),
      naive(20, (window) => window.reduce((sum, x) => sum + x, 0) / 20),
    );
  });

  it('an exponential average is what the recursion gives', () => {
    const expected: number[] = [];
    let value = Number.NaN;
    closes.forEach((close, index) => {
      if (index === 20) value = closes.slice(0, 21).reduce((sum, x) => sum + x, 0) / 21;
      else if (index > 20) value = (close * 2) / 22 + value * (1 - 2 / 22);
      expected.push(value);
    });
    agree(run(new EmaKernel(21), bars), expected);
  });

  it('highest and lowest are those of the window', () => {
    agree(
      run(new ExtremeKernel('highest', 17, 1), bars),
      naive(17, (window) => Math.max(...window)),
    );
    agree(
      run(new ExtremeKernel('lowest', 17, -1), bars),
      naive(17, (window) => Math.min(...window)),
    );
    agree(run(new ExtremeKernel('highest', 1, 1), bars), closes);
  });

  it('a rate of change compares with the bar so many bars back', () => {
    agree(
      run(new RateOfChangeKernel(12), bars),
      naive(13, (window) => window.at(-1)! / window[0]! - 1),
    );
  });

  it('deviation and weighted average are those of the window', () => {
    const mean = (window: readonly number[]) => window.reduce((sum, x) => sum + x, 0) / window.length;
    agree(
      run(new DeviationKernel(20), bars),
      naive(20, (window) => Math.sqrt(mean(window.map((x) => (x - mean(window)) ** 2)))),
    );
    agree(
      run(new WmaKernel(9), bars),
      naive(9, (window) => window.reduce((sum, x, index) => sum + x * (index + 1), 0) / 45),
    );
  });
});

describe('against trading-signals, once warmed up', () => {
  const warm = 1500;

  it.each([
    ['sma', new SmaKernel(20), new SMA(20)],
    ['ema', new EmaKernel(21), new EMA(21)],
    ['wma', new WmaKernel(20), new WMA(20)],
    ['rsi', new RsiKernel(14), new RSI(14)],
  ] as const)('%s agrees to 1e-9', (_name, kernel, reference) => {
    const expected = closes.map((close) => Number(reference.add(close) ?? Number.NaN));
    agree(run(kernel, bars).slice(warm), expected.slice(warm));
  });

  it.each([
    ['atr', new AtrKernel(14), new ATR(14)],
    ['adx', new AdxKernel(14), new ADX(14)],
  ] as const)('%s agrees to 1e-9', (_name, kernel, reference) => {
    const expected = bars.map((bar) => Number(reference.add(bar) ?? Number.NaN));
    agree(run(kernel, bars).slice(warm), expected.slice(warm));
  });
});

describe('a kernel that takes in runs of bars', () => {
  it.each([
    ['sma', () => new SmaKernel(20)],
    ['ema', () => new EmaKernel(21)],
    ['wma', () => new WmaKernel(9)],
    ['rsi', () => new RsiKernel(14)],
    ['atr', () => new AtrKernel(14)],
    ['adx', () => new AdxKernel(14)],
    ['extreme', () => new ExtremeKernel('highest', 17, 1)],
    ['deviation', () => new DeviationKernel(20)],
    ['rate of change', () => new RateOfChangeKernel(12)],
  ])('%s gives the very bits that bar by bar gives, however the bars are cut', (_name, make) => {
    const kernel = make();
    const block = new Block();
    block.input = Float64Array.from(closes);
    block.high = Float64Array.from(bars, ({ high }) => high);
    block.low = Float64Array.from(bars, ({ low }) => low);
    const together: number[] = [];
    for (let at = 0; at < bars.length; at += block.count) {
      block.count = Math.min(1 + ((7 * at) % 256), bars.length - at);
      block.at = at;
      block.inputAt = at;
      const out = new Float64Array(257);
      kernel.run(block, out);
      together.push(...out.subarray(1, block.count + 1));
    }
    expect(together).toEqual(run(make(), bars));
  });
});

describe('an indicator as strategies see it', () => {
  const cursors = new WeakMap<StreamingIndicator, Cursor>();
  const rest = (indicator: StreamingIndicator): number => {
    const cursor = cursors.get(indicator) ?? new Cursor();
    if (!cursors.has(indicator)) claimIndicator(indicator, cursor);
    cursors.set(indicator, cursor);
    cursor.slot += 1;
    holdIndicator(indicator, cursor.slot);
    return cursor.slot;
  };
  const feed = (indicator: StreamingIndicator, close: number): void => {
    stepIndicator(indicator, rest(indicator), close, close, close, close, 1);
  };
  const raw = (): StreamingIndicator => new StreamingIndicator(new SmaKernel(1), 'close', undefined);

  it('is NaN and not ready before its first value, and crosses nothing then', () => {
    const indicator = new StreamingIndicator(new SmaKernel(3), 'close', undefined);
    feed(indicator, 1);
    feed(indicator, 2);
    expect(indicator.value).toBeNaN();
    expect(indicator.isReady).toBe(false);
    feed(indicator, 3);
    expect(indicator.isReady).toBe(true);
    expect(indicator.crossedAbove(1)).toBe(false);
  });

  it('crosses a level on the bar that leaves it behind, from at or below to above', () => {
    const indicator = raw();
    const seen = [10, 10, 11, 12, 10, 9].map((close) => {
      feed(indicator, close);
      return [indicator.crossedAbove(10), indicator.crossedBelow(10)];
    });
    expect(seen).toEqual([
      [false, false],
      [false, false],
      [true, false],
      [false, false],
      [false, false],
      [false, true],
    ]);
  });

  it('crosses another indicator by what both did on this bar', () => {
    const [fast, slow] = [raw(), raw()];
    feed(fast, 1);
    feed(slow, 2);
    feed(fast, 3);
    feed(slow, 2);
    expect(fast.crossedAbove(slow)).toBe(true);
    expect(slow.crossedBelow(fast)).toBe(true);
    expect(fast.previous).toBe(1);
  });

  it('of a higher timeframe keeps `previous` between its bars, but crosses only once', () => {
    const daily = raw();
    feed(daily, 1);
    feed(daily, 3);
    expect(daily.crossedAbove(2)).toBe(true);
    rest(daily);
    expect(daily.crossedAbove(2)).toBe(false);
    expect([daily.previous, daily.value]).toEqual([1, 3]);
  });

  it('cannot be changed, and is known by a private mark that nothing can forge', () => {
    const indicator = raw();
    expect(Object.isFrozen(indicator)).toBe(true);
    expect(Object.keys(indicator)).toEqual([]);
    expect(StreamingIndicator.isOne(indicator)).toBe(true);
    expect(StreamingIndicator.isOne(Object.create(StreamingIndicator.prototype))).toBe(false);
  });

  it('belongs to one run only', () => {
    const indicator = raw();
    expect(claimIndicator(indicator, new Cursor())).toBe(true);
    expect(claimIndicator(indicator, new Cursor())).toBe(false);
  });

  it('refuses a period that is no whole number of bars', () => {
    for (const period of [0, -1, 1.5, Number.NaN, '9' as unknown as number]) {
      expect(() => new EmaKernel(period)).toThrow(/whole number of bars/);
    }
    expect(() => new StreamingIndicator(new SmaKernel(2), 'median' as never, undefined)).toThrow(/no source/);
  });
});

function run(kernel: Kernel, over: readonly PlainBar[]): number[] {
  return over.map(({ high, low, close }) => kernel.push(close, high, low));
}

function agree(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expect(actual.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(1000);
  actual.forEach((value, index) => {
    const wanted = expected[index]!;
    if (Number.isNaN(wanted)) expect(value).toBeNaN();
    else expect(Math.abs(value - wanted)).toBeLessThan(1e-9 * Math.max(1, Math.abs(wanted)));
  });
}

/** A value for each bar from the last `size` closes. */
function naive(size: number, of: (window: readonly number[]) => number): number[] {
  return closes.map((_close, index) => (index < size - 1 ? Number.NaN : of(closes.slice(index - size + 1, index + 1))));
}

function flat(price: number): PlainBar {
  return { high: price, low: price, close: price };
}

function randomBars(count: number, seed: number): PlainBar[] {
  let state = seed;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  let price = 100;
  return Array.from({ length: count }, () => {
    const open = price;
    price *= 1 + (random() - 0.5) * 0.02;
    return {
      high: Math.max(open, price) * (1 + random() * 0.005),
      low: Math.min(open, price) * (1 - random() * 0.005),
      close: price,
    };
  });
}
