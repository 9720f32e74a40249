import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backtestCommand } from '#bot/cli/backtest.ts';
import { crossSource, simulated } from '#tests/engine/backtest/bench-market.ts';
import { temporaryFolder } from '#tests/engine/candles/candle-samples.ts';

const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const realData = '../shared/data';

let folder: ReturnType<typeof temporaryFolder>;
let lines: string[];
beforeEach(() => {
  folder = temporaryFolder();
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(...line.split('\n')));
});
afterEach(() => {
  vi.restoreAllMocks();
  folder.remove();
});

async function backtest(...words: string[]): Promise<void> {
  await backtestCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(words, { from: 'user' });
}

async function backtestJson(...words: string[]) {
  await backtest(...words, '--json');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines.pop()!);
}

/** A strategy file outside `strategies/` and a folder of candles for it. */
function prepared(): { file: string; data: string } {
  const data = join(folder.path, 'candles');
  mkdirSync(data);
  for (const [symbol, { time, open, high, low, close, volume }] of simulated(symbols, '1h', 1200)) {
    const rows = [...time].map((at, index) => [at, open[index], high[index], low[index], close[index], volume[index]].join(','));
    const text = ['timestamp_ms,open,high,low,close,volume', ...rows].join('\n');
    writeFileSync(join(data, `binance_${symbol.replace('/', '')}_1h_20240101-20240219.csv.gz`), gzipSync(`${text}\n`));
  }
  const file = join(folder.path, 'mine.ts');
  writeFileSync(file, crossSource);
  return { file, data };
}

describe('ratchet backtest', () => {
  it('runs a strategy file on candle files and prints one JSON object', async () => {
    const { file, data } = prepared();
    const result = await backtestJson(file, '--data', data, '--param', 'fast=12', '--param', 'stopLoss=0.03');
    expect(result.resultId).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(result.metrics.bars).toBe(3600);
    expect(result.trades).toHaveLength(result.metrics.trades);
    expect(result.request.parameters).toMatchObject({ fast: 12, slow: 21, stopLoss: 0.03 });
    expect(result.request.markets['BTC/USDT']).toMatchObject({ takerFeeRate: 0.001 });
    const again = await backtestJson(file, '--data', data, '--param', 'fast=12', '--param', 'stopLoss=0.03');
    expect(again.resultDigest).toBe(result.resultDigest);
  });

  it('takes span, fee and slippage from the command line, and they are part of the id', async () => {
    const { file, data } = prepared();
    const words = ['--from', '2024-01-15', '--to', '2024-02-10', '--fee-rate', '0', '--slippage', '0'];
    const free = await backtestJson(file, '--data', data, ...words);
    expect(free.request.span).toEqual({ from: Date.UTC(2024, 0, 15), to: Date.UTC(2024, 1, 10) });
    expect(free.metrics.fees).toBe(0);
    const dear = await backtestJson(file, '--data', data, ...words.slice(0, 4), '--fee-rate', '0.004');
    expect(dear.resultId).not.toBe(free.resultId);
    expect(dear.metrics.netReturn).toBeLessThan(free.metrics.netReturn);
  });

  it('prints a table, the last trades and the result id for a person', async () => {
    const { file, data } = prepared();
    await backtest(file, '--data', data, '--trades', '3');
    const text = lines.join('\n');
    expect(text).toMatch(/net return\s+-?\d+\.\d\d %/);
    expect(text).toMatch(/last 3 of \d+ trades/);
    expect(text).toMatch(/result id\s+sha256:/);
  });

  it.each([
    [['nowhere'], 'backtest/no-strategy'],
    [['FILE', '--param', 'fast'], 'backtest/usage'],
    [['FILE', '--param', 'speed=3'], 'backtest/parameters'],
    [['FILE', '--param', 'fast=99'], 'backtest/parameters'],
    [['FILE', '--from', 'yesterday'], 'backtest/usage'],
    [['FILE', '--from', '2024-02-10', '--to', '2024-02-01'], 'backtest/span'],
    [['FILE', '--fee-rate', '20'], 'backtest/usage'],
    [['FILE', '--capital', '-5'], 'backtest/usage'],
    [['FILE', '--venue', 'nasdaq'], 'candles/nothing-fits'],
  ])('%j is refused with one clear error', async (words, code) => {
    const { file, data } = prepared();
    const given = words.map((word) => (word === 'FILE' ? file : word));
    await expect(backtest(...given, '--data', data)).rejects.toMatchObject({ code });
    expect(lines).toEqual([]);
  });

  it('refuses what the static wall refuses, with the line', async () => {
    const { data } = prepared();
    const file = join(folder.path, 'clock.ts');
    writeFileSync(file, crossSource.replace("context.hold('in position')", 'context.hold(String(Date.now()))'));
    await expect(backtest(file, '--data', data)).rejects.toMatchObject({
      code: 'backtest/refused',
      message: expect.stringMatching(/clock\.ts:\d+:/),
    });
  });
});

describe.skipIf(!existsSync(realData))('ratchet backtest on the real candles beside the repository', () => {
  it('runs the incumbent over years of bars, and costs cost', async () => {
    const files = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'].map((symbol) =>
      join(realData, `binance_${symbol}_1h_20200920-20250630.csv.gz`),
    );
    const { metrics, request } = await backtestJson('ema-cross', '--data', ...files);
    expect(request.dataset.isSimulated).toBe(false);
    expect(metrics.trades).toBeGreaterThan(0);
    const free = await backtestJson('ema-cross', '--data', ...files, '--fee-rate', '0', '--slippage', '0');
    expect(metrics.netReturn).toBeLessThan(free.metrics.netReturn);
  });
});
