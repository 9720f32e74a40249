import type { CandleColumns, Span } from '#engine/candles/types.ts';
import type { Intent } from '#engine/contract/intent.ts';
import { infinity, max, min } from '#engine/contract/intrinsics.ts';
import type { Book } from '#engine/simulation/book.ts';
import { passesQuietly, quietBars } from '#engine/simulation/quiet-bars.ts';
import type { Simulation } from '#engine/simulation/simulation.ts';
import type { Trade } from '#engine/simulation/types.ts';
import { DecisionCounter, type SymbolCounter } from './decision-counter.ts';
import type { DecisionSource, SymbolSource } from './decision-source.ts';
import { EquityTrack } from './equity-track.ts';
import { tradedBars } from './traded-bars.ts';
import type { DecisionCount, EquityCurve } from './types.ts';

// Bundled into the strategy realm: no Node imports here.

/** Instants whose bars are looked at ahead of the strategy at once: to see who has one, and whether the market can do anything with it. */
const TOGETHER_MAX = 1024;
/** A stretch is short after something happened, when more may soon, and doubles while nothing does. */
const STRETCH_MIN = 16;
const STRETCH_MAX = 256;

export interface LoopOptions {
  readonly span: Span;
  /** Length of a base bar, milliseconds. */
  readonly barMs: number;
  /** Told of every decision that asks for something, at the open time of the bar it was made on. */
  readonly onIntent?: (time: number, index: number, intent: Intent) => void;
  /** Told of each trade, which then stands in no result; the object is filled again for the next one. */
  readonly onTrade?: (trade: Trade) => void;
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
 *
 * While no order waits and no bar reaches a stop, a target or a horizon, the market can do nothing: the strategy is led through such
 * a stretch bar by bar, and the market catches up with it at its end.
 */
export function runLoop(
  source: DecisionSource,
  simulation: Simulation,
  series: readonly CandleColumns[],
  options: LoopOptions,
): LoopResult {
  const { span, barMs } = options;
  const counter = new DecisionCounter();
  const feeds = series.map((columns, index) => {
    const bars = tradedBars(columns);
    const start = lowerBound(bars.time, span.from);
    warmUp(source, index, bars, start);
    const book = simulation.attach(index, bars, start - 1);
    return new Feed(index, bars, book, source.symbol(index), counter.symbol(), lowerBound(bars.time, span.to));
  });
  simulation.keepTradesOnly(options.onTrade);
  const run = new Run(simulation, feeds, options);
  const track = new EquityTrack(simulation.equity(), barMs);
  findInstants(run);
  const firstTime = run.together === 0 ? 0 : run.active[0]!.time;
  while (run.together > 0) {
    const { book, columns } = run.active[0]!;
    const from = book.at + 1;
    const count = passQuietly(run) || meetMarket(run);
    const isInvested = simulation.settle(columns.time[book.at]!, count, run.worths);
    track.add(columns.time, from, run.worths, count, isInvested);
    if (run.isAsking) carryOut(run);
    run.bars += count * run.active.length;
    run.together -= count;
    if (run.together === 0) findInstants(run);
  }
  simulation.closeAll('end of data');
  return {
    firstTime,
    bars: run.bars,
    ...track.finish(simulation.equity()),
    turnover: simulation.turnover,
    fees: simulation.fees,
    trades: simulation.takeRecord().trades,
    decisions: counter.list(),
  };
}

/** One symbol's way through its columns. An object a symbol rather than an array over symbols: fields are quicker to write in the realm. */
class Feed {
  readonly index: number;
  readonly columns: CandleColumns;
  /** What the simulation holds of the symbol, at any time it is read; its `at` is the last bar taken in. */
  readonly book: Book;
  readonly source: SymbolSource;
  readonly counter: SymbolCounter;
  readonly end: number;
  isWarm = false;
  /** The instant's decision, when it is to be carried out. */
  intent: Intent | null = null;

  constructor(index: number, columns: CandleColumns, book: Book, source: SymbolSource, counter: SymbolCounter, end: number) {
    this.index = index;
    this.columns = columns;
    this.book = book;
    this.source = source;
    this.counter = counter;
    this.end = end;
  }

  /** Bars to come. */
  get left(): number {
    return this.end - this.book.at - 1;
  }

  /** Open time of the next bar; infinite at the end. */
  get time(): number {
    const next = this.book.at + 1;
    return next < this.end ? this.columns.time[next]! : infinity;
  }
}

/** What the instants of a run share. They are functions of their own, small enough for V8 to compile each with all that it calls. */
class Run {
  readonly simulation: Simulation;
  readonly feeds: readonly Feed[];
  readonly onIntent: LoopOptions['onIntent'];
  readonly afterDecision: LoopOptions['afterDecision'];
  /** Decisions are held back for some bars, holds among them. */
  readonly isDelaying: boolean;
  /** The symbols with a bar at the next instant, in declared order. */
  readonly active: Feed[];
  /** How many instants from there on have bars of these symbols and of no other; 0 at the end. */
  together = 0;
  /** Longest stretch to try next. */
  stretch = STRETCH_MIN;
  /** What the account was worth at the closes of the last stretch. */
  readonly worths = new Float64Array(STRETCH_MAX);
  /** Bars traded through, over all symbols. */
  bars = 0;
  /** Some symbol's decision of this instant is to be carried out. */
  isAsking = false;

  constructor(simulation: Simulation, feeds: readonly Feed[], options: LoopOptions) {
    this.simulation = simulation;
    this.feeds = feeds;
    this.active = [];
    this.isDelaying = simulation.isDelaying;
    this.onIntent = options.onIntent;
    this.afterDecision = options.afterDecision;
  }
}

/** Finds who has a bar at the next instant, and for how many instants that stays so. */
function findInstants(run: Run): void {
  const { feeds, active } = run;
  active.length = 0;
  run.together = 0;
  let time = infinity;
  for (let index = 0; index < feeds.length; index += 1) time = min(time, feeds[index]!.time);
  if (time === infinity) return;
  let until = infinity;
  for (let index = 0; index < feeds.length; index += 1) {
    const feed = feeds[index]!;
    if (feed.time === time) active.push(feed);
    else until = min(until, feed.time);
  }
  const first = active[0]!;
  let count = smaller(TOGETHER_MAX, first.left);
  const times = first.columns.time;
  const from = first.book.at + 1;
  if (until !== infinity) count = lowerBound(times, until, from, from + count) - from;
  for (let index = 1; index < active.length; index += 1) count = sameTimes(active[index]!, times, from, count);
  run.together = count;
}

/** How many of a feed's next bars open together with those of another, `most` at most. */
function sameTimes(feed: Feed, otherTimes: Float64Array, otherFrom: number, most: number): number {
  const { time } = feed.columns;
  const from = feed.book.at + 1;
  const end = smaller(most, feed.left);
  let count = 0;
  while (count < end && time[from + count]! === otherTimes[otherFrom + count]!) count += 1;
  return count;
}

/**
 * Leads the strategy through instants in which the market can do nothing, to the first at which it asks for something.
 * @returns how many there were; 0 when the next instant's bars have to meet the market
 */
function passQuietly(run: Run): number {
  const { simulation, active } = run;
  if (!simulation.isIdle()) return 0;
  let most = smaller(STRETCH_MAX, run.together);
  for (let index = 0; index < active.length; index += 1) most = quietBars(active[index]!.book, most, run.stretch);
  const count = active.length === 1 ? leadAlone(run, active[0]!, most) : leadTogether(run, most);
  run.stretch = run.isAsking ? STRETCH_MIN : smaller(2 * run.stretch, STRETCH_MAX);
  return count;
}

/** One symbol's bars, one after the other. */
function leadAlone(run: Run, feed: Feed, most: number): number {
  const { book, source } = feed;
  let count = 0;
  while (count < most && !run.isAsking) {
    book.at += 1;
    source.advance();
    decide(run, feed);
    count += 1;
  }
  return count;
}

/** Instant by instant: all symbols have taken in their bars when the first of them decides. */
function leadTogether(run: Run, most: number): number {
  const { active } = run;
  let count = 0;
  while (count < most && !run.isAsking) {
    for (let index = 0; index < active.length; index += 1) {
      const feed = active[index]!;
      feed.book.at += 1;
      feed.source.advance();
    }
    for (let index = 0; index < active.length; index += 1) decide(run, active[index]!);
    count += 1;
  }
  return count;
}

/** Runs one instant's bars through the market before the strategy sees them; those that can do nothing are caught up with like others. */
function meetMarket(run: Run): number {
  const { simulation, active } = run;
  for (let index = 0; index < active.length; index += 1) {
    const feed = active[index]!;
    if (passesQuietly(feed.book)) feed.book.at += 1;
    else simulation.setBar(feed.index, feed.columns, feed.book.at + 1);
    feed.source.advance();
  }
  simulation.advance();
  for (let index = 0; index < active.length; index += 1) decide(run, active[index]!);
  run.stretch = STRETCH_MIN;
  return 1;
}

function decide(run: Run, feed: Feed): void {
  if (!feed.isWarm) feed.isWarm = feed.source.isWarm();
  if (!feed.isWarm) return;
  const intent = feed.source.decide(feed.book);
  feed.counter.add(intent.action, intent.reason);
  if (intent.action !== 'hold' || run.isDelaying) ask(run, feed, intent);
  if (run.afterDecision !== undefined) run.afterDecision(feed.index);
}

function ask(run: Run, feed: Feed, intent: Intent): void {
  run.isAsking = true;
  feed.intent = intent;
  if (intent.action !== 'hold') run.onIntent?.(feed.columns.time[feed.book.at]!, feed.index, intent);
}

function carryOut(run: Run): void {
  const { simulation, active } = run;
  run.isAsking = false;
  for (let index = 0; index < active.length; index += 1) {
    const feed = active[index]!;
    if (feed.intent === null) continue;
    simulation.place(feed.index, feed.intent);
    feed.intent = null;
  }
  simulation.commit();
}

/** Leads the source through the last `warmupBars` bars before `start`; it then stands before `start`. */
export function warmUp(source: DecisionSource, index: number, traded: CandleColumns, start: number): void {
  const first = max(0, start - source.warmupBars);
  source.attach(index, traded, first - 1);
  const symbol = source.symbol(index);
  for (let at = first; at < start; at += 1) symbol.advance();
}

function smaller(left: number, right: number): number {
  // biome-ignore lint/complexity/useMathMinMax: V8 takes what Math.min gives for a fraction, and converts a count at every use.
  return left < right ? left : right;
}

/** Index of the first element that is not below `target`, between `low` and `high`. */
function lowerBound(sorted: Float64Array, target: number, low = 0, high = sorted.length): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]! < target) from = middle + 1;
    else to = middle;
  }
  return from;
}
