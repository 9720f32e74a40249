import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Backtester } from '../backtester.ts';
import { firstDifference, firstDifferenceUntil, type Recording } from './recording.ts';
import type { Stepped } from './step-through.ts';
import { type Check, recordRun, type Subject } from './subject.ts';

/*
 * That no decision knows the future is shown twice.
 *
 * For every bar: paper trading hands the strategy's process one instant's bars at a time. When it decides on bar t, the bars after t
 * are nowhere in its memory, so whatever stood in them could not have changed the decision: this is the limit of poisoning them, done
 * at every t at once. If the backtest, which does hold all bars, took the very same decisions on every bar, made the same trades and
 * gave the same reasons as often, then none of its decisions depended on a later bar either. By induction over t this covers state and
 * positions too: both runs enter bar t with the same past.
 *
 * By counter-example: the backtest itself is run again with everything after a bar t made wild, or cut off, and must decide and trade
 * the same up to t. Half of the cuts fall on bars on which something was asked for, where peeking would pay.
 */

export function everyBarCheck(backtest: Recording, stepped: Stepped): Check {
  const difference = firstDifference(backtest, stepped.recording);
  const compared = `${stepped.instants} bars, ${stepped.decisions} decisions, ${stepped.recording.trades.length} trades`;
  if (stepped.decisions === 0) {
    return { name: 'causality, every bar', verdict: 'failed', detail: 'the strategy never decided: there is nothing to compare' };
  }
  const isSame = difference === null;
  const detail = isSame ? `${compared}: as by a process that never held a later bar` : `${compared}; ${difference}`;
  return { name: 'causality, every bar', verdict: isSame ? 'passed' : 'failed', detail };
}

type Poison = 'surge' | 'crash' | 'cut off';
const POISONS: readonly Poison[] = ['surge', 'crash', 'cut off'];

/**
 * @param cuts how many bars to poison after; as many as there are, or more: after every one
 * @param tester holds the subject's candles, and holds them again afterwards
 */
export async function poisonCheck(tester: Backtester, subject: Subject, backtest: Recording, cuts: number): Promise<Check> {
  const { request, columns } = subject;
  const times = cutTimes(backtest, subject, timeframeMs(tester.describe().timeframe), cuts);
  let difference: string | null = null;
  for (const [index, time] of times.entries()) {
    const poison = POISONS[index % POISONS.length]!;
    const spoilt = new Map([...columns].map(([symbol, series]) => [symbol, poisonAfter(series, time, poison)]));
    await tester.useDataset(request.dataset, spoilt);
    const { recording } = await recordRun(tester, request);
    const found = firstDifferenceUntil(backtest, recording, time);
    if (found === null) continue;
    difference = `bars from ${new Date(time + 1).toISOString()} on (${poison}) changed a decision before them: ${found}`;
    break;
  }
  await tester.useDataset(request.dataset, columns);
  const name = 'causality, poisoned';
  if (times.length === 0) return { name, verdict: 'failed', detail: 'there is no bar to poison after' };
  const detail = difference ?? `${times.length} futures (${POISONS.join(', ')}) left every decision before them as it was`;
  return { name, verdict: difference === null ? 'passed' : 'failed', detail };
}

/**
 * Last milliseconds of the bars to poison after, so that no finer candle of a bar is spoilt that has been decided on: every bar that has
 * a future when that many are asked for, else those of intents and those spread evenly, by turns.
 */
function cutTimes(backtest: Recording, { request, columns }: Subject, barMs: number, cuts: number): number[] {
  const { from, to } = request.span;
  const endOf = (time: number): number => Math.floor(time / barMs) * barMs + barMs - 1;
  const ends = new Set<number>();
  for (const { time } of columns.values()) for (const each of time) if (each >= from && each < to) ends.add(endOf(each));
  const last = Math.max(...[...columns.values()].map(({ time }) => time.at(-1) ?? Number.NEGATIVE_INFINITY));
  const bars = [...ends].filter((end) => end < last).sort((left, right) => left - right);
  if (cuts >= bars.length) return bars;
  const { intents } = backtest;
  const times = Array.from({ length: cuts }, (_, cut) => {
    const share = (cut + 1) / (cuts + 1);
    const isOnIntent = cut % 2 === 0 && intents.length > 0;
    return isOnIntent ? endOf(intents[Math.floor(share * intents.length)]!.time) : bars[Math.floor(share * bars.length)]!;
  });
  return [...new Set(times)];
}

function poisonAfter(columns: CandleColumns, time: number, poison: Poison): CandleColumns {
  const end = columns.time.findIndex((value) => value > time);
  if (end < 0) return columns;
  if (poison === 'cut off') {
    const past = (column: Float64Array): Float64Array => column.slice(0, end);
    return mapColumns(columns, past);
  }
  // Alternating, so that every average and every extreme after the cut is another.
  const factor = poison === 'surge' ? [40, 3] : [0.02, 0.5];
  const spoil = (column: Float64Array): Float64Array =>
    column.map((value, index) => (index < end ? value : value * factor[(index - end) % 2]!));
  return { ...mapColumns(columns, spoil), time: columns.time };
}

function mapColumns(columns: CandleColumns, change: (column: Float64Array) => Float64Array): CandleColumns {
  const { time, open, high, low, close, volume } = columns;
  return {
    time: change(time),
    open: change(open),
    high: change(high),
    low: change(low),
    close: change(close),
    volume: change(volume),
  };
}
