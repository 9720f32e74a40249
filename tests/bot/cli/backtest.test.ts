import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgram } from '#bot/cli/program.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { importCandleFiles } from '#engine/candles/import-candle-files.ts';
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
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
  folder.remove();
});

/** `ratchet backtest …`, through the whole program as it is typed. */
async function backtest(...words: string[]): Promise<void> {
  await createProgram().parseAsync(['backtest', ...words], { from: 'user' });
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

  it('takes capital, seed and delay from the command line, and they are part of the id', async () => {
    const { file, data } = prepared();
    const plain = await backtestJson(file, '--data', data);
    expect(plain.request).toMatchObject({ capital: 10_000, seed: 1, delayBars: 0 });
    const small = await backtestJson(file, '--data', data, '--capital', '500');
    const seeded = await backtestJson(file, '--data', data, '--seed', '2');
    const late = await backtestJson(file, '--data', data, '--delay', '1');
    expect([small.request.capital, seeded.request.seed, late.request.delayBars]).toEqual([500, 2, 1]);
    expect(new Set([plain, small, seeded, late].map(({ resultId }) => resultId)).size).toBe(4);
    expect(late.trades[0].entryTime).toBe(plain.trades[0].entryTime + 3_600_000);
    expect(seeded.resultDigest).toBe(plain.resultDigest);
  });

  it('changes only the cost it is told', async () => {
    const { file, data } = prepared();
    const market = async (...words: string[]) => (await backtestJson(file, '--data', data, ...words)).request.markets['SOL/USDT'];
    const usual = await market();
    expect(await market('--fee-rate', '0.004')).toEqual({ ...usual, makerFeeRate: 0.004, takerFeeRate: 0.004 });
    expect(await market('--slippage', '0.002')).toEqual({ ...usual, slippageRate: 0.002 });
    expect(await market('--fee-rate', '0', '--slippage', '0')).toEqual({
      ...usual,
      makerFeeRate: 0,
      takerFeeRate: 0,
      slippageRate: 0,
    });
  });

  it('takes one end of the span alone, and warms up on what is before it', async () => {
    const { file, data } = prepared();
    const late = await backtestJson(file, '--data', data, '--from', '2024-01-20T06:00Z');
    expect(late.request.span).toEqual({ from: Date.UTC(2024, 0, 20, 6), to: Date.UTC(2024, 1, 20) });
    expect(late.metrics.bars).toBe(3 * (1200 - 19 * 24 - 6));
    expect(late.decisions.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(late.metrics.bars);
    const early = await backtestJson(file, '--data', data, '--to', '2024-01-20');
    expect(early.metrics.bars).toBe(3 * 19 * 24);
  });

  it('counts whole bars: none that closes after the end or opened before the beginning', async () => {
    const { file, data } = prepared();
    const result = await backtestJson(file, '--data', data, '--from', '2024-01-15T05:20Z', '--to', '2024-02-01T10:40Z');
    expect(result.request.span).toEqual({ from: Date.UTC(2024, 0, 15, 6), to: Date.UTC(2024, 1, 1, 10) });
    expect(result.equity.time.at(-1)).toBe(Date.UTC(2024, 1, 1, 10));
    const whole = await backtestJson(file, '--data', data, '--from', '2024-01-15T06:00Z', '--to', '2024-02-01T10:00Z');
    expect(whole.resultDigest).toBe(result.resultDigest);
  });

  it('does not claim years that no candle covers: a span beyond them is cut to them', async () => {
    const { file, data } = prepared();
    const wide = await backtestJson(file, '--data', data, '--from', '2010-01-01', '--to', '2040-01-01');
    expect(wide.request.span).toEqual({ from: Date.UTC(2024, 0, 1), to: Date.UTC(2024, 1, 20) });
    expect(wide.resultId).toBe((await backtestJson(file, '--data', data)).resultId);
  });

  it('takes a file or a folder with a manifest from anywhere, by a relative path too', async () => {
    const { file, data } = prepared();
    const own = join(folder.path, 'own');
    mkdirSync(own);
    writeFileSync(join(own, 'main.ts'), crossSource);
    writeFileSync(
      join(own, 'manifest.yaml'),
      'id: own\ndescription: mine\nstage: shadow\nentry: main.ts\nparameters: { fast: 12 }\n',
    );
    const here = (path: string): string => relative(process.cwd(), path);
    const ofFolder = await backtestJson(here(own), '--data', here(data));
    expect(ofFolder.request.parameters).toMatchObject({ fast: 12, slow: 21 });
    const ofFile = await backtestJson(here(file), '--data', data, '--param', 'fast=12');
    expect(ofFile.resultDigest).toBe(ofFolder.resultDigest);
    expect((await backtestJson(own, '--data', data, '--param', 'fast=5')).request.parameters.fast).toBe(5);
  });

  it.each([
    ['nested so deep that a YAML parser would end the process', '{a: '.repeat(4_000), /opens more than 100 brackets/],
    ['that names a file outside', 'id: own\ndescription: mine\nstage: shadow\nentry: ../main.ts\n', /: entry: /],
  ])('refuses a manifest %s', async (_name, text, message) => {
    const own = join(folder.path, 'own');
    mkdirSync(own);
    writeFileSync(join(own, 'manifest.yaml'), text);
    await expect(backtest(own)).rejects.toMatchObject({
      code: 'backtest/manifest',
      message: expect.stringMatching(message),
    });
  });

  it('of a strategy that never trades says null where there is nothing to say', async () => {
    const { file, data } = prepared();
    writeFileSync(file, crossSource.replace('!fast.crossedAbove(slow)', 'bar.close > 0'));
    const { metrics, trades } = await backtestJson(file, '--data', data);
    expect(trades).toEqual([]);
    const { bars, trades: count, netReturn, maxDrawdown, maxDrawdownBars, exposure, turnover, fees, ...said } = metrics;
    expect(bars).toBe(3600);
    expect([count, netReturn, maxDrawdown, maxDrawdownBars, exposure, turnover, fees]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(new Set(Object.values(said))).toEqual(new Set([null]));
  });

  it('refuses a market whose tick is no small part of its price, where every fill would be rounding', async () => {
    const data = join(folder.path, 'candles');
    mkdirSync(data);
    const rows = Array.from(
      { length: 300 },
      (_, hour) => `${Date.UTC(2024, 0, 1, hour)},0.00001,0.000012,0.000009,0.00001,5000000`,
    );
    const text = ['timestamp_ms,open,high,low,close,volume', ...rows].join('\n');
    writeFileSync(join(data, 'binance_PEPEUSDT_1h_20240101-20240113.csv.gz'), gzipSync(`${text}\n`));
    const file = join(folder.path, 'mine.ts');
    writeFileSync(file, crossSource.replace("['BTC/USDT', 'ETH/USDT', 'SOL/USDT']", "['PEPE/USDT']"));
    await expect(backtest(file, '--data', data)).rejects.toMatchObject({
      code: 'backtest/tick',
      message: expect.stringMatching(/PEPE\/USDT a tick of 0\.0001, but its price falls to 0\.00001/),
    });
  });

  it('reads single files, several of them, and a store that was filled before', async () => {
    const { file, data } = prepared();
    const files = readdirSync(data).map((name) => join(data, name));
    const fromFiles = await backtestJson(file, '--data', ...files);
    const dir = join(folder.path, 'store');
    const store = CandleStore.open(dir);
    importCandleFiles(store, files);
    store.close();
    const fromStore = await backtestJson(file, '--store', dir, '--venue', 'binance');
    expect(fromStore.resultId).toBe(fromFiles.resultId);
    expect(fromStore.resultDigest).toBe(fromFiles.resultDigest);
  });

  it.each([[[]], [['verify']]])('reads no store that is not there, and makes none (%j)', async (words: string[]) => {
    const { file } = prepared();
    const misspelt = join(folder.path, 'stoer');
    await expect(backtest(...words, file, '--store', misspelt)).rejects.toMatchObject({ code: 'candles/no-store' });
    expect(existsSync(misspelt)).toBe(false);
    expect(lines).toEqual([]);
  });

  it('prints the same JSON for anyone: metrics, trades, equity, decisions, breakdowns, result id', async () => {
    const { file, data } = prepared();
    const result = await backtestJson(file, '--data', data);
    expect(Object.keys(result).sort()).toEqual(
      ['breakdowns', 'decisions', 'equity', 'metrics', 'request', 'resultDigest', 'resultId', 'trades'].sort(),
    );
    const trades = (groups: { trades: number }[]): number => groups.reduce((sum, group) => sum + group.trades, 0);
    for (const groups of Object.values(result.breakdowns)) {
      expect(trades(groups as { trades: number }[])).toBe(result.metrics.trades);
    }
    expect(Object.keys(result.breakdowns)).toEqual(['bySymbol', 'byMonth', 'byRegime', 'byHour', 'byHorizon']);
  });

  it('prints a table, the last trades and the result id for a person', async () => {
    const { file, data } = prepared();
    await backtest(file, '--data', data, '--trades', '3');
    const text = lines.join('\n');
    expect(text).toMatch(/net return\s+-?\d+\.\d\d %/);
    expect(text).toMatch(/last 3 of \d+ trades/);
    for (const title of ['by symbol', 'by month', 'by regime of the market', 'by hour of entry, UTC', 'by time held']) {
      expect(text).toMatch(new RegExp(`  ${title} +(days +return +)?trades +won`));
    }
    expect(text).toMatch(/2024-01 +31 +-?\d+\.\d\d %/);
    expect(text).toMatch(/result id\s+sha256:/);
  });

  it.each([
    [['nowhere'], 'backtest/no-strategy'],
    [['FILE', '--param', 'fast'], 'backtest/usage'],
    [['FILE', '--param', 'speed=3'], 'backtest/parameters'],
    [['FILE', '--param', 'fast=99'], 'backtest/parameters'],
    [['FILE', '--from', 'yesterday'], 'commander.invalidArgument'],
    [['FILE', '--from', '2024-02-30'], 'commander.invalidArgument'],
    [['FILE', '--from', '2024-02-10T10:00'], 'commander.invalidArgument'],
    [['FILE', '--from', '2024-02-10', '--to', '2024-02-01'], 'backtest/span'],
    [['FILE', '--from', '2010-01-01', '--to', '2011-01-01'], 'backtest/span'],
    [['FILE', '--from', '2030-01-01', '--to', '2031-01-01'], 'backtest/span'],
    [['FILE', '--to', '2024-01-01'], 'backtest/span'],
    [['FILE', '--from', '2024-02-10T10:10Z', '--to', '2024-02-10T10:50Z'], 'backtest/span'],
    [['FILE', '--param', 'fast=NaN'], 'backtest/usage'],
    [['FILE', '--param', 'fast= '], 'backtest/usage'],
    [['FILE', '--param', '=12'], 'backtest/usage'],
    [['FILE', '--param', 'fast=0'], 'backtest/parameters'],
    [['FILE', '--param', '__proto__=1'], 'backtest/parameters'],
    [['FILE', '--fee-rate', '-0.001'], 'commander.invalidArgument'],
    [['FILE', '--slippage=-0.001'], 'commander.invalidArgument'],
    [['FILE', '--fee-rate', '20'], 'commander.invalidArgument'],
    [['FILE', '--slippage', 'none'], 'commander.invalidArgument'],
    [['FILE', '--capital', '-5'], 'commander.invalidArgument'],
    [['FILE', '--seed', '1.5'], 'commander.invalidArgument'],
    [['FILE', '--delay', '-1'], 'backtest/usage'],
    [['FILE', '--trades', 'all'], 'backtest/usage'],
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

describe('ratchet backtest verify', () => {
  it('proves a strategy file on candle files, and says so in a table', async () => {
    const { file, data } = prepared();
    await backtest(
      'verify',
      file,
      '--data',
      data,
      '--from',
      '2024-01-20',
      '--cuts',
      '4',
      '--late-starts',
      '3',
      '--node',
      process.execPath,
    );
    const text = lines.join('\n');
    for (const name of [
      'causality, every bar',
      'causality, poisoned',
      'warm-up',
      'determinism, two runs',
      'determinism, processes',
    ]) {
      expect(text).toMatch(new RegExp(`✔ ${name} `));
    }
    expect(text).toMatch(/[✔–] determinism, Node versions/);
    expect(text).toMatch(/result id +sha256:[0-9a-f]{64}\n/);
    expect(lines.at(-1)).toBe('verified');
    expect(process.exitCode).toBeUndefined();
  }, 90_000);

  it('gives one JSON object and the result id that the backtest gives', async () => {
    const { file, data } = prepared();
    const words = [file, '--data', data, '--from', '2024-02-01', '--param', 'fast=12', '--fee-rate', '0.002'];
    const verified = await backtestJson('verify', ...words, '--cuts', '2', '--late-starts', '2');
    expect(verified).toMatchObject({ passed: true, request: { parameters: { fast: 12 }, span: { from: Date.UTC(2024, 1, 1) } } });
    expect(verified.checks).toHaveLength(6);
    const run = await backtestJson(...words);
    expect(verified.resultId).toBe(run.resultId);
    expect(verified.resultDigest).toBe(run.resultDigest);
  }, 90_000);

  it('exits with 1 and names the bar when a strategy does not stand it', async () => {
    const { file, data } = prepared();
    const hasty = crossSource
      .replace('({ slow }) => 10 * slow', '({ slow }) => slow')
      .replace('!fast.crossedAbove(slow)', 'bar.close < slow.value');
    writeFileSync(file, hasty);
    await backtest('verify', file, '--data', data, '--cuts', '1', '--late-starts', '40');
    expect(process.exitCode).toBe(1);
    expect(lines.join('\n')).toMatch(/✘ warm-up +the warm-up is too short: .* on the bar of 2024-/);
    expect(lines.at(-1)).toBe('NOT VERIFIED');
  }, 120_000);

  it.each([
    [['FILE', '--node', '/nowhere/node'], 'backtest/usage'],
    [['FILE', '--cuts', 'many'], 'commander.invalidArgument'],
    [['FILE', '--late-starts', '-1'], 'commander.invalidArgument'],
    [['FILE', '--param', 'speed=3'], 'backtest/parameters'],
  ])('%j is refused with one clear error', async (words, code) => {
    const { file, data } = prepared();
    const given = words.map((word) => (word === 'FILE' ? file : word));
    await expect(backtest('verify', ...given, '--data', data)).rejects.toMatchObject({ code });
    expect(lines).toEqual([]);
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
