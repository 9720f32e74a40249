import type Big from 'big.js';
import type { ClosedBar, ExitCause } from '#engine/simulation/types.ts';
import type { BarMemory } from './lane.ts';
import type { OpenedPosition, Position } from './position.ts';

/** What a closed bar makes of an open position: what is remembered of it, and whether it is to be sold. */
export interface Aged {
  readonly bars: BarMemory;
  readonly exit: Extract<ExitCause, 'take-profit' | 'horizon'> | null;
}

/**
 * A bar older, as `closeBar` of the simulation has it: excursions, the trailing stop's high, the count that ends a horizon. Targets and
 * horizons are judged here, on closed bars; stops rest at the venue.
 */
export function aged(position: Position, opened: OpenedPosition, before: BarMemory | null, bar: ClosedBar): Aged {
  const known = before?.fill === opened.fill ? before : bornWith(opened);
  const entryPrice = position.cost.div(position.quantity).toNumber();
  const horizon = horizonAfter(opened, known.horizon);
  const bars: BarMemory = {
    fill: opened.fill,
    barsHeld: known.isEntryBar ? known.barsHeld : known.barsHeld + 1,
    isEntryBar: false,
    adverse: Math.min(known.adverse, bar.low / entryPrice - 1),
    favourable: Math.max(known.favourable, bar.high / entryPrice - 1),
    trailHigh: Math.max(known.trailHigh, bar.high),
    close: bar.close,
    horizon,
  };
  const hasReachedTarget = opened.takePrice !== null && bar.high > opened.takePrice.toNumber();
  return { bars, exit: hasReachedTarget ? 'take-profit' : horizon !== null && horizon.left <= 0 ? 'horizon' : null };
}

function bornWith(opened: OpenedPosition): BarMemory {
  const trailHigh = opened.firstPrice.toNumber();
  return { fill: opened.fill, barsHeld: 0, isEntryBar: true, adverse: 0, favourable: 0, trailHigh, close: null, horizon: null };
}

function horizonAfter({ horizon }: OpenedPosition, before: BarMemory['horizon']): BarMemory['horizon'] {
  if (horizon === null) return null;
  const left = before?.fill === horizon.fill ? before.left : horizon.bars;
  return { fill: horizon.fill, left: left - 1 };
}

/** The average price of what is held, quote asset; zero when flat. */
export function entryPriceOf({
  isOpen,
  quantity,
  cost,
}: {
  readonly isOpen: boolean;
  readonly quantity: Big;
  readonly cost: Big;
}): number {
  return isOpen && quantity.gt(0) ? cost.div(quantity).toNumber() : 0;
}
