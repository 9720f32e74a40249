import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allocateColumns, columnNames } from '#engine/candles/candle-columns.ts';
import { csvHeader } from '#engine/candles/parse-csv.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';

export const startMs = Date.UTC(2024, 0, 1);

/** Sound bars: the price walks up and down a little; every number has a short decimal form. */
export function sampleColumns(timeframe: Timeframe, bars: number, from = startMs, basePrice = 100): CandleColumns {
  const columns = allocateColumns(bars);
  for (let index = 0; index < bars; index += 1) {
    const open = basePrice + (index % 7);
    const close = basePrice + ((index + 3) % 5);
    columns.time[index] = from + index * timeframeMs(timeframe);
    columns.open[index] = open;
    columns.high[index] = Math.max(open, close) + 0.5;
    columns.low[index] = Math.min(open, close) - 0.25;
    columns.close[index] = close;
    columns.volume[index] = 10 + (index % 4);
  }
  return columns;
}

export function rowsOf(columns: CandleColumns): string[] {
  return Array.from(columns.time, (_, index) => columnNames.map((name) => columns[name][index]).join(','));
}

export function csvOf(rows: readonly string[]): string {
  return `${[csvHeader, ...rows].join('\n')}\n`;
}

/** The columns as plain arrays, for comparison. */
export function plain(columns: CandleColumns): Record<string, number[]> {
  return Object.fromEntries(columnNames.map((name) => [name, [...columns[name]]]));
}

/** Without the bars at `indexes`. */
export function without(columns: CandleColumns, indexes: ReadonlySet<number>): CandleColumns {
  const kept = Array.from(columns.time.keys()).filter((index) => !indexes.has(index));
  const result = allocateColumns(kept.length);
  for (const name of columnNames) result[name].set(kept.map((index) => columns[name][index]!));
  return result;
}

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'ratchet-candles-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
