import { describe, expect, it } from 'vitest';
import { checkDefinition, resolveParameters, snapToRange } from '#engine/backtest/host/definition.ts';
import { copyPlainJson } from '#engine/backtest/host/plain-json.ts';
import { StrategyHost } from '#engine/backtest/host/strategy-host.ts';
import { ema, sma } from '#engine/contract/index.ts';
import type { Context, Decision } from '#engine/contract/types.ts';

const HOUR_MS = 3_600_000;
const fast = { default: 9, min: 3, max: 30, step: 1, description: 'bars' };

type Loose = Context<Record<string, never>, Record<string, number>, never>;

function hostOf(
  onBar: (context: Loose) => Decision,
  part: Record<string, unknown> = {},
  given: Record<string, number> = {},
): StrategyHost {
  const definition = {
    symbols: ['BTC/USDT'],
    timeframe: '1h',
    parameters: { fast },
    warmupBars: () => 3,
    indicators: () => ({}),
    onBar,
    ...part,
  };
  return new StrategyHost(checkDefinition(definition), given);
}

const flat = { symbol: 'BTC/USDT', quantity: 0, entryPrice: 0, barsHeld: 0 };

/** Leads a host through closes, one an hour, as a live run would; gives what `read` saw at each. */
function lead(host: StrategyHost, closes: readonly number[], first = 0): void {
  host.detach(0);
  closes.forEach((close, index) => {
    host.append(0, (first + index) * HOUR_MS, close, close + 1, close - 1, close, 10);
    host.symbol(0).decide(flat);
  });
}

describe('the window', () => {
  it('reaches back over closed bars, as far as the warm-up, and not into the future', () => {
    const seen: number[][] = [];
    const host = hostOf((context) => {
      if (context.barCount > 3) seen.push([context.bar.close, context.ago(1).close, context.ago(3).close]);
      return context.hold('look');
    });
    lead(host, [1, 2, 3, 4, 5, 6]);
    expect(seen).toEqual([
      [4, 3, 1],
      [5, 4, 2],
      [6, 5, 3],
    ]);
    for (const bars of [0, -1, 0.5, Number.NaN]) {
      expect(() =>
        lead(
          hostOf((context) => {
            context.ago(bars);
            return context.hold('x');
          }),
          [1, 2, 3, 4],
        ),
      ).toThrow(/whole number of bars from 1/);
    }
    expect(() =>
      lead(
        hostOf((context) => {
          context.ago(4);
          return context.hold('x');
        }),
        [1, 2, 3, 4, 5, 6],
      ),
    ).toThrow(/beyond the declared warm-up of 3/);
    expect(() =>
      lead(
        hostOf((context) => {
          context.ago(2);
          return context.hold('x');
        }),
        [1],
      ),
    ).toThrow(/only 1 bars have closed/);
  });

  it.each([
    ['how far back was ever asked for', 'length'],
    ['a bar seen before, by its name', '1'],
    ['what a value says of itself', { toString: (): string => '1' }],
    ['a list of one', [1]],
  ])('answers only to numbers, not to %s', (_name, index) => {
    const host = hostOf((context) => {
      if (context.barCount > 1) context.ago(1);
      if (context.barCount > 2) context.ago(index as never);
      return context.hold('look');
    });
    expect(() => lead(host, [1, 2, 3])).toThrow(/whole number of bars from 1/);
  });

  it('goes on over thousands of live bars', () => {
    const host = hostOf((context) => {
      if (context.barCount > 1 && context.ago(1).close !== context.bar.close - 1)
        throw new Error(`wrong at ${context.bar.close}`);
      return context.hold('look');
    });
    lead(
      host,
      Array.from({ length: 10_000 }, (_, index) => index + 2),
    );
    expect(host.symbol(0).isWarm()).toBe(true);
  });

  it('is the same frozen context on every bar, and nothing of the host hangs on it', () => {
    const contexts = new Set<unknown>();
    let self: unknown = 'never called';
    const host = hostOf(function (this: unknown, context) {
      self = this;
      contexts.add(context);
      return context.hold('look');
    });
    lead(host, [1, 2, 3]);
    expect(contexts.size).toBe(1);
    const [context] = [...contexts];
    expect(Object.isFrozen(context)).toBe(true);
    expect(Reflect.ownKeys(context as object)).toEqual([]);
    expect(self).toBeUndefined();
  });
});

describe('higher timeframes', () => {
  it('appear when they close, and say so', () => {
    const seen: [number, number, boolean][] = [];
    const host = hostOf(
      (context) => {
        const { four } = context.indicators as unknown as { four: { value: number } };
        seen.push([context.bar.close, four.value, context.closed('4h')]);
        return context.hold('look');
      },
      { indicators: () => ({ four: sma(1, { timeframe: '4h' }) }) },
    );
    lead(host, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(seen.map(([, value]) => value)).toEqual([Number.NaN, Number.NaN, Number.NaN, 4, 4, 4, 4, 8, 8]);
    expect(seen.filter(([, , closed]) => closed).map(([close]) => close)).toEqual([4, 8]);
    expect(host.higherTimeframes).toEqual(['4h']);
  });

  it('do not count a bar they entered in the middle', () => {
    const values: number[] = [];
    const host = hostOf(
      (context) => {
        values.push((context.indicators as unknown as { four: { value: number } }).four.value);
        return context.hold('look');
      },
      { indicators: () => ({ four: sma(1, { timeframe: '4h' }) }) },
    );
    lead(host, [3, 4, 5, 6, 7, 8], 2);
    expect(values).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 8]);
  });

  it('must be made of base bars', () => {
    const withTimeframe = (timeframe: string) => () =>
      hostOf((context) => context.hold('x'), { indicators: () => ({ x: ema(3, { timeframe: timeframe as never }) }) });
    expect(withTimeframe('5m')).toThrow(/do not add up/);
    expect(withTimeframe('2h')).toThrow(/no timeframe/);
  });
});

describe('a decision', () => {
  it('must come from the context, on this bar, once', () => {
    let kept: Decision | undefined;
    const keep = hostOf((context) => (kept ??= context.hold('first')));
    expect(() => lead(keep, [1, 2])).toThrow(/must return what hold/);
    expect(() =>
      lead(
        hostOf(() => ({}) as Decision),
        [1],
      ),
    ).toThrow(/must return what hold/);
    expect(() =>
      lead(
        hostOf(() => undefined as never),
        [1],
      ),
    ).toThrow(/must return what hold/);
    expect(() =>
      lead(
        hostOf((context) => {
          context.exit('a');
          return context.hold('b');
        }),
        [1],
      ),
    ).toThrow(/one decision; this is the second/);
  });

  it('needs a reason, which is cut to 120 characters', () => {
    expect(() =>
      lead(
        hostOf((context) => context.hold('')),
        [1],
      ),
    ).toThrow(/needs a reason/);
    expect(() =>
      lead(
        hostOf((context) => context.hold(7 as never)),
        [1],
      ),
    ).toThrow(/needs a reason/);
    const host = hostOf((context) => context.hold('x'.repeat(500)));
    lead(host, [1]);
    host.append(0, HOUR_MS, 1, 1, 1, 1, 1);
    expect(host.symbol(0).decide(flat).reason).toHaveLength(120);
  });

  it.each([
    ['ends before a character it would cut in two', `${'x'.repeat(119)}📈📈`, 'x'.repeat(119)],
    ['keeps one that just fits', `${'x'.repeat(118)}📈📈`, `${'x'.repeat(118)}📈`],
    ['is kept whole when it is as long as it may be', `${'x'.repeat(118)}📈`, `${'x'.repeat(118)}📈`],
  ])('has a reason that %s', (_name, given, kept) => {
    const host = hostOf((context) => context.hold(given));
    lead(host, [1]);
    host.append(0, HOUR_MS, 1, 1, 1, 1, 1);
    expect(host.symbol(0).decide(flat).reason).toBe(kept);
  });

  it('keeps apart a number that was not given and one that is none', () => {
    const host = hostOf((context) => context.target(0.5, 'x', { stopLoss: Number.NaN }));
    lead(host, [1]);
    host.append(0, HOUR_MS, 1, 1, 1, 1, 1);
    const intent = host.symbol(0).decide(flat);
    expect(intent.stopLoss).toBe(Number.NEGATIVE_INFINITY);
    expect(intent.takeProfit).toBeNaN();
    expect(() =>
      lead(
        hostOf((context) => context.target('1' as never, 'x')),
        [1],
      ),
    ).toThrow(/weight must be a number/);
  });
});

describe('state', () => {
  const counting = { version: 2, initial: () => ({ seen: 0, list: [] as number[] }) };
  const onBar = (context: Loose): Decision => {
    (context.state as { seen: number }).seen += 1;
    return context.hold('count');
  };

  it('is plain data that is saved and put back', () => {
    const host = hostOf(onBar, { state: counting });
    lead(host, [1, 2, 3]);
    const saved = host.snapshot();
    expect(saved).toEqual({ schema: 'ratchet/strategy-state/1', version: 2, symbols: { 'BTC/USDT': { seen: 3, list: [] } } });
    const next = hostOf(onBar, { state: counting });
    expect(next.restore(saved)).toBe('kept');
    lead(next, [4]);
    expect(next.snapshot().symbols).toEqual({ 'BTC/USDT': { seen: 4, list: [] } });
  });

  it('of an older version is migrated, or starts afresh', () => {
    const old = { schema: 'ratchet/strategy-state/1' as const, version: 1, symbols: { 'BTC/USDT': { count: 5 } } };
    const migrate = (state: unknown) => ({ seen: (state as { count: number }).count, list: [] });
    const migrating = hostOf(onBar, { state: { ...counting, migrate } });
    expect(migrating.restore(old)).toBe('migrated');
    expect(migrating.snapshot().symbols).toEqual({ 'BTC/USDT': { seen: 5, list: [] } });
    expect(hostOf(onBar, { state: counting }).restore(old)).toBe('fresh');
  });

  it.each([
    ['a Map', { seen: new Map() }, /seen is a Map/],
    ['a Set', { deep: [new Set()] }, /deep\[0\] is a Set/],
    ['a class instance', { when: new Date(0) }, /when is an instance of a class/],
    ['a typed array', { window: new Float64Array(2) }, /window is a typed array/],
    ['a function', { f: () => 1 }, /f is function/],
    ['NaN', { x: Number.NaN }, /x is NaN/],
    ['undefined', { x: undefined }, /x is undefined/],
    ['a hole', { list: new Array(2) }, /holes/],
    ['a getter', Object.defineProperty({}, 'x', { get: () => 1, enumerable: true }), /x is computed/],
    ['a symbol', { [Symbol('x')]: 1 }, /a symbol/],
    ['a list of a class of its own', { list: new (class extends Array {})() }, /list is an instance of a class/],
  ])('that holds %s is refused by its path', (_name, state, message) => {
    expect(() => copyPlainJson(state, 'state')).toThrow(message);
  });

  it('that refers to itself or is huge is refused', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => copyPlainJson(loop, 'state')).toThrow(/refers back to itself/);
    expect(() => copyPlainJson({ list: new Array(30_000).fill(0) }, 'state')).toThrow(/more than 20000/);
  });

  it('has one zero, as JSON has', () => {
    expect(copyPlainJson({ low: -0, list: [-0] }, 'state')).toStrictEqual({ low: 0, list: [0] });
  });

  it('of more than 1,000,000 characters is refused, in its texts and in its keys', () => {
    const texts = (count: number) => Array.from({ length: count }, () => 'x'.repeat(100_000));
    expect(copyPlainJson(texts(10), 'state')).toHaveLength(10);
    expect(() => copyPlainJson([...texts(10), 'x'], 'state')).toThrow('state[10]: the state holds more than 1000000 characters');
    const named = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`${index}`.padStart(10_000, 'k'), 0]));
    expect(() => copyPlainJson(named, 'state')).toThrow(/^state: the state holds more than 1000000 characters/);
  });

  it('must be an object, which is changed in place', () => {
    expect(() => hostOf(onBar, { state: { version: 1, initial: () => 5 } })).toThrow(/must give an object/);
  });
});

describe('parameters', () => {
  it('are the given values on their grid, and the defaults', () => {
    const ranges = { fast, ratio: { default: 1, min: 0.5, max: 2, step: 0.1, description: 'ratio' } };
    expect(resolveParameters(ranges, { ratio: 1.7499 })).toEqual({ fast: 9, ratio: 1.7 });
    expect(snapToRange({ ...fast, min: 0, max: 0.33, step: 0.01 }, 0.3)).toBe(0.3);
    expect(snapToRange({ ...fast, min: 1, max: 10, step: 4 }, 10)).toBe(9);
  });

  it('outside their range, unknown, or no number are refused by name', () => {
    expect(() => resolveParameters({ fast }, { fast: 2 })).toThrow(/fast is 2, outside its range of 3 to 30/);
    expect(() => resolveParameters({ fast }, { slow: 20 })).toThrow(/no parameter 'slow'/);
    expect(() => resolveParameters({ fast }, { fast: Number.NaN })).toThrow(/fast is NaN/);
    expect(() => resolveParameters({ fast }, { constructor: 1 })).toThrow(/no parameter 'constructor'/);
  });
});

describe('a definition', () => {
  it.each([
    [{ symbols: [] }, /symbols must be a list/],
    [{ symbols: ['BTCUSDT'] }, /not a market/],
    [{ symbols: ['BTC/USDT', 'BTC/USDT'] }, /twice/],
    [
      { symbols: ['BTC/USDT', 'ETH/BTC'] },
      /symbols .*: ETH\/BTC is paid for in BTC and BTC\/USDT in USDT, and money .* one number/,
    ],
    [{ timeframe: '2h' }, /timeframe must be one of/],
    [{ parameters: { fast: { ...fast, default: 99 } } }, /default 99 is not within/],
    [{ parameters: { fast: { ...fast, step: 0 } } }, /step must be above zero/],
    [{ parameters: { fast: { ...fast, description: '' } } }, /description/],
    [{ warmupBars: () => -1 }, /warmupBars/],
    [{ warmupBars: 5 }, /warmupBars must be a function/],
    [{ indicators: () => ({ x: 1 }) }, /must be a record of indicators/],
    [{ indicators: () => null }, /must be a record of indicators/],
    [{ onBar: null }, /onBar must be a function/],
  ])('that is wrong is refused with the field’s name (%#)', (part, message) => {
    expect(() => hostOf((context) => context.hold('x'), part)).toThrow(message);
  });

  it('may not share an indicator between symbols', () => {
    const shared = ema(3);
    const part = { symbols: ['BTC/USDT', 'ETH/USDT'], indicators: () => ({ shared }) };
    expect(() => hostOf((context) => context.hold('x'), part)).toThrow(/used twice/);
  });
});
