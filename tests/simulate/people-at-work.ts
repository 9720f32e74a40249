import { Big } from 'big.js';
import type { Control, ControlMode } from '#engine/runtime/control.ts';
import type { OrderPlace } from '#engine/runtime/heard-orders.ts';
import type { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import type { Dice } from './dice.ts';
import { drawPolicy } from './draw-policy.ts';
import type { EngineLife } from './engine-life.ts';
import { isOurs } from './invariants/evidence.ts';
import type { MainBranch } from './main-branch.ts';
import type { Observer } from './observer.ts';
import type { Act } from './people.ts';
import type { RunPlan } from './run-plan.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** When somebody who has sold by hand looks whether the engine has noticed: it looks twice before it says that something is missing. */
const LOOKS_MS = [360_000, 720_000, 1_200_000];

export interface PeopleSurroundings {
  readonly account: string;
  readonly plan: RunPlan;
  readonly clock: VirtualClock;
  readonly exchange: Exchange;
  readonly main: MainBranch;
  readonly observer: Observer;
  readonly trace: Trace;
  readonly tally: Tally;
  readonly dice: Readonly<Record<'people' | 'limits', Dice>>;
  /** The one that runs; null while none does. */
  readonly engine: () => EngineLife | null;
  /** The machine dies. */
  readonly kill: () => void;
}

/** Whoever has a hand in a run: what they say to the engine, what they put on main, and what they do at the exchange themselves. */
export class PeopleAtWork {
  readonly #around: PeopleSurroundings;
  /** What was last said at each place where orders are given. */
  readonly #said = new Map<OrderPlace, string>();

  constructor(around: PeopleSurroundings) {
    this.#around = around;
  }

  said(place: OrderPlace): string | null {
    return this.#said.get(place) ?? null;
  }

  /** An order to the engine, dated by the day's clock. */
  say(mode: ControlMode, place: OrderPlace): void {
    const at = new Date(this.#around.clock.now()).toISOString();
    this.#said.set(place, JSON.stringify({ mode, by: 'somebody', at, reason: 'it is wanted' } satisfies Control));
    this.#around.engine()?.notify();
  }

  /** A strategy is waited for: somebody may not want to wait, holds the engine back, and lifts that before long. */
  interrupt(): void {
    const { clock, dice, plan } = this.#around;
    const { people } = dice;
    if (clock.now() >= plan.faults.calmAt || !people.chance(0.25)) return;
    const order = (mode: ControlMode): Act => ({ kind: 'order', mode, place: 'here' });
    const mode = people.pick(['paused', 'halted', 'reducing', 'flattening'] as const);
    clock.after(people.whole(10, 1_000), () => this.do(order(mode)));
    clock.after(people.between(1, 8) * plan.barMs, () => this.do(order('active')));
  }

  do(act: Act): void {
    const { clock, trace, tally, observer } = this.#around;
    trace.note(clock.now(), `somebody: ${JSON.stringify(act)}`);
    tally.count(`act ${act.kind}`);
    this.#carryOut(act);
    observer.become();
  }

  #carryOut(act: Act): void {
    const { plan, clock, main, exchange, observer, account, dice, engine } = this.#around;
    switch (act.kind) {
      case 'order':
        this.say(act.mode, act.place);
        return;
      case 'limits':
        main.setPolicy(drawPolicy(dice.limits, plan.barMs, plan.capital));
        engine()?.notify();
        return;
      case 'deploy':
        main.deploy(act.strategy);
        engine()?.notify();
        return;
      case 'remove':
        main.remove(act.strategy);
        engine()?.notify();
        return;
      case 'restore':
        if (!main.wanted.has(act.strategy)) main.deploy(act.strategy);
        engine()?.notify();
        return;
      case 'foreign-order':
        this.#tryByHand(() => this.#orderByHand(act.symbol));
        return;
      case 'foreign-cancel':
        this.#tryByHand(() => {
          const open = exchange.openOrders(account);
          if (open.length > 0) exchange.cancel(account, dice.people.pick(open).number);
        });
        return;
      case 'sell-by-hand':
        this.#tryByHand(() => this.#sellByHand(act.symbol));
        for (const ms of LOOKS_MS) clock.after(ms * dice.people.between(1, 1.5), () => this.do({ kind: 'resolve' }));
        return;
      case 'deposit':
        exchange.deposit(account, act.asset, new Big('0.5'));
        return;
      case 'withdrawal': {
        const free = exchange.balances(account).get(act.asset)?.free ?? new Big(0);
        exchange.deposit(account, act.asset, free.div(7).round(6, Big.roundDown).times(-1));
        return;
      }
      case 'resolve':
        for (const symbol of observer.frozenSymbols()) engine()?.accept(symbol);
        return;
      case 'kill':
        this.#around.kill();
        return;
      case 'stop':
        engine()?.stop();
    }
  }

  #orderByHand(symbol: string): void {
    const { exchange, dice } = this.#around;
    const { minQuantity, stepSize } = exchange.markets().find((market) => market.symbol === symbol)!;
    const quantity = minQuantity.times(dice.people.whole(1, 5)).div(stepSize).round(0).times(stepSize);
    this.#trade(symbol, dice.people.pick(['buy', 'sell'] as const), quantity);
  }

  #sellByHand(symbol: string): void {
    const { account, exchange, observer, tally } = this.#around;
    const dice = this.#around.dice.people;
    for (const { number, kind, clientOrderId, symbol: own } of exchange.openOrders(account)) {
      if (own === symbol && kind === 'stop' && isOurs(clientOrderId)) exchange.cancel(account, number);
    }
    const { stepSize } = exchange.markets().find((market) => market.symbol === symbol)!;
    const part = dice.chance(0.5) ? 1 : dice.between(0.2, 0.9);
    const quantity = observer.heldOf(symbol).times(part).div(stepSize).round(0, Big.roundDown).times(stepSize);
    if (quantity.lte(0)) return;
    this.#trade(symbol, 'sell', quantity);
    tally.count('sold by hand');
  }

  #trade(symbol: string, side: 'buy' | 'sell', quantity: Big): void {
    const { exchange, account } = this.#around;
    const order = { clientOrderId: null, symbol, side, kind: 'market', quantity } as const;
    exchange.place(account, { ...order, limitPrice: null, stopPrice: null });
  }

  /** What the exchange refuses somebody is nobody's trouble. */
  #tryByHand(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
    }
  }
}
