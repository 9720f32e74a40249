import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { Denial } from '#engine/risk/denial.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { ClosedBar, Fill, PositionView, Trade } from '#engine/simulation/types.ts';
import type { ForcedSale, OrderTrace, Taken } from './account-record.ts';
import type { StrategyDesk } from './strategy-desk.ts';
import type { TradingAccount } from './trading-account.ts';
import { accountSnapshot, type VenueAccountSnapshot } from './venue-account-snapshot.ts';

export interface VenueAccountSettings {
  /** What the version trades, and what is still held though it does not. */
  readonly symbols: readonly string[];
  readonly barMs: number;
  /** The strategy's share of the venue account, quote asset. */
  readonly capital: number;
}

/** One strategy's share of an account at a venue, under one version of it: the same orders, positions and money under all. */
export class VenueAccount implements TradingAccount {
  readonly settings: VenueAccountSettings;
  readonly #desk: StrategyDesk;
  readonly #release: () => void;

  /** Only `Trader.account` makes one. */
  constructor(desk: StrategyDesk, settings: VenueAccountSettings, release: () => void) {
    this.#desk = desk;
    this.#release = release;
    this.settings = settings;
  }

  onBars(bars: readonly ClosedBar[]): void {
    for (const { symbol } of bars) {
      if (!this.settings.symbols.includes(symbol)) {
        throw new RangeError(`${symbol} is not one of ${this.settings.symbols.join(', ')}.`);
      }
    }
    this.#desk.onBars(bars);
  }

  submit(decisions: readonly DecisionRecord[]): void {
    this.#desk.submit(decisions, this.settings.symbols);
  }

  positions(): PositionView[] {
    return this.settings.symbols.map((symbol) => this.#desk.position(symbol));
  }

  equity(): number {
    return this.#desk.equity();
  }

  takeRecord(): { fills: Fill[]; trades: Trade[]; denials: Denial[]; traces: OrderTrace[]; forced: ForcedSale[] } {
    return this.#desk.takeRecord();
  }

  /** Up to where `takeRecord` has told: what `Trader.account` wants to know after a restart, so that nothing is told twice or never. */
  get taken(): Taken {
    return this.#desk.taken;
  }

  setHalt(halt: HaltState): void {
    this.#desk.setHalt(halt);
  }

  /** Another share from now on. Gives the difference: money that came or went, not a result. Quote asset. */
  setCapital(capital: number): number {
    const difference = capital - this.#desk.capital;
    this.#desk.capital = capital;
    return difference;
  }

  setVersion(tree: string): void {
    this.#desk.setVersion(tree);
  }

  /** Nothing is held and nothing is on its way, in whatever symbol and under whichever version it began. */
  isAtRest(): boolean {
    return this.#desk.lanes.every(
      ({ position, orders, memory }) => !position.isOpen && orders.size === 0 && memory.wish === null,
    );
  }

  /** The strategy trades here no longer: its share counts no more, and what it should still come to hold is sold. */
  release(): void {
    this.#release();
  }

  /** For readers, in the simulation's words; the journal is the truth. */
  snapshot(): VenueAccountSnapshot {
    return accountSnapshot(this.#desk, this.settings);
  }
}
