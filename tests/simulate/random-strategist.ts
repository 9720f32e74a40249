import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { ClosedBar, PositionView } from '#engine/simulation/types.ts';
import type { Dice } from './dice.ts';

/** How a strategy of chance goes about it; each run draws others. */
export interface Temper {
  /** Of all bars, how many it does not merely hold at. */
  readonly restlessness: number;
  /** Of its entries, how many are limits. */
  readonly limitShare: number;
  /** Of its entries, how many name a stop or a trailing stop. */
  readonly careShare: number;
  /** Largest weight it asks for; above 1 in total over symbols it meets the limits. */
  readonly weightMost: number;
}

export function drawTemper(dice: Dice): Temper {
  return {
    restlessness: dice.between(0.1, 0.6),
    limitShare: dice.between(0, 0.8),
    careShare: dice.between(0.5, 1),
    weightMost: dice.between(0.1, 0.9),
  };
}

/** What it wants at a bar's close: everything the contract knows, in a mixture that trades often. */
export function decide(dice: Dice, temper: Temper, bar: ClosedBar, position: PositionView | undefined): DecisionRecord {
  const { symbol } = bar;
  if (!dice.chance(temper.restlessness)) return { symbol, action: 'hold', reason: 'nothing to do' };
  const isHeld = position !== undefined && position.quantity > 0;
  if (isHeld && dice.chance(0.35)) return { symbol, action: 'exit', reason: 'enough of it' };
  if (dice.chance(0.08)) return { symbol, action: 'cancel', reason: 'not after all' };
  if (dice.chance(0.02)) return { symbol, action: 'target', reason: 'a mistake', weight: dice.pick([null, -0.2, 1.4]) };
  const weight = dice.chance(0.1) ? 0 : dice.between(0.02, temper.weightMost);
  const protection = dice.chance(temper.careShare) ? drawProtection(dice) : {};
  const tolerance = dice.chance(0.3) ? { slippageTolerance: dice.between(0.0005, 0.02) } : {};
  const horizon = dice.chance(0.2) ? { horizonBars: dice.whole(2, 20) } : {};
  const wish = { symbol, weight, ...protection, ...horizon };
  if (!dice.chance(temper.limitShare)) return { ...wish, ...tolerance, action: 'target', reason: 'by the market' };
  const expiry = dice.chance(0.7) ? { expiryBars: dice.whole(1, 8) } : {};
  const price = bar.close * (1 - dice.between(-0.001, 0.006));
  return { ...wish, ...expiry, action: 'limit', price, reason: 'at a price' };
}

function drawProtection(dice: Dice): Partial<DecisionRecord> {
  const stop = dice.chance(0.8) ? { stopLoss: dice.magnitude(0.002, 0.05) } : {};
  const target = dice.chance(0.4) ? { takeProfit: dice.magnitude(0.002, 0.05) } : {};
  const trailing = dice.chance(0.3) ? { trailingStop: dice.magnitude(0.002, 0.05) } : {};
  return { ...stop, ...target, ...trailing };
}
