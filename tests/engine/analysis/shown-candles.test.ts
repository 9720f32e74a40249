import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '#engine/analysis/analyse.ts';
import { shownCandles } from '#engine/analysis/shown-candles.ts';
import { allocateColumns } from '#engine/candles/candle-columns.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import type { Dataset } from '#engine/candles/types.ts';
import { moduleOf } from './module-of.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const day = (n: number) => (20_000 + n) * DAY;
const spans = {
  development: { from: day(0), to: day(4) },
  selection: { from: day(4), to: day(6) },
  vault: { from: day(6), to: day(8) },
};
const key = { venue: 'kraken', symbol: 'BTC/USDT', timeframe: '1h' } as const;
/** Bars of the held-out spans close here, all others at 100. */
const SECRET = 31_337;

let dir: string;
let store: CandleStore;
let dataset: Dataset;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ratchet-shown-'));
  store = CandleStore.open(dir);
  const columns = allocateColumns(10 * 24);
  for (let at = 0; at < columns.time.length; at += 1) {
    const time = day(0) + at * HOUR;
    const price = time >= spans.selection.from && time < spans.vault.to ? SECRET : 100;
    columns.time[at] = time;
    for (const name of ['open', 'high', 'low', 'close'] as const) columns[name][at] = price;
    columns.volume[at] = 1;
  }
  store.put(key, columns, { isSimulated: false, source: 'test' });
  const entry = {
    symbol: 'BTC/USDT',
    timeframe: '1h',
    source: key,
    from: day(0),
    to: spans.vault.to,
    bars: 192,
    digest: '',
  } as const;
  dataset = { digest: '', isSimulated: false, entries: [entry, { ...entry, symbol: 'BTC/USDC', timeframe: '4h' }] };
});

afterAll(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

describe('the candles that are shown', () => {
  it('are those of the development span and those after the vault, closed by the market time', () => {
    const shown = shownCandles(store, dataset, spans, day(9) + HOUR / 2);
    expect(shown.map(({ symbol, part, columns: { time } }) => [symbol, part, time[0], time.at(-1)])).toEqual([
      ['BTC/USDT', 'development', day(0), day(4) - HOUR],
      ['BTC/USDT', 'since', day(8), day(9) - HOUR],
      ['BTC/USDC', 'development', day(0), day(4) - 4 * HOUR],
      ['BTC/USDC', 'since', day(8), day(9) - 4 * HOUR],
    ]);
  });

  it('hold no bar of the selection data or of the vault, nor a byte of one behind the ends of a view', () => {
    for (const { columns } of shownCandles(store, dataset, spans, day(10))) {
      for (const column of Object.values(columns)) expect(new Float64Array(column.buffer)).not.toContain(SECRET);
    }
  });

  it('end where the market time is, also within the development span', () => {
    const shown = shownCandles(store, dataset, spans, day(2));
    expect(shown.map(({ part, columns }) => [part, columns.time.at(-1)])).toEqual([
      ['development', day(2) - HOUR],
      ['development', day(2) - 4 * HOUR],
    ]);
  });

  it.each([5, 7, 8])('are those of the development span alone on day %d', (asOf) => {
    expect(shownCandles(store, dataset, spans, day(asOf)).map(({ part }) => part)).toEqual(['development', 'development']);
  });

  it('are all that a module can find, whatever it asks', async () => {
    const module = await moduleOf(`
      const tables = query("SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => row.name);
      const seen = query('SELECT count(*) AS bars, max(high) AS top, min(time) AS first, max(time) AS last FROM candles')[0];
      const between = query('SELECT count(*) AS n FROM candles WHERE time / 86400000 BETWEEN 20004 AND 20007')[0].n;
      const files = query("SELECT file FROM pragma_database_list").map((row) => row.file);
      return { tables, ...seen, between, files };`);
    const candles = shownCandles(store, dataset, spans, day(10));
    const answer = await analyse(module, { store: null, asOf: day(10), candles });
    expect(answer).toEqual({
      tables: ['spans', 'candles', 'trades', 'decisions', 'orders', 'fills', 'equity', 'positions', 'deployments'],
      bars: 96 + 48 + 24 + 12,
      top: 100,
      first: day(0),
      last: day(10) - HOUR,
      between: 0,
      files: [''],
    });
  });
});
