import type { CandleColumns, Span } from '#engine/candles/types.ts';
import type { Intent } from '#engine/contract/intent.ts';
import { ceil, infinity, isMissing, max, missing } from '#engine/contract/intrinsics.ts';
import type { Simulation } from '#engine/simulation/simulation.ts';
import { type PositionView, Standing, type Trade } from '#engine/simulation/types.ts';
import { DecisionCounter } from './decision-counter.ts';
import type { DecisionCount, EquityCurve } from './types.ts';

// Bundled into the strategy realm: no Node imports here.

const DAY_MS = 86_400_000;

/** Where decisions come from: a strategy at work, or the tape of one that was. Symbols go by their index in declared order. */
export interface DecisionSource {
  /** Bars a symbol must have seen before it decides. */
  readonly warmupBars: number;
  /** Hands a symbol its columns; the bar at `at` is the last one taken in. */
  attach(index: number, columns: CandleColumns, at: number): void;
  /** Takes in the next bar of the columns. */
  advance(index: number): void;
  isWarm(index: number): boolean;
  /** @param position what is held; read during the call only */
  decide(index: number, position: PositionView): Intent;
}

/** One symbol's way through its columns. An object a symbol rather than an array over symbols: fields are quicker to write in the realm. */
class Feed {
  readonly columns: CandleColumns;
  /** What the simulation holds of the symbol, at any time it is read. */
  readonly position: PositionView;
  readonly end: number;
  at: number;
  isWarm = false;
  /** Open time of the bar at `at`; infinite at the end. */
  time: number = missing;

  constructor(columns: CandleColumns, position: PositionView, start: number, end: number) {
    this.columns = columns;
    this.position = position;
    this.end = end;
    this.at = start;
    this.time = start < end ? columns.time[start]! : infinity;
  }

  step(): void {
    this.at += 1;
    this.time = this.at < this.end ? this.columns.time[this.at]! : infinity;
  }
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
  const { span, barMs } = options;
  const feeds = series.map((columns, index) => {
    const traded = tradedBars(columns);
    const start = lowerBound(traded.time, span.from);
    warmUp(source, index, traded, start);
    return new Feed(traded, simulation.position(index), start, lowerBound(traded.time, span.to));
  });
  simulation.keepTradesOnly();
  const run = new Run(source, simulation, feeds, options);
  const track = new EquityTrack(simulation.equity(), barMs);
  const standing = new Standing();
  const firstTime = earliest(feeds);
  run.time = firstTime;
  while (run.time !== infinity) {
    takeBars(run);
    simulation.advance();
    decideAll(run);
    simulation.commit();
    simulation.mark(standing);
    track.add(standing);
  }
  simulation.closeAll('end of data');
  return {
    firstTime: run.bars === 0 ? 0 : firstTime,
    bars: run.bars,
    ...track.finish(simulation.equity()),
    turnover: simulation.turnover,
    fees: simulation.fees,
    trades: simulation.takeRecord().trades,
    decisions: run.counter.list(),
  };
}

/** What the instants of a run share. They are functions of their own, small enough for V8 to compile each with all that it calls. */
class Run {
  readonly source: DecisionSource;
  readonly simulation: Simulation;
  readonly feeds: readonly Feed[];
  readonly onIntent: LoopOptions['onIntent'];
  readonly afterDecision: LoopOptions['afterDecision'];
  readonly counter = new DecisionCounter();
  /** Open time of the instant's bars; infinite after the last. */
  time: number = missing;
  bars = 0;

  constructor(source: DecisionSource, simulation: Simulation, feeds: readonly Feed[], options: LoopOptions) {
    this.source = source;
    this.simulation = simulation;
    this.feeds = feeds;
    this.onIntent = options.onIntent;
    this.afterDecision = options.afterDecision;
  }
}

function takeBars(run: Run): void {
  const { source, simulation, feeds, time } = run;
  for (let index = 0; index < feeds.length; index += 1) {
    const feed = feeds[index]!;
    if (feed.time !== time) continue;
    simulation.setBar(index, feed.columns, feed.at);
    source.advance(index);
    run.bars += 1;
  }
}

/** Lets the symbols with a bar decide, and finds the instant after this one on the way. */
function decideAll(run: Run): void {
  const { feeds, time } = run;
  let next = infinity;
  for (let index = 0; index < feeds.length; index += 1) {
    const feed = feeds[index]!;
    if (feed.time === time) {
      feed.step();
      if (!feed.isWarm) feed.isWarm = run.source.isWarm(index);
      if (feed.isWarm) decide(run, feed, index);
    }
    if (feed.time < next) next = feed.time;
  }
  run.time = next;
}

function decide(run: Run, { position }: Feed, index: number): void {
  const { source, simulation, counter, onIntent, afterDecision } = run;
  const intent = source.decide(index, position);
  counter.add(index, intent.action, intent.reason);
  if (onIntent !== undefined && intent.action !== 'hold') onIntent(run.time, index, intent);
  simulation.place(index, intent);
  if (afterDecision !== undefined) afterDecision(index);
}

function earliest(feeds: readonly Feed[]): number {
  let time = infinity;
  for (let index = 0; index < feeds.length; index += 1) if (feeds[index]!.time < time) time = feeds[index]!.time;
  return time;
}

/** Leads the source through the last `warmupBars` bars before `start`; it then stands before `start`. */
export function warmUp(source: DecisionSource, index: number, traded: CandleColumns, start: number): void {
  const first = max(0, start - source.warmupBars);
  source.attach(index, traded, first - 1);
  for (let at = first; at < start; at += 1) source.advance(index);
}

/** The bars in which something traded; the same columns when that is all of them. */
export function tradedBars(columns: CandleColumns): CandleColumns {
  const { volume } = columns;
  let count = 0;
  for (let at = 0; at < volume.length; at += 1) if (volume[at]! > 0) count += 1;
  if (count === volume.length) return columns;
  const kept = (column: Float64Array): Float64Array => column.filter((_value, at) => volume[at]! > 0);
  return {
    time: kept(columns.time),
    open: kept(columns.open),
    high: kept(columns.high),
    low: kept(columns.low),
    close: kept(columns.close),
    volume: kept(volume),
  };
}

/** Equity as it goes: drawdown instant by instant, and one point at the end of each UTC day. */
class EquityTrack {
  readonly #times: number[] = [];
  readonly #values: number[] = [];
  readonly #barMs: number = missing;
  #instants = 0;
  #invested = 0;
  #sum = 0;
  #peak: number = missing;
  /** Lowest equity since the peak. */
  #trough: number = missing;
  #worst = 0;
  #underwater = 0;
  #longestUnderwater = 0;
  #last: number = missing;
  #lastTime = missing;
  #dayEnd = missing;

  constructor(capital: number, barMs: number) {
    this.#barMs = barMs;
    this.#peak = capital;
    this.#trough = capital;
    this.#last = capital;
  }

  add(standing: Standing): void {
    const { equity } = standing;
    const time = standing.openTime + this.#barMs;
    if (!(time <= this.#dayEnd)) this.#turnDays(time);
    this.#instants += 1;
    this.#sum += equity;
    if (standing.isInvested) this.#invested += 1;
    if (equity >= this.#peak) {
      this.#peak = equity;
      this.#trough = equity;
      this.#underwater = 0;
    } else {
      // Only a new low below this peak can be a new worst fall: the others need no division.
      if (equity < this.#trough) {
        this.#trough = equity;
        this.#worst = max(this.#worst, 1 - equity / this.#peak);
      }
      this.#underwater += 1;
      if (this.#underwater > this.#longestUnderwater) this.#longestUnderwater = this.#underwater;
    }
    this.#last = equity;
    this.#lastTime = time;
  }

  /** Notes the days that ended before `closeTime`; a day without a bar repeats the value before it. */
  #turnDays(closeTime: number): void {
    while (this.#dayEnd < closeTime) {
      this.#times.push(this.#dayEnd);
      this.#values.push(this.#last);
      this.#dayEnd += DAY_MS;
    }
    if (isMissing(this.#dayEnd)) this.#dayEnd = ceil(closeTime / DAY_MS) * DAY_MS;
  }

  /** @param equity after open positions were closed, which stands for the last point */
  finish(equity: number) {
    if (this.#instants > 0) {
      if (equity < this.#peak) this.#worst = max(this.#worst, 1 - equity / this.#peak);
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
