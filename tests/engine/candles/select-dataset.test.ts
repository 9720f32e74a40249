import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { cutInThree, spanOf } from '#engine/candles/cut-in-three.ts';
import { digestOfColumns } from '#engine/candles/digest-columns.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { resample } from '#engine/candles/resample.ts';
import { datasetOfSeries, selectDataset } from '#engine/candles/select-dataset.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { SeriesInfo } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { plain, sampleColumns, startMs, temporaryFolder, without } from './candle-samples.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let folder: ReturnType<typeof temporaryFolder>;
let store: CandleStore;
beforeEach(() => {
  folder = temporaryFolder();
  store = CandleStore.open(folder.path);
});
afterEach(() => {
  store.close();
  folder.remove();
});

function have(venue: string, symbol: string, timeframe: Timeframe, bars: number, from = startMs, price = 100): SeriesInfo {
  const origin = { isSimulated: venue === 'simulated', source: 'a test' };
  return store.put({ venue, symbol, timeframe }, sampleColumns(timeframe, bars, from, price), origin);
}

const btc = { symbol: 'BTC/USDT', timeframe: '1h' } as const;
const eth = { symbol: 'ETH/USDT', timeframe: '1h' } as const;
const sourcesOf = (...parameters: Parameters<typeof selectDataset>) =>
  selectDataset(...parameters).entries.map(({ source }) => `${source.venue} ${source.symbol} ${source.timeframe}`);

describe('the series that serves a feed', () => {
  it('is the one of that very symbol and timeframe', () => {
    have('binance', 'BTC/USDT', '5m', 5_000);
    have('binance', 'BTC/USDT', '1h', 100);
    have('binance', 'BTC/USD', '1h', 900);
    expect(sourcesOf(store, [btc])).toEqual(['binance BTC/USDT 1h']);
  });

  it('is otherwise the longest one it can be derived from, the finest when they are equally long', () => {
    have('binance', 'BTC/USDT', '5m', 240);
    have('binance', 'BTC/USDT', '15m', 1_000);
    have('binance', 'BTC/USDT', '30m', 500);
    have('binance', 'BTC/USDT', '1d', 5_000);
    expect(sourcesOf(store, [btc])).toEqual(['binance BTC/USDT 15m']);
    const [entry] = selectDataset(store, [btc]).entries;
    expect(entry).toMatchObject({ symbol: 'BTC/USDT', timeframe: '1h', bars: 250, from: startMs, to: startMs + 250 * hourMs });
    expect(entry!.digest).toBe(digestOfColumns(resample(sampleColumns('15m', 1_000), '15m', '1h')));
  });

  it('is a dollar stand-in where the symbol itself is not to be had, and the dataset says so', () => {
    have('kraken', 'BTC/USD', '1h', 900);
    have('binance', 'BTC/USDT', '1h', 100);
    expect(sourcesOf(store, [btc])).toEqual(['binance BTC/USDT 1h']);
    expect(sourcesOf(store, [btc], { venue: 'kraken' })).toEqual(['kraken BTC/USD 1h']);
    expect(selectDataset(store, [btc], { venue: 'kraken' }).entries[0]!.symbol).toBe('BTC/USDT');
    expect(sourcesOf(store, [{ symbol: 'BTC/USDC', timeframe: '1h' }])).toEqual(['kraken BTC/USD 1h']);
  });

  it('is never one quoted in something else', () => {
    have('kraken', 'BTC/EUR', '1h', 900);
    expect(() => selectDataset(store, [btc])).toThrow(/No stored candles serve BTC\/USDT 1h. Stored: kraken: BTC\/EUR 1h./);
  });

  it('is of the venue with the longest span, by name when they are equal, unless a venue is given', () => {
    have('kraken', 'BTC/USDT', '1h', 100);
    have('binance', 'BTC/USDT', '1h', 100);
    expect(sourcesOf(store, [btc])).toEqual(['binance BTC/USDT 1h']);
    have('kraken', 'BTC/USDT', '1h', 101);
    expect(sourcesOf(store, [btc])).toEqual(['kraken BTC/USDT 1h']);
    expect(sourcesOf(store, [btc], { venue: 'binance' })).toEqual(['binance BTC/USDT 1h']);
  });

  it('is of one venue for all feeds where one has them all', () => {
    have('binance', 'BTC/USDT', '1h', 100);
    have('binance', 'ETH/USDT', '1h', 100);
    have('kraken', 'BTC/USDT', '1h', 900);
    expect(sourcesOf(store, [btc, eth])).toEqual(['binance BTC/USDT 1h', 'binance ETH/USDT 1h']);
  });

  it('is of several venues where none has them all', () => {
    have('binance', 'ETH/USDT', '1h', 100);
    have('kraken', 'BTC/USDT', '1h', 100);
    expect(sourcesOf(store, [btc, eth])).toEqual(['kraken BTC/USDT 1h', 'binance ETH/USDT 1h']);
  });

  it('is simulated only when nothing real fits or it is asked for', () => {
    have('simulated', 'BTC/USDT', '1h', 900);
    expect(selectDataset(store, [btc]).isSimulated).toBe(true);
    have('kraken', 'BTC/USD', '1h', 100);
    expect(sourcesOf(store, [btc])).toEqual(['kraken BTC/USD 1h']);
    expect(selectDataset(store, [btc]).isSimulated).toBe(false);
    expect(sourcesOf(store, [btc], { venue: 'simulated' })).toEqual(['simulated BTC/USDT 1h']);
  });

  it('is asked for once: another timeframe of the same symbol is derived from it', () => {
    have('binance', 'BTC/USDT', '1h', 100);
    expect(() => selectDataset(store, [btc, { symbol: 'BTC/USDT', timeframe: '1d' }])).toThrow(/1h and 1d were asked for/);
    expect(selectDataset(store, [btc, btc]).entries).toHaveLength(1);
  });

  it('is missed with a list of what there is', () => {
    expect(() => selectDataset(store, [btc])).toThrow(/The store is empty/);
    have('binance', 'ETH/USDT', '1h', 10);
    have('kraken', 'BTC/USD', '4h', 10);
    expect(() => selectDataset(store, [btc])).toThrow(/Stored: binance: ETH\/USDT 1h; kraken: BTC\/USD 4h/);
    expect(() => selectDataset(store, [eth], { venue: 'kraken' })).toThrow(/Stored: binance: ETH\/USDT 1h; kraken/);
  });
});

describe('a dataset', () => {
  it('lets each market begin where it was listed and ends all of them together', () => {
    have('binance', 'BTC/USDT', '1h', 500);
    have('binance', 'ETH/USDT', '1h', 300, startMs + 100 * hourMs);
    const { entries } = selectDataset(store, [btc, eth]);
    expect(entries.map(({ from, to, bars }) => [(from - startMs) / hourMs, (to - startMs) / hourMs, bars])).toEqual([
      [0, 400, 400],
      [100, 400, 300],
    ]);
  });

  it('is cut to the span that is asked for', () => {
    have('binance', 'BTC/USDT', '1h', 500);
    const span = { from: startMs + 10 * hourMs, to: startMs + 20 * hourMs };
    const dataset = selectDataset(store, [btc], { span });
    expect(dataset.entries[0]).toMatchObject({ ...span, bars: 10 });
    expect([...loadDataset(store, dataset).get('BTC/USDT')!.time]).toEqual(
      Array.from({ length: 10 }, (_, hour) => startMs + (10 + hour) * hourMs),
    );
    const later = { from: startMs + 900 * hourMs, to: startMs + 999 * hourMs };
    expect(() => selectDataset(store, [btc], { span: later })).toThrow(/has no bars for BTC\/USDT between/);
  });

  it('holds only bars that have ended when its span ends, derived or not', () => {
    have('binance', 'BTC/USDT', '5m', 1_000);
    have('binance', 'ETH/USDT', '1h', 100);
    const span = { from: startMs + 90 * 60_000, to: startMs + 10 * hourMs + 30 * 60_000 };
    const loaded = loadDataset(store, selectDataset(store, [btc, eth], { span }));
    for (const { time } of loaded.values()) {
      expect(time[0]).toBe(startMs + 2 * hourMs);
      expect(time.at(-1)! + timeframeMs('1h')).toBe(startMs + 10 * hourMs);
    }
  });

  it('keeps a derived bar whose last base bars are missing at the cut', () => {
    const key = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '5m' } as const;
    store.put(key, without(sampleColumns('5m', 100), new Set([33, 34, 35, 36, 37])), { isSimulated: false, source: 'a test' });
    const dataset = selectDataset(store, [btc], { span: { from: startMs, to: startMs + 3 * hourMs } });
    expect(dataset.entries[0]!.bars).toBe(3);
    expect(loadDataset(store, dataset).get('BTC/USDT')!.time).toHaveLength(3);
  });

  it('has the same digest for the same bytes, and another one for others', () => {
    have('binance', 'BTC/USDT', '1h', 100);
    const first = selectDataset(store, [btc]);
    have('binance', 'BTC/USDT', '1h', 100);
    expect(selectDataset(store, [btc])).toEqual(first);
    have('binance', 'BTC/USDT', '1h', 100, startMs, 101);
    expect(selectDataset(store, [btc]).digest).not.toBe(first.digest);
  });

  it('is loaded only as the bytes it names', () => {
    have('binance', 'BTC/USDT', '1h', 100);
    have('binance', 'ETH/USDT', '5m', 1_200);
    const dataset = selectDataset(store, [btc, eth]);
    const loaded = loadDataset(store, dataset);
    expect(plain(loaded.get('BTC/USDT')!)).toEqual(plain(sampleColumns('1h', 100)));
    expect(plain(loaded.get('ETH/USDT')!)).toEqual(plain(resample(sampleColumns('5m', 1_200), '5m', '1h')));
    have('binance', 'ETH/USDT', '5m', 1_200, startMs, 99);
    expect(() => loadDataset(store, dataset)).toThrow(expect.objectContaining({ code: 'candles/digest-mismatch' }));
  });

  it('still loads when its series has grown behind it', () => {
    have('binance', 'BTC/USDT', '1h', 100);
    const dataset = selectDataset(store, [btc]);
    store.append({ venue: 'binance', ...btc }, sampleColumns('1h', 5, startMs + 100 * hourMs));
    expect(loadDataset(store, dataset).get('BTC/USDT')!.time).toHaveLength(100);
  });

  it('can be made of stored series just as they are', () => {
    const series = [have('binance', 'BTC/USDT', '1h', 48), have('binance', 'BTC/USDT', '1d', 9)];
    const dataset = datasetOfSeries(store, series);
    expect(dataset.entries.map(({ bars }) => bars)).toEqual([48, 9]);
    expect(datasetOfSeries(store, series)).toEqual(dataset);
  });
});

describe('a span cut in three', () => {
  const shares = { development: 0.6, selection: 0.25, vault: 0.15 };

  it('is cut at midnights near the shares, nothing lost, nothing twice', () => {
    const span = { from: startMs + 5 * hourMs, to: startMs + 100 * dayMs + 7 * hourMs };
    const { development, selection, vault } = cutInThree(span, shares);
    expect([development.from, vault.to]).toEqual([span.from, span.to]);
    expect(selection).toEqual({ from: development.to, to: vault.from });
    expect([development.to, selection.to].map((time) => (time - startMs) / dayMs)).toEqual([60, 85]);
  });

  it('gives every part a day of a short span, and refuses a shorter one', () => {
    expect(cutInThree({ from: startMs, to: startMs + 3 * dayMs }, { development: 0.98, selection: 0.01, vault: 0.01 })).toEqual({
      development: { from: startMs, to: startMs + dayMs },
      selection: { from: startMs + dayMs, to: startMs + 2 * dayMs },
      vault: { from: startMs + 2 * dayMs, to: startMs + 3 * dayMs },
    });
    expect(() => cutInThree({ from: startMs, to: startMs + 2 * dayMs }, shares)).toThrow(/too short/);
  });

  it.each([
    [{ development: 0.6, selection: 0.3, vault: 0.2 }],
    [{ development: 1, selection: 0, vault: 0 }],
    [{ development: 1.2, selection: -0.1, vault: -0.1 }],
    [{ development: Number.NaN, selection: 0.5, vault: 0.5 }],
  ])('refuses the shares %j', (bad) => {
    expect(() => cutInThree({ from: startMs, to: startMs + 100 * dayMs }, bad)).toThrow(/do not cut a whole in three/);
  });

  it('covers a dataset from its first bar to its common end', () => {
    have('binance', 'BTC/USDT', '1h', 500);
    have('binance', 'ETH/USDT', '1h', 300, startMs + 100 * hourMs);
    expect(spanOf(selectDataset(store, [eth, btc]))).toEqual({ from: startMs, to: startMs + 400 * hourMs });
  });
});
