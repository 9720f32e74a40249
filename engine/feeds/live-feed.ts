import type { CandleStore } from '#engine/candles/candle-store.ts';
import type { RandomStream } from '#engine/candles/random-stream.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import { type Clock, sleep } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { explain } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { Backoff } from './backoff.ts';
import type { Feed, FeedHealth, Instant } from './feed.ts';
import { LiveSeries } from './live-series.ts';
import type { MarketBar, MarketData } from './market-data.ts';
import { Questions } from './questions.ts';
import type { Correction } from './series-ledger.ts';
import { type SilenceLimits, Stream } from './stream.ts';

export interface LiveFeedOptions {
  readonly data: MarketData;
  readonly symbols: readonly string[];
  /** The finest that is needed; higher ones are built from it by who needs them. */
  readonly timeframe: Timeframe;
  /** Where bars are kept; the feed closes it. Of a rehearsal, one that no real venue's bars are in. */
  readonly store: CandleStore;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly log: Logger;
  /** Close of the last instant the engine has taken in; null when it has taken none, and begins now. */
  readonly takenUntil: number | null;
  readonly onCorrection?: (correction: Correction) => void;
  readonly settings?: Partial<FeedSettings>;
}

/** Times in milliseconds. */
export interface FeedSettings {
  /** So long after a bar's end the venue is asked for what the stream has not told. */
  readonly graceMs: number;
  /** So long the bars of an instant wait for the others, from when it was their turn or the last one came. */
  readonly lateMs: number;
  /** And no longer than this altogether. */
  readonly lateMsMax: number;
  /** Bars of each market in memory, beside those not stored or not taken yet. */
  readonly keepBars: number;
  /** Bars asked for where nothing is stored. */
  readonly historyBars: number;
  readonly storeEveryMs: number;
  /** How often some market's last bars are compared with what the venue says of them now. */
  readonly auditEveryMs: number;
  readonly measureEveryMs: number;
  readonly silence: SilenceLimits;
  /** Opening waits so long for the history, and then goes on without. */
  readonly openWithinMs: number;
}

const usual: FeedSettings = {
  graceMs: 2_000,
  lateMs: 10_000,
  lateMsMax: 60_000,
  keepBars: 1_500,
  historyBars: 10_000,
  storeEveryMs: 60_000,
  auditEveryMs: 120_000,
  measureEveryMs: 300_000,
  silence: { factor: 10, minMs: 30_000, maxMs: 300_000 },
  openWithinMs: 15_000,
};

/** Questions overlap with what is known by so many bars, so that a bar that changed shortly after its end is noticed. */
const overlapBars = 3;
const clockSamples = 4;
const retryMs = { firstMs: 1_000, maxMs: 30_000 };
const reconnectMs = { firstMs: 1_000, maxMs: 60_000 };

interface Line {
  readonly series: LiveSeries;
  readonly backoff: Backoff;
  isAsking: boolean;
  cancelRetry: () => void;
}

/** A moment that some markets have a bar for, and others are not settled for. */
interface Wait {
  readonly time: number;
  readonly since: number;
  readonly cancel: () => void;
}

/**
 * A venue's bars as they close. The stream says early, questions say surely; between them every bar is handed out once, in order,
 * together with all that close with it, and what the venue says of it later is told apart as a correction.
 */
export class LiveFeed implements Feed {
  readonly isLive = true;
  readonly #options: LiveFeedOptions;
  readonly #settings: FeedSettings;
  readonly #questions: Questions;
  readonly #lines: readonly Line[];
  readonly #stream: Stream | null;
  readonly #stepMs: number;
  readonly #listeners = new Set<() => void>();
  readonly #missing = new Map<number, string[]>();
  readonly #notices = new Set<string>();
  /** By what they are about. */
  readonly #problems = new Map<string, string>();
  readonly #timers = new Set<() => void>();
  readonly #openedAt: number;
  /** Close of the last instant that was taken. */
  #taken: number;
  #wait: Wait | null = null;
  #settledAt = 0;
  #auditNext = 0;
  #isKeeping = false;
  #isClosed = false;

  /** Takes up what is stored, then the venue. One that does not answer is no reason not to open: it is tried on and on, and `health` says so. */
  static async open(options: LiveFeedOptions): Promise<LiveFeed> {
    const feed = new LiveFeed(options);
    await new Promise<void>((resolve) => {
      const cancel = options.clock.after(feed.#settings.openWithinMs, resolve);
      void feed.#begin().then(() => {
        cancel();
        resolve();
      });
    });
    return feed;
  }

  private constructor(options: LiveFeedOptions) {
    const { data, symbols, timeframe, clock, random, store } = options;
    this.#options = options;
    this.#settings = { ...usual, ...options.settings };
    this.#stepMs = timeframeMs(timeframe);
    this.#questions = new Questions(data, clock);
    this.#openedAt = this.#floor(clock.now());
    this.#taken = options.takenUntil ?? this.#openedAt;
    const { keepBars, historyBars } = this.#settings;
    const { venue, isSimulated } = data;
    this.#lines = symbols.map((symbol) => ({
      series: new LiveSeries({
        key: { venue, symbol, timeframe },
        store,
        origin: { isSimulated, source: `watched at ${venue}` },
        takenUntil: options.takenUntil,
        historyFrom: this.#openedAt - historyBars * this.#stepMs,
        keepBars,
        now: clock.now(),
        onCorrection: (correction) => this.#noteCorrection(correction),
      }),
      backoff: new Backoff({ ...retryMs, random }),
      isAsking: false,
      cancelRetry: () => {},
    }));
    this.#stream = data.traits.canWatch ? this.#newStream() : null;
    this.seek(options.takenUntil);
  }

  get series(): readonly LiveSeries[] {
    return this.#lines.map(({ series }) => series);
  }

  seek(time: number | null): void {
    this.#taken = time ?? this.#openedAt;
    for (const { series } of this.#lines) series.seek(this.#taken);
    this.#changed();
  }

  peek(): Instant | null {
    const settled = this.#settledUntil();
    const time = this.#nextClose();
    if (time > settled) return settled > this.#taken ? { time: settled, bars: [], ages: [], missing: [] } : null;
    const taken = this.#lines.filter(({ series }) => series.nextClose === time).map(({ series }) => series.nextBar());
    return {
      time,
      bars: taken.map(({ bar }) => bar),
      ages: taken.map(({ ageMs }) => ageMs),
      missing: this.#missing.get(time) ?? [],
    };
  }

  next(): Instant | null {
    const instant = this.peek();
    if (instant === null) return null;
    for (const { series } of this.#lines) if (series.nextClose === instant.time) series.takeBar();
    for (const time of this.#missing.keys()) if (time <= instant.time) this.#missing.delete(time);
    this.#taken = instant.time;
    this.#plan();
    return instant;
  }

  timeOfInstant(): number {
    return this.#openedAt;
  }

  onNews(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  health(): FeedHealth {
    const venueNow = this.#questions.venueNow();
    const series = this.#lines.map((line) => line.series.health(venueNow));
    return {
      venue: this.#options.data.venue,
      stream: this.#stream?.state ?? 'none',
      lastMessageAt: this.#stream?.lastMessageAt ?? null,
      reconnects: this.#stream?.reconnects ?? 0,
      breaker: this.#questions.breaker,
      clock: this.#questions.clockOffset,
      series,
      unstoredBars: this.#lines.reduce((sum, line) => sum + line.series.unstoredBars, 0),
      problems: [...this.#problems.values()],
      notices: [...this.#notices],
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stream?.stop();
    this.#wait?.cancel();
    for (const { cancelRetry } of this.#lines) cancelRetry();
    for (const cancel of [...this.#timers]) cancel();
    this.#keep();
    this.#options.store.close();
    await this.#options.data.close();
  }

  // ── at work ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends when every market's history was asked for. Without the venue's clock nobody knows which bars have closed, so it comes first. */
  async #begin(): Promise<void> {
    const backoff = new Backoff({ ...retryMs, random: this.#options.random });
    while (!this.#isClosed && !(await this.#measure())) await sleep(this.#options.clock, backoff.next());
    if (this.#isClosed) return;
    this.#stream?.start();
    for (let sample = 1; sample < clockSamples; sample += 1) await this.#measure();
    this.#every(this.#settings.measureEveryMs, () => void this.#measure());
    this.#every(this.#settings.auditEveryMs, () => this.#audit());
    await Promise.all(this.#lines.map((line) => this.#settle(line)));
    this.#askAfterNextBar();
  }

  async #measure(): Promise<boolean> {
    try {
      await this.#questions.measureClock();
      this.#problems.delete('clock');
      return true;
    } catch (error) {
      this.#note('clock', error, 'The clock of the venue could not be read.');
      return false;
    }
  }

  #newStream(): Stream {
    const { data, symbols, timeframe, clock, random } = this.#options;
    return new Stream({
      data,
      symbols,
      timeframe,
      clock,
      backoff: new Backoff({ ...reconnectMs, random }),
      silence: this.#settings.silence,
      onBars: (symbol, bars) => this.#hear(symbol, bars),
      onLost: (error) => {
        for (const { series } of this.#lines) series.ledger.streamBroke();
        this.#note('stream', error, 'The stream of bars broke.');
      },
      onRefused: (symbol, error) => {
        this.#lineOf(symbol).series.ledger.streamBroke();
        this.#note('stream', error, `The stream has no bars of ${symbol}.`);
      },
    });
  }

  #hear(symbol: string, bars: readonly MarketBar[]): void {
    const problem = this.#lineOf(symbol).series.ledger.watched(bars, this.#questions.venueNow());
    if (problem === null) this.#problems.delete('stream');
    else this.#problems.set('stream', `A bar of ${symbol} was left out: ${problem}.`);
    this.#changed();
  }

  /** Comes back after each bar's end, when an answer may be final. */
  #askAfterNextBar(): void {
    const { clock, data } = this.#options;
    const graceMs = Math.max(this.#settings.graceMs, data.traits.settleMs + this.#uncertaintyMs() + 1);
    const venueNow = this.#questions.venueNow();
    const end = this.#floor(venueNow - graceMs) + this.#stepMs;
    const cancel = clock.after(end + graceMs - venueNow, () => {
      this.#timers.delete(cancel);
      for (const line of this.#lines) if (line.series.ledger.settledUntil < end) void this.#settle(line);
      this.#askAfterNextBar();
    });
    this.#timers.add(cancel);
  }

  /** Asks for a market's bars until all that have closed are known. */
  async #settle(line: Line, overlap = overlapBars): Promise<void> {
    if (line.isAsking || this.#isClosed) return;
    line.isAsking = true;
    line.cancelRetry();
    try {
      while (await this.#askOnce(line, overlap));
      line.backoff.reset();
      this.#problems.delete(line.series.symbol);
    } catch (error) {
      this.#note(line.series.symbol, error, `${line.series.symbol} could not be asked for.`);
      const waitMs = Math.max(line.backoff.next(), error instanceof VenueError ? (error.retryAfterMs ?? 0) : 0);
      if (!this.#isClosed) line.cancelRetry = this.#options.clock.after(waitMs, () => void this.#settle(line));
    } finally {
      line.isAsking = false;
    }
  }

  /** One question. True when there is more to ask for. @throws VenueError, also when the venue is behind its own clock */
  async #askOnce({ series }: Line, overlap: number): Promise<boolean> {
    const { data, timeframe } = this.#options;
    const { ledger, symbol } = series;
    const before = ledger.settledUntil;
    const since = before - overlap * this.#stepMs;
    const { pageBars } = data.traits;
    // By the time of asking: the answer may have been made at once.
    const closed = this.#floor(this.#questions.venueNow() - this.#uncertaintyMs() - data.traits.settleMs);
    const bars = await this.#questions.bars(symbol, timeframe, since, pageBars);
    if (this.#isClosed) return false;
    const covered = coverage(bars, { since, closed, stepMs: this.#stepMs, traits: data.traits });
    this.#noteHole(series, bars, before);
    const problem = ledger.answered(bars, covered, this.#questions.venueNow());
    if (problem !== null) throw malformed(symbol, problem);
    if (ledger.settledUntil > before) {
      series.skipTaken();
      this.#settledAt = this.#options.clock.now();
      this.#changed();
    }
    if (ledger.settledUntil >= closed) return false;
    if (ledger.settledUntil === before) throw behind(symbol, before);
    return true;
  }

  #noteHole(series: LiveSeries, bars: readonly MarketBar[], before: number): void {
    const { venue, traits } = this.#options.data;
    if (traits.newestBarsOnly === null || bars.length < traits.newestBarsOnly) return;
    const oldest = Math.min(...bars.map(({ time }) => time));
    if (oldest <= before) return;
    const span = `between ${minute(before)} and ${minute(oldest)}`;
    this.#notices.add(
      `${venue} serves only its newest ${traits.newestBarsOnly} candles: no bars of ${series.symbol} ${span}. Import its downloadable history for those.`,
    );
  }

  #audit(): void {
    const line = this.#lines[this.#auditNext % this.#lines.length]!;
    this.#auditNext += 1;
    // As many as have closed since it was this market's turn, and some: every bar is looked at again once.
    const round = Math.ceil((this.#lines.length * this.#settings.auditEveryMs) / this.#stepMs) + 10;
    void this.#settle(line, Math.min(round, this.#options.data.traits.pageBars / 2));
  }

  // ── instants ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #settledUntil(): number {
    return Math.min(...this.#lines.map(({ series }) => series.ledger.settledUntil));
  }

  #nextClose(): number {
    return Math.min(...this.#lines.map(({ series }) => series.nextClose));
  }

  #changed(): void {
    this.#plan();
    if (this.#lines.some(({ series }) => series.unstoredBars > 0)) this.#keepLater();
    if (this.peek() !== null) for (const listener of [...this.#listeners]) listener();
  }

  /** Sees to it that bars that wait for others do not wait for ever. */
  #plan(): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    const { lateMs, lateMsMax } = this.#settings;
    const time = this.#nextClose();
    const before = this.#wait;
    before?.cancel();
    this.#wait = null;
    if (time === Number.POSITIVE_INFINITY || time <= this.#settledUntil()) return;
    const now = clock.now();
    const due = time + this.#settings.graceMs - this.#questions.venueNow() + now;
    const since = before?.time === time ? before.since : Math.max(now, due);
    const deadline = Math.min(Math.max(since, this.#settledAt) + lateMs, since + lateMsMax);
    this.#wait = { time, since, cancel: clock.after(deadline - now, () => this.#concede(time)) };
  }

  #concede(time: number): void {
    const { clock, log } = this.#options;
    const heardAt = this.#stream?.state === 'connected' ? this.#stream.lastMessageAt : null;
    const venueNow = this.#questions.venueNow();
    const isVouched = heardAt !== null && heardAt + venueNow - clock.now() >= time + this.#settings.graceMs;
    const missing: string[] = [];
    for (const { series } of this.#lines) {
      if (series.ledger.settledUntil >= time) continue;
      if (!series.ledger.concede(time, isVouched, venueNow)) missing.push(series.symbol);
    }
    if (missing.length > 0) {
      this.#missing.set(time, missing);
      log.warn({ time, missing }, 'The engine goes on without bars that did not come in time.');
    }
    this.#changed();
  }

  // ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #keepLater(): void {
    if (this.#isKeeping || this.#isClosed) return;
    this.#isKeeping = true;
    const cancel = this.#options.clock.after(this.#settings.storeEveryMs, () => {
      this.#timers.delete(cancel);
      this.#isKeeping = false;
      this.#keep();
      if (this.#lines.some(({ series }) => series.unstoredBars > 0)) this.#keepLater();
    });
    this.#timers.add(cancel);
  }

  /** A store that refuses costs memory, no bar: they stay here until it takes them, and are asked for again after a restart. */
  #keep(): void {
    const { store, log } = this.#options;
    try {
      const done = store.batch(() => this.#lines.map(({ series }) => series.keep()));
      for (const settle of done) settle();
      this.#problems.delete('store');
    } catch (error) {
      this.#problems.set('store', `The bars could not be stored: ${explain(error)}`);
      log.error({ error: explain(error) }, 'The bars could not be stored; they are kept in memory.');
    }
  }

  #noteCorrection(correction: Correction): void {
    const { kind, symbol, timeframe, was, is, at } = correction;
    const { log, store, data, onCorrection } = this.#options;
    log.warn({ kind, symbol, was, is }, 'The venue says something else of a bar than when it was handed out.');
    try {
      store.corrections.note({ venue: data.venue, symbol, timeframe, was, is, noticedAt: Math.round(at) });
    } catch (error) {
      this.#problems.set('store', `A correction could not be stored: ${explain(error)}`);
    }
    onCorrection?.(correction);
  }

  // ── small things ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #every(ms: number, work: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      work();
      this.#every(ms, work);
    });
    this.#timers.add(cancel);
  }

  #note(topic: string, error: unknown, what: string): void {
    if (this.#isClosed) return;
    this.#problems.set(topic, `${what} ${explain(error)}`);
    this.#options.log.warn({ error: explain(error) }, what);
  }

  #lineOf(symbol: string): Line {
    return this.#lines.find(({ series }) => series.symbol === symbol)!;
  }

  #uncertaintyMs(): number {
    return this.#questions.clockOffset?.uncertainty ?? 0;
  }

  #floor(time: number): number {
    return Math.floor(time / this.#stepMs) * this.#stepMs;
  }
}

interface Asked {
  readonly since: number;
  /** Bars that closed until then had when the question was asked. */
  readonly closed: number;
  readonly stepMs: number;
  readonly traits: MarketData['traits'];
}

/** Until when an answer tells everything: every bar that closed until then is in it. */
function coverage(bars: readonly MarketBar[], { since, closed, stepMs, traits }: Asked): number {
  if (traits.isWindowed) return Math.min(closed, since + traits.pageBars * stepMs);
  const newest = bars.reduce((time, bar) => Math.max(time, bar.time), Number.NEGATIVE_INFINITY);
  // These venues list minutes without a trade too, so what is not listed is not there yet.
  return Math.min(closed, newest + stepMs);
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
