import { defineStrategy, ema, rsi, sma } from 'ratchet/contract';

/** Share of the strategy's equity put into one symbol: the same for each, and a tenth kept back for costs. */
const weight = 0.45;

/**
 * Buys when the fast average rises through the slow one, while the market is not overbought and volume is not thin. Leaves
 * at a fixed stop or target, or when the fast average falls through the slow one.
 *
 * Hypothesis: When the fast average of the closes rises through the slow one, buyers have taken over and the price goes on
 * rising for a while. A move that is overbought already has little left to give. Moves that few take part in do not last. A
 * wrong entry is cut at the stop, a right one pays at the target before the market takes it back.
 *
 * What would disprove it: trades that win less than they pay in fees, spread and slippage.
 */
export default defineStrategy({
  symbols: ['BTC/USDT', 'ETH/USDT'],
  timeframe: '1h',

  parameters: {
    fast: { default: 9, min: 3, max: 20, step: 1, description: 'bars of the fast average' },
    slow: { default: 21, min: 21, max: 120, step: 1, description: 'bars of the slow average' },
    rsiBars: { default: 14, min: 5, max: 30, step: 1, description: 'bars of the relative strength index' },
    rsiMax: { default: 70, min: 50, max: 90, step: 1, description: 'no entry at or above this relative strength' },
    volumeRatio: { default: 1, min: 0, max: 3, step: 0.1, description: 'least volume of a bar, in means of 20 bars' },
    stopLoss: { default: 0.02, min: 0.005, max: 0.15, step: 0.005, description: 'stop below the entry, as a ratio' },
    takeProfit: { default: 0.04, min: 0.01, max: 0.4, step: 0.005, description: 'target above the entry, as a ratio' },
  },

  // An exponential average has forgotten where it began after about ten times its length.
  warmupBars: ({ slow, rsiBars }) => 10 * Math.max(slow, rsiBars),

  indicators: ({ fast, slow, rsiBars }) => ({
    fast: ema(fast),
    slow: ema(slow),
    strength: rsi(rsiBars),
    meanVolume: sma(20, { of: 'volume' }),
  }),

  onBar(context) {
    const { bar, indicators, parameters, position } = context;
    const { fast, slow, strength, meanVolume } = indicators;

    if (position.isOpen) {
      if (fast.crossedBelow(slow)) return context.exit('the fast average fell through the slow one');
      return context.hold('in position');
    }
    if (!fast.crossedAbove(slow)) return context.hold('no cross');
    if (strength.value >= parameters.rsiMax) return context.hold('overbought');
    if (bar.volume < parameters.volumeRatio * meanVolume.value) return context.hold('thin volume');

    return context.target(weight, 'the fast average rose through the slow one', {
      stopLoss: parameters.stopLoss,
      takeProfit: parameters.takeProfit,
    });
  },
});
