import type { CandleStore } from '#engine/candles/candle-store.ts';
import type { RandomStream } from '#engine/candles/random-stream.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Clock } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { explain } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { Backfill } from './backfill.ts';
import { Backoff } from './backoff.ts';
import { BarKeeper } from './bar-keeper.ts';
import type { Feed, FeedHealth, Instant } from './feed.ts';
import { clockRetryMs, type FeedSettings, reconnectMs, setMs, usualSettings, vagueMs } from './feed-settings.ts';
import { LiveSeries } from './live-series.ts';
import { type MarketBar, type MarketData, toldName } from './market-data.ts';
import { Questions } from './questions.ts';
import type { Correction } from './series-ledger.ts';
import { Stream } from './stream.ts';
import { Timers } from './timers.ts';

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

const clockSamples = 4;

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
  readonly series: readonly LiveSeries[];
  readonly #backfill: Backfill;
  readonly #keeper: BarKeeper;
  readonly #stream: Stream | null;
  readonly #stepMs: number;
  readonly #listeners = new Set<() => void>();
  readonly #missing = new Map<number, string[]>();
  readonly #notices = new Set<string>();
  /** By what they are about. */
  readonly #problems = new Map<string, string>();
  readonly #timers: Timers;
  readonly #openedAt: number;
  /** Close of the last instant that was taken. */
  #taken: number;
  #wait: Wait | null = null;
  #settledAt = 0;
  #auditNext = 0;
  #isReadingClock = false;
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
    this.#settings = { ...usualSettings, ...options.settings };
    this.#stepMs = timeframeMs(timeframe);
    this.#questions = new Questions(data, clock);
    this.#timers = new Timers(clock);
    this.#openedAt = this.#floor(clock.now());
    this.#taken = options.takenUntil ?? this.#openedAt;
    const { keepBars, historyBars, storeEveryMs } = this.#settings;
    const { venue, isSimulated } = data;
    this.series = symbols.map(
      (symbol) =>
        new LiveSeries({
          key: { venue, symbol, timeframe },
          store,
          origin: { isSimulated, source: `watched at ${venue}` },
          takenUntil: options.takenUntil,
          servesNewest: data.traits.newestBarsOnly,
          // What the engine has not taken is asked for however long ago that was.
          historyFrom: Math.min(this.#openedAt - historyBars * this.#stepMs, this.#taken),
          keepBars,
          now: clock.now(),
          onCorrection: (correction) => this.#noteCorrection(correction),
        }),
    );
    this.#backfill = new Backfill({
      data,
      questions: this.#questions,
      clock,
      random,
      series: this.series,
      onProgress: (series) => {
        series.skipTaken();
        this.#settledAt = clock.now();
        this.#changed();
      },
      onProblem: (symbol, error) => {
        if (error === null) this.#problems.delete(symbol);
        else this.#note(symbol, error, `${symbol} could not be asked for.`);
      },
      onHole: (text) => {
        if (!this.#notices.has(text)) options.log.warn(text);
        this.#notices.add(text);
      },
    });
    this.#keeper = new BarKeeper({
      store,
      series: this.series,
      clock,
      log: options.log,
      everyMs: storeEveryMs,
      onProblem: (text) => {
        if (text === null) this.#problems.delete('store');
        else this.#problems.set('store', text);
      },
    });
    this.#stream = data.traits.canWatch ? this.#newStream() : null;
    this.seek(options.takenUntil);
  }

  seek(time: number | null): void {
    this.#taken = time ?? this.#openedAt;
    for (const series of this.series) series.seek(this.#taken);
    this.#changed();
  }

  peek(): Instant | null {
    const settled = this.#settledUntil();
    const time = this.#nextClose();
    if (time > settled) return settled > this.#taken ? { time: settled, bars: [], ages: [], missing: [] } : null;
    const taken = this.series.filter((series) => series.nextClose === time).map((series) => series.nextBar());
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
    for (const series of this.series) if (series.nextClose === instant.time) series.takeBar();
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
    return {
      venue: toldName(this.#options.data),
      stream: this.#stream?.state ?? 'none',
      lastMessageAt: this.#stream?.lastMessageAt ?? null,
      reconnects: this.#stream?.reconnects ?? 0,
      breaker: this.#questions.breaker,
      clock: this.#questions.clockOffset,
      series: this.series.map((series) => series.health(venueNow)),
      unstoredBars: this.#keeper.unstoredBars,
      problems: [...this.#problems.values()],
      notices: [...this.#notices],
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stream?.stop();
    this.#wait?.cancel();
    this.#backfill.stop();
    this.#timers.stop();
    this.#keeper.stop();
    this.#options.store.close();
    await this.#options.data.close();
  }

  // ── at work ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Ends when every market's history was asked for. Without the venue's clock nobody knows which bars have closed, so it comes first; once
   * is enough for that. The rest comes after the history: a venue answers only so many questions at once, and an engine waits for this.
   */
  async #begin(): Promise<void> {
    await this.#readClock();
    if (this.#isClosed) return;
    this.#stream?.start();
    this.#timers.every(this.#settings.measureEveryMs, () => void this.#readClock());
    this.#timers.every(this.#settings.auditEveryMs, () => this.#audit());
    await Promise.all(this.series.map((series) => this.#backfill.settle(series)));
    void this.#sampleClock();
    this.#askAfterNextBar();
  }

  /** Of several answers the quickest says most. */
  async #sampleClock(): Promise<void> {
    for (let sample = 1; sample < clockSamples && !this.#isClosed; sample += 1)
      if ((await this.#measure()) === null) return this.#readClock();
  }

  /** Again after growing waits until it answers; what was measured before counts meanwhile. */
  async #readClock(): Promise<void> {
    if (this.#isReadingClock) return;
    this.#isReadingClock = true;
    const backoff = new Backoff({ ...clockRetryMs, random: this.#options.random });
    for (let vague = 0; vague < clockSamples && !this.#isClosed; await this.#timers.pause(backoff.next())) {
      const tookMs = await this.#measure();
      // An answer that was long on its way fits what was measured before, even if a clock was set since.
      if (tookMs !== null && tookMs <= vagueMs) break;
      if (tookMs !== null) vague += 1;
    }
    this.#isReadingClock = false;
  }

  /** @returns how long the answer took, milliseconds; null when there was none */
  async #measure(): Promise<number | null> {
    try {
      const tookMs = await this.#questions.measureClock();
      this.#problems.delete('clock');
      return tookMs;
    } catch (error) {
      this.#note('clock', error, 'The clock of the venue could not be read.');
      return null;
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
        for (const series of this.series) series.ledger.streamBroke();
        this.#note('stream', error, 'The stream of bars broke.');
      },
      onRefused: (symbol, error) => {
        this.#seriesOf(symbol).ledger.streamBroke();
        this.#note('stream', error, `The stream has no bars of ${symbol}.`);
      },
    });
  }

  #hear(symbol: string, bars: readonly MarketBar[]): void {
    const problem = this.#seriesOf(symbol).ledger.watched(bars, this.#questions.venueNow());
    if (problem === null) this.#problems.delete('stream');
    else this.#problems.set('stream', `A bar of ${symbol} was left out: ${problem}.`);
    this.#changed();
  }

  /** Comes back after each bar's end, when an answer may be final. */
  #askAfterNextBar(): void {
    const { clock, data } = this.#options;
    const graceMs = Math.max(this.#settings.graceMs, data.traits.settleMs + this.#questions.uncertaintyMs + 1);
    const venueNow = this.#questions.venueNow();
    const end = this.#floor(venueNow - graceMs) + this.#stepMs;
    // Whole milliseconds: a sliver of one would be no time at all, and the same bar's end still to come.
    const waitMs = Math.max(1, Math.ceil(end + graceMs - venueNow));
    const dueAt = clock.now() + waitMs;
    this.#timers.after(waitMs, () => void this.#askForBar(end, dueAt));
  }

  /** @param dueAt what our clock was to show now; when it shows another time it was set, or the machine has slept */
  async #askForBar(end: number, dueAt: number): Promise<void> {
    if (Math.abs(this.#options.clock.now() - dueAt) > setMs) await this.#measure();
    if (this.#isClosed) return;
    for (const series of this.series) if (series.ledger.settledUntil < end) void this.#backfill.settle(series);
    this.#askAfterNextBar();
  }

  #audit(): void {
    const series = this.series[this.#auditNext % this.series.length]!;
    this.#auditNext += 1;
    // As many as have closed since it was this market's turn, and some: every bar is looked at again once.
    this.#backfill.audit(series, Math.ceil((this.series.length * this.#settings.auditEveryMs) / this.#stepMs) + 10);
  }

  // ── instants ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #settledUntil(): number {
    return Math.min(...this.series.map((series) => series.ledger.settledUntil));
  }

  #nextClose(): number {
    return Math.min(...this.series.map((series) => series.nextClose));
  }

  #changed(): void {
    this.#plan();
    this.#keeper.later();
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
    // A clock that was set back meanwhile does not lengthen it.
    const since = Math.min(Math.max(now, due), before?.time === time ? before.since : Number.POSITIVE_INFINITY);
    const deadline = Math.min(Math.max(since, this.#settledAt) + lateMs, since + lateMsMax);
    this.#wait = { time, since, cancel: clock.after(deadline - now, () => this.#concede(time)) };
  }

  #concede(time: number): void {
    const { log } = this.#options;
    const venueNow = this.#questions.venueNow();
    const isVouched = this.#stream?.hasPassed(time, this.#settings.graceMs) ?? false;
    const missing: string[] = [];
    for (const series of this.series) {
      if (series.ledger.settledUntil >= time) continue;
      if (!series.ledger.concede(time, isVouched, venueNow)) missing.push(series.symbol);
    }
    if (missing.length > 0) {
      this.#missing.set(time, missing);
      log.warn({ time, missing }, 'The engine goes on without bars that did not come in time.');
    }
    this.#changed();
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

  #note(topic: string, error: unknown, what: string): void {
    if (this.#isClosed) return;
    this.#problems.set(topic, `${what} ${explain(error)}`);
    this.#options.log.warn({ error: explain(error) }, what);
  }

  #seriesOf(symbol: string): LiveSeries {
    return this.series.find((series) => series.symbol === symbol)!;
  }

  #floor(time: number): number {
    return Math.floor(time / this.#stepMs) * this.#stepMs;
  }
}
