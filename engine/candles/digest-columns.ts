import { createHash } from 'node:crypto';
import { type Digest, digestOfJson } from '#engine/attestation/canonical.ts';
import { columnNames, sliceColumns } from './candle-columns.ts';
import type { CandleColumns, SeriesKey } from './types.ts';

/**
 * Bars a chunk of a stored series. A series is hashed by chunks so that one more bar costs one chunk, not the whole:
 * the live engine appends every minute to a million bars.
 */
export const chunkBars = 65_536;

/** `sha256:…` over the six columns as little-endian doubles, one column after the other. */
export function digestOfColumns(columns: CandleColumns): Digest {
  const hash = createHash('sha256');
  for (const name of columnNames) {
    const { buffer, byteOffset, byteLength } = columns[name];
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return `sha256:${hash.digest('hex')}`;
}

/** The digest of each chunk; the last one may be short. `columns` must start at the start of a chunk. */
export function digestsOfChunks(columns: CandleColumns): Digest[] {
  const digests: Digest[] = [];
  for (let start = 0; start < columns.time.length; start += chunkBars) {
    digests.push(digestOfColumns(sliceColumns(columns, start, start + chunkBars)));
  }
  return digests;
}

/** Digest of a stored series: the canonical JSON of its key and its chunks' digests. The same bars of another market differ. */
export function digestOfSeries({ venue, symbol, timeframe }: SeriesKey, chunks: readonly string[]): Digest {
  return digestOfJson({ venue, symbol, timeframe, chunkBars, chunks });
}
