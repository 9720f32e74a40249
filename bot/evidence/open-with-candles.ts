import { type Backtester, openBacktester } from '#engine/backtest/backtester.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import type { StrategyVersion } from './strategy-version.ts';

/** A sandbox of a version with candles in it; the caller closes it. Where the candles cannot serve the version, none is left running. */
export async function openWithCandles(
  version: StrategyVersion,
  dataset: Dataset,
  columns: ReadonlyMap<string, CandleColumns>,
): Promise<Backtester> {
  const tester = await openBacktester(version.artifact);
  try {
    await tester.useDataset(dataset, columns);
    return tester;
  } catch (error) {
    await tester.close();
    throw error;
  }
}
