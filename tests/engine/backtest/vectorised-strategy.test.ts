import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openBacktester } from '#engine/backtest/backtester.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { artifactOf, datasetOf, usualRules } from './bench-market.ts';

/*
 * A whole strategy on real candles, twice: through the sandbox and the simulation, and by the calculation below, which works on whole
 * arrays and shares no line with the engine: it reads the file itself, computes averages and strength in closed form over the columns,
 * scans ahead for each exit, and keeps the money in its own way.
 */

const FILE = '../shared/data/binance_BTCUSDT_1h_20200920-20250630.csv.gz';
const HOUR_MS = 3_600_000;
const from = Date.UTC(2021, 0, 1);
const to = Date.UTC(2025, 0, 1);
const capital = 10_000;
const weight = 0.5;
const warmupBars = 400;

const source = `import { defineStrategy, ema, rsi } from 'ratchet/contract';
export default defineStrategy({
  symbols: ['BTC/USDT'], timeframe: '1h', parameters: {},
  warmupBars: () => ${warmupBars},
  indicators: () => ({ fast: ema(12), slow: ema(26), strength: rsi(14) }),
  onBar(context) {
    const { fast, slow, strength } = context.indicators;
    if (context.position.isOpen) return fast.crossedBelow(slow) ? context.exit('down') : context.hold('in');
    if (!fast.crossedAbove(slow) || strength.value >= 65) return context.hold('out');
    return context.target(${weight}, 'up', { stopLoss: 0.03, takeProfit: 0.08 });
  },
});
`;

interface Table {
  readonly time: number[];
  readonly open: number[];
  readonly high: number[];
  readonly low: number[];
  readonly close: number[];
  readonly volume: number[];
}

/** Rows in which something traded. */
function tableOf(file: string): Table {
  const rows = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n').slice(1);
  const numbers = rows.map((row) => row.split(',').map(Number)).filter((row) => row[5]! > 0);
  const column = (at: number): number[] => numbers.map((row) => row[at]!);
  return { time: column(0), open: column(1), high: column(2), low: column(3), close: column(4), volume: column(5) };
}

/** The exponential average by its recursion over the whole column, seeded with the mean of the first `bars`. */
function averages(close: readonly number[], bars: number): number[] {
  const values: number[] = new Array(close.length).fill(Number.NaN);
  values[bars - 1] = close.slice(0, bars).reduce((total, value) => total + value, 0) / bars;
  for (let at = bars; at < close.length; at += 1) values[at] = (2 * close[at]! + (bars - 1) * values[at - 1]!) / (bars + 1);
  return values;
}

/** Wilder's relative strength from two smoothed columns of changes. */
function strengths(close: readonly number[], bars: number): number[] {
  const changes = Array.from({ length: close.length }, (_, at) => (at === 0 ? 0 : close[at]! - close[at - 1]!));
  const smooth = (column: readonly number[]): number[] => {
    const values: number[] = new Array(column.length).fill(Number.NaN);
    values[bars] = column.slice(1, bars + 1).reduce((total, value) => total + value, 0) / bars;
    for (let at = bars + 1; at < column.length; at += 1) values[at] = values[at - 1]! + (column[at]! - values[at - 1]!) / bars;
    return values;
  };
  const [ups, downs] = [smooth(changes.map((x) => Math.max(x, 0))), smooth(changes.map((x) => Math.max(-x, 0)))];
  return ups.map((up, at) => (up + downs[at]! === 0 ? 0 : (100 * up) / (up + downs[at]!)));
}

interface Expected {
  readonly entryTime: number;
  readonly exitTime: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly quantity: number;
  readonly fees: number;
  readonly netResult: number;
  readonly exitCause: string;
}

function calculated(): { trades: Expected[]; final: number } {
  const whole = tableOf(FILE);
  const begin = whole.time.findIndex((time) => time >= from);
  const end = whole.time.findIndex((time) => time >= to);
  // Averages begin with the warm-up, as the strategy's do.
  const part = (column: number[]): number[] => column.slice(begin - warmupBars, end);
  const [time, open, high, low, close] = [whole.time, whole.open, whole.high, whole.low, whole.close].map(part) as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  const fast = averages(close, 12);
  const slow = averages(close, 26);
  const strength = strengths(close, 14);
  const isUp = fast.map((value, at) => at > 0 && value > slow[at]! && fast[at - 1]! <= slow[at - 1]!);
  const isDown = fast.map((value, at) => at > 0 && value < slow[at]! && fast[at - 1]! >= slow[at - 1]!);
  const cost = usualRules.halfSpreadRate + usualRules.slippageRate;
  const ceil = (value: number): number => Math.ceil(value * 100 - 1e-6) / 100;
  const floor = (value: number): number => Math.floor(value * 100 + 1e-6) / 100;

  const trades: Expected[] = [];
  let money = capital;
  let at = warmupBars;
  while (at < close.length - 1) {
    if (!isUp[at] || strength[at]! >= 65) {
      at += 1;
      continue;
    }
    // Sized at the close of the decision, bought at the next open.
    const quantity = Math.floor((weight * money) / close[at]! / usualRules.stepSize + 1e-9) * usualRules.stepSize;
    const entry = at + 1;
    const entryPrice = ceil(open[entry]! * (1 + cost));
    const [stop, goal] = [floor(entryPrice * 0.97), ceil(entryPrice * 1.08)];
    const out = exitFrom(entry, stop, goal);
    const entryFee = quantity * entryPrice * usualRules.takerFeeRate;
    const exitFee = quantity * out.price * (out.cause === 'take-profit' ? usualRules.makerFeeRate : usualRules.takerFeeRate);
    const netResult = quantity * (out.price - entryPrice) - entryFee - exitFee;
    money += netResult;
    trades.push({
      entryTime: time[entry]!,
      exitTime: out.cause === 'end-of-data' ? time[out.at]! + HOUR_MS : time[out.at]!,
      entryPrice,
      exitPrice: out.price,
      quantity,
      fees: entryFee + exitFee,
      netResult,
      exitCause: out.cause,
    });
    // The bar it left on is decided on again, now without a position.
    at = out.at;
    if (out.cause === 'end-of-data') break;
  }
  return { trades, final: money };

  function exitFrom(entry: number, stop: number, goal: number): { at: number; price: number; cause: string } {
    const sold = time.findIndex((_, bar) => bar > entry && isDown[bar - 1]);
    const stopped = low.findIndex((value, bar) => bar >= entry && value <= stop);
    const reached = high.findIndex((value, bar) => bar >= entry && value > goal);
    const never = (bar: number): number => (bar < 0 ? Number.POSITIVE_INFINITY : bar);
    const first = Math.min(never(sold), never(stopped), never(reached));
    if (first === Number.POSITIVE_INFINITY) return { at: close.length - 1, price: close.at(-1)!, cause: 'end-of-data' };
    if (sold === first) return { at: first, price: floor(open[first]! * (1 - cost)), cause: 'decision' };
    if (stopped === first) return { at: first, price: floor(Math.min(open[first]!, stop) * (1 - cost)), cause: 'stop' };
    return { at: first, price: goal, cause: 'take-profit' };
  }
}

describe.skipIf(!existsSync(FILE))('four years of bitcoin', () => {
  it('give the trades and the money that an independent calculation over whole arrays gives, to 1e-9', async () => {
    const table = tableOf(FILE);
    const columns: CandleColumns = {
      time: Float64Array.from(table.time),
      open: Float64Array.from(table.open),
      high: Float64Array.from(table.high),
      low: Float64Array.from(table.low),
      close: Float64Array.from(table.close),
      volume: Float64Array.from(table.volume),
    };
    const artifact = await artifactOf(source);
    const tester = await openBacktester(artifact);
    try {
      const bars = new Map([['BTC/USDT', columns]]);
      const dataset = datasetOf(bars, '1h');
      await tester.useDataset(dataset, bars);
      const markets = { 'BTC/USDT': usualRules };
      const request = {
        artifact: artifact.digest,
        parameters: {},
        dataset,
        span: { from, to },
        markets,
        capital,
        seed: 1,
        delayBars: 0,
      };
      const result = await tester.run(request, { verify: true });
      const { trades, final } = calculated();
      expect(trades.length).toBeGreaterThan(400);
      expect(new Set(trades.map(({ exitCause }) => exitCause)).size).toBeGreaterThanOrEqual(3);
      expect(result.trades).toHaveLength(trades.length);
      result.trades.forEach((trade, index) => {
        const wanted = trades[index]!;
        expect([trade.entryTime, trade.exitTime, trade.exitCause]).toEqual([wanted.entryTime, wanted.exitTime, wanted.exitCause]);
        for (const name of ['entryPrice', 'exitPrice', 'quantity', 'fees', 'netResult'] as const) {
          expect(Math.abs(trade[name] - wanted[name])).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted[name])));
        }
      });
      expect(result.equity.value.at(-1)).toBeCloseTo(final, 6);
      expect(result.metrics.netReturn).toBeCloseTo(final / capital - 1, 9);
    } finally {
      await tester.close();
    }
  });
});
