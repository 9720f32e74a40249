import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '#engine/candles/random-stream.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { createLog } from '#engine/log.ts';
import type { TradingLimits } from '#engine/risk/judge-order.ts';
import { tradingLimits } from '#engine/risk/trading-limits.ts';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import type { Taken } from '#engine/trading/account-record.ts';
import { Trader } from '#engine/trading/trader.ts';
import type { TraderTimings, Trouble } from '#engine/trading/trader-parts.ts';
import type { VenueAccount } from '#engine/trading/venue-account.ts';
import { DirectVenue, type Link, type LinkCall } from '#engine/venues/rehearsal/direct-venue.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { ExchangeOptions, ExchangeOrder, ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import type { VenueFeatures, VenueNews } from '#engine/venues/venue.ts';
import { VenueError, type VenueErrorKind } from '#engine/venues/venue-error.ts';
import { bars, hour, market, start } from '#tests/engine/venues/rehearsal/small-market.ts';
import { drained, VirtualClock } from '#tests/simulate/virtual-clock.ts';

export const symbol = 'BTC/USD';
export { bars, hour, start };

/** A bar that does not move. */
export const still = (price: number): readonly [number, number, number, number] => [price, price, price, price];

/**
 * What becomes of one call: it is refused, or never leaves; its answer, or it itself, is lost; it arrives later than its caller waits;
 * the process dies before it is sent, or after it has been done.
 */
export type Fate =
  | 'not-sent'
  | 'answer-lost'
  | 'request-lost'
  | 'late'
  | 'dies-before'
  | 'dies-after'
  | { readonly refused: VenueErrorKind };

/** A way on which everything takes ten milliseconds, and single calls meet what a test has in store for them. */
class ScriptedLink implements Link {
  readonly calls: { readonly name: LinkCall; readonly at: number }[] = [];
  readonly #fates: { readonly name: LinkCall; readonly fate: Fate }[] = [];
  readonly #world: VirtualClock;
  isDead = false;
  isSilent = false;

  constructor(world: VirtualClock) {
    this.#world = world;
  }

  next(name: LinkCall, ...fates: Fate[]): void {
    for (const fate of fates) this.#fates.push({ name, fate });
  }

  news(_: VenueNews, deliver: () => void): void {
    this.#world.after(10, () => {
      if (!this.isDead && !this.isSilent) deliver();
    });
  }

  async call<Answer>(name: LinkCall, work: () => Answer): Promise<Answer> {
    const never = new Promise<never>(() => undefined);
    if (this.isDead) return never;
    this.calls.push({ name, at: this.#world.now() });
    const at = this.#fates.findIndex((each) => each.name === name);
    const fate = at < 0 ? null : this.#fates.splice(at, 1)[0]!.fate;
    if (fate === 'dies-before') this.isDead = true;
    if (this.isDead) return never;
    await this.#pass(10);
    if (fate === 'not-sent') throw failure('network', 'not-sent');
    if (fate !== null && typeof fate === 'object') throw failure(fate.refused, 'refused');
    if (fate === 'request-lost') throw failure('timeout', 'unknown');
    if (fate === 'late') {
      void this.#pass(8_000).then(() => attempt(work));
      throw failure('timeout', 'unknown');
    }
    const answer = attempt(work);
    if (fate === 'dies-after') this.isDead = true;
    if (fate === 'answer-lost') throw failure('timeout', 'unknown');
    await this.#pass(10);
    if (this.isDead) return never;
    if ('error' in answer) throw answer.error;
    return answer.value;
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#world.after(ms, resolve));
  }
}

function attempt<Answer>(work: () => Answer): { readonly value: Answer } | { readonly error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}

function failure(kind: VenueErrorKind, certainty: VenueError['certainty']): VenueError {
  return new VenueError(kind, certainty, `The way to the venue failed (${kind}).`, 'Ask what became of it.');
}

export interface SceneOptions {
  readonly candles: CandleColumns;
  readonly market?: Partial<ListedMarket>;
  readonly exchange?: Partial<ExchangeOptions>;
  readonly features?: Partial<VenueFeatures>;
  readonly limits?: Partial<TradingLimits>;
  readonly timings?: Partial<TraderTimings>;
  readonly capital?: number;
}

type Decided = Omit<DecisionRecord, 'symbol' | 'reason'>;

/** An exchange, a way to it, a journal on disk, and a trader that may die and begin again. */
export class Scene {
  readonly world = new VirtualClock(start);
  readonly exchange: Exchange;
  readonly troubles: Trouble[] = [];
  readonly #options: SceneOptions;
  readonly #dir = mkdtempSync(join(tmpdir(), 'ratchet-trading-'));
  readonly #journals: OrderJournal[] = [];
  #lives = 0;
  link!: ScriptedLink;
  journal!: OrderJournal;
  trader!: Trader;
  account!: VenueAccount;

  constructor(options: SceneOptions) {
    this.#options = options;
    this.exchange = new Exchange(this.world, {
      markets: [market(options.candles, options.market)],
      balances: { me: { USD: '100000', BNB: '5' } },
      ...options.exchange,
    });
  }

  static async begin(options: SceneOptions): Promise<Scene> {
    const scene = new Scene(options);
    await scene.live();
    return scene;
  }

  /** Another life, on the same journal; the one before is dead from now on. */
  async live(ms = 500, taken: Taken | null = null, symbols: readonly string[] = [symbol]): Promise<void> {
    if (this.link !== undefined) this.link.isDead = true;
    this.#lives += 1;
    this.link = new ScriptedLink(this.world);
    const { link, world } = this;
    this.journal = OrderJournal.open(join(this.#dir, 'journal.sqlite'), 'me');
    this.#journals.push(this.journal);
    const { features, limits, timings, capital = 10_000 } = this.#options;
    const clock = {
      now: () => world.now(),
      after: (ms: number, work: () => void) =>
        world.after(ms, () => {
          if (!link.isDead) work();
        }),
    };
    const policy = {
      ...tradingLimits({ stages: {}, defaultStop: 0.1 }, 'live', false),
      turnover: { ratio: 100, windowMs: hour },
      ...limits,
    };
    this.trader = await Trader.open({
      venue: new DirectVenue({
        exchange: this.exchange,
        account: 'me',
        clock,
        link,
        ...(features === undefined ? {} : { features }),
      }),
      journal: this.journal,
      clock,
      log: createLog('silent'),
      policy: () => policy,
      random: new RandomStream(1, `life ${this.#lives}`),
      onTrouble: (trouble) => this.troubles.push(trouble),
      // Hours pass here; looks that nothing depends on would take most of a test's time.
      timings: { pollMs: 300_000, ...timings },
    });
    this.account = this.trader.account({ strategy: 's', stage: 'live', symbols, barMs: hour, capital, taken });
    this.account.setVersion('tree');
    void this.trader.start();
    await this.pass(ms);
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await drained();
    const until = this.world.now() + ms;
    while (await this.world.step(until));
  }

  /** Goes on to the end of the bar that is open, and tells the account what it came to. */
  async closeBar(): Promise<void> {
    const index = Math.floor((this.world.now() - start) / hour);
    await this.pass(start + (index + 1) * hour - this.world.now());
    const { candles } = this.#options;
    const [time, open, high, low, close, volume] = ['time', 'open', 'high', 'low', 'close', 'volume'].map(
      (name) => candles[name as keyof CandleColumns][index]!,
    ) as [number, number, number, number, number, number];
    this.account.onBars([{ symbol, time, open, high, low, close, volume }]);
  }

  /** Closes the bar, decides on it, and lets the orders come to their end. */
  async decide(decision: Decided, ms = 2_000): Promise<void> {
    await this.closeBar();
    await this.submit(decision, ms);
  }

  async submit(decision: Decided, ms = 2_000): Promise<void> {
    this.account.submit([{ symbol, reason: 'because', ...decision }]);
    await this.pass(ms);
  }

  /** A person accepts what was found about the market; time passes until it is done. @returns null, or why nothing was changed */
  async accept(reason: string): Promise<string | null> {
    let answer: string | null | undefined;
    void this.trader.resolve(symbol, reason).then((refusal) => {
      answer = refusal;
    });
    for (let second = 0; second < 60 && answer === undefined; second += 1) await this.pass(1_000);
    return answer!;
  }

  held(): number {
    return this.account.positions()[0]!.quantity;
  }

  /** What the exchange really has of the account. */
  balance(asset: string): string {
    return this.exchange.balances('me').get(asset)?.total.toFixed() ?? '0';
  }

  open(): ExchangeOrder[] {
    return this.exchange.openOrders('me');
  }

  orders(): OrderRow[] {
    return this.journal.orders();
  }

  /** `entry filled 1`, and so on, in the order of intention. */
  story(): string[] {
    return this.orders().map(({ role, state, filled }) => `${role} ${state} ${filled}`);
  }

  close(): void {
    this.link.isDead = true;
    for (const journal of this.#journals) journal.close();
    this.exchange.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

export const entry = { action: 'target', weight: 0.5, stopLoss: 0.1 } as const;
