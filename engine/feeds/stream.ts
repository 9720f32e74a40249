import type { Clock } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import type { Backoff } from './backoff.ts';
import type { StreamState } from './feed.ts';
import type { MarketBar, MarketData } from './market-data.ts';

export interface SilenceLimits {
  /** Silence that lasts so many times as long as the pauses between messages are on average is a broken stream. */
  readonly factor: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export interface StreamOptions {
  readonly data: MarketData;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly silence: SilenceLimits;
  readonly onBars: (symbol: string, bars: readonly MarketBar[]) => void;
  /** It broke, and what comes next does not go on from what came last. */
  readonly onLost: (error: unknown) => void;
  /** One market is not to be had by the stream; the others are. */
  readonly onRefused: (symbol: string, error: unknown) => void;
}

/** After so long without a break, the next reconnect is a first one again. */
const stableMs = 60_000;
/** How fast the average of the pauses follows. */
const pauseWeight = 0.05;

type News = { readonly kind: 'bars'; readonly bars: readonly MarketBar[] } | { readonly kind: 'failed'; readonly error: unknown };

/** Keeps a venue's stream of bars open: joins all markets, notices when it breaks or falls silent, and takes it up again after a while. */
export class Stream {
  readonly #options: StreamOptions;
  /** Ends the wait of a market's loop; null in it stands for "it broke elsewhere". */
  readonly #waiting = new Map<string, (news: News | null) => void>();
  readonly #sleeping = new Set<() => void>();
  #state: StreamState = 'connecting';
  #since: number;
  #lastMessageAt: number | null = null;
  /** Opening of the newest bar that this connection has told of, of whatever market, and when it first did. */
  #newest: { readonly time: number; readonly heardAt: number } | null = null;
  #meanPauseMs: number;
  #reconnects = 0;
  /** Counts the connections, so that news of an old one is known as such. */
  #connection = 0;
  #resumeAt = 0;
  #resumeMs = 0;
  #isStopped = false;
  #cancelCheck: () => void = () => {};

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#since = options.clock.now();
    // Nothing is known yet: patient at first.
    this.#meanPauseMs = options.silence.maxMs / options.silence.factor;
  }

  get state(): StreamState {
    return this.#state;
  }

  get lastMessageAt(): number | null {
    return this.#lastMessageAt;
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  /**
   * Whether what was said of bars that closed by `time` has arrived, as far as a stream that keeps its order can show. When a message
   * came says nothing, as it may have been sent long before; a bar that opened then was told after it. What the venue still has to say
   * of the bar before takes it up to `graceMs`.
   */
  hasPassed(time: number, graceMs: number): boolean {
    const newest = this.#newest;
    if (newest === null || newest.time < time) return false;
    return newest.time > time || this.#lastMessageAt! - newest.heardAt >= graceMs;
  }

  start(): void {
    for (const symbol of this.#options.symbols) void this.#follow(symbol);
    this.#checkLater();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelCheck();
    this.#wakeAll();
  }

  /** Silence of this length means that it has broken, milliseconds. */
  get silenceMs(): number {
    const { factor, minMs, maxMs } = this.#options.silence;
    return Math.min(maxMs, Math.max(minMs, factor * this.#meanPauseMs));
  }

  async #follow(symbol: string): Promise<void> {
    const { clock, backoff, onRefused } = this.#options;
    while (!this.#isStopped) {
      const connection = this.#connection;
      const news = await this.#nextNews(symbol);
      if (this.#isStopped) return;
      if (news !== null && connection === this.#connection) {
        if (news.kind === 'bars') this.#hear(symbol, news.bars);
        else if (isRefusal(news.error)) {
          onRefused(symbol, news.error);
          await this.#sleep(backoff.next());
        } else this.#lose(news.error);
      }
      if (clock.now() < this.#resumeAt) await this.#sleep(Math.min(this.#resumeMs, this.#resumeAt - clock.now()));
    }
  }

  /** Null when the stream broke before anything came. No promise outlives the connection: one that is raced a million times grows. */
  #nextNews(symbol: string): Promise<News | null> {
    const { data, timeframe } = this.#options;
    return new Promise((resolve) => {
      const settle = (news: News | null) => {
        if (this.#waiting.get(symbol) === settle) this.#waiting.delete(symbol);
        resolve(news);
      };
      this.#waiting.set(symbol, settle);
      data.watch(symbol, timeframe).then(
        (bars) => settle({ kind: 'bars', bars }),
        (error: unknown) => settle({ kind: 'failed', error }),
      );
    });
  }

  #hear(symbol: string, bars: readonly MarketBar[]): void {
    const { clock, backoff, onBars } = this.#options;
    const now = clock.now();
    if (this.#state !== 'connected') {
      this.#state = 'connected';
      this.#since = now;
    } else if (this.#lastMessageAt !== null) {
      this.#meanPauseMs += pauseWeight * (now - this.#lastMessageAt - this.#meanPauseMs);
    }
    this.#lastMessageAt = now;
    for (const { time } of bars)
      if (time > (this.#newest?.time ?? Number.NEGATIVE_INFINITY)) this.#newest = { time, heardAt: now };
    if (now - this.#since > stableMs) backoff.reset();
    onBars(symbol, bars);
  }

  #lose(error: unknown): void {
    const { clock, backoff, data, onLost } = this.#options;
    this.#connection += 1;
    this.#newest = null;
    this.#reconnects += 1;
    this.#state = 'lost';
    this.#resumeMs = backoff.next();
    this.#resumeAt = clock.now() + this.#resumeMs;
    this.#since = this.#resumeAt;
    // A half-dead connection must not bring old news into the new one; that it cannot be closed properly changes nothing.
    data.disconnect().catch(() => {});
    onLost(error);
    for (const settle of [...this.#waiting.values()]) settle(null);
  }

  #checkLater(): void {
    const { clock, silence } = this.#options;
    this.#cancelCheck = clock.after(silence.minMs / 3, () => {
      const now = clock.now();
      // A clock that was set back meanwhile does not make it quiet for so much less.
      this.#since = Math.min(this.#since, now + this.#resumeMs);
      if (this.#lastMessageAt !== null) this.#lastMessageAt = Math.min(this.#lastMessageAt, now);
      const quietSince = Math.max(this.#since, this.#state === 'connected' ? this.#lastMessageAt! : 0);
      const quietMs = now - quietSince;
      if (quietMs > this.silenceMs) {
        const message = `The stream has been silent for ${Math.round(quietMs / 1000)} s.`;
        this.#lose(new VenueError('timeout', 'unknown', message, 'It is taken up again by itself.'));
      }
      this.#checkLater();
    });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleeping.delete(wake);
        cancel();
        resolve();
      };
      const cancel = this.#options.clock.after(ms, wake);
      this.#sleeping.add(wake);
    });
  }

  #wakeAll(): void {
    for (const settle of [...this.#waiting.values()]) settle(null);
    for (const wake of [...this.#sleeping]) wake();
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof VenueError && error.certainty === 'refused';
}
