/** Uses every indicator, every kind of order and protection, a higher timeframe, state, and bars gone by. */
export const everythingSource = `import {
  adx, atr, defineStrategy, deviation, ema, highest, lowest, rateOfChange, rsi, sma, wma,
} from 'ratchet/contract';

export default defineStrategy({
  symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
  timeframe: '1h',
  parameters: { bars: { default: 14, min: 5, max: 40, step: 1, description: 'bars of the averages' } },
  warmupBars: ({ bars }) => 40 * bars,
  indicators: ({ bars }) => ({
    average: ema(bars), plain: sma(bars), weighted: wma(bars), strength: rsi(bars), range: atr(bars), trend: adx(bars),
    top: highest(bars), bottom: lowest(bars), width: deviation(bars), pace: rateOfChange(bars),
    volume: sma(20, { of: 'volume' }), middle: ema(5, { of: 'hlc3' }), half: sma(5, { of: 'hl2' }),
    opened: ema(3, { of: 'open' }), day: { average: ema(5, { timeframe: '1d' }), strength: rsi(3, { timeframe: '4h' }) },
  }),
  state: { version: 1, initial: () => ({ losses: 0, lastEntry: 0, seen: [] }) },
  onBar(context) {
    const { bar, indicators: i, position, state } = context;
    if (context.closed('1d')) {
      state.seen.push(bar.close);
      if (state.seen.length > 5) state.seen.shift();
    }
    if (position.isOpen) {
      if (position.openReturn < -0.03) state.losses += 1;
      if (position.barsHeld > 120) return context.exit('too long');
      if (position.openReturn > 0.05 && position.barsHeld % 7 === 0) return context.target(0.1, 'part taken');
      if (i.strength.value > 80) return context.target(0.15, 'hot', { trailingStop: 0.02 });
      if (i.trend.value > 45 && i.plain.crossedBelow(i.weighted)) return context.exit('trend turned');
      return context.hold('in');
    }
    const before = context.ago(3);
    if (bar.high >= i.top.value && i.pace.value > 0 && bar.volume > i.volume.value) {
      state.lastEntry = bar.time;
      return context.target(0.3, 'breakout', { stopLoss: 0.03, trailingStop: 0.04, slippageTolerance: 0.004, horizonBars: 90 });
    }
    if (bar.low <= i.bottom.value && i.strength.value < 35 && i.day.strength.value > 20) {
      return context.limit(0.25, bar.close - 0.3 * i.range.value, 'dip', { expiryBars: 6, stopLoss: 0.05, takeProfit: 0.03 });
    }
    if (i.middle.crossedAbove(i.half) && bar.close > i.day.average.value && before.close < bar.close) {
      return context.target(0.2, 'momentum', { stopLoss: 0.02, takeProfit: 0.04 });
    }
    if (i.width.value < 0.002 * bar.close && i.opened.previous > bar.open) return context.cancel('quiet');
    return context.hold(i.average.value > bar.close ? 'below' : 'above');
  },
});
`;
