import { RandomStream } from '#engine/candles/random-stream.ts';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { createLog } from '#engine/log.ts';
import type { Denial } from '#engine/risk/denial.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import { haltStateOf } from '#engine/risk/trading-halt.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { ClosedBar, PositionView } from '#engine/simulation/types.ts';
import { OrderJournal } from '#engine/store/journal/order-journal.ts';
import { Trader } from '#engine/trading/trader.ts';
import type { VenueAccount } from '#engine/trading/venue-account.ts';
import type { Venue } from '#engine/venues/venue.ts';
import { Cut, type Life } from './life.ts';
import type { PlannedStrategy } from './run-plan.ts';
import type { Sabotage } from './sabotage.ts';

/** Reading changes nothing: there is nothing to die before or after. */
const READING = new Set([
  ...['orders', 'orderByVenueId', 'orderByClientId', 'attempts', 'events', 'fills', 'hasFill', 'dust', 'lanes', 'freezes'],
  ...['baselines', 'cursor', 'risk', 'close'],
]);

export interface EngineLifeOptions {
  readonly life: Life;
  readonly venue: Venue;
  readonly journalFile: string;
  readonly account: string;
  readonly strategies: readonly PlannedStrategy[];
  readonly barMs: number;
  readonly seed: number;
  readonly limits: () => TradingLimits;
  readonly haltOf: (strategy: string) => HaltState;
  readonly sabotage: Sabotage;
  readonly onReady: () => void;
  readonly onUnexpected: (what: string) => void;
  readonly onTrouble: (kind: string) => void;
  readonly onWrite: () => void;
}

/** Everything that trades, from one start to one crash. */
export class EngineLife {
  readonly #options: EngineLifeOptions;
  readonly #database: OrderJournal;
  readonly #accounts = new Map<string, VenueAccount>();
  /** Symbols whose close this life has been given. */
  readonly #marked = new Set<string>();
  #trader: Trader | null = null;
  #isReady = false;

  static createJournal(file: string, account: string): void {
    OrderJournal.open(file, account).close();
  }

  constructor(options: EngineLifeOptions) {
    this.#options = options;
    this.#database = OrderJournal.open(options.journalFile, options.account);
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  start(): void {
    this.#run(() => this.#begin());
  }

  /** Does something to the living engine, once its accounts are there; what it does when it dies of it is nobody's concern. */
  act(work: () => void): void {
    if (this.#trader === null) return;
    this.#run(async () => work());
  }

  onBars(strategy: string, bars: readonly ClosedBar[]): void {
    this.#accounts.get(strategy)!.onBars(bars);
    for (const { symbol } of bars) this.#marked.add(`${strategy} ${symbol}`);
  }

  submit(strategy: string, decisions: readonly DecisionRecord[]): void {
    this.#accounts.get(strategy)!.submit(decisions);
  }

  positions(strategy: string): PositionView[] {
    return this.#accounts.get(strategy)!.positions();
  }

  /** Null before every symbol that is held was marked. */
  equity(strategy: string): number | null {
    const account = this.#accounts.get(strategy)!;
    const isMarked = account.settings.symbols.every((symbol) => this.#marked.has(`${strategy} ${symbol}`));
    return isMarked ? account.equity() : null;
  }

  takeDenials(strategy: string): Denial[] {
    return this.#accounts.get(strategy)!.takeRecord().denials;
  }

  setHalt(strategy: string, state: HaltState): void {
    if (this.#options.sabotage.isDeafToHalts !== true) this.#accounts.get(strategy)!.setHalt(state);
  }

  flatten(reason: string): void {
    this.#trader!.flatten(reason);
  }

  resolve(symbol: string): void {
    this.#run(async () => void (await this.#trader!.resolve(symbol, 'looked at and accepted')));
  }

  /** Ends a halt of the whole account. */
  resume(): void {
    const { life } = this.#options;
    this.#trader!.order({ kind: 'said', mode: 'active', at: life.clock.now(), by: 'somebody', reason: 'it may go on' });
  }

  /** What holds the whole account back. */
  get accountHalt(): HaltState {
    return haltStateOf(this.#trader!.health().halt);
  }

  /** Lets go of the file; what had not been committed is gone. */
  dispose(): void {
    this.#isReady = false;
    this.#trader = null;
    this.#database.close();
  }

  async #begin(): Promise<void> {
    const { life, venue, sabotage, strategies, barMs, haltOf } = this.#options;
    const guarded = life.guarded(this.#written(this.#database), 'journal', READING);
    const journal = sabotage.journal?.(guarded) ?? guarded;
    const trader = await Trader.open({
      venue,
      journal,
      clock: life.clock,
      log: createLog('silent'),
      policy: this.#options.limits,
      random: new RandomStream(this.#options.seed, `life ${life.number}`),
      onTrouble: ({ kind, message }) => {
        if (life.isOver) return;
        if (kind === 'journal') this.#options.onUnexpected(message);
        this.#options.onTrouble(kind);
      },
    });
    for (const { id, symbols, capital } of strategies) {
      this.#accounts.set(id, trader.account({ strategy: id, stage: 'live', symbols, barMs, capital }));
      this.setHalt(id, haltOf(id));
    }
    this.#trader = trader;
    await trader.start();
    this.#isReady = true;
    this.#options.onReady();
  }

  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (error instanceof Cut || this.#options.life.isOver) return;
      this.#options.onUnexpected(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  }

  /** The journal, telling whenever it was written to. */
  #written(journal: OrderJournal): OrderJournal {
    return new Proxy(journal, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (!READING.has(String(name))) this.#options.onWrite();
          return value.apply(target, args);
        };
      },
    });
  }
}
