import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOfColumns } from '#engine/candles/candle-columns.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { importCandleFiles } from '#engine/candles/import-candle-files.ts';
import { csvHeader } from '#engine/candles/parse-csv.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { type Row, timings } from './row.ts';

const KEY = { venue: 'simulated', symbol: 'BTC/USDT', timeframe: '5m' } as const;

/** Loading a stored million into shared memory, and importing it from text. */
export async function candleRows(columns: CandleColumns): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-'));
  const store = CandleStore.open(join(folder, 'store'));
  try {
    return [await loadRow(store, columns), await importRow(store, folder, columns)];
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function loadRow(store: CandleStore, columns: CandleColumns): Promise<Row> {
  const bars = columns.time.length;
  store.put(KEY, columns, { isSimulated: true, source: 'benchmark' });
  const buffer = new SharedArrayBuffer(bytesOfColumns(bars));
  const [bestMs] = await timings(9, () => store.load(KEY, undefined, buffer));
  return {
    name: 'load 1 M candles',
    candlesPerSecond: Math.round((bars * 1000) / bestMs!),
    timesC: null,
    note: `${bestMs!.toFixed(1)} ms into shared memory, warm, best of 9`,
    goal: '≤ 30 ms',
    isMet: bestMs! <= 30,
  };
}

async function importRow(store: CandleStore, folder: string, columns: CandleColumns): Promise<Row> {
  const bars = columns.time.length;
  const { time, open, high, low, close, volume } = columns;
  const lines = [csvHeader];
  for (let at = 0; at < bars; at += 1) {
    lines.push(`${time[at]},${open[at]},${high[at]},${low[at]},${close[at]},${volume[at]}`);
  }
  const path = join(folder, 'simulated_BTCUSDT_5m.csv');
  writeFileSync(path, `${lines.join('\n')}\n`);
  const given = { venue: KEY.venue, symbol: KEY.symbol, timeframe: KEY.timeframe };
  const [bestMs] = await timings(3, () => importCandleFiles(store, [path], { given, isReplacing: true }));
  return {
    name: 'import 1 M rows of CSV',
    candlesPerSecond: Math.round((bars * 1000) / bestMs!),
    timesC: null,
    note: `${bestMs!.toFixed(0)} ms from text to disk, best of 3`,
    goal: '≤ 1500 ms',
    isMet: bestMs! <= 1500,
  };
}
