import { defineStrategy, ema, rsi, sma } from 'ratchet/contract';

/**
 * Trend following with two exponential averages, long only.
 *
 * Hypothesis: when the fast average of the closes rises through the slow one on more volume than usual, and the move is not
 * yet overbought, buyers have taken over and the price goes on rising for some hours. A wrong entry is cut after 2 %.
 *
 * What would disprove it: trades that win less than they pay in fees, spread and slippage.
 */
export default defineStrategy({
  symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
  timeframe: '1h',

  parameters: {
    fast: { default: 9, min: 3, max: 30, step: 1, description: 'bars of the fast average' },
    slow: { default: 21, min: 10, max: 120, step: 1, description: 'bars of the slow average' },
    rsiBars: { default: 14, min: 5, max: 30, step: 1, description: 'bars of the relative strength index' },
    rsiMax: { default: 70, min: 50, max: 90, step: 1, description: 'no entry at or above this relative strength' },
    volumeRatio: {
      default: 1,
      min: 0,
      max: 3,
      step: 0.1,
      description: 'least volume of the entry bar, as a multiple of its 20-bar mean',
    },
    stopLoss: {
      default: 0.02,
      min: 0.005,
      max: 0.1,
      step: 0.005,
      description: 'distance of the stop from the entry, as a ratio',
    },
    takeProfit: {
      default: 0.04,
      min: 0.01,
      max: 0.3,
      step: 0.005,
      description: 'distance of the target from the entry, as a ratio',
    },
    weight: { default: 0.3, min: 0.05, max: 0.33, step: 0.01, description: 'share of equity put into one symbol' },
  },

  // An exponential average has forgotten where it began after about ten times its length.
  warmupBars: ({ slow, rsiBars }) => 10 * Math.max(slow, rsiBars, 20),

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
      return context.hold('in position, the trend holds');
    }
    if (!fast.crossedAbove(slow)) return context.hold('no cross');
    if (strength.value >= parameters.rsiMax) return context.hold('crossed, but overbought');
    if (bar.volume < parameters.volumeRatio * meanVolume.value) return context.hold('crossed, but on thin volume');

    return context.target(parameters.weight, 'the fast average rose through the slow one', {
      stopLoss: parameters.stopLoss,
      takeProfit: parameters.takeProfit,
    });
  },
});
