import { stringify } from 'yaml';
import { strategyText } from '#tests/engine/runtime/engine-fixture.ts';

/** Trades something on most bars: in at the market or by a waiting limit, out again, another size, another stop. */
export function restlessStrategy(symbols: readonly string[], seed: number): string {
  return strategyText({
    symbols: [...symbols],
    timeframe: '1m',
    note: 'Does something on most bars, by a draw that its state goes on with.',
    state: `{ version: 1, initial: () => ({ bars: 0, mean: 0, seed: ${seed} }) }`,
    onBar: `
    // Press et al., Numerical Recipes, "quick and dirty" generators.
    const draw = () => (state.seed = (state.seed * 9301 + 49297) % 233280) / 233280;
    const what = draw();
    const stopLoss = 0.002 + 0.03 * draw();
    const weight = 0.05 + 0.1 * draw();
    if (position.isOpen) {
      if (what < 0.5) return context.exit('it was long enough');
      if (what < 0.7) return context.target(weight, 'another size', { stopLoss });
      return context.hold('so it is');
    }
    if (what < 0.5) return context.target(weight, 'in', { stopLoss });
    if (what < 0.85) return context.limit(weight, bar.close * (1 - 0.002 * draw()), 'in, if it is cheaper', { stopLoss, expiryBars: 2 });
    return context.hold('out it is');
  `,
  });
}

/** Limits for a rehearsal that wants orders, as many as can be, on time that runs faster than the machine. */
export const generousLimits = stringify({
  stages: {},
  defaultStop: 0.02,
  orders: { canary: { maxOrder: 0.5, consecutiveLosses: 1_000, minEdgeOverCost: 0, collar: 0.02 } },
  account: { dailyLoss: 1, maxDrawdown: 1, orderRate: { orders: 10_000, minutes: 1 }, turnover: { ratio: 1_000, hours: 1 } },
  freshness: { barSeconds: 3_600, quoteSeconds: 3_600, clockSkewSeconds: 60 },
  locks: {
    stops: { count: 100, lookbackHours: 1, lockHours: 1 },
    lowProfit: { trades: 100, lookbackHours: 1, minReturn: -1, lockHours: 1 },
  },
});
