import { Evaluation } from '#bot/evidence/evaluation.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { cutInThree, spanOf } from '#engine/candles/cut-in-three.ts';
import { digestOfColumns } from '#engine/candles/digest-columns.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const TIMEFRAME = '1h';
const RULES = {
  makerFeeRate: 0.001,
  takerFeeRate: 0.001,
  halfSpreadRate: 0.0001,
  slippageRate: 0.0003,
  volumeShare: 0.05,
  tickSize: 0.01,
  stepSize: 0.0001,
  minQuantity: 0.0001,
  minNotional: 5,
};

export interface SmallMarket {
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly yardstick: Evaluation;
}

/** A few months of simulated bars, cut in three, with what they are judged by. */
export function smallMarket(days = 150): SmallMarket {
  const columns = simulateMarket({
    seed: 3,
    symbols: SYMBOLS,
    timeframe: TIMEFRAME,
    from: Date.UTC(2024, 0, 1),
    bars: 24 * days,
  });
  const entries = [...columns].map(([symbol, bars]) => ({
    symbol,
    timeframe: TIMEFRAME as typeof TIMEFRAME,
    source: { venue: 'simulated', symbol, timeframe: TIMEFRAME as typeof TIMEFRAME },
    from: bars.time[0]!,
    to: bars.time.at(-1)! + timeframeMs(TIMEFRAME),
    bars: bars.time.length,
    digest: digestOfColumns(bars),
  }));
  const dataset: Dataset = { digest: digestOfJson(entries), isSimulated: true, entries };
  const yardstick = Evaluation.parse({
    dataset,
    spans: cutInThree(spanOf(dataset), { development: 0.6, selection: 0.25, vault: 0.15 }),
    markets: Object.fromEntries(SYMBOLS.map((symbol) => [symbol, RULES])),
    capital: 10_000,
    seed: 3,
  });
  return { columns, yardstick };
}
