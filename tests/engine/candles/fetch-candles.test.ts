import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sliceColumns } from '#engine/candles/candle-columns.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { type FetchPorts, type FetchProgress, type FetchRequest, fetchCandles } from '#engine/candles/fetch-candles.ts';
import { fetchableVenues, openVenue } from '#engine/candles/open-venue.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { plain, sampleColumns, startMs, temporaryFolder } from './candle-samples.ts';
import { binanceDialect } from './exchange/binance-dialect.ts';
import { CandleExchange, type Dialect } from './exchange/candle-exchange.ts';
import { coinbaseDialect } from './exchange/coinbase-dialect.ts';
import { krakenDialect } from './exchange/kraken-dialect.ts';

const hourMs = 3_600_000;
const hours = (count: number) => startMs + count * hourMs;

let folder: ReturnType<typeof temporaryFolder>;
let store: CandleStore;
let exchange: CandleExchange | undefined;
const waits: number[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  store = CandleStore.open(folder.path);
  waits.length = 0;
});
afterEach(async () => {
  await exchange?.stop();
  exchange = undefined;
  store.close();
  folder.remove();
});

/** An exchange whose clock stands half an hour into the last of the bars. */
async function start(dialect: Dialect, bars: number): Promise<CandleColumns> {
  const columns = sampleColumns('1h', bars);
  exchange = await CandleExchange.start(dialect, { stepMs: hourMs, columns, nowMs: hours(bars) - hourMs / 2 });
  return columns;
}

async function download(name: string, request: Partial<FetchRequest> = {}, ports: Partial<FetchPorts> = {}) {
  const venue = await openVenue(name, exchange!.url);
  const symbol = name === 'binance' ? 'BTC/USDT' : 'BTC/USD';
  return await fetchCandles(
    store,
    venue,
    { symbol, timeframe: '1h', from: startMs, ...request },
    { now: () => exchange!.state.nowMs, sleep: async (ms) => void waits.push(ms), ...ports },
  );
}

describe('a stand-in for an exchange', () => {
  it.each(fetchableVenues)('takes every address of %s, so that nothing can reach the real one', async (name) => {
    const venue = await openVenue(name, 'http://127.0.0.1:9');
    const addresses = JSON.stringify(venue.exchange.urls).match(/\w+:\/\/[^"]*/g)!;
    expect(addresses.length).toBeGreaterThan(1);
    expect(addresses.filter((address) => !address.startsWith('http://127.0.0.1:9'))).toEqual([]);
  });

  it('is not needed to refuse an exchange nobody knows', async () => {
    await expect(openVenue('mtgox')).rejects.toThrow(/cannot be fetched from "mtgox"/);
  });
});

describe('fetching from Binance', () => {
  const key = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1h' } as const;

  it('stores all closed bars page by page and leaves the forming one out', async () => {
    const columns = await start(binanceDialect, 2_500);
    const seen: FetchProgress[] = [];
    const report = await download('binance', {}, { onProgress: (progress) => seen.push(progress) });
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 0, 2_499)));
    expect(report).toMatchObject({ addedBars: 2_499, resumedBars: 0, notices: [] });
    expect(seen.map(({ bars }) => bars)).toEqual([1_000, 2_000, 2_499]);
    expect(seen.at(-1)).toMatchObject({ expectedBars: 2_499, time: hours(2_498) });
    expect(store.verify(key).source).toBe('fetched from binance');
  });

  it('goes on behind the last stored bar when it is run again', async () => {
    const columns = await start(binanceDialect, 1_500);
    await download('binance', { to: hours(600) });
    expect(store.find(key)!.bars).toBe(600);
    exchange!.requests.length = 0;
    const report = await download('binance');
    expect(report).toMatchObject({ addedBars: 899, resumedBars: 600 });
    expect(exchange!.candleRequests[0]).toContain(`startTime=${hours(600)}`);
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 0, 1_499)));
  });

  it('adds nothing, and does no harm, when nothing is new', async () => {
    await start(binanceDialect, 100);
    const first = await download('binance');
    const second = await download('binance');
    expect(second).toMatchObject({ series: first.series, addedBars: 0, resumedBars: 99 });
  });

  it('also fetches what lies before the first stored bar', async () => {
    const columns = await start(binanceDialect, 1_500);
    await download('binance', { from: hours(1_200) });
    const report = await download('binance', { from: hours(10) });
    expect(report).toMatchObject({ addedBars: 1_190, resumedBars: 299 });
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 10, 1_499)));
  });

  it('says so when the market is younger than what was asked for', async () => {
    await start(binanceDialect, 50);
    const report = await download('binance', { from: startMs - 500 * hourMs });
    expect(report.series.firstTime).toBe(startMs);
    expect(report.notices).toEqual([
      expect.stringContaining('binance gave no bars between 2023-12-11 04:00 UTC and 2024-01-01 00:00 UTC'),
    ]);
    const again = await download('binance', { from: startMs - 500 * hourMs });
    expect(again).toMatchObject({ addedBars: 0, notices: [expect.stringContaining('gave no bars between')] });
  });

  it('tries again after drops, cut answers and busy signs, waiting longer each time', async () => {
    const columns = await start(binanceDialect, 1_500);
    exchange!.faults.push('none', 'drop', 'cut', 'busy');
    const report = await download('binance');
    expect(report.addedBars).toBe(1_499);
    expect(waits).toEqual([500, 1_000, 2_000]);
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 0, 1_499)));
  });

  it('gives up after six drops with what it has, and resumes there', async () => {
    const columns = await start(binanceDialect, 2_500);
    exchange!.faults.push('none', 'drop', 'drop', 'drop', 'drop', 'drop', 'drop');
    await expect(download('binance')).rejects.toThrow(
      /did not answer 6 times in a row; 1000 new bars of binance BTC\/USDT 1h are stored/,
    );
    expect(store.verify(key).bars).toBe(1_000);
    const report = await download('binance');
    expect(report).toMatchObject({ addedBars: 1_499, resumedBars: 1_000 });
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 0, 2_499)));
  });

  it('goes by the clock that is behind, so that a fast clock here stores no forming bar', async () => {
    await start(binanceDialect, 100);
    const report = await download('binance', {}, { now: () => hours(100) + 5 });
    expect(report.series.lastTime).toBe(hours(98));
  });

  it('names markets near one it does not have', async () => {
    await start(binanceDialect, 10);
    const error = await download('binance', { symbol: 'BTC/USD' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'candles/unknown-symbol',
      message: 'binance has no market "BTC/USD".',
      remedy: 'Near it: BTC/USDT, BTC/EUR.',
    });
    expect(store.series()).toEqual([]);
  });

  it('refuses bars that make no sense and keeps the good ones before them', async () => {
    const columns = await start(binanceDialect, 1_500);
    columns.low[1_200] = -1;
    await expect(download('binance')).rejects.toThrow(/low is -1; prices must be above zero/);
    expect(store.verify(key).bars).toBe(1_000);
  });

  it('refuses a span without closed bars', async () => {
    await start(binanceDialect, 10);
    await expect(download('binance', { from: hours(9) })).rejects.toThrow(
      /no closed 1h bars of BTC\/USDT between 2024-01-01 09:00 UTC/,
    );
  });
});

describe('fetching from Kraken', () => {
  const key = { venue: 'kraken', symbol: 'BTC/USD', timeframe: '1h' } as const;

  it('stores the newest bars it serves and says clearly what it does not', async () => {
    const columns = await start(krakenDialect, 1_000);
    const report = await download('kraken');
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 280, 999)));
    expect(report.notices).toEqual([
      'kraken serves only its newest 720 candles: no bars between 2024-01-01 00:00 UTC and 2024-01-12 16:00 UTC. Import its downloadable history for those.',
    ]);
  });

  it('goes on without a hole when run again in time, through a drop in the middle', async () => {
    const columns = await start(krakenDialect, 1_000);
    exchange!.state.nowMs = hours(500) + 1;
    await download('kraken');
    exchange!.state.nowMs = hours(999) + 1;
    exchange!.faults.push('drop', 'cut');
    const report = await download('kraken');
    expect(report).toMatchObject({ addedBars: 499, resumedBars: 500, notices: [] });
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 0, 999)));
  });

  it('takes the symbol as Kraken writes it without a slash, too', async () => {
    await start(krakenDialect, 30);
    expect((await download('kraken', { symbol: 'btcusd' })).series.symbol).toBe('BTC/USD');
  });
});

describe('fetching from Coinbase', () => {
  const key = { venue: 'coinbase', symbol: 'BTC/USD', timeframe: '1h' } as const;

  it('walks over empty windows to the first bars, and on to the last closed one', async () => {
    const columns = await start(coinbaseDialect, 700);
    const report = await download('coinbase', { from: startMs - 1_000 * hourMs });
    expect(plain(store.load(key))).toEqual(plain(sliceColumns(columns, 0, 699)));
    expect(report.notices).toEqual([expect.stringContaining('coinbase gave no bars between')]);
  });

  it('offers the timeframes it has when asked for another', async () => {
    await start(coinbaseDialect, 10);
    await expect(download('coinbase', { timeframe: '4h' })).rejects.toMatchObject({
      code: 'candles/unsupported-timeframe',
      remedy: 'It offers 1m, 5m, 15m, 30m, 1h, 1d; higher ones are derived from lower ones.',
    });
  });
});

const samples = fileURLToPath(new URL('../../../../shared/exchange-samples/kraken/marketdata', import.meta.url));

describe.skipIf(!existsSync(samples))('answers recorded from Kraken', () => {
  const sample = (name: string) => JSON.parse(readFileSync(`${samples}/example-${name}-data.json`, 'utf8'));

  it('are stored to the last digit', async () => {
    const answer = sample('ohlc');
    const rows: (string | number)[][] = answer.result.XXBTZUSD;
    // The recording is from the time of Kraken's dark pools (`.d`), whose names ccxt no longer tells apart.
    const pairs = Object.fromEntries(Object.entries(sample('assetpairs').result).filter(([id]) => !id.endsWith('.d')));
    const recorded: Dialect = (url) => {
      if (url.pathname.endsWith('/OHLC')) return answer;
      if (url.pathname.endsWith('/Assets')) return sample('assets');
      if (url.pathname.endsWith('/AssetPairs')) return { error: [], result: pairs };
      return { error: [], result: { unixtime: Number(rows.at(-1)![0]) + 5 } };
    };
    exchange = await CandleExchange.start(recorded, {
      stepMs: 60_000,
      columns: sampleColumns('1m', 1),
      nowMs: Number(rows.at(-1)![0]) * 1000 + 5_000,
    });
    const report = await download('kraken', { timeframe: '1m', from: Number(rows[0]![0]) * 1000 });
    const stored = store.load(report.series);
    expect([...stored.time]).toEqual(rows.slice(0, -1).map((row) => Number(row[0]) * 1000));
    expect([...stored.close]).toEqual(rows.slice(0, -1).map((row) => Number(row[4])));
    expect([...stored.volume]).toEqual(rows.slice(0, -1).map((row) => Number(row[6])));
  });
});
