import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { type DecisionRecord, INTENT_NUMBERS } from '#engine/contract/intent.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import { seriesFor } from '../backtester.ts';
import { type LiveEvent, LiveStrategy, type StoredState } from '../live-strategy.ts';
import type { StrategyDescription } from '../strategy-process.ts';
import { Instants } from './instants.ts';
import { Recorder, type Recording } from './recording.ts';
import type { Subject } from './subject.ts';

/** Numbers of two decisions may differ by rounding where an average has a little less history behind it. */
const SAME_NUMBER_RATIO = 1e-6;

export interface StepOptions {
  /** How many times a second process is started later on, with nothing but its warm-up behind it. */
  readonly lateStarts: number;
  /** Told how far it has come, from 0 to 1, about a hundred times. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export interface Stepped {
  readonly recording: Recording;
  readonly instants: number;
  /** Decisions, holds included. */
  readonly decisions: number;
  readonly warmUp: {
    /** Bars (instants) later than the first at which a process was started. */
    readonly starts: readonly number[];
    /** Decisions compared. */
    readonly decisions: number;
    /** The first decision that a later start changed, in words. */
    readonly difference: string | null;
  };
}

/**
 * Trades the subject on paper: its process is handed one instant's bars at a time and holds no other, so at every bar it decides
 * without the future. Beside it, a second process is started again and again, later each time, with the warm-up the strategy asks
 * for and nothing older; it is told the same positions and handed the same state, and must decide the same until the next one starts.
 */
export async function stepThrough(subject: Subject, description: StrategyDescription, options: StepOptions): Promise<Stepped> {
  const { artifact, request } = subject;
  const { span, markets, capital, parameters } = request;
  const { symbols, timeframe } = description;
  const series = seriesFor(description, request.dataset, subject.columns);
  const instants = new Instants(symbols, series, span);
  const simulation = new Simulation({ symbols, markets, capital, barMs: timeframeMs(timeframe) });
  const recorder = new Recorder();
  const start = (state: StoredState | null): Promise<LiveStrategy> =>
    LiveStrategy.start(artifact, { parameters, state, history: instants.history() });
  const marks = lateTimes(series, span.from, span.to, options.lateStarts);
  const reports = lateTimes(series, span.from, span.to, 100);
  const late = new LateStarts();
  const live = await start(null);
  let [count, decided] = [0, 0];
  try {
    for (let instant = instants.next(); instant !== null; instant = instants.next()) {
      simulation.onBars(instant.bars);
      const event = { bars: instant.bars, positions: simulation.positions() };
      const [decisions] = await Promise.all([live.decide(event), late.decide(event)]);
      late.compare(instant.time, decisions);
      simulation.submit(decisions);
      for (const decision of decisions) recorder.add(instant.time, decision);
      recorder.trades.push(...simulation.takeRecord().trades);
      count += 1;
      decided += decisions.length;
      if (count === 1 || isPassed(marks, instant.time)) {
        const state = await live.snapshot();
        await late.begin(count, () => start(state));
      }
      if (isPassed(reports, instant.time)) options.onProgress?.(1 - reports.length / 100);
    }
  } finally {
    await Promise.all([live.close(), late.close()]);
  }
  simulation.closeAll('end of data');
  recorder.trades.push(...simulation.takeRecord().trades);
  const { starts, decisions, difference } = late;
  return { recording: recorder.finish(), instants: count, decisions: decided, warmUp: { starts, decisions, difference } };
}

/** The process that was started later, and how it compares. */
class LateStarts {
  readonly starts: number[] = [];
  decisions = 0;
  difference: string | null = null;
  #live: LiveStrategy | null = null;
  #decided: readonly DecisionRecord[] = [];

  async begin(bars: number, start: () => Promise<LiveStrategy>): Promise<void> {
    await this.close();
    this.starts.push(bars);
    this.#live = await start();
  }

  async decide(event: LiveEvent): Promise<void> {
    this.#decided = this.#live === null ? [] : await this.#live.decide(event);
  }

  compare(time: number, decisions: readonly DecisionRecord[]): void {
    if (this.#live === null || this.difference !== null) return;
    decisions.forEach((decision, index) => {
      const other = this.#decided[index];
      this.decisions += 1;
      if (this.difference !== null || (other !== undefined && isSameDecision(decision, other))) return;
      const later = other === undefined ? 'nothing yet' : inWords(other);
      this.difference =
        `${decision.symbol} on the bar of ${new Date(time).toISOString()}: ${inWords(decision)}, ` +
        `but ${later} when started ${this.starts.at(-1)} bars later`;
    });
  }

  async close(): Promise<void> {
    const live = this.#live;
    this.#live = null;
    await live?.close();
  }
}

/** The same action with the same numbers but for rounding. The reason is talk and may quote a number to the last digit. */
function isSameDecision(one: DecisionRecord, other: DecisionRecord): boolean {
  if (one.symbol !== other.symbol || one.action !== other.action) return false;
  return INTENT_NUMBERS.every((name) => {
    const [left, right] = [one[name], other[name]];
    if (typeof left !== 'number' || typeof right !== 'number') return left === right;
    return Math.abs(left - right) <= SAME_NUMBER_RATIO * Math.max(Math.abs(left), Math.abs(right));
  });
}

function inWords({ symbol: _symbol, ...decision }: DecisionRecord): string {
  return JSON.stringify(decision);
}

/** Times that part the bars of a span evenly, rising. */
function lateTimes(series: readonly CandleColumns[], from: number, to: number, parts: number): number[] {
  const first = Math.max(from, Math.min(...series.map(({ time }) => time[0] ?? Number.POSITIVE_INFINITY)));
  const last = Math.min(to, Math.max(...series.map(({ time }) => time.at(-1) ?? Number.NEGATIVE_INFINITY)));
  if (!(first < last)) return [];
  return Array.from({ length: Math.max(0, parts - 1) }, (_, part) => first + ((part + 1) * (last - first)) / parts);
}

/** Whether the next of the times has come; those that have are taken off. */
function isPassed(times: number[], now: number): boolean {
  let passed = false;
  while (times.length > 0 && times[0]! <= now) {
    times.shift();
    passed = true;
  }
  return passed;
}
