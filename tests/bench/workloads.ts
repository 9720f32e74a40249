import { simulateMarket } from '#engine/candles/simulate-market.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

/** One run of the benchmark: a strategy over simulated 5-minute candles. */
export interface Workload {
  readonly name: string;
  readonly symbols: readonly string[];
  readonly barsPerSymbol: number;
  readonly source: string;
}

const FROM = Date.UTC(2024, 0, 1);
export const BAR_MS = 300_000;
export const CAPITAL = 1_000_000;

/** Fees and slippage as an ordinary account pays them; volume large enough that fills are whole, as they are in the C loop. */
export const RULES: MarketRules = {
  makerFeeRate: 0.001,
  takerFeeRate: 0.001,
  halfSpreadRate: 0,
  slippageRate: 0.0005,
  volumeShare: 1,
  tickSize: 0.01,
  stepSize: 0.00001,
  minQuantity: 0.00001,
  minNotional: 5,
};

const NINE = ['BTC', 'ETH', 'SOL', 'ADA', 'LINK', 'DOT', 'LTC', 'XRP', 'AVAX'].map((asset) => `${asset}/USDT`);

export const W: Workload = {
  name: 'W',
  symbols: ['BTC/USDT'],
  barsPerSymbol: 1_000_000,
  source: crossingSource(['BTC/USDT'], 0.1),
};

export const W9: Workload = {
  name: 'W9',
  symbols: NINE,
  barsPerSymbol: 105_120,
  source: crossingSource(NINE, 0.1),
};

export function candlesOf({ symbols, barsPerSymbol }: Workload): Map<string, CandleColumns> {
  return simulateMarket({ seed: 11, symbols, timeframe: '5m', from: FROM, bars: barsPerSymbol });
}

/** The rule that `loop.c` computes too: averages of 9 and 21 cross, relative strength of 14 filters, a stop and a target close. */
function crossingSource(symbols: readonly string[], weight: number): string {
  return `import { defineStrategy, ema, rsi } from 'ratchet/contract';

export default defineStrategy({
  symbols: ${JSON.stringify(symbols)},
  timeframe: '5m',
  parameters: {
    fast: { default: 9, min: 2, max: 50, step: 1, description: 'bars of the fast average' },
    slow: { default: 21, min: 3, max: 200, step: 1, description: 'bars of the slow average' },
    stopLoss: { default: 0.02, min: 0.001, max: 0.2, step: 0.001, description: 'stop below the entry, as a ratio' },
    takeProfit: { default: 0.04, min: 0.001, max: 0.4, step: 0.001, description: 'target above the entry, as a ratio' },
  },
  warmupBars: () => 250,
  indicators: ({ fast, slow }) => ({ fast: ema(fast), slow: ema(slow), strength: rsi(14) }),
  onBar(context) {
    const { fast, slow, strength } = context.indicators;
    if (context.position.isOpen) return fast.crossedBelow(slow) ? context.exit('fell through') : context.hold('in position');
    if (!fast.crossedAbove(slow)) return context.hold('no cross');
    if (strength.value >= 70) return context.hold('overbought');
    const { stopLoss, takeProfit } = context.parameters;
    return context.target(${weight}, 'rose through', { stopLoss, takeProfit });
  },
});
`;
}
