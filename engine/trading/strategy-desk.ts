import Big from 'big.js';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { highestPrice } from '#engine/risk/collar.ts';
import type { DenialCode } from '#engine/risk/denial.ts';
import { entryRoom } from '#engine/risk/exposure.ts';
import type { Judgement } from '#engine/risk/judge-order.ts';
import type { ClockFacts } from '#engine/risk/order-facts.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import { haltStateOf, strictest } from '#engine/risk/trading-halt.ts';
import type { TradingLimits } from '#engine/risk/trading-limits.ts';
import type { ClosedBar, PositionView } from '#engine/simulation/types.ts';
import type { OrderRow } from '#engine/store/journal/journal-rows.ts';
import { type AccountRecord, emptyRecord, type ForcedSale, fillOf, type Taken, tradeOf } from './account-record.ts';
import { aged, entryPriceOf } from './age-position.ts';
import { floorTo, least, ZERO } from './decimals.ts';
import type { ForcedCause, Lane, Wish } from './lane.ts';
import type { LaneFill } from './ledger.ts';
import type { EntryLeave, LaneFacts } from './next-action.ts';
import { judgeEntry, judgeSale, type OrderJudge } from './order-judge.ts';
import type { Portfolio } from './portfolio.ts';
import { type ClosedPosition, pairOf } from './position.ts';
import { isReduction, type SizingView, sizeOrder } from './size-order.ts';
import type { TraderParts } from './trader-parts.ts';

type Entry = Extract<Wish, { kind: 'enter' }>;

/** What a desk needs of the trader that it sits at. */
export interface DeskSurroundings {
  readonly portfolio: Portfolio;
  /** What the account really has of an asset; null before it was looked at. */
  actual(asset: string): Big | null;
  clockFacts(): ClockFacts;
  /** The first thing that the lane would send, journalled within the transaction. */
  prepare(lane: Lane): void;
  kick(lane: Lane): void;
  /** The account was valued anew: whether that has halted it is looked at. */
  mark(limits: TradingLimits): void;
  failed(error: unknown): void;
}

/** Under this what is computed in doubles stays under what is compared exactly. */
const HAIR = 1 - 1e-9;

/** One strategy at the trader: its decisions become wishes of its lanes here, and what comes of them is recorded here. */
export class StrategyDesk {
  readonly strategy: string;
  readonly #parts: TraderParts;
  readonly #around: DeskSurroundings;
  stage: Stage;
  capital: number;
  barMs: number;
  /** What its version trades; what is held of anything else is only sold. */
  declared: readonly string[] = [];
  halt: HaltState = 'active';
  version = '';
  /** Open time of the bars taken in last. */
  barTime = 0;
  #record: AccountRecord = emptyRecord();
  #taken: Taken;

  constructor(
    parts: TraderParts,
    around: DeskSurroundings,
    request: { readonly strategy: string; readonly stage: Stage; readonly capital: number; readonly barMs: number },
    record: AccountRecord,
    taken: Taken,
  ) {
    this.strategy = request.strategy;
    this.stage = request.stage;
    this.capital = request.capital;
    this.barMs = request.barMs;
    this.#parts = parts;
    this.#around = around;
    this.#taken = taken;
    for (const told of record.fills) if (told.fill.id > taken.fill) this.#record.fills.push(told);
    for (const told of record.closed) {
      if (told.dust === null ? told.closed.fill > taken.fill : told.dust > taken.dust) this.#record.closed.push(told);
    }
  }

  /** The venue account, as the venue names it. */
  get account(): string {
    return this.#parts.venue.account;
  }

  get lanes(): Lane[] {
    return this.#around.portfolio.lanesOf(this.strategy);
  }

  get limits(): TradingLimits {
    return this.#parts.policy(this.stage);
  }

  get taken(): Taken {
    return this.#taken;
  }

  lane(symbol: string): Lane {
    return this.#parts.ledger.lane(this.strategy, symbol);
  }

  closeOf(symbol: string): number | null {
    return this.#parts.prices.close(symbol)?.price ?? null;
  }

  // ── what it is told ──────────────────────────────────────────────────────────────────────────────────────────────────

  onBars(bars: readonly ClosedBar[]): void {
    const { prices, ledger } = this.#parts;
    for (const bar of bars) {
      if (!(bar.volume > 0)) continue;
      const lane = this.lane(bar.symbol);
      prices.noteClose(bar.symbol, bar.close, bar.time + this.barMs);
      // A bar that is taken in again after a restart has aged the position already.
      if (lane.memory.barTime !== null && bar.time <= lane.memory.barTime) continue;
      const { position } = lane;
      if (!position.isOpen || position.opened === null) continue;
      const { bars: memory, exit } = aged(position, position.opened, lane.memory.bars, bar);
      ledger.remember(lane, { barTime: bar.time, bars: memory });
      // A sale of a part leaves the rest, which has to go as well.
      if (exit === null || isOfEverything(lane.memory.wish)) continue;
      this.noteForced(lane, exit, exit);
      const instant = Math.max(lane.memory.decided, bar.time + this.barMs);
      ledger.remember(lane, { wish: { kind: 'sell', instant, downTo: ZERO, cause: exit, reason: exit } });
    }
    for (const { time } of bars) this.barTime = Math.max(this.barTime, time);
  }

  /** @param symbols what the version trades */
  submit(decisions: readonly DecisionRecord[], symbols: readonly string[]): void {
    const { ledger, risk, markets } = this.#parts;
    try {
      this.#around.mark(this.limits);
      for (const decision of decisions) {
        const { symbol, action, reason } = decision;
        if (action === 'hold') continue;
        if (!symbols.includes(symbol)) this.deny(symbol, 'undeclared-symbol', reason);
        else if (!markets.has(symbol) && !this.#willSell(decision)) this.deny(symbol, 'market-inactive', reason);
      }
      const known = decisions.filter(
        ({ symbol, action }) => action !== 'hold' && symbols.includes(symbol) && markets.has(symbol),
      );
      const equity = known.length === 0 ? 0 : this.equity();
      const views = known.map((decision) => {
        const { position } = this.lane(decision.symbol);
        const close = this.closeOf(decision.symbol) ?? Number.NaN;
        return { decision, isFirst: isReduction(decision, { position, close, equity }) };
      });
      const inOrder = [...views.filter(({ isFirst }) => isFirst), ...views.filter(({ isFirst }) => !isFirst)];
      const touched: Lane[] = [];
      for (const { decision } of inOrder) if (this.#take(decision)) touched.push(this.lane(decision.symbol));
      if (ledger.hasUnwritten || risk.isUnwritten) {
        // The one commit between a bar's close and an order on the wire.
        ledger.commit(() => {
          for (const lane of touched) this.#around.prepare(lane);
          risk.write();
        });
      }
    } catch (error) {
      this.#around.failed(error);
      throw error;
    }
    for (const lane of this.lanes) this.#around.kick(lane);
  }

  setHalt(halt: HaltState): void {
    this.halt = halt;
    for (const lane of this.lanes) this.#around.kick(lane);
  }

  setVersion(tree: string): void {
    if (this.version !== '' && this.version !== tree) this.#parts.risk.renew(this.strategy);
    this.version = tree;
  }

  // ── what it tells ────────────────────────────────────────────────────────────────────────────────────────────────────

  position(symbol: string): PositionView {
    const { position, memory } = this.lane(symbol);
    if (!position.isOpen) return { symbol, quantity: 0, entryPrice: 0, barsHeld: 0 };
    const barsHeld = memory.bars !== null && memory.bars.fill === position.opened?.fill ? memory.bars.barsHeld : 0;
    return { symbol, quantity: position.quantity.toNumber(), entryPrice: entryPriceOf(position), barsHeld };
  }

  equity(): number {
    return this.#around.portfolio.equityOf(this);
  }

  takeRecord() {
    const { fills, closed, denials, traces } = this.#record;
    const forced = this.#takeForced();
    this.#record = emptyRecord();
    let { fill, dust } = this.#taken;
    for (const told of fills) fill = Math.max(fill, told.fill.id);
    for (const told of closed) dust = Math.max(dust, told.dust ?? 0);
    this.#taken = { fill, dust };
    return {
      fills: fills.map(fillOf),
      trades: closed.map((told) => tradeOf(told.symbol, told.closed, told.bars, this.barMs)),
      denials,
      traces,
      forced,
    };
  }

  /** What it has not told yet. */
  rest(): Pick<AccountRecord, 'fills' | 'closed'> {
    return this.#record;
  }

  noteFill(told: LaneFill): void {
    this.#record.fills.push(told);
  }

  noteClosed(lane: Lane, closed: ClosedPosition, dust: number | null): void {
    this.#record.closed.push({ symbol: lane.symbol, closed, dust, bars: lane.memory.bars });
  }

  /** The venue has not taken an order of a decision; its words become part of what is known of that. */
  noteRefusal({ symbol, instant }: Pick<OrderRow, 'symbol' | 'instant'>, check: DenialCode, words: string): void {
    this.#record.traces.push({ instant, symbol, trace: [{ check, passed: false, value: words, limit: 'taken' }] });
  }

  /** What was sold without a decision. `Trader.noteRecorded` forgets it, so that a restart before tells it again. */
  #takeForced(): ForcedSale[] {
    return this.lanes.flatMap((lane) => {
      const untold = lane.memory.forced.slice(lane.forcedTold);
      lane.forcedTold = lane.memory.forced.length;
      return untold.map((sale) => ({ symbol: lane.symbol, ...sale }));
    });
  }

  /** All that the lane holds is about to be ordered sold, and the strategy has not decided it. */
  noteForced(lane: Lane, cause: ForcedCause, reason: string): void {
    const isKnown = this.#parts.markets.has(lane.symbol);
    const checks = isKnown ? judgeSale(this.#judge, lane, ZERO).trace : [];
    this.#parts.ledger.remember(lane, { forced: [...lane.memory.forced, { cause, reason, checks }] });
  }

  deny(symbol: string, code: DenialCode, reason: string): void {
    this.#record.denials.push({ time: this.#parts.clock.now(), symbol, code, reason });
  }

  // ── entries ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What holds its entries back most. */
  get haltNow(): HaltState {
    return strictest([this.halt, haltStateOf(this.#parts.risk.halt)]);
  }

  leaveOf({ symbol }: Lane): EntryLeave {
    if (this.#parts.freezes.why(symbol) !== null) return 'withdrawn';
    const halt = this.haltNow;
    return halt === 'active' ? 'allowed' : halt === 'paused' ? 'stands' : 'withdrawn';
  }

  cashFor(lane: Lane, wish: Entry): LaneFacts['cash'] {
    const affordable = this.#affordable(lane, wish, this.#around.portfolio.freeCash(this, lane));
    if (affordable.gte(wish.quantity)) return 'free';
    const isMoreComing = this.lanes.some(
      ({ symbol, memory, orders }) =>
        !this.#parts.unlisted.has(symbol) &&
        (memory.wish?.kind === 'sell' || [...orders.values()].some(({ row }) => row.role === 'exit')),
    );
    if (isMoreComing) return 'coming';
    const { minQuantity, minNotional } = this.#market(lane);
    return affordable.gte(minQuantity) && affordable.times(wish.limitPrice).gte(minNotional) ? 'free' : 'missing';
  }

  /** The entry as it may be sent now: cut to the cash that is there. */
  judged(lane: Lane, wish: Entry): { readonly wish: Entry } | { readonly denial: DenialCode } {
    const quantity = this.#affordable(lane, wish, this.#around.portfolio.freeCash(this, lane));
    const cut = { ...wish, quantity };
    const { denial, trace } = judgeEntry(this.#judge, lane, cut, 0);
    if (denial === null) return { wish: cut };
    this.#note(lane, wish.instant, { trace });
    return { denial };
  }

  /** An exit whose market is not known yet, right after a start: it goes as soon as that is. @returns whether it is one, and something is held */
  #willSell({ symbol, action, weight, reason }: DecisionRecord): boolean {
    const lane = this.lane(symbol);
    const isExit = action === 'exit' || (action === 'target' && weight === 0);
    if (!isExit || !lane.position.isOpen) return false;
    const instant = this.barTime + this.barMs;
    this.noteRefusal({ symbol, instant }, 'market-inactive', 'its market is not known yet');
    const { wish, decided } = lane.memory;
    if (instant > decided && !isOfEverything(wish)) {
      const sale: Wish = { kind: 'sell', instant, downTo: ZERO, cause: 'decision', reason };
      this.#parts.ledger.remember(lane, { decided: instant, wish: sale });
    }
    return true;
  }

  /** @returns whether the lane has something new to do */
  #take(decision: DecisionRecord): boolean {
    const { ledger } = this.#parts;
    const lane = this.lane(decision.symbol);
    const view = this.#view(lane);
    // Taken up before a crash: the journal has what came of it.
    if (view.instant <= lane.memory.decided) return false;
    const sized = sizeOrder(decision, view);
    if (sized.kind === 'nothing') {
      // The exit that is under way is this one, too.
      if (view.isExiting && (decision.action === 'exit' || decision.action === 'target'))
        this.#note(lane, view.instant, judgeSale(this.#judge, lane, ZERO));
      return false;
    }
    if (sized.kind === 'denied') {
      this.deny(decision.symbol, sized.code, decision.reason);
      return false;
    }
    const { wish } = sized;
    if (wish.kind === 'enter') {
      const judgement = judgeEntry(this.#judge, lane, wish, this.#around.portfolio.expectedProceeds(this.strategy));
      this.#note(lane, wish.instant, judgement);
      if (judgement.denial !== null) {
        this.deny(decision.symbol, judgement.denial, decision.reason);
        return false;
      }
    }
    // Whatever is found: nothing that is to be sold is held back.
    if (wish.kind === 'sell') this.#note(lane, wish.instant, judgeSale(this.#judge, lane, wish.downTo));
    ledger.remember(lane, { decided: view.instant, wish });
    return true;
  }

  #note({ symbol }: Lane, instant: number, { trace }: Pick<Judgement, 'trace'>): void {
    this.#record.traces.push({ instant, symbol, trace });
  }

  get #judge(): OrderJudge {
    const { strategy, stage, declared, limits, haltNow } = this;
    return { parts: this.#parts, around: this.#around, strategy, stage, declared, limits, halt: haltNow };
  }

  #affordable(lane: Lane, { quantity, limitPrice }: Entry, cash: number): Big {
    const { stepSize, takerFeeRate } = this.#market(lane);
    const most = Math.max(0, Math.min(cash, this.#venueFree(lane))) / (limitPrice.toNumber() * (1 + takerFeeRate));
    return least(quantity, floorTo(new Big((most * HAIR).toFixed(12)), stepSize));
  }

  /** What the venue account has in the quote asset, less what all other purchases may cost. */
  #venueFree(lane: Lane): number {
    const { quote } = pairOf(lane.symbol);
    const actual = this.#around.actual(quote);
    return actual === null ? 0 : actual.minus(this.#around.portfolio.reservedIn(quote, lane)).toNumber();
  }

  #view(lane: Lane): SizingView {
    const { prices } = this.#parts;
    const { limits, barMs, version } = this;
    const { portfolio } = this.#around;
    const { wish } = lane.memory;
    const close = prices.close(lane.symbol);
    const entries = [...lane.orders.values()].filter(({ row }) => row.role === 'entry');
    const exits = [...lane.orders.values()].filter(({ row }) => row.role === 'exit');
    const expected = portfolio.expectedProceeds(this.strategy);
    const cash = Math.min(portfolio.freeCash(this, lane), this.#venueFree(lane)) + expected;
    return {
      market: this.#market(lane),
      position: lane.position,
      close: close?.price ?? Number.NaN,
      equity: this.equity(),
      freeCash: cash * HAIR,
      room: entryRoom(portfolio.exposure(lane), limits) * HAIR,
      highestPrice: highestPrice(close?.price ?? Number.NaN, prices.quote(lane.symbol)?.ask ?? null, limits.collar),
      defaultStop: limits.defaultStop,
      isSelling: wish?.kind === 'sell' || exits.length > 0,
      isExiting: isOfEverything(wish),
      isWaitingToBuy: wish?.kind === 'enter' || (wish?.kind !== 'sell' && entries.length > 0),
      halt: this.haltNow,
      instant: this.barTime + barMs,
      barMs,
      version,
    };
  }

  #market({ symbol }: Lane) {
    return this.#parts.markets.get(symbol)!;
  }
}

function isOfEverything(wish: Wish | null): boolean {
  return wish?.kind === 'sell' && wish.downTo.eq(0);
}
