import type { ControlMode } from '#engine/runtime/control.ts';
import type { OrderPlace } from '#engine/runtime/heard-orders.ts';
import { Dice } from './dice.ts';
import type { RunPlan } from './run-plan.ts';

/** What somebody does in the course of a run that is none of the strategies' doing. */
export type Act =
  /** An order to the engine, on its machine or by comment. */
  | { readonly kind: 'order'; readonly mode: ControlMode; readonly place: OrderPlace }
  /** Main has other limits, another version of a strategy, none of it any more, or one that had gone. */
  | { readonly kind: 'limits' }
  | { readonly kind: 'deploy' | 'remove' | 'restore'; readonly strategy: string }
  /** Somebody trades by hand on the same account, or moves money in or out. */
  | { readonly kind: 'foreign-order'; readonly symbol: string }
  | { readonly kind: 'foreign-cancel' }
  /** Somebody cancels our stops of a symbol and sells a part of what is held, or all of it, and before long accepts that it is gone. */
  | { readonly kind: 'sell-by-hand'; readonly symbol: string }
  | { readonly kind: 'deposit'; readonly asset: string }
  | { readonly kind: 'withdrawal'; readonly asset: string }
  /** Looks at what is frozen and accepts it. */
  | { readonly kind: 'resolve' }
  /** The machine dies between two acts of the engine. */
  | { readonly kind: 'kill' }
  /** Somebody ends it in good order. */
  | { readonly kind: 'stop' };

export interface PlannedAct {
  readonly at: number;
  readonly act: Act;
}

/** By the time faults cease everybody has said `active` again or left it be, as chance has it. */
export function drawActs(plan: RunPlan): PlannedAct[] {
  const dice = new Dice(plan.seed, 'people');
  const { from, faults, strategies, markets } = plan;
  const acts: PlannedAct[] = [];
  const some = (share: number, most: number, draw: () => Act): void => {
    const count = dice.chance(share) ? dice.whole(1, most) : 0;
    for (let each = 0; each < count; each += 1) acts.push({ at: Math.floor(dice.between(from, faults.calmAt)), act: draw() });
  };
  const strategy = (): string => dice.pick(strategies);
  const symbol = (): string => dice.pick(markets).symbol;
  const asset = (): string => dice.pick([...markets.map(({ base }) => base), markets[0]!.quote]);
  const order = (mode: ControlMode): Act => ({ kind: 'order', mode, place: dice.pick(['here', 'branch']) });
  some(0.5, 3, () => order(dice.pick(['paused', 'reducing', 'halted'])));
  some(0.3, 2, () => order('flattening'));
  for (const { at } of [...acts]) {
    // Most of what holds back is lifted before long, or little would be traded.
    const later = at + Math.floor(dice.between(1, 12) * plan.barMs);
    if (dice.chance(0.85) && later < faults.calmAt) acts.push({ at: later, act: order('active') });
  }
  some(0.4, 3, () => order('active'));
  some(0.7, 6, () => ({ kind: 'deploy', strategy: strategy() }));
  some(0.25, 2, () => ({ kind: 'remove', strategy: strategy() }));
  some(0.3, 2, () => ({ kind: 'restore', strategy: strategy() }));
  some(0.3, 2, () => ({ kind: 'stop' }));
  some(0.5, 4, () => ({ kind: 'limits' }));
  some(0.15, 2, () => ({ kind: 'foreign-order', symbol: symbol() }));
  some(0.08, 1, () => ({ kind: 'foreign-cancel' }));
  some(0.1, 1, () => ({ kind: 'deposit', asset: asset() }));
  some(0.1, 1, () => ({ kind: 'withdrawal', asset: asset() }));
  some(0.5, 4, () => ({ kind: 'resolve' }));
  some(0.4, 3, () => ({ kind: 'kill' }));
  some(0.3, 2, () => ({ kind: 'sell-by-hand', symbol: symbol() }));
  return acts.sort((one, other) => one.at - other.at);
}
