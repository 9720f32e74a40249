import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

export const FROM = Date.UTC(2024, 0, 1);

export const usualRules: MarketRules = {
  makerFeeRate: 0.001,
  takerFeeRate: 0.001,
  halfSpreadRate: 0.0001,
  slippageRate: 0.0003,
  volumeShare: 0.05,
  tickSize: 0.01,
  stepSize: 0.00001,
  minQuantity: 0.00001,
  minNotional: 5,
};

export function marketsOf(symbols: readonly string[], rules: MarketRules = usualRules): Record<string, MarketRules> {
  return Object.fromEntries(symbols.map((symbol) => [symbol, rules]));
}

export function simulated(symbols: readonly string[], timeframe: Timeframe, bars: number, seed = 7): Map<string, CandleColumns> {
  return new Map(simulateMarket({ seed, symbols, timeframe, from: FROM, bars }));
}

/** A dataset as the candle store would describe it; its digest only has to tell datasets apart here. */
export function datasetOf(columns: ReadonlyMap<string, CandleColumns>, timeframe: Timeframe, name = '0'): Dataset {
  const entries = [...columns].map(([symbol, { time }]) => ({
    symbol,
    timeframe,
    source: { venue: 'simulated', symbol, timeframe },
    from: time[0] ?? FROM,
    to: (time.at(-1) ?? FROM) + timeframeMs(timeframe),
    bars: time.length,
    digest: `sha256:${name.repeat(64)}`,
  }));
  return { digest: `sha256:${name.repeat(64)}`, isSimulated: true, entries };
}

/** Checks and builds a source as the gates do; a test whose source is refused has a mistake of its own. */
export async function artifactOf(source: string): Promise<StrategyArtifact> {
  const verdict = await buildArtifact(new Map([['strategy.ts', source]]), 'strategy.ts');
  if (verdict.ok) return verdict.artifact;
  throw new Error(verdict.findings.map(({ line, message }) => `${line}: ${message}`).join('\n'));
}

/** A crossing of averages over three symbols; not the incumbent, which changes by pull request. */
export const crossSource = `import { defineStrategy, ema, rsi, sma } from 'ratchet/contract';

export default defineStrategy({
  symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
  timeframe: '1h',
  parameters: {
    fast: { default: 9, min: 3, max: 20, step: 1, description: 'bars of the fast average' },
    slow: { default: 21, min: 21, max: 120, step: 1, description: 'bars of the slow average' },
    stopLoss: { default: 0.02, min: 0.005, max: 0.15, step: 0.005, description: 'stop below the entry, as a ratio' },
    takeProfit: { default: 0.04, min: 0.01, max: 0.4, step: 0.005, description: 'target above the entry, as a ratio' },
  },
  warmupBars: ({ slow }) => 10 * slow,
  indicators: ({ fast, slow }) => ({ fast: ema(fast), slow: ema(slow), strength: rsi(14), volume: sma(20, { of: 'volume' }) }),
  onBar(context) {
    const { bar, indicators, parameters, position } = context;
    const { fast, slow, strength, volume } = indicators;
    if (position.isOpen) return fast.crossedBelow(slow) ? context.exit('fell through') : context.hold('in position');
    if (!fast.crossedAbove(slow)) return context.hold('no cross');
    if (strength.value >= 75 || bar.volume < 0.5 * volume.value) return context.hold('filtered');
    const { stopLoss, takeProfit } = parameters;
    return context.target(0.3, 'rose through', { stopLoss, takeProfit });
  },
});
`;

export function cut(columns: CandleColumns, keep: (index: number) => boolean): CandleColumns {
  const kept = (column: Float64Array): Float64Array => column.filter((_value, index) => keep(index));
  return {
    time: kept(columns.time),
    open: kept(columns.open),
    high: kept(columns.high),
    low: kept(columns.low),
    close: kept(columns.close),
    volume: kept(columns.volume),
  };
}
