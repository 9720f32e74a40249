import { createHash, type Hash } from 'node:crypto';
import { canonicalJson, type Digest } from '#engine/attestation/canonical.ts';
import { columnNames } from './candle-columns.ts';
import type { CandleColumns, SeriesKey } from './types.ts';

/** `sha256:…` over the six columns as little-endian doubles, one column after the other. */
export function digestOfColumns(columns: CandleColumns): Digest {
  return finish(createHash('sha256'), columns);
}

/** `sha256:…` over the key's canonical JSON, a line feed, and the columns: the same bars of another market differ. */
export function digestOfSeries(key: SeriesKey, columns: CandleColumns): Digest {
  const { venue, symbol, timeframe } = key;
  return finish(createHash('sha256').update(`${canonicalJson({ venue, symbol, timeframe })}\n`), columns);
}

function finish(hash: Hash, columns: CandleColumns): Digest {
  for (const name of columnNames) {
    const { buffer, byteOffset, byteLength } = columns[name];
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return `sha256:${hash.digest('hex')}`;
}
