import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOfColumns, sliceColumns } from '#engine/candles/candle-columns.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { chunkBars } from '#engine/candles/digest-columns.ts';
import { itLong } from '#tests/support/long.ts';
import { plain, sampleColumns, startMs, temporaryFolder, without } from './candle-samples.ts';

const key = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '5m' } as const;
const origin = { isSimulated: false, source: 'a test' };
const minutes = (count: number) => startMs + count * 60_000;

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

const generations = () => readdirSync(join(folder.path, 'series'));

describe('a candle store', () => {
  it('gives back the bars it was given, also after it was closed', () => {
    const columns = sampleColumns('5m', 1_000);
    store.put(key, columns, origin);
    store.close();
    store = CandleStore.open(folder.path);
    expect(plain(store.load(key))).toEqual(plain(columns));
    expect(store.series()).toEqual([
      expect.objectContaining({
        ...key,
        bars: 1_000,
        firstTime: startMs,
        lastTime: minutes(4_995),
        isSimulated: false,
        source: 'a test',
      }),
    ]);
  });

  it('loads into shared memory, and into the buffer it is handed', () => {
    store.put(key, sampleColumns('5m', 50), origin);
    expect(store.load(key).close.buffer).toBeInstanceOf(SharedArrayBuffer);
    const buffer = new SharedArrayBuffer(bytesOfColumns(50));
    const loaded = store.load(key, undefined, buffer);
    expect(loaded.close.buffer).toBe(buffer);
    expect(plain(loaded)).toEqual(plain(sampleColumns('5m', 50)));
    expect(() => store.load(key, undefined, new SharedArrayBuffer(100))).toThrow(/50 bars need 2400 bytes/);
  });

  it('loads only the bars that open within a span', () => {
    store.put(key, sampleColumns('5m', 100), origin);
    const part = store.load(key, { from: minutes(11), to: minutes(30) });
    expect([...part.time]).toEqual([minutes(15), minutes(20), minutes(25)]);
    expect(store.load(key, { from: minutes(30), to: minutes(11) }).time).toHaveLength(0);
  });

  it('appends bars and arrives at the digest of the whole, across chunks', () => {
    const whole = sampleColumns('5m', chunkBars + 10);
    store.put(key, sliceColumns(whole, 0, chunkBars - 5), origin);
    store.append(key, sliceColumns(whole, chunkBars - 5, chunkBars + 3));
    const appended = store.append(key, sliceColumns(whole, chunkBars + 3, chunkBars + 10));
    expect(store.verify(key)).toEqual(appended);
    expect(store.put(key, whole, origin).digest).toBe(appended.digest);
  });

  it('gives the same bars of another market another digest', () => {
    const one = store.put(key, sampleColumns('5m', 10), origin);
    const other = store.put({ ...key, symbol: 'ETH/USDT' }, sampleColumns('5m', 10), origin);
    expect(other.digest).not.toBe(one.digest);
  });

  it('refuses to append bars that are not behind the last one', () => {
    store.put(key, sampleColumns('5m', 10), origin);
    expect(() => store.append(key, sampleColumns('5m', 3, minutes(45)))).toThrow(/new bars begin at 2024-01-01T00:45/);
    expect(store.verify(key).bars).toBe(10);
  });

  it.each([
    ['a falling time', (c: ReturnType<typeof sampleColumns>) => (c.time[5] = minutes(5)), /bar 5: .* times must rise/],
    ['a misaligned time', (c: ReturnType<typeof sampleColumns>) => (c.time[5] = minutes(26)), /not the start of a 5m bar/],
    ['a price of zero', (c: ReturnType<typeof sampleColumns>) => (c.low[5] = 0), /low is 0/],
    ['NaN', (c: ReturnType<typeof sampleColumns>) => (c.close[5] = Number.NaN), /close is NaN/],
    [
      'an infinite volume',
      (c: ReturnType<typeof sampleColumns>) => (c.volume[5] = Number.POSITIVE_INFINITY),
      /volume is Infinity/,
    ],
    ['a high below the close', (c: ReturnType<typeof sampleColumns>) => (c.high[5] = 99), /high is below/],
  ])('refuses %s and keeps what it has', (_name, spoil, message) => {
    const before = store.put(key, sampleColumns('5m', 10), origin);
    const columns = sampleColumns('5m', 20);
    spoil(columns);
    expect(() => store.put(key, columns, origin)).toThrow(message);
    expect(store.verify(key)).toEqual(before);
  });

  it('lets nothing simulated pass for real, and nothing real for simulated', () => {
    expect(() => store.put(key, sampleColumns('5m', 3), { isSimulated: true, source: 'seed 1' })).toThrow(
      /is simulated, and the venue says otherwise/,
    );
    expect(() => store.put({ ...key, venue: 'simulated' }, sampleColumns('5m', 3), origin)).toThrow(/is not simulated/);
  });

  it('says what is stored when a series is not', () => {
    store.put(key, sampleColumns('5m', 3), origin);
    expect(() => store.load({ ...key, symbol: 'ETH/USDT' })).toThrow(
      expect.objectContaining({ remedy: 'Stored: binance BTC/USDT 5m.' }),
    );
  });

  it('makes a batch visible whole or not at all', () => {
    const other = { ...key, symbol: 'ETH/USDT' } as const;
    store.put(key, sampleColumns('5m', 3), origin);
    const before = store.series();
    expect(() =>
      store.batch(() => {
        store.put(key, sampleColumns('5m', 9), origin);
        store.append(key, sampleColumns('5m', 9, minutes(45)));
        store.put(other, sampleColumns('5m', 9), origin);
        throw new Error('the third file was bad');
      }),
    ).toThrow('the third file was bad');
    expect(store.series()).toEqual(before);
    expect(store.verify(key).bars).toBe(3);
    store.put(other, sampleColumns('5m', 4), origin);
    expect(generations()).toHaveLength(2);
  });

  it('serves a reader the old bars while a writer is in the middle of its work, the new ones after', () => {
    store.put(key, sampleColumns('5m', 100), origin);
    const reader = store.batch(() => {
      store.put(key, sampleColumns('5m', 200), origin);
      const reader = CandleStore.open(folder.path);
      expect(reader.load(key).time).toHaveLength(100);
      expect(reader.verify(key).bars).toBe(100);
      return reader;
    });
    expect(reader.load(key).time).toHaveLength(200);
    reader.close();
  });

  it('ignores what an interrupted append left behind, and writes over it', () => {
    const whole = sampleColumns('5m', 30);
    store.put(key, sliceColumns(whole, 0, 20), origin);
    const generation = generations()[0]!;
    for (const file of readdirSync(join(folder.path, 'series', generation))) {
      writeFileSync(join(folder.path, 'series', generation, file), Buffer.alloc(8 * 3 + 5, 0xff), { flag: 'a' });
    }
    expect(store.verify(key).bars).toBe(20);
    store.append(key, sliceColumns(whole, 20, 30));
    expect(plain(store.load(key))).toEqual(plain(whole));
    expect(store.verify(key).bars).toBe(30);
  });

  it('sweeps folders that no series names at the next write', () => {
    mkdirSync(join(folder.path, 'series', '77'));
    store.put(key, sampleColumns('5m', 3), origin);
    expect(existsSync(join(folder.path, 'series', '77'))).toBe(false);
  });

  it('notices files that are cut or changed', () => {
    store.put(key, sampleColumns('5m', 50), origin);
    const file = join(folder.path, 'series', generations()[0]!, 'close.f64');
    writeFileSync(file, new Float64Array(50).fill(100.5));
    expect(() => store.verify(key)).toThrow(/no longer match their digest/);
    truncateSync(file, 100);
    expect(() => store.load(key)).toThrow(/it holds 100 bytes, the catalogue says 400/);
  });

  it('opened by who only reads is one that is there, and none is made of a misspelt name', () => {
    store.put(key, sampleColumns('5m', 3), origin);
    const reader = CandleStore.openExisting(folder.path);
    expect(reader.load(key).time).toHaveLength(3);
    reader.close();
    const misspelt = join(folder.path, 'stoer');
    expect(() => CandleStore.openExisting(misspelt)).toThrow(
      expect.objectContaining({ code: 'candles/no-store', message: `There is no candle store in ${misspelt}.` }),
    );
    expect(existsSync(misspelt)).toBe(false);
  });

  it('refuses a file that is no catalogue', () => {
    const broken = join(folder.path, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'catalogue.sqlite'), 'not a database at all, but long enough to look like one'.repeat(50));
    expect(() => CandleStore.open(broken)).toThrow(/cannot be opened/);
  });

  it('keeps gaps as they are', () => {
    const columns = without(sampleColumns('5m', 20), new Set([3, 4, 11]));
    store.put(key, columns, origin);
    expect([...store.load(key).time]).toEqual([...columns.time]);
  });
});

describe('a writer killed in the middle', () => {
  const writer = fileURLToPath(new URL('./writer-process.ts', import.meta.url));
  const minuteKey = { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1m' } as const;

  itLong('leaves a series from one round, whole and with the right digest, twelve times over', async () => {
    for (let round = 0; round < 12; round += 1) {
      await runAndKill(writer, folder.path, 1_000 * (round + 1), 3 + ((round * 7) % 23));
      const info = store.verify(minuteKey);
      const { low } = store.load(minuteKey);
      const price = Number(info.source);
      expect([3_000, 3_500, 4_000, 4_500]).toContain(info.bars);
      expect(Math.min(...low)).toBe(price - 0.25);
      expect(Math.max(...low)).toBeLessThan(price + 100);
    }
    store.put(minuteKey, sampleColumns('1m', 10), origin);
    expect(generations()).toHaveLength(1);
  });

  it('is never seen half-way by a reader of another process while it lives', async () => {
    const writing = runAndKill(writer, folder.path, 1_000, 1_500);
    const prices = new Set<number>();
    let isRunning = true;
    void writing.finally(() => {
      isRunning = false;
    });
    while (isRunning) {
      if (store.find(minuteKey) !== undefined) {
        const { low, time } = store.load(minuteKey);
        const least = Math.min(...low);
        expect(Math.max(...low) - least).toBeLessThan(100);
        expect(time.length % 500).toBe(0);
        prices.add(least);
        store.verify(minuteKey);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    expect(prices.size).toBeGreaterThan(3);
  });
});

/** Starts the writer, waits for its first finished round, and kills it `delayMs` later, wherever it is. */
async function runAndKill(script: string, directory: string, price: number, delayMs: number): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory, String(price)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the writer ended before it wrote')));
  });
  setTimeout(() => child.kill('SIGKILL'), delayMs);
  await exited;
}
