import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { MarketBar, MarketData, MarketDataTraits } from '#engine/feeds/market-data.ts';
import type { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import type { Dice } from './dice.ts';
import { type FaultPlan, isWithin } from './fault-plan.ts';
import type { FaultyLink } from './faulty-link.ts';
import type { Life } from './life.ts';
import type { Tally } from './tally.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface ExchangeDataOptions {
  readonly exchange: Exchange;
  readonly world: VirtualClock;
  readonly life: Life;
  readonly link: FaultyLink;
  readonly plan: FaultPlan;
  readonly dice: Dice;
  readonly tally: Tally;
  readonly timeframe: Timeframe;
  readonly traits: MarketDataTraits;
}

interface Watcher {
  readonly resolve: (bars: MarketBar[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The exchange's public side, for one life of the engine: what it says of its bars when asked, and its stream. A stream keeps its order;
 * it may be late, say things twice, break, or go dead without a word until it is joined anew.
 */
export class ExchangeData implements MarketData {
  readonly venue = 'rehearsal';
  readonly isSimulated = true;
  readonly traits: MarketDataTraits;
  readonly #options: ExchangeDataOptions;
  readonly #stepMs: number;
  readonly #watchers = new Map<string, Watcher>();
  /** Of who has joined: what was said while nobody was waiting. */
  readonly #unread = new Map<string, MarketBar[]>();
  /** Who has to be told yet that the stream has broken. */
  readonly #broken = new Set<string>();
  /** Counts the connections: what is on its way in an old one never arrives. */
  #connection = 0;
  #isDead = false;
  #lastArrival = 0;

  constructor(options: ExchangeDataOptions) {
    this.#options = options;
    this.traits = options.traits;
    this.#stepMs = timeframeMs(options.timeframe);
  }

  /** The stream tells of the bar that is forming, and of the one before where that has just ended. */
  tell(symbol: string, isFresh: boolean): void {
    const { world, plan, dice, tally, exchange } = this.#options;
    const now = world.now();
    const isCalm = now >= plan.calmAt;
    if (this.#isHushed) this.#isDead = true;
    if (this.#isDead || !this.#unread.has(symbol)) return;
    if (!isCalm && dice.chance(plan.stream.breaks)) {
      this.breakStream('stream broken');
      return;
    }
    const opened = Math.floor(now / this.#stepMs) * this.#stepMs;
    const forming = exchange.path(symbol).between(opened, now);
    const before = isFresh ? exchange.path(symbol).between(opened - this.#stepMs, opened) : null;
    const bars = [before, forming].filter((bar) => bar !== null);
    const isTwice = !isCalm && dice.chance(plan.stream.twice);
    if (isTwice) tally.count('stream twice');
    const isLate = !isCalm && dice.chance(plan.stream.late);
    if (isLate) tally.count('stream late');
    const connection = this.#connection;
    const wayMs = isLate ? dice.magnitude(500, 20_000) : plan.latencyMs * dice.magnitude(0.5, 3);
    this.#lastArrival = Math.max(this.#lastArrival, now + wayMs);
    world.after(this.#lastArrival - now, () => {
      if (this.#options.life.isOver || connection !== this.#connection) return;
      this.#hear(symbol, isTwice ? [...bars, ...bars] : bars);
    });
  }

  breakStream(what: string): void {
    this.#options.tally.count(what);
    this.#connection += 1;
    const watchers = [...this.#watchers.values()];
    for (const symbol of this.#unread.keys()) if (!this.#watchers.has(symbol)) this.#broken.add(symbol);
    this.#watchers.clear();
    this.#unread.clear();
    for (const { reject } of watchers) reject(closed());
  }

  bars(symbol: string, _timeframe: Timeframe, since: number, limit: number): Promise<MarketBar[]> {
    return this.#options.link.call('bars', () => this.#barsFrom(symbol, since, limit));
  }

  watch(symbol: string): Promise<MarketBar[]> {
    if (this.#options.life.isOver) return new Promise(() => undefined);
    if (this.#isCut) return Promise.reject(closed());
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
    this.breakStream('stream left');
    this.#broken.clear();
    this.#isDead = false;
  }

  serverTime(): Promise<number> {
    return this.#options.link.call('serverTime', () => this.#options.exchange.now());
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    this.#unread.clear();
  }

  #hear(symbol: string, bars: readonly MarketBar[]): void {
    const watcher = this.#watchers.get(symbol);
    if (watcher === undefined) {
      this.#unread.get(symbol)?.push(...bars);
      return;
    }
    this.#watchers.delete(symbol);
    this.#unread.set(symbol, []);
    watcher.resolve([...bars]);
  }

  #barsFrom(symbol: string, since: number, limit: number): MarketBar[] {
    const path = this.#options.exchange.path(symbol);
    const now = this.#options.exchange.now();
    const oldest = path.columns.time[0]!;
    const { isWindowed, newestBarsOnly } = this.traits;
    const first = Math.max(Math.ceil(since / this.#stepMs) * this.#stepMs, oldest);
    const from =
      newestBarsOnly === null ? first : Math.max(first, Math.floor(now / this.#stepMs - newestBarsOnly) * this.#stepMs);
    const end = isWindowed ? since + limit * this.#stepMs : Number.POSITIVE_INFINITY;
    const listed: MarketBar[] = [];
    for (let time = from; time <= now && time < end && listed.length < limit; time += this.#stepMs) {
      const bar = path.between(time, Math.min(time + this.#stepMs, now));
      if (bar !== null) listed.push(bar);
    }
    return listed;
  }

  get #isHushed(): boolean {
    const { plan, world } = this.#options;
    return isWithin(plan, 'silence', world.now());
  }

  /** Nobody can join: the way or the venue is down. */
  get #isCut(): boolean {
    const { plan, world } = this.#options;
    return isWithin(plan, 'outage', world.now()) || isWithin(plan, 'maintenance', world.now());
  }
}

function closed(): VenueError {
  return new VenueError('network', 'unknown', 'The connection was closed.', 'Try again.');
}
