import type { RandomStream } from '#engine/candles/random-stream.ts';
import type { Clock } from '#engine/clock.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { Backoff } from './backoff.ts';
import type { LiveSeries } from './live-series.ts';
import { type MarketBar, type MarketData, toldName } from './market-data.ts';
import type { Questions } from './questions.ts';

export interface BackfillOptions {
  readonly data: MarketData;
  readonly questions: Questions;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly series: readonly LiveSeries[];
  /** More is known of a market than before. */
  readonly onProgress: (series: LiveSeries) => void;
  /** A question failed and is asked again, or, with null, was answered. */
  readonly onProblem: (symbol: string, error: unknown) => void;
  /** What the venue no longer has. */
  readonly onHole: (text: string) => void;
}

/** Questions overlap with what is known by so many bars, so that a bar that changed shortly after its end is noticed. */
const overlapBars = 3;
const retryMs = { firstMs: 1_000, maxMs: 30_000 };

interface Asking {
  readonly backoff: Backoff;
  isUnderWay: boolean;
  cancelRetry: () => void;
}

/** Asks a venue for the bars that nobody has told of, market by market, and again until they are known. */
export class Backfill {
  readonly #options: BackfillOptions;
  readonly #asking: ReadonlyMap<LiveSeries, Asking>;
  #isStopped = false;

  constructor(options: BackfillOptions) {
    this.#options = options;
    const { series, random } = options;
    const newAsking = (): Asking => ({ backoff: new Backoff({ ...retryMs, random }), isUnderWay: false, cancelRetry: () => {} });
    this.#asking = new Map(series.map((one) => [one, newAsking()]));
  }

  /** Asks for a market's bars until all that have closed are known. Ends with the answer or the first failure; it goes on by itself then. */
  async settle(series: LiveSeries, overlap = overlapBars): Promise<void> {
    const asking = this.#asking.get(series)!;
    if (asking.isUnderWay || this.#isStopped) return;
    asking.isUnderWay = true;
    asking.cancelRetry();
    try {
      while (await this.#ask(series, overlap));
      asking.backoff.reset();
      if (!this.#isStopped) this.#options.onProblem(series.symbol, null);
    } catch (error) {
      if (this.#isStopped) return;
      this.#options.onProblem(series.symbol, error);
      const waitMs = Math.max(asking.backoff.next(), error instanceof VenueError ? (error.retryAfterMs ?? 0) : 0);
      asking.cancelRetry = this.#options.clock.after(waitMs, () => void this.settle(series));
    } finally {
      asking.isUnderWay = false;
    }
  }

  /** Compares bars that were settled before with what the venue says of them now, too. */
  audit(series: LiveSeries, bars: number): void {
    void this.settle(series, Math.min(bars, this.#options.data.traits.pageBars / 2));
  }

  stop(): void {
    this.#isStopped = true;
    for (const { cancelRetry } of this.#asking.values()) cancelRetry();
  }

  /** One question. True when there is more to ask for. @throws VenueError, also when the venue is behind its own clock */
  async #ask(series: LiveSeries, overlap: number): Promise<boolean> {
    const { data, questions, onProgress } = this.#options;
    const { ledger, symbol, stepMs, timeframe } = series;
    const before = ledger.settledUntil;
    const since = before - overlap * stepMs;
    const thought = questions.clockThought;
    // By the time of asking: the answer may have been made at once.
    const final = questions.venueNow() - questions.uncertaintyMs - data.traits.settleMs;
    const closed = Math.floor(final / stepMs) * stepMs;
    const bars = await questions.bars(symbol, timeframe, since, data.traits.pageBars);
    if (this.#isStopped) return false;
    this.#noteHole(series, bars, before);
    let covered = coverage(bars, { since, closed, stepMs, traits: data.traits });
    // That a bar has ended is proven by one that opened after it. For the rest the clock has to be right, which can be set at any time.
    const proven = newestOf(bars);
    if (covered > proven) {
      if (covered < closed && proven > before) covered = proven;
      else if (!(await questions.holds(thought))) return !this.#isStopped;
      if (this.#isStopped) return false;
    }
    const problem = ledger.answered(bars, covered, questions.venueNow());
    if (ledger.settledUntil > before) onProgress(series);
    if (problem !== null) throw malformed(symbol, problem);
    if (ledger.settledUntil >= closed) return false;
    if (ledger.settledUntil === before) throw behind(symbol, before);
    return true;
  }

  #noteHole(series: LiveSeries, bars: readonly MarketBar[], before: number): void {
    const { data, onHole } = this.#options;
    const { newestBarsOnly } = data.traits;
    if (newestBarsOnly === null || bars.length < newestBarsOnly) return;
    const oldest = Math.min(...bars.map(({ time }) => time));
    if (oldest <= before) return;
    const span = `between ${minute(before)} and ${minute(oldest)}`;
    const remedy = data.isSimulated ? '' : ' Import its downloadable history for those.';
    onHole(`${toldName(data)} serves only its newest ${newestBarsOnly} candles: no bars of ${series.symbol} ${span}.${remedy}`);
  }
}

interface Asked {
  readonly since: number;
  /** Bars that closed until then were final when the question was asked. */
  readonly closed: number;
  readonly stepMs: number;
  readonly traits: MarketData['traits'];
}

/** Until when an answer tells everything: every bar that closed until then is in it. */
function coverage(bars: readonly MarketBar[], { since, closed, stepMs, traits }: Asked): number {
  if (traits.isWindowed) return Math.min(closed, since + traits.pageBars * stepMs);
  // These venues list minutes without a trade too, so what is not listed is not there yet.
  return Math.min(closed, newestOf(bars) + stepMs);
}

/** Opening of the newest bar. */
function newestOf(bars: readonly MarketBar[]): number {
  return bars.reduce((time, bar) => Math.max(time, bar.time), Number.NEGATIVE_INFINITY);
}

function behind(symbol: string, until: number): VenueError {
  return new VenueError(
    'other',
    'unknown',
    `The venue's bars of ${symbol} end at ${minute(until)}, behind its own clock.`,
    'It is asked again by itself.',
  );
}

function malformed(symbol: string, problem: string): VenueError {
  return new VenueError('other', 'unknown', `A bar of ${symbol} cannot be true: ${problem}.`, 'It is asked for again by itself.');
}

function minute(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
