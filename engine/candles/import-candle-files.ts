import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import { mergeColumns } from './candle-columns.ts';
import type { CandleStore } from './candle-store.ts';
import type { SeriesQuality } from './inspect-columns.ts';
import { type NamedBytes, type ReadOptions, readCandleFile } from './read-candle-file.ts';
import { nameOfSeries, simulatedVenue } from './series-key.ts';
import type { SeriesInfo } from './types.ts';

export interface ImportOptions extends ReadOptions {
  /** Take the place of what is stored instead of being merged with it. */
  readonly isReplacing?: boolean;
  readonly onProgress?: (done: number, total: number, name: string) => void;
}

export interface ImportedFile {
  readonly file: string;
  /** The stored series after this file. */
  readonly series: SeriesInfo;
  /** Of the file's own bars. */
  readonly quality: SeriesQuality;
}

/**
 * Stores candle files, all or none: the first bad one leaves the store as it was. Bars of a market that is already
 * stored are merged with them; a bar that differs from the stored one is refused unless `isReplacing`.
 */
export function importCandleFiles(
  store: CandleStore,
  files: readonly (string | NamedBytes)[],
  options: ImportOptions = {},
): ImportedFile[] {
  const replaced = new Set<string>();
  return store.batch(() =>
    files.map((file, index) => {
      const { name, key, columns, quality } = readCandleFile(file, options);
      const seriesName = nameOfSeries(key);
      // With --replace the first file of a series clears it; further files of the same series add to that one.
      const stored = options.isReplacing === true && !replaced.has(seriesName) ? undefined : store.find(key);
      replaced.add(seriesName);
      const merged = stored === undefined ? columns : mergeWithStored(name, () => mergeColumns(store.load(key), columns));
      const series = store.put(key, merged, { isSimulated: key.venue === simulatedVenue, source: name });
      options.onProgress?.(index + 1, files.length, name);
      return { file: name, series, quality };
    }),
  );
}

/** The candle files a path stands for: itself, or the `.csv` and `.csv.gz` files directly inside it, by name. */
export function candleFilesAt(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new RatchetError('candles/no-such-file', `${path} does not exist.`, 'Check the path.', { path });
  if (!stat.isDirectory()) return [path];
  const files = readdirSync(path)
    .filter((name) => /\.csv(\.gz)?$/.test(name))
    .sort();
  if (files.length === 0) {
    throw new RatchetError('candles/no-files', `${path} holds no .csv or .csv.gz file.`, 'Give a folder of candle files.', {
      path,
    });
  }
  return files.map((name) => join(path, name));
}

function mergeWithStored<T>(name: string, merge: () => T): T {
  try {
    return merge();
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    throw new RatchetError(error.code, `${name}: ${error.message}`, error.remedy, { ...error.details, name }, error);
  }
}
