import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCandleFile } from '#engine/candles/read-candle-file.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import type { Indicator } from '#engine/contract/types.ts';
import { adx, atr, deviation, ema, highest, lowest, rateOfChange, rsi, sma, wma } from '#engine/indicators/factories.ts';
import { BLOCK_BARS } from '#engine/indicators/kernel.ts';
import {
  type BarColumns,
  beginBlock,
  Cursor,
  claimIndicator,
  runIndicator,
  StreamingIndicator,
} from '#engine/indicators/streaming-indicator.ts';
import { hasNumpy } from '#tests/support/python.ts';

const SCRIPT = fileURLToPath(new URL('./indicators.py', import.meta.url));
const REAL = fileURLToPath(new URL('../../../shared/data/binance_BTCUSDT_1h_20200920-20250630.csv.gz', import.meta.url));
/** The script weighs every bar against every other: that many fill 18 MB. */
const BARS = 1_500;

const INDICATORS: Readonly<Record<string, () => Indicator>> = {
  'sma 20': () => sma(20),
  'wma 9': () => wma(9),
  'ema 1': () => ema(1),
  'ema 21': () => ema(21),
  'ema 200': () => ema(200),
  'rsi 2': () => rsi(2),
  'rsi 14': () => rsi(14),
  'atr 14': () => atr(14),
  'adx 14': () => adx(14),
  'adx 30': () => adx(30),
  'highest 55': () => highest(55),
  'lowest 20': () => lowest(20),
  'deviation 20': () => deviation(20),
  'rateOfChange 12': () => rateOfChange(12),
};

interface Comparison {
  readonly compared: number;
  readonly sameBars: boolean;
  readonly largestDifference: number | null;
  readonly agrees: boolean;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ratchet-parity-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a strategy would read, bar by bar. */
function valuesOf(indicator: Indicator, columns: BarColumns): readonly number[] {
  if (!StreamingIndicator.isOne(indicator)) throw new TypeError('Every factory gives a streaming indicator.');
  const cursor = new Cursor();
  claimIndicator(indicator, cursor);
  const values: number[] = [];
  for (let at = 0; at < BARS; at += BLOCK_BARS) {
    const count = Math.min(BLOCK_BARS, BARS - at);
    if (at > 0) beginBlock(indicator, BLOCK_BARS);
    runIndicator(indicator, columns, at, count);
    for (cursor.slot = 1; cursor.slot <= count; cursor.slot += 1) values.push(indicator.value);
  }
  return values;
}

function csv(table: Readonly<Record<string, ArrayLike<number>>>): string {
  const names = Object.keys(table);
  const rows = Array.from({ length: BARS }, (_, bar) => names.map((name) => String(table[name]![bar])).join(','));
  return `${[names.join(','), ...rows].join('\n')}\n`;
}

function compare({ open, high, low, close, volume }: BarColumns, values: Readonly<Record<string, ArrayLike<number>>>) {
  const [candlePath, valuePath] = [join(folder, 'candles.csv'), join(folder, 'values.csv')];
  writeFileSync(candlePath, csv({ open, high, low, close, volume }));
  writeFileSync(valuePath, csv(values));
  const run = spawnSync('python3', [SCRIPT, candlePath, valuePath], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return { status: run.status, report: JSON.parse(run.stdout.trim().split('\n').at(-1)!) as Record<string, Comparison> };
}

const engineValues = (columns: BarColumns) =>
  Object.fromEntries(Object.entries(INDICATORS).map(([name, make]) => [name, valuesOf(make(), columns)]));

const simulated = (): BarColumns =>
  simulateMarket({ seed: 7, symbols: ['BTC/USDT'], timeframe: '1h', from: 0, bars: BARS }).get('BTC/USDT')!;

describe.skipIf(!hasNumpy)('the indicators, computed a second time in Python from their definitions', () => {
  it('agree to 1e-9 on the simulated market, from the same bar on', () => {
    const columns = simulated();
    const { status, report } = compare(columns, engineValues(columns));
    expect(Object.entries(report).filter(([, { agrees }]) => !agrees)).toEqual([]);
    expect(Object.keys(report)).toEqual(Object.keys(INDICATORS));
    for (const { compared } of Object.values(report)) expect(compared).toBeGreaterThan(BARS - 250);
    expect(status).toBe(0);
  });

  it.skipIf(!existsSync(REAL))('agree to 1e-9 on bars that were traded', () => {
    const { columns } = readCandleFile(REAL);
    const { status, report } = compare(columns, engineValues(columns));
    expect(Object.entries(report).filter(([, { agrees }]) => !agrees)).toEqual([]);
    expect(status).toBe(0);
  });

  it('do not agree with a value that is off by a millionth, or begins a bar early', () => {
    const columns = simulated();
    const good = valuesOf(rsi(14), columns);
    const off = good.map((value, bar) => (bar === 700 ? value * 1.000001 : value));
    const early = good.map((value, bar) => (bar === 13 ? 50 : value));
    for (const values of [off, early]) {
      const { status, report } = compare(columns, { 'rsi 14': values });
      expect([status, report['rsi 14']!.agrees]).toEqual([1, false]);
    }
  });
});
