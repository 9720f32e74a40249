import type Big from 'big.js';
import { sleep } from '#engine/clock.ts';
import { explain } from '#engine/errors.ts';
import type { ClockFacts } from '#engine/risk/order-facts.ts';
import type { VenueNews } from '#engine/venues/venue.ts';
import { AccountBalances } from './account-balances.ts';
import { AccountLook, type AccountReport } from './account-look.ts';
import { AccountSweep } from './account-sweep.ts';
import type { FillBook } from './fill-book.ts';
import type { Lane, LiveOrder } from './lane.ts';
import { ListedMarkets } from './listed-markets.ts';
import type { TraderParts } from './trader-parts.ts';
import { VenueClock } from './venue-clock.ts';

export interface WatchSurroundings {
  /** Everything that is traded, and everything that ever was. */
  symbols(): string[];
  /** And what may be traded from the next bar on: the venue is to describe it. */
  wanted(): string[];
  /** The lane has orders to ask for. */
  askSoon(lane: Lane): void;
  /** Fetches the best prices of everything. @throws VenueError */
  freshQuotes(): Promise<void>;
  /** Everything was compared with the journal. */
  compared(report: AccountReport): void;
  /** A look has ended, whatever came of it. */
  looked(): void;
  failed(error: unknown): void;
}

const firstStartRetryMs = 1_000;
const longestStartRetryMs = 60_000;
const failedLookAgainMs = 5_000;
/** Most orders that were under way at a kill are asked for, and have their answer, before. */
const movingStartAgainMs = 1_000;

/** Keeps the account in view: when it is looked at, how thoroughly, and whether the venue has answered. */
export class AccountWatch {
  readonly #parts: TraderParts;
  readonly #around: WatchSurroundings;
  readonly #balances: AccountBalances;
  readonly #sweep: AccountSweep;
  readonly #look: AccountLook;
  readonly #venueClock: VenueClock;
  readonly #markets: ListedMarkets;
  #isLooking = false;
  #isEnded = false;
  #leaveNews: (() => void) | null = null;
  #cancelLook: (() => void) | null = null;
  /** Everything is compared at the next look that comes after this. */
  #reconcileAt = 0;
  #nextLookAt = Number.POSITIVE_INFINITY;
  /** From the first look to the next. */
  #firstAgainMs = 0;
  #reconciledAt: number | null;
  #lookedAt: number | null = null;
  #failure: string | null = null;

  /** @param reconciledAt when everything was compared last, before this process; null for never */
  constructor(parts: TraderParts, around: WatchSurroundings, fills: FillBook, reconciledAt: number | null) {
    this.#parts = parts;
    this.#around = around;
    this.#reconciledAt = reconciledAt;
    this.#venueClock = new VenueClock(parts);
    this.#markets = new ListedMarkets(parts, { wanted: () => around.wanted(), back: (lane) => around.askSoon(lane) });
    this.#balances = new AccountBalances(parts, () => around.symbols());
    this.#sweep = new AccountSweep(parts, around, fills);
    this.#look = new AccountLook(parts, {
      sweep: this.#sweep,
      balances: this.#balances,
      fills,
      offsetMs: () => this.#venueClock.facts.offsetMs || 0,
    });
  }

  get isLooking(): boolean {
    return this.#isLooking;
  }

  /** When everything was compared and agreed, or what did not was told. */
  get reconciledAt(): number | null {
    return this.#reconciledAt;
  }

  get lookedAt(): number | null {
    return this.#lookedAt;
  }

  /** Why the venue has not answered since; null where it has. */
  get failure(): string | null {
    return this.#failure;
  }

  get clockFacts(): ClockFacts {
    return this.#venueClock.facts;
  }

  /** More is traded from now on. */
  widen(): void {
    this.#balances.widen();
  }

  /** What the account really has of an asset, as far as is known; null before the first look. */
  actual(asset: string): Big | null {
    return this.#balances.actual(asset);
  }

  /** Of what the lane holds, the most that is really there; null where nothing says less than held. */
  there(lane: Lane): Big | null {
    return this.#balances.there(lane);
  }

  /** Whether the balances were looked at since it was found that nobody knows what became of the order. */
  hasWeighed(clientOrderId: string): boolean {
    return this.#balances.hasWeighed(clientOrderId);
  }

  /** Looks what there is of the asset of an order of doubtful fate, unless that was done. @throws VenueError */
  weigh(order: LiveOrder): Promise<void> {
    return this.#balances.weigh(order);
  }

  /** How much of what an order was to sell has left the account unseen; null while that cannot be told. @throws VenueError */
  goneFor(order: LiveOrder): Promise<Big | null> {
    return this.#balances.goneFor(order);
  }

  /** The first look, as often as it takes. It ends without one only when the watch does. */
  async first(): Promise<void> {
    const { clock, random } = this.#parts;
    for (let times = 0; !this.#isEnded; times += 1) {
      try {
        await this.#venueClock.measure();
        await this.#markets.read();
        const isPriced = await this.#hasFreshQuotes();
        const report = await this.#look.reconcile();
        this.#noteReport(report);
        // Whatever has no price, what is held is protected and sold all the same; the next look asks again.
        if (!isPriced) this.#reconcileAt = 0;
        const { lookAgainMs, pollMs } = this.#parts.timings;
        this.#firstAgainMs = report.isMoving ? movingStartAgainMs : this.#reconcileAt === 0 ? lookAgainMs : pollMs;
        return;
      } catch (error) {
        this.#assertVenues(error);
        const wait = Math.min(longestStartRetryMs, firstStartRetryMs * 2 ** Math.min(times, 10)) * (0.5 + 0.5 * random.uniform());
        await sleep(clock, wait);
      }
    }
  }

  /** From now on it is looked at every so often, when the venue has news, and soon where the first look left something open. */
  begin(): void {
    this.#leaveNews = this.#parts.venue.onNews((news) => this.#hear(news));
    this.#lookAfter(this.#firstAgainMs);
  }

  end(): void {
    this.#isEnded = true;
    this.#cancelLook?.();
    this.#leaveNews?.();
  }

  /** Something hangs on everything being compared. */
  compareSoon(): void {
    this.#reconcileAt = 0;
    if (!this.#isLooking && this.#failure === null) this.#lookAfter(1);
  }

  /** Something is traded that was not before. @returns whether the venue has described it */
  async learnMarkets(): Promise<boolean> {
    try {
      await this.#markets.read();
      await this.#hasFreshQuotes();
      return true;
    } catch (error) {
      this.#assertVenues(error);
      return false;
    }
  }

  /** A person accepts what was found about a symbol. @returns null, or why nothing was changed */
  async accept(symbol: string, reason: string): Promise<string | null> {
    try {
      await this.#look.accept(symbol, reason);
      return null;
    } catch (error) {
      this.#assertVenues(error);
      return explain(error);
    }
  }

  #hear({ kind, symbol }: VenueNews): void {
    if (this.#isEnded) return;
    const { ledger, timings } = this.#parts;
    if (kind === 'orders') {
      for (const lane of ledger.lanes) if (symbol === undefined || lane.symbol === symbol) this.#around.askSoon(lane);
      return;
    }
    this.#reconcileAt = 0;
    this.#lookAfter(kind === 'back' ? 1 : timings.lookAgainMs);
  }

  /** At the latest then; a look that is due earlier stays due. */
  #lookAfter(ms: number): void {
    const { clock } = this.#parts;
    const at = clock.now() + ms;
    if (this.#isEnded || at >= this.#nextLookAt) return;
    this.#cancelLook?.();
    this.#nextLookAt = at;
    this.#cancelLook = clock.after(ms, () => {
      this.#nextLookAt = Number.POSITIVE_INFINITY;
      this.#lookNow().catch((error: unknown) => this.#around.failed(error));
    });
  }

  async #lookNow(): Promise<void> {
    if (this.#isLooking || this.#isEnded) return;
    const { clock, timings } = this.#parts;
    this.#isLooking = true;
    let againMs = timings.pollMs;
    try {
      // One that lies further ahead than it ever does was set before the clock was set back.
      const inMs = this.#reconcileAt - clock.now();
      if (inMs <= 0 || inMs > timings.reconcileMs) {
        await this.#venueClock.measure();
        await this.#markets.read();
        await this.#hasFreshQuotes();
        const report = await this.#look.reconcile();
        this.#noteReport(report);
        if (report.isDoubtful) againMs = timings.lookAgainMs;
      } else {
        await this.#sweep.run();
      }
      this.#noteAnswer();
    } catch (error) {
      this.#assertVenues(error);
      againMs = failedLookAgainMs;
    } finally {
      this.#isLooking = false;
    }
    this.#around.looked();
    if (this.#reconcileAt === 0) againMs = Math.min(againMs, timings.lookAgainMs);
    this.#lookAfter(againMs);
  }

  #noteReport(report: AccountReport): void {
    const { clock, timings } = this.#parts;
    this.#noteAnswer();
    this.#reconcileAt = report.isDoubtful || this.#markets.isDoubtful ? 0 : clock.now() + timings.reconcileMs;
    if (!report.isDoubtful) this.#reconciledAt = clock.now();
    this.#around.compared(report);
  }

  #noteAnswer(): void {
    this.#lookedAt = this.#parts.clock.now();
    this.#failure = null;
  }

  async #hasFreshQuotes(): Promise<boolean> {
    try {
      await this.#around.freshQuotes();
      return true;
    } catch (error) {
      this.#assertVenues(error);
      return false;
    }
  }

  /** What the venue fails at is noted, and tried again. @throws whatever else went wrong */
  #assertVenues(error: unknown): void {
    if (!isVenueError(error)) throw error;
    this.#failure = explain(error);
    this.#parts.log.warn(this.#failure);
  }
}

function isVenueError(error: unknown): boolean {
  return error instanceof Error && (error.name === 'VenueError' || ('code' in error && error.code === 'trading/unsettled'));
}
