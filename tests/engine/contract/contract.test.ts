import { defineStrategy, ema, rsi, sma } from 'ratchet/contract';
import { describe, expect, it } from 'vitest';

describe('ratchet/contract', () => {
  it('gives a strategy its types: parameters, indicators and state are inferred from the definition', () => {
    const strategy = defineStrategy({
      symbols: ['BTC/USDT'],
      timeframe: '1h',
      parameters: { fast: { default: 9, min: 2, max: 50, step: 1, description: 'bars' } },
      warmupBars: ({ fast }) => fast * 10,
      indicators: ({ fast }) => ({ trend: ema(fast), daily: ema(20, { timeframe: '1d' }), volume: sma(20, { of: 'volume' }) }),
      state: { version: 1, initial: () => ({ entries: 0 }) },
      onBar(context) {
        const entries: number = context.state.entries;
        const fast: number = context.parameters.fast;
        // @ts-expect-error there is no such parameter
        context.parameters.slow;
        // @ts-expect-error there is no such indicator
        context.indicators.missing;
        // @ts-expect-error a decision needs a reason
        if (entries > fast) return context.hold();
        return context.indicators.trend.crossedAbove(context.indicators.daily) ? context.target(0.5, 'up') : context.hold('down');
      },
    });
    expect(strategy.warmupBars({ fast: 9 })).toBe(90);
  });

  it('refuses an indicator that cannot be', () => {
    expect(() => rsi(1)).toThrow(RangeError);
    expect(() => sma(20, { of: 'price' as never })).toThrow(/no source/);
  });
});
