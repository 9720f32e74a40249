import type { Stage } from '#engine/contract/manifest.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import { type AccountRecord, allOf, emptyRecord, type Taken } from './account-record.ts';
import type { Lane } from './lane.ts';
import type { LaneFill } from './ledger.ts';
import type { ClosedPosition } from './position.ts';
import type { StrategyDesk } from './strategy-desk.ts';
import type { AccountRequest } from './trader-options.ts';

/** What a version that may soon trade here wants to know of the market. */
export interface Expected {
  readonly symbols: readonly string[];
  /** Length of its bars, milliseconds. */
  readonly barMs: number;
}

/**
 * Who trades on the account: a desk for each strategy that does. What happens to a strategy that has no desk, because none was asked for
 * yet or because it gave its own back, is kept until one is made, so that everything is told exactly once.
 */
export class StrategyDesks {
  readonly #policy: (stage: Stage) => TradingLimits;
  readonly #desks = new Map<string, StrategyDesk>();
  /** What has happened to strategies without a desk. */
  readonly #records = new Map<string, AccountRecord>();
  /** Up to where the record of strategies was taken that have given their share back. */
  readonly #takenBefore = new Map<string, Taken>();
  readonly #expected = new Map<string, Expected>();
  /** Of strategies that have given their share back, whatever they still hold. */
  readonly #left = new Map<string, StrategyDesk>();

  /** @param policy the limits in force now */
  constructor(policy: (stage: Stage) => TradingLimits) {
    this.#policy = policy;
  }

  [Symbol.iterator](): Iterator<StrategyDesk> {
    return this.#desks.values();
  }

  /** A version of the strategy is on trial, and asks for its desk at its next bar if it passes. */
  expect(strategy: string, expected: Expected): void {
    this.#expected.set(strategy, expected);
  }

  get expectedSymbols(): string[] {
    return [...this.#expected.values()].flatMap(({ symbols }) => symbols);
  }

  /** Lengths of the bars that are traded on, or soon may be, milliseconds. */
  get barsMs(): number[] {
    return [...this.#desks.values(), ...this.#expected.values()].map(({ barMs }) => barMs);
  }

  /** Of those that have given their share back. */
  get left(): Iterable<StrategyDesk> {
    return this.#left.values();
  }

  get(strategy: string): StrategyDesk | undefined {
    return this.#desks.get(strategy);
  }

  has(strategy: string): boolean {
    return this.#desks.has(strategy);
  }

  /** A strategy without a desk has those of the live stage. */
  limitsOf(strategy: string): TradingLimits {
    return this.#desks.get(strategy)?.limits ?? this.#policy('live');
  }

  /**
   * The strategy's desk as its version wants it from now on: the same one, whichever version asks.
   * @param make the desk where there is none, with what has happened to the strategy and up to where it was taken
   * @returns also the symbols that it now has a lane for: what the version trades, and what the strategy holds or waits for besides
   */
  seat(
    { strategy, stage, barMs, capital, symbols: declared, taken }: AccountRequest,
    make: (record: AccountRecord, taken: Taken) => StrategyDesk,
  ): { readonly desk: StrategyDesk; readonly symbols: readonly string[] } {
    this.#expected.delete(strategy);
    this.#left.delete(strategy);
    let desk = this.#desks.get(strategy);
    if (desk === undefined) {
      const record = this.#records.get(strategy) ?? emptyRecord();
      this.#records.delete(strategy);
      desk = make(record, taken ?? this.#takenBefore.get(strategy) ?? allOf(record));
      this.#desks.set(strategy, desk);
    }
    desk.stage = stage;
    // The bars taken in last closed when they closed, however long those are that come next.
    desk.barTime += desk.barMs - barMs;
    desk.barMs = barMs;
    desk.capital = capital;
    desk.declared = declared;
    // An order of the version before may still bring something of what this one does not trade.
    const held = desk.lanes
      .filter(({ position, orders, memory }) => position.isOpen || orders.size > 0 || memory.wish !== null)
      .map(({ symbol }) => symbol);
    const symbols = [...new Set([...declared, ...held])];
    for (const symbol of symbols) desk.lane(symbol);
    return { desk, symbols };
  }

  /** The strategy gives its share back. What it was not told yet waits for it. @returns whether it had a desk */
  clear(strategy: string): boolean {
    const desk = this.#desks.get(strategy);
    if (desk === undefined) return false;
    const { fills, closed } = desk.rest();
    this.#takenBefore.set(strategy, desk.taken);
    if (fills.length > 0 || closed.length > 0) this.#records.set(strategy, { ...emptyRecord(), fills, closed });
    this.#desks.delete(strategy);
    this.#left.set(strategy, desk);
    return true;
  }

  noteFill({ strategy }: Lane, told: LaneFill): void {
    const desk = this.#desks.get(strategy);
    if (desk === undefined) this.#recordOf(strategy).fills.push(told);
    else desk.noteFill(told);
  }

  /** @param dust the journal's number of the note that ended it; null when a fill did */
  noteClosed(lane: Lane, closed: ClosedPosition, dust: number | null): void {
    const { strategy, symbol, memory } = lane;
    const desk = this.#desks.get(strategy);
    if (desk === undefined) this.#recordOf(strategy).closed.push({ symbol, closed, dust, bars: memory.bars });
    else desk.noteClosed(lane, closed, dust);
  }

  #recordOf(strategy: string): AccountRecord {
    let record = this.#records.get(strategy);
    if (record === undefined) {
      record = emptyRecord();
      this.#records.set(strategy, record);
    }
    return record;
  }
}
