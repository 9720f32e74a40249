import { RatchetError } from '#engine/errors.ts';
import type { CandleStore } from './candle-store.ts';
import { digestOfColumns } from './digest-columns.ts';
import { columnsOf } from './select-dataset.ts';
import { nameOfSeries } from './series-key.ts';
import type { CandleColumns, Dataset, DatasetEntry } from './types.ts';

/**
 * The bars of a dataset by symbol, in shared memory, each checked against its digest: evidence that names these
 * digests is re-executed on these bytes or not at all.
 * @throws candles/digest-mismatch, candles/unknown-series
 */
export function loadDataset(store: CandleStore, dataset: Dataset): Map<string, CandleColumns> {
  return new Map(dataset.entries.map((entry) => [entry.symbol, loadEntry(store, entry)]));
}

function loadEntry(store: CandleStore, entry: DatasetEntry): CandleColumns {
  const columns = columnsOf(store, entry.source, entry.timeframe, entry);
  const digest = digestOfColumns(columns);
  if (digest === entry.digest) return columns;
  throw new RatchetError(
    'candles/digest-mismatch',
    `The stored bars of ${nameOfSeries(entry.source)} are not those of the dataset: ${digest} instead of ${entry.digest}.`,
    'Import or fetch the very candles the evidence names.',
    { symbol: entry.symbol, expected: entry.digest, actual: digest },
  );
}
