import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dataCommand } from '#bot/cli/data.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { csvOf, rowsOf, sampleColumns, startMs, temporaryFolder } from '#tests/engine/candles/candle-samples.ts';
import { binanceDialect } from '#tests/engine/candles/exchange/binance-dialect.ts';
import { CandleExchange } from '#tests/engine/candles/exchange/candle-exchange.ts';

const hourMs = 3_600_000;

let folder: ReturnType<typeof temporaryFolder>;
let directory: string;
let lines: string[];
beforeEach(() => {
  folder = temporaryFolder();
  directory = join(folder.path, 'store');
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(...line.split('\n')));
});
afterEach(() => {
  vi.restoreAllMocks();
  folder.remove();
});

/** Runs `ratchet data …` on the test's store; what it printed is in `lines`. */
async function data(...words: string[]): Promise<void> {
  const command = dataCommand().exitOverride();
  for (const child of command.commands) child.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync([...words, '--store', directory], { from: 'user' });
}

async function dataJson(...words: string[]) {
  await data(...words, '--json');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines.pop()!);
}

function file(name: string, text: string | Buffer): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

const sampleCsv = csvOf(rowsOf(sampleColumns('1h', 240)));

describe('ratchet data import', () => {
  it('shows bars, gaps, duplicates, outliers and the digest of the dataset', async () => {
    await data('import', file('binance_BTCUSDT_1h_20240101-20240110.csv.gz', gzipSync(sampleCsv)));
    expect(lines[0]).toMatch(/^series +bars +first +last +missing +gaps +longest +duplicates +outliers/);
    expect(lines[2]).toMatch(/^binance BTC\/USDT 1h +240 +2024-01-01 00:00 +2024-01-10 23:00 +0 +0 +0 +0 +0 /);
    expect(lines.at(-1)).toMatch(/^1 file imported\. Dataset sha256:[0-9a-f]{64}$/);
  });

  it('prints one object for programs', async () => {
    const answer = await dataJson('import', file('binance_BTCUSDT_1h.csv', sampleCsv));
    expect(answer.files).toEqual([
      {
        file: 'binance_BTCUSDT_1h.csv',
        series: expect.objectContaining({ venue: 'binance', symbol: 'BTC/USDT', timeframe: '1h', bars: 240, isSimulated: false }),
        quality: expect.objectContaining({ bars: 240, missing: 0, gaps: 0, duplicates: 0, jumps: 0 }),
      },
    ]);
    expect(answer.dataset).toMatchObject({
      digest: expect.stringMatching(/^sha256:/),
      isSimulated: false,
      entries: [{ bars: 240, from: startMs }],
    });
  });

  it('takes a folder, and nothing of it when one file is bad', async () => {
    file('binance_BTCUSDT_1h.csv', sampleCsv);
    const bad = file('binance_ETHUSDT_1h.csv', sampleCsv.replace('\n1704070800000,', '\n1704063600000,'));
    await expect(data('import', folder.path)).rejects.toThrow(/binance_ETHUSDT_1h.csv, line 3: .* times must rise/);
    expect((await dataJson('list')).series).toEqual([]);
    writeFileSync(bad, sampleCsv);
    await data('import', folder.path);
    lines.length = 0;
    expect((await dataJson('list')).series).toHaveLength(2);
  });

  it('takes the market from flags', async () => {
    const path = file('export.csv', sampleCsv);
    const answer = await dataJson('import', path, '--venue', 'kraken', '--symbol', 'ETH/EUR', '--timeframe', '1h');
    expect(answer.files[0].series).toMatchObject({ venue: 'kraken', symbol: 'ETH/EUR' });
  });
});

describe('ratchet data simulate', () => {
  it('gives the same dataset for the same seed, labelled SIMULATED', async () => {
    const first = await dataJson('simulate', '--seed', '7', '--bars', '500');
    const second = await dataJson('simulate', '--seed', '7', '--bars', '500');
    expect(second).toEqual(first);
    expect(first.dataset.isSimulated).toBe(true);
    expect(first.series.map(({ symbol }: { symbol: string }) => symbol)).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT']);
    await data('simulate', '--seed', '8', '--bars', '500', '--symbols', 'btc/usdt', '--timeframe', '1h');
    expect(lines.join('\n')).toMatch(/SIMULATED, seed 8[\s\S]*SIMULATED market of seed 8\. Dataset sha256:/);
  });

  it.each([
    [['--seed', 'seven'], /--seed .*'seven' is invalid\. It must be a whole number/],
    [['--seed', '7', '--bars', '0'], /--bars .*'0' is invalid\. It must be a whole number from 1/],
    [['--seed', '7', '--bars', '99999999999'], /--bars .*'99999999999' is invalid/],
    [['--seed', '7', '--timeframe', '2h'], /--timeframe .*'2h' is invalid\. It must be one of/],
    [['--seed', '7', '--from', 'yesterday'], /--from .*'yesterday' is invalid\. It must be a date/],
    [['--seed', '7', '--from', '2024-02-30'], /--from .*'2024-02-30' is invalid/],
    [['--seed', '7', '--symbols', 'BTC/USDT,,'], /"" is not a symbol/],
  ])('refuses %j and makes no store', async (words, message) => {
    await expect(data('simulate', ...words)).rejects.toThrow(message);
    expect(existsSync(directory)).toBe(false);
  });
});

describe('ratchet data fetch', () => {
  it('stores closed bars and goes on from them', async () => {
    const columns = sampleColumns('1h', 100);
    const exchange = await CandleExchange.start(binanceDialect, { stepMs: hourMs, columns, nowMs: startMs + 49.5 * hourMs });
    try {
      const words = [
        'fetch',
        '--venue',
        'binance',
        '--symbol',
        'BTC/USDT',
        '--timeframe',
        '1h',
        '--from',
        '2024-01-01',
        '--endpoint',
        exchange.url,
      ];
      expect(await dataJson(...words)).toMatchObject({ addedBars: 49, resumedBars: 0, notices: [], series: { bars: 49 } });
      exchange.state.nowMs = startMs + 99.5 * hourMs;
      await data(...words);
      expect(lines.at(-1)).toMatch(/^50 bars fetched, continuing 49 stored ones\. Digest sha256:/);
    } finally {
      await exchange.stop();
    }
    const store = CandleStore.open(directory);
    expect(store.verify({ venue: 'binance', symbol: 'BTC/USDT', timeframe: '1h' }).bars).toBe(99);
    store.close();
  });

  it('refuses an exchange nobody knows', async () => {
    const words = ['fetch', '--venue', 'mtgox', '--symbol', 'BTC/USD', '--timeframe', '1h', '--from', '2024-01-01'];
    await expect(data(...words)).rejects.toThrow(/cannot be fetched from "mtgox"/);
    expect(existsSync(directory)).toBe(false);
  });
});

describe('ratchet data list', () => {
  it('shows what is stored', async () => {
    await data('simulate', '--seed', '1', '--symbols', 'BTC/USDT', '--bars', '10');
    lines.length = 0;
    await data('list');
    expect(lines[2]).toMatch(/^simulated BTC\/USDT 5m +10 +2024-01-01 00:00 +2024-01-01 00:50 +SIMULATED, seed 1/);
  });

  it('tells of bars that the exchange has told differently since they were traded on', async () => {
    const key = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1h' } as const;
    const store = CandleStore.open(directory);
    store.put(key, sampleColumns('1h', 24), { isSimulated: false, source: 'watched at binance' });
    const bar = { time: startMs, open: 1, high: 2, low: 1, close: 2, volume: 3 };
    store.corrections.note({ ...key, was: null, is: bar, noticedAt: startMs + hourMs });
    store.close();
    await data('list');
    expect(lines.at(-1)).toMatch(/^Note: of binance BTC\/USDT 1h the exchange told 1 bars differently/);
    lines.length = 0;
    expect((await dataJson('list')).corrections).toEqual([{ ...key, was: null, is: bar, noticedAt: startMs + hourMs }]);
  });

  it('leaves no store behind where there was none', async () => {
    await data('list');
    expect(lines[0]).toContain('No candles in');
    expect(existsSync(directory)).toBe(false);
  });
});
