import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concatColumns, sliceColumns } from '#engine/candles/candle-columns.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { candleFilesAt, importCandleFiles } from '#engine/candles/import-candle-files.ts';
import { inspectColumns } from '#engine/candles/inspect-columns.ts';
import { readCandleFile } from '#engine/candles/read-candle-file.ts';
import { RatchetError } from '#engine/errors.ts';
import { csvOf, plain, rowsOf, sampleColumns, startMs, temporaryFolder, without } from './candle-samples.ts';

const name = 'binance_BTCUSDT_1h_20240101-20240110.csv';
const key = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1h' } as const;
const rows = rowsOf(sampleColumns('1h', 240));
const bytesOf = (text: string) => new TextEncoder().encode(text);
const fileOf = (text: string, called = name) => ({ name: called, bytes: bytesOf(text) });
const hourMs = 3_600_000;

/** A copy of the rows with one changed. `line` counts as in an editor: the header is line 1. */
const withLine = (line: number, row: string) => csvOf(rows.with(line - 2, row));
const cell = (line: number, column: number, value: string) =>
  withLine(line, rows[line - 2]!.split(',').with(column, value).join(','));

let folder: ReturnType<typeof temporaryFolder>;
let store: CandleStore;
beforeEach(() => {
  folder = temporaryFolder();
  store = CandleStore.open(join(folder.path, 'store'));
});
afterEach(() => {
  store.close();
  folder.remove();
});

describe('a candle file', () => {
  it('is stored as it is, plain or gzip, with either line ending and with or without the last one', () => {
    const text = csvOf(rows);
    const forms = [
      bytesOf(text),
      gzipSync(text),
      bytesOf(text.replaceAll('\n', '\r\n')),
      bytesOf(text.trimEnd()),
      bytesOf(`\ufeff${text}`),
    ];
    const digests = forms.map((bytes) => importCandleFiles(store, [{ name, bytes }], { isReplacing: true })[0]!.series.digest);
    expect(new Set(digests).size).toBe(1);
    expect(plain(store.load(key))).toEqual(plain(sampleColumns('1h', 240)));
  });

  it('is told from its name: venue, symbol by its quote currency, timeframe', () => {
    const keyOf = (file: string) => readCandleFile(fileOf(csvOf(rows), file), { allowGaps: true }).key;
    expect(keyOf('kraken_ETHUSD_1h_20240101-20240110.csv')).toEqual({ venue: 'kraken', symbol: 'ETH/USD', timeframe: '1h' });
    expect(keyOf('coinbase_SOLUSDC_30m.csv.gz')).toEqual({ venue: 'coinbase', symbol: 'SOL/USDC', timeframe: '30m' });
    expect(keyOf('binance_ETHBTC_5m_20240101-20240110.csv')).toMatchObject({ symbol: 'ETH/BTC' });
    expect(keyOf('binance_BTCEUR_15m_x.csv')).toMatchObject({ symbol: 'BTC/EUR' });
    expect(keyOf('binance_USDCUSDT_15m_x.csv')).toMatchObject({ symbol: 'USDC/USDT' });
  });

  it('is told by flags where its name is silent', () => {
    const given = { venue: 'kraken', symbol: 'BTC/USD', timeframe: '1h' };
    expect(readCandleFile(fileOf(csvOf(rows), 'export.csv'), { given }).key).toEqual(given);
    expect(() => readCandleFile(fileOf(csvOf(rows), 'export.csv'))).toThrow(/export.csv: the name does not say which market/);
    expect(() => readCandleFile(fileOf(csvOf(rows), 'kraken_BTCXYZ_1h_1.csv'))).toThrow(/"BTCXYZ" does not end in a known quote/);
    expect(() => readCandleFile(fileOf(csvOf(rows), 'kraken_BTCUSD_2h_1.csv'))).toThrow(/"2h" is not one of the timeframes/);
  });

  it('may have gaps, zero volume, flat bars and jumps, which are counted', () => {
    const columns = without(sampleColumns('1h', 240), new Set([20, 21, 30]));
    columns.volume[3] = 0;
    for (const column of [columns.open, columns.high, columns.low, columns.close]) column[100] = 150;
    const [imported] = importCandleFiles(store, [fileOf(csvOf(rowsOf(columns)))]);
    expect(imported!.quality).toMatchObject({
      bars: 237,
      missing: 3,
      gaps: 2,
      longestGap: 2,
      longestGapTime: startMs + 20 * hourMs,
      zeroVolume: 1,
      flat: 1,
      duplicates: 0,
      jumps: 2,
    });
    expect(imported!.quality.maxMove).toBeGreaterThan(0.4);
  });
});

describe('a bad candle file is refused with one line, and the store stays as it was', () => {
  const swapped = csvOf(rows.with(9, rows[10]!).with(10, rows[9]!));
  const cases: [string, string, string, RegExp][] = [
    ['rows in the wrong order', swapped, 'candles/unsorted', /line 12: 2024-01-01 09:00 UTC comes after 2024-01-01 10:00 UTC/],
    [
      'a row twice',
      csvOf(rows.toSpliced(10, 0, rows[9]!)),
      'candles/duplicate',
      /line 12: the bar of 2024-01-01 09:00 UTC stands twice/,
    ],
    ['a negative price', cell(7, 3, '-5'), 'candles/bad-price', /line 7: low is -5/],
    ['a price of zero', cell(7, 1, '0'), 'candles/bad-price', /line 7: open is 0/],
    ['a negative volume', cell(7, 5, '-0.1'), 'candles/bad-volume', /line 7: volume is -0.1/],
    ['NaN', cell(7, 4, 'NaN'), 'candles/bad-row', /line 7: close is "NaN", which is not a number/],
    ['an empty field', cell(7, 2, ''), 'candles/bad-row', /line 7: high is empty/],
    ['an infinite price', cell(7, 2, '1e999'), 'candles/bad-price', /line 7: high is Infinity/],
    ['a word for a number', cell(7, 2, '12abc'), 'candles/bad-row', /line 7: high is "12abc"/],
    ['a number with two points', cell(7, 2, '1.2.3'), 'candles/bad-row', /line 7: high is "1.2.3"/],
    ['a missing column', withLine(7, '1704085200000,1,1,1,1'), 'candles/bad-row', /line 7: 5 columns where 6 should be/],
    ['a column too many', withLine(7, `${rows[5]},1`), 'candles/bad-row', /line 7: 7 columns where 6 should be/],
    ['a blank line', withLine(7, ''), 'candles/bad-row', /line 7: the line is blank/],
    ['a high below the low', cell(7, 2, '1'), 'candles/ohlc', /line 7: high is below low/],
    ['an open above the high', cell(7, 1, '500'), 'candles/ohlc', /line 7: high is below open or close/],
    ['a low above the close', cell(7, 3, '105.4'), 'candles/ohlc', /line 7: low is above open or close/],
    [
      'a time between bars',
      cell(7, 0, '1704085260000'),
      'candles/misaligned',
      /line 7: 2024-01-01 05:01 UTC is not the start of a 1h bar/,
    ],
    [
      'seconds for milliseconds',
      cell(2, 0, '1704067200'),
      'candles/bad-time',
      /line 2: timestamp 1704067200 is before the year 2000/,
    ],
    ['a header that lacks a column', csvOf(rows).replace(',volume', ''), 'candles/bad-header', /line 1: the header lacks volume/],
    ['no header', rows.join('\n'), 'candles/bad-header', /line 1: the header is "1704067200000,/],
    ['another delimiter', csvOf(rows).replaceAll(',', ';'), 'candles/bad-header', /line 1/],
    ['no rows', csvOf([]), 'candles/empty', /holds no bars/],
    ['no bytes', '', 'candles/empty', /is empty/],
    ['rows lost at the end', csvOf(rows.slice(0, 60)), 'candles/lost-rows', /its name promises 2024-01-01 to 2024-01-10/],
    ['rows lost inside', csvOf(rows.toSpliced(100, 20)), 'candles/lost-rows', /20 bars are missing, 8.3 % of its span/],
  ];

  it.each(cases)('%s', (_name, text, code, message) => {
    importCandleFiles(store, [fileOf(csvOf(rows))]);
    const before = store.series();
    const other = fileOf(csvOf(rowsOf(sampleColumns('1h', 240, startMs, 50))), 'binance_ETHUSDT_1h_20240101-20240110.csv');
    const error = caught(() => importCandleFiles(store, [other, fileOf(text)], { isReplacing: true }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(name);
    expect(error.message).not.toContain('\n');
    expect(error.remedy).not.toBe('');
    expect(store.series()).toEqual(before);
    expect(store.verify(key).bars).toBe(240);
  });

  it('a gzip file that was cut off, or damaged', () => {
    const gzip = gzipSync(csvOf(rows));
    const cut = { name: `${name}.gz`, bytes: gzip.subarray(0, gzip.length - 200) };
    expect(() => importCandleFiles(store, [cut])).toThrow(/the gzip data end too early/);
    const damaged = Uint8Array.from(gzip);
    damaged.fill(0, 200, 260);
    expect(() => importCandleFiles(store, [{ name: `${name}.gz`, bytes: damaged }])).toThrow(/the gzip data are damaged/);
    expect(store.series()).toEqual([]);
  });

  it('a file that is not there', () => {
    expect(() => candleFilesAt(join(folder.path, 'nothing.csv'))).toThrow(/nothing.csv does not exist/);
    expect(() => candleFilesAt(folder.path)).toThrow(/holds no .csv or .csv.gz file/);
  });

  it('but lost rows are taken when gaps are allowed', () => {
    const [imported] = importCandleFiles(store, [fileOf(csvOf(rows.toSpliced(100, 20)))], { allowGaps: true });
    expect(imported!.quality).toMatchObject({ bars: 220, gaps: 1, longestGap: 20 });
  });
});

describe('a file of a market that is already stored', () => {
  const whole = sampleColumns('1h', 240);
  const part = (start: number, end: number) => fileOf(csvOf(rowsOf(sliceColumns(whole, start, end))), 'binance_BTCUSDT_1h.csv');

  it('is merged with it, in any order, where both agree', () => {
    importCandleFiles(store, [part(100, 180)]);
    importCandleFiles(store, [part(150, 240), part(0, 120)]);
    expect(plain(store.load(key))).toEqual(plain(whole));
  });

  it('is refused where they differ, unless it is to replace it', () => {
    importCandleFiles(store, [part(0, 100)]);
    const other = sampleColumns('1h', 50, startMs + 80 * hourMs, 200);
    const file = fileOf(csvOf(rowsOf(other)), 'binance_BTCUSDT_1h.csv');
    expect(() => importCandleFiles(store, [file])).toThrow(
      /binance_BTCUSDT_1h.csv: The bar of 2024-01-04T08:00:00.000Z is stored with open/,
    );
    expect(store.verify(key).bars).toBe(100);
    importCandleFiles(store, [file], { isReplacing: true });
    expect(plain(store.load(key))).toEqual(plain(other));
  });

  it('replaces it once: two files of one market in one import add up', () => {
    importCandleFiles(store, [fileOf(csvOf(rowsOf(sampleColumns('1h', 9, startMs, 500))), 'binance_BTCUSDT_1h.csv')]);
    importCandleFiles(store, [part(0, 100), part(100, 240)], { isReplacing: true });
    expect(plain(store.load(key))).toEqual(plain(concatColumns(sliceColumns(whole, 0, 100), sliceColumns(whole, 100, 240))));
  });
});

describe('a folder', () => {
  it('stands for the candle files directly in it, by name', () => {
    for (const file of ['b_ETHUSDT_1h.csv', 'a_BTCUSDT_1h.csv.gz', 'notes.md']) writeFileSync(join(folder.path, file), '');
    expect(candleFilesAt(folder.path).map((path) => path.slice(folder.path.length + 1))).toEqual([
      'a_BTCUSDT_1h.csv.gz',
      'b_ETHUSDT_1h.csv',
    ]);
  });
});

/** The measurements in PROVENANCE.md: bars, missing, gaps, longest, zero volume, flat, jumps, max move, wicks. */
const provenance: Record<string, readonly number[]> = {
  'binance_ADAUSDT_1h_20220101-20250630': [30647, 1, 1, 1, 1, 1, 8, 33.7, 6],
  'binance_BTCUSDT_1h_20200920-20250630': [41860, 20, 10, 4, 2, 2, 1, 12.3, 2],
  'binance_ETHUSDT_1h_20200920-20250630': [41860, 20, 10, 4, 2, 2, 4, 15.0, 7],
  'binance_LINKUSDT_1h_20220101-20250630': [30647, 1, 1, 1, 1, 1, 9, 14.8, 5],
  'binance_SOLUSDT_1h_20200920-20250630': [41860, 20, 10, 4, 2, 2, 35, 23.9, 22],
  'kraken_BTCUSD_1h_20170101-20220630': [48105, 63, 12, 23, 0, 2, 15, 21.1, 19],
  'kraken_ETHUSD_1h_20170101-20220630': [48052, 116, 52, 40, 0, 61, 37, 196.6, 40],
  'binance_BTCUSDT_5m_20240101-20240630': [52416, 0, 0, 0, 0, 0, 1, 5.1, 0],
  'binance_ETHUSDT_5m_20240101-20240630': [52416, 0, 0, 0, 0, 0, 2, 6.0, 2],
  'binance_SOLUSDT_5m_20240101-20240630': [52416, 0, 0, 0, 0, 0, 10, 15.5, 2],
  'binance_ADAUSDT_1d_20180417-20250630': [2632, 0, 0, 0, 0, 0, 7, 72.2, 6],
  'binance_BTCUSDT_1d_20170817-20250630': [2875, 0, 0, 0, 0, 0, 1, 65.3, 1],
  'binance_ETHUSDT_1d_20170817-20250630': [2875, 0, 0, 0, 0, 0, 6, 80.5, 7],
  'binance_LINKUSDT_1d_20190116-20250630': [2358, 0, 0, 0, 0, 0, 10, 91.5, 7],
  'binance_SOLUSDT_1d_20200811-20250630': [1785, 0, 0, 0, 0, 0, 18, 73.2, 5],
};
const dataFolder = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

describe.skipIf(!existsSync(dataFolder))('the real candles beside the repository', () => {
  it('measure as their provenance says, all fifteen files', () => {
    const imported = importCandleFiles(store, candleFilesAt(dataFolder));
    const measured = imported.map(({ file, quality: q }) => [
      file.replace('.csv.gz', ''),
      [q.bars, q.missing, q.gaps, q.longestGap, q.zeroVolume, q.flat, q.jumps, Math.round(q.maxMove * 1000) / 10, q.longWicks],
    ]);
    expect(Object.fromEntries(measured)).toEqual(provenance);
    expect(imported).toHaveLength(readdirSync(dataFolder).filter((file) => file.endsWith('.csv.gz')).length);
    for (const { series } of imported) expect(store.verify(series)).toEqual(series);
  });

  it('measure the same from the store', () => {
    const [imported] = importCandleFiles(store, [join(dataFolder, 'kraken_ETHUSD_1h_20170101-20220630.csv.gz')]);
    expect(inspectColumns(store.load(imported!.series), '1h')).toEqual(imported!.quality);
  });
});

function caught(action: () => unknown): RatchetError {
  try {
    action();
  } catch (error) {
    if (error instanceof RatchetError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
