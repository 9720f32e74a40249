import { timeframeMs } from '#engine/candles/timeframe.ts';
import { type Clock, sleep } from '#engine/clock.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { MarketBar, MarketData, MarketDataTraits } from '#engine/feeds/market-data.ts';
import { VenueError } from '#engine/venues/venue-error.ts';

export const krakenTraits: MarketDataTraits = {
  canWatch: true,
  pageBars: 720,
  newestBarsOnly: 720,
  isWindowed: false,
  settleMs: 1_000,
  timeStepMs: 1_000,
  weights: { bars: 1, time: 1 },
  budget: { capacity: 20, perSecond: 2 },
};

/** Binance's: everything there ever was, minutes without a trade among them, the time to the millisecond. */
export const binanceTraits: MarketDataTraits = { ...krakenTraits, pageBars: 1000, newestBarsOnly: null, timeStepMs: 1 };

/** Coinbase's: no stream of bars, answers by the window, minutes without a trade left out. */
export const coinbaseTraits: MarketDataTraits = {
  ...binanceTraits,
  canWatch: false,
  pageBars: 300,
  isWindowed: true,
};

export interface MarketScript {
  readonly clock: Clock;
  readonly traits: MarketDataTraits;
  readonly timeframe?: Timeframe;
  /** The venue's clock less ours. */
  readonly offsetMs?: number;
  /** How long an answer takes. */
  readonly latencyMs?: number;
}

interface Watcher {
  readonly resolve: (bars: MarketBar[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A venue's public side under a test's hand: what traded, what the stream tells of it, what answers say, and what fails. */
export class ScriptedMarket implements MarketData {
  readonly venue = 'kraken';
  readonly isSimulated = false;
  readonly traits: MarketDataTraits;
  /** Questions for bars, as `SYMBOL since`. */
  readonly asked: { readonly symbol: string; readonly since: number; readonly at: number }[] = [];
  watches = 0;
  /** Fails questions while it is not null. */
  outage: VenueError | null = null;
  /** Of these symbols, questions are not answered. */
  readonly unanswered = new Set<string>();
  /** Answers are as old as this. */
  lagMs = 0;
  /** The stream is open and says nothing. */
  isMute = false;
  /** The stream cannot be joined. */
  streamOutage: VenueError | null = null;
  /** What is remembered a symbol; a soak needs no more than one page. */
  readonly memoryBars: number;
  readonly #clock: Clock;
  readonly #stepMs: number;
  readonly #offsetMs: number;
  readonly #latencyMs: number;
  readonly #began: number;
  readonly #bars = new Map<string, Map<number, MarketBar>>();
  readonly #watchers = new Map<string, Watcher>();
  /** Of who has joined: what was said while nobody was waiting. */
  readonly #unread = new Map<string, MarketBar[]>();
  readonly #broken = new Set<string>();

  constructor({ clock, traits, timeframe = '1m', offsetMs = 0, latencyMs = 50 }: MarketScript) {
    this.#clock = clock;
    this.traits = traits;
    this.#stepMs = timeframeMs(timeframe);
    this.#offsetMs = offsetMs;
    this.#latencyMs = latencyMs;
    this.#began = this.#floor(this.now());
    this.memoryBars = traits.newestBarsOnly ?? Number.POSITIVE_INFINITY;
  }

  /** By the venue's clock. */
  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  /** Gives a symbol bars of the past: one a step, `count` of them, up to now. */
  addHistory(symbol: string, count: number): void {
    for (let back = count; back >= 1; back -= 1) this.set(symbol, plainBar(this.#floor(this.now()) - back * this.#stepMs));
  }

  /** Puts a bar in the place of the one that was there, without a word on the stream. */
  set(symbol: string, bar: MarketBar): void {
    const bars = this.#barsOf(symbol);
    bars.set(bar.time, bar);
    if (bars.size > this.memoryBars) bars.delete(bars.keys().next().value!);
  }

  /** Something trades now. The stream tells of it, unless it is broken, mute, or told not to. */
  trade(symbol: string, price: number, size = 1, isTold = true): void {
    const time = this.#floor(this.now());
    const before = this.#barsOf(symbol).get(time);
    const bar =
      before === undefined
        ? { time, open: price, high: price, low: price, close: price, volume: size }
        : {
            ...before,
            high: Math.max(before.high, price),
            low: Math.min(before.low, price),
            close: price,
            volume: before.volume + size,
          };
    this.set(symbol, bar);
    if (isTold) this.tell(symbol, [bar]);
  }

  /** The stream says this. */
  tell(symbol: string, bars: readonly MarketBar[]): void {
    if (this.isMute) return;
    const watcher = this.#watchers.get(symbol);
    if (watcher === undefined) {
      const unread = this.#unread.get(symbol);
      if (unread !== undefined) unread.push(...bars);
      return;
    }
    this.#watchers.delete(symbol);
    this.#unread.set(symbol, []);
    watcher.resolve([...bars]);
  }

  barOf(symbol: string, time: number): MarketBar | undefined {
    return this.#barsOf(symbol).get(time);
  }

  /** Closes the connection. Who was not waiting just then is told with the next question, as ccxt does it. */
  breakStream(): void {
    const watchers = [...this.#watchers.values()];
    for (const symbol of this.#unread.keys()) if (!this.#watchers.has(symbol)) this.#broken.add(symbol);
    this.#watchers.clear();
    this.#unread.clear();
    for (const { reject } of watchers) reject(closed());
  }

  async bars(symbol: string, _timeframe: Timeframe, since: number, limit: number): Promise<MarketBar[]> {
    this.asked.push({ symbol, since, at: this.#clock.now() });
    if (this.asked.length > 1_000) this.asked.shift();
    await this.#answerAfterAll(symbol);
    const forming = this.#floor(this.now() - this.lagMs);
    const bars = this.#barsOf(symbol);
    const known = [...bars.keys()];
    const from = this.traits.newestBarsOnly === null ? since : Math.max(since, forming - (limit - 1) * this.#stepMs);
    const first = Math.max(Math.ceil(from / this.#stepMs) * this.#stepMs, Math.min(this.#began, known[0] ?? this.#began));
    const listed: MarketBar[] = [];
    for (let time = first; time <= forming && listed.length < limit; time += this.#stepMs) {
      if (this.traits.isWindowed && time >= since + limit * this.#stepMs) break;
      const bar = bars.get(time);
      if (bar !== undefined) listed.push(bar);
      // Kraken and Binance list minutes without a trade at the last price; Coinbase leaves them out.
      else if (!this.traits.isWindowed) listed.push(emptyBar(time));
    }
    return listed;
  }

  watch(symbol: string): Promise<MarketBar[]> {
    this.watches += 1;
    if (this.streamOutage !== null) return Promise.reject(this.streamOutage);
    if (this.#broken.delete(symbol)) return Promise.reject(closed());
    const unread = this.#unread.get(symbol);
    if (unread !== undefined && unread.length > 0) {
      this.#unread.set(symbol, []);
      return Promise.resolve(unread);
    }
    this.#unread.set(symbol, []);
    return new Promise((resolve, reject) => this.#watchers.set(symbol, { resolve, reject }));
  }

  async disconnect(): Promise<void> {
    this.breakStream();
    this.#broken.clear();
  }

  async serverTime(): Promise<number> {
    await this.#answerAfterAll('');
    return Math.floor(this.now() / this.traits.timeStepMs) * this.traits.timeStepMs;
  }

  async close(): Promise<void> {
    this.breakStream();
  }

  async #answerAfterAll(symbol: string): Promise<void> {
    await sleep(this.#clock, this.#latencyMs);
    if (this.outage !== null) throw this.outage;
    if (this.unanswered.has(symbol)) throw new VenueError('timeout', 'unknown', 'No answer came.', 'Try again.');
  }

  #barsOf(symbol: string): Map<number, MarketBar> {
    const bars = this.#bars.get(symbol) ?? new Map<number, MarketBar>();
    this.#bars.set(symbol, bars);
    return bars;
  }

  #floor(time: number): number {
    return Math.floor(time / this.#stepMs) * this.#stepMs;
  }
}

/** A bar that differs from every other one. */
export function plainBar(time: number): MarketBar {
  const minute = time / 60_000;
  const open = 100 + (minute % 97);
  return { time, open, high: open + 2, low: open - 1, close: open + 1, volume: 1 + (minute % 7) };
}

function closed(): VenueError {
  return new VenueError('network', 'unknown', 'The connection was closed.', 'Try again.');
}

function emptyBar(time: number): MarketBar {
  return { time, open: 100, high: 100, low: 100, close: 100, volume: 0 };
}
