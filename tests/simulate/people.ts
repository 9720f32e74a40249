import { Dice } from './dice.ts';
import type { RunPlan } from './run-plan.ts';

/** What somebody does in the course of a run that is none of the strategies' doing. */
export type Act =
  | { readonly kind: 'halt'; readonly strategy: string; readonly state: 'active' | 'paused' | 'reducing' | 'halted' | 'breach' }
  | { readonly kind: 'flatten' }
  /** Ends a halt of the whole account. */
  | { readonly kind: 'resume' }
  | { readonly kind: 'limits' }
  /** Somebody trades by hand on the same account, or moves money in or out. */
  | { readonly kind: 'foreign-order'; readonly symbol: string }
  | { readonly kind: 'foreign-cancel' }
  | { readonly kind: 'deposit'; readonly asset: string }
  | { readonly kind: 'withdrawal'; readonly asset: string }
  /** Looks at what is frozen and accepts it. */
  | { readonly kind: 'resolve' }
  /** The machine dies between two acts of the engine. */
  | { readonly kind: 'kill' };

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
  const strategy = (): string => dice.pick(strategies).id;
  const symbol = (): string => dice.pick(markets).symbol;
  const asset = (): string => dice.pick([...markets.map(({ base }) => base), markets[0]!.quote]);
  some(0.6, 6, () => ({
    kind: 'halt',
    strategy: strategy(),
    state: dice.pick(['active', 'active', 'paused', 'reducing', 'halted', 'breach']),
  }));
  some(0.25, 2, () => ({ kind: 'flatten' }));
  some(0.4, 3, () => ({ kind: 'resume' }));
  some(0.5, 4, () => ({ kind: 'limits' }));
  some(0.15, 2, () => ({ kind: 'foreign-order', symbol: symbol() }));
  some(0.08, 1, () => ({ kind: 'foreign-cancel' }));
  some(0.1, 1, () => ({ kind: 'deposit', asset: asset() }));
  some(0.1, 1, () => ({ kind: 'withdrawal', asset: asset() }));
  some(0.5, 4, () => ({ kind: 'resolve' }));
  some(0.4, 3, () => ({ kind: 'kill' }));
  return acts.sort((one, other) => one.at - other.at);
}
