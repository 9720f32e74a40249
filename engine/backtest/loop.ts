import type { CandleColumns, Span } from '#engine/candles/types.ts';
import type { Intent } from '#engine/contract/intent.ts';
import type { Simulation } from '#engine/simulation/simulation.ts';
import type { Trade } from '#engine/simulation/types.ts';
import { DecisionCounter } from './decision-counter.ts';
import type { DecisionCount, EquityCurve } from './types.ts';

// Bundled into the strategy realm: no Node imports here.

const DAY_MS = 86_400_000;

/** Where decisions come from: a strategy at work, or the tape of one that was. Symbols go by their index in declared order. */
export interface DecisionSource {
  /** Bars a symbol must have seen before it decides. */
  readonly warmupBars: number;
  ingest(index: number, time: number, open: number, high: number, low: number, close: number, volume: number): void;
  isWarm(index: number): boolean;
  decide(index: number, quantity: number, entryPrice: number, barsHeld: number): Intent;
}

export interface LoopOptions {
  readonly span: Span;
  /** Length of a base bar, milliseconds. */
  readonly barMs: number;
  /** Told of every decision that asks for something, at the open time of the bar it was made on. */
  readonly onIntent?: (time: number, index: number, intent: Intent) => void;
  /** Called after each decision of a symbol; the verifying run sends state through JSON here. */
  readonly afterDecision?: (index: number) => void;
}

/** What a loop measured; metrics are computed from it in the engine's own process. */
export interface LoopResult {
  /** Open time of the first bar traded through, UTC milliseconds; 0 without one. */
  readonly firstTime: number;
  /** Bars traded through, over all symbols. */
  readonly bars: number;
  /** Points in time at which at least one symbol had a bar. */
  readonly instants: number;
  /** Instants at whose close a position was open. */
  readonly investedInstants: number;
  /** Largest fall of equity from an earlier peak, instant by instant, as a ratio of the peak. */
  readonly maxDrawdown: number;
  /** Longest stretch of instants below an earlier peak. */
  readonly maxDrawdownBars: number;
  /** Sum of equity over the instants, for its mean. */
  readonly equitySum: number;
  /** Quote asset bought and sold. */
  readonly turnover: number;
  readonly fees: number;
  readonly trades: readonly Trade[];
  readonly equity: EquityCurve;
  readonly decisions: readonly DecisionCount[];
}

/**
 * Drives a strategy over columns, one array element a symbol in declared order, in strict order of time. At each instant all bars
 * that close together are matched and taken in first, then each symbol with a bar decides, in declared order, then the decisions become
 * orders. Warm-up takes the last `warmupBars` bars before the span and no others, so a result does not depend on how much older data is
 * at hand. A bar without volume is no bar: a dump that leaves such bars out gives the same result as one that repeats the last price.
 * At the end open positions are closed at their last close.
 */
export function runLoop(
  source: DecisionSource,
  simulation: Simulation,
  series: readonly CandleColumns[],
  options: LoopOptions,
): LoopResult {
  const { span, barMs, onIntent, afterDecision } = options;
  const count = series.length;
  const ends = series.map(({ time }) => lowerBound(time, span.to));
  const cursors = series.map((columns, index) => warmUp(source, index, columns, lowerBound(columns.time, span.from)));
  const counter = new DecisionCounter();
  const track = new EquityTrack(simulation.equity());
  const trades: Trade[] = [];
  let bars = 0;
  let firstTime = 0;
  for (;;) {
    let time = Number.POSITIVE_INFINITY;
    for (let index = 0; index < count; index += 1) {
      const cursor = cursors[index]!;
      if (cursor < ends[index]! && series[index]!.time[cursor]! < time) time = series[index]!.time[cursor]!;
    }
    if (time === Number.POSITIVE_INFINITY) break;

    let barsNow = 0;
    for (let index = 0; index < count; index += 1) {
      const columns = series[index]!;
      const cursor = cursors[index]!;
      if (cursor >= ends[index]! || columns.time[cursor]! !== time || !(columns.volume[cursor]! > 0)) continue;
      simulation.setBar(
        index,
        columns.open[cursor]!,
        columns.high[cursor]!,
        columns.low[cursor]!,
        columns.close[cursor]!,
        columns.volume[cursor]!,
      );
      source.ingest(
        index,
        time,
        columns.open[cursor]!,
        columns.high[cursor]!,
        columns.low[cursor]!,
        columns.close[cursor]!,
        columns.volume[cursor]!,
      );
      barsNow += 1;
    }
    if (barsNow > 0) {
      simulation.advance(time);
      for (let index = 0; index < count; index += 1) {
        const cursor = cursors[index]!;
        const columns = series[index]!;
        if (cursor >= ends[index]! || columns.time[cursor]! !== time || !(columns.volume[cursor]! > 0)) continue;
        if (!source.isWarm(index)) continue;
        const intent = source.decide(index, simulation.quantity(index), simulation.entryPrice(index), simulation.barsHeld(index));
        counter.add(intent.action, intent.reason);
        if (onIntent !== undefined && intent.action !== 'hold') onIntent(time, index, intent);
        simulation.place(index, intent);
        if (afterDecision !== undefined) afterDecision(index);
      }
      simulation.commit();
      if (simulation.trades.length > 0) trades.push(...simulation.trades.splice(0));
      if (simulation.fills.length > 0) simulation.fills.length = 0;
      if (simulation.denials.length > 0) simulation.denials.length = 0;
      track.add(time + barMs, simulation.equity(), simulation.isInvested);
      if (bars === 0) firstTime = time;
      bars += barsNow;
    }
    for (let index = 0; index < count; index += 1) {
      const cursor = cursors[index]!;
      if (cursor < ends[index]! && series[index]!.time[cursor]! === time) cursors[index] = cursor + 1;
    }
  }
  simulation.closeAll('end of data');
  trades.push(...simulation.trades.splice(0));
  return {
    firstTime,
    bars,
    ...track.finish(simulation.equity()),
    turnover: simulation.turnover,
    fees: simulation.fees,
    trades,
    decisions: counter.list(),
  };
}

/** Feeds the last `warmupBars` traded bars before `first` to the source; returns `first`, where the loop begins. */
export function warmUp(source: DecisionSource, index: number, columns: CandleColumns, first: number): number {
  let start = first;
  for (let needed = source.warmupBars; needed > 0 && start > 0; ) {
    start -= 1;
    if (columns.volume[start]! > 0) needed -= 1;
  }
  for (let at = start; at < first; at += 1) {
    if (!(columns.volume[at]! > 0)) continue;
    source.ingest(
      index,
      columns.time[at]!,
      columns.open[at]!,
      columns.high[at]!,
      columns.low[at]!,
      columns.close[at]!,
      columns.volume[at]!,
    );
  }
  return first;
}

/** Equity as it goes: drawdown instant by instant, and one point at the end of each UTC day. */
class EquityTrack {
  readonly #times: number[] = [];
  readonly #values: number[] = [];
  #instants = 0;
  #invested = 0;
  #sum = 0;
  #peak: number;
  #worst = 0;
  #underwater = 0;
  #longestUnderwater = 0;
  #last: number;
  #lastTime = Number.NaN;
  #dayEnd = Number.NaN;

  constructor(capital: number) {
    this.#peak = capital;
    this.#last = capital;
  }

  add(closeTime: number, equity: number, isInvested: boolean): void {
    if (!(closeTime <= this.#dayEnd)) this.#turnDays(closeTime);
    this.#instants += 1;
    this.#sum += equity;
    if (isInvested) this.#invested += 1;
    if (equity >= this.#peak) {
      this.#peak = equity;
      this.#underwater = 0;
    } else {
      const fall = 1 - equity / this.#peak;
      if (fall > this.#worst) this.#worst = fall;
      this.#underwater += 1;
      if (this.#underwater > this.#longestUnderwater) this.#longestUnderwater = this.#underwater;
    }
    this.#last = equity;
    this.#lastTime = closeTime;
  }

  /** Notes the days that ended before `closeTime`; a day without a bar repeats the value before it. */
  #turnDays(closeTime: number): void {
    while (this.#dayEnd < closeTime) {
      this.#times.push(this.#dayEnd);
      this.#values.push(this.#last);
      this.#dayEnd += DAY_MS;
    }
    if (Number.isNaN(this.#dayEnd)) this.#dayEnd = Math.ceil(closeTime / DAY_MS) * DAY_MS;
  }

  /** @param equity after open positions were closed, which stands for the last point */
  finish(equity: number) {
    if (this.#instants > 0) {
      if (equity < this.#peak) this.#worst = Math.max(this.#worst, 1 - equity / this.#peak);
      this.#times.push(this.#lastTime);
      this.#values.push(equity);
    }
    return {
      instants: this.#instants,
      investedInstants: this.#invested,
      maxDrawdown: this.#worst,
      maxDrawdownBars: this.#longestUnderwater,
      equitySum: this.#sum,
      equity: { time: this.#times, value: this.#values },
    };
  }
}

/** Index of the first element that is not below `target`. */
function lowerBound(sorted: Float64Array, target: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < target) low = middle + 1;
    else high = middle;
  }
  return low;
}
