import type Big from 'big.js';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { isMissing } from '#engine/contract/intrinsics.ts';
import type { DenialCode } from '#engine/risk/denial.ts';
import { checkEntryAllowed, checkIntent, type HaltState } from '#engine/risk/pre-trade.ts';
import { intentOf } from '#engine/simulation/simulation.ts';
import type { VenueMarket } from '#engine/venues/venue.ts';
import { decimalOf, floorTo, least, ZERO } from './decimals.ts';
import type { Wish } from './lane.ts';
import type { Position } from './position.ts';

/** What a decision is sized by. Quantities are of the base asset, money is of the quote asset. */
export interface SizingView {
  readonly market: VenueMarket;
  readonly position: Pick<Position, 'quantity' | 'isOpen' | 'opened'>;
  /** The close that was decided on; NaN before the first bar. */
  readonly close: number;
  readonly equity: number;
  /** The strategy's, less what its waiting orders in other symbols may cost, and with what its sales of this instant will bring. */
  readonly freeCash: number;
  /** What a purchase may be worth at most by the limits of size. */
  readonly room: number;
  /** The dearest price that the collar lets pass; null where it is not known. */
  readonly highestPrice: Big | null;
  readonly defaultStop: number | null;
  /** A sale is under way, or to come. */
  readonly isSelling: boolean;
  /** And it is of everything. */
  readonly isExiting: boolean;
  /** An order that rests, or is to be sent, to buy; not beside a sale that is to come, which takes it back itself. */
  readonly isWaitingToBuy: boolean;
  readonly halt: HaltState;
  /** Market time of the decision, and the length of a bar, milliseconds. */
  readonly instant: number;
  readonly barMs: number;
  readonly version: string;
}

export type SizedOrder =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'denied'; readonly code: DenialCode }
  | { readonly kind: 'wish'; readonly wish: Wish };

const nothing: SizedOrder = { kind: 'nothing' };

/**
 * What a decision asks of a venue, as `makeOrder` of the simulation has it for a market that fills everything: sizes follow from the
 * close decided on. A purchase at the market becomes a limit that is gone at once, no further above the close than the slippage tolerance
 * and the collar allow.
 */
export function sizeOrder(decision: DecisionRecord, view: SizingView): SizedOrder {
  const intent = intentOf(decision);
  switch (intent.action) {
    case 'hold':
      return nothing;
    case 'exit':
      return exit(view, intent.reason);
    case 'cancel':
      return cancel(view);
    case 'target':
    case 'limit': {
      const denial = checkIntent(intent);
      if (denial !== null) return denied(denial);
      return intent.action === 'target' && intent.weight === 0 ? exit(view, intent.reason) : change(view, intent);
    }
  }
}

/** Whether a decision can only make the position smaller: these are carried out before those that need cash. */
export function isReduction(
  decision: DecisionRecord,
  { position, close, equity }: Pick<SizingView, 'position' | 'close' | 'equity'>,
): boolean {
  if (decision.action === 'limit') return false;
  return decision.action !== 'target' || (decision.weight ?? 0) * equity <= position.quantity.toNumber() * close;
}

function exit(view: SizingView, reason: string): SizedOrder {
  if (!view.position.isOpen) return cancel(view);
  return view.isExiting ? nothing : sell(view, ZERO, reason);
}

function cancel({ isWaitingToBuy, isSelling, position, instant }: SizingView): SizedOrder {
  if (!isWaitingToBuy) return position.isOpen || isSelling ? nothing : denied('no-position');
  return { kind: 'wish', wish: { kind: 'withdraw', instant } };
}

function change(view: SizingView, intent: ReturnType<typeof intentOf>): SizedOrder {
  const { market, position, close } = view;
  if (view.isSelling) return denied('exit-in-progress');
  const held = position.isOpen ? position.quantity.toNumber() : 0;
  const difference = intent.weight * view.equity - held * close;
  if (intent.action === 'target' && difference <= 0) return reduce(view, -difference, intent.reason);
  const halted = checkEntryAllowed(view.halt);
  if (halted !== null) return denied(halted);
  const price =
    intent.action === 'limit' ? floorTo(decimalOf(intent.price), market.tickSize) : marketLimit(view, intent.slippageTolerance);
  if (price === null) return denied('stale-quote');
  if (price.lte(0)) return denied('price-out-of-bounds');
  const wanted = wholeSteps(difference / (intent.action === 'limit' ? price.toNumber() : close), market);
  if (wanted.lte(0) && position.isOpen) return denied('no-change');
  return buy(view, intent, wanted, price);
}

function reduce(view: SizingView, worth: number, reason: string): SizedOrder {
  const { market, position, close } = view;
  const quantity = wholeSteps(worth / close, market);
  if (quantity.lte(0)) return denied('no-change');
  if (quantity.gte(position.quantity)) return exit(view, reason);
  if (quantity.lt(market.minQuantity) || quantity.times(close).lt(market.minNotional)) return denied('below-minimum');
  return sell(view, position.quantity.minus(quantity), reason);
}

function buy(view: SizingView, intent: ReturnType<typeof intentOf>, wanted: Big, price: Big): SizedOrder {
  const { market, instant, barMs, version } = view;
  const stopLoss = present(intent.stopLoss) ?? ownStop(view, intent.trailingStop);
  if (!isBuyable(wanted, price, market, stopLoss)) return denied('below-minimum');
  const roomy = least(wanted, wholeSteps(view.room / price.toNumber(), market));
  if (!isBuyable(roomy, price, market, stopLoss)) return denied('over-order');
  const unitCost = price.toNumber() * (1 + market.takerFeeRate);
  const quantity = least(roomy, wholeSteps(Math.max(0, view.freeCash) / unitCost, market));
  if (!isBuyable(quantity, price, market, stopLoss)) return denied('no-free-cash');
  const expiryBars = present(intent.expiryBars);
  const expiresAt = intent.action === 'limit' && expiryBars !== null ? instant + expiryBars * barMs : null;
  const wish: Wish = {
    kind: 'enter',
    instant,
    orderKind: intent.action === 'limit' ? 'limit' : 'limit-ioc',
    quantity,
    limitPrice: price,
    terms: {
      stopLoss,
      takeProfit: present(intent.takeProfit),
      fallbackStop: stopLoss === null ? fallbackStop(view, price.toNumber()) : null,
      trailingStop: present(intent.trailingStop),
      horizonBars: present(intent.horizonBars),
      expiresAt,
    },
    reason: intent.reason,
    version,
    until: expiresAt ?? instant + barMs,
  };
  return { kind: 'wish', wish };
}

function sell({ instant }: SizingView, downTo: Big, reason: string): SizedOrder {
  return { kind: 'wish', wish: { kind: 'sell', instant, downTo, cause: 'decision', reason } };
}

/** No fill is worse than this. */
function marketLimit({ close, highestPrice, market }: SizingView, tolerance: number): Big | null {
  if (highestPrice === null) return null;
  const tolerated = isMissing(tolerance) ? highestPrice : least(highestPrice, decimalOf(close * (1 + tolerance)));
  return floorTo(tolerated, market.tickSize);
}

/** Where a decision names no protection: what the position has already, else the policy's. */
function ownStop({ position, defaultStop }: SizingView, trailingStop: number): number | null {
  if (!isMissing(trailingStop)) return null;
  const has = position.opened !== null && (position.opened.stopPrice !== null || position.opened.trailDistance !== null);
  return has ? null : defaultStop;
}

/** Should the position that has the stop be gone when the order fills: the policy's, else the same distance as that one's. */
function fallbackStop({ position, defaultStop }: SizingView, price: number): number | null {
  if (defaultStop !== null || position.opened === null) return defaultStop;
  const { stopPrice, trailDistance } = position.opened;
  const distance = stopPrice === null ? trailDistance : 1 - stopPrice.toNumber() / price;
  return distance !== null && distance > 0 && distance < 1 ? distance : trailDistance;
}

/** What is bought must be large enough to be protected as well. */
function isBuyable(quantity: Big, price: Big, market: VenueMarket, stopLoss: number | null): boolean {
  if (quantity.lte(0) || quantity.lt(market.minQuantity)) return false;
  return quantity
    .times(price)
    .times(decimalOf(1 - (stopLoss ?? 0)))
    .gte(market.minNotional);
}

function wholeSteps(quantity: number, { stepSize, maxQuantity }: VenueMarket): Big {
  if (!Number.isFinite(quantity) || quantity <= 0) return ZERO;
  const steps = floorTo(decimalOf(quantity), stepSize);
  return maxQuantity === null ? steps : least(steps, maxQuantity);
}

function present(value: number): number | null {
  return isMissing(value) ? null : value;
}

function denied(code: DenialCode): SizedOrder {
  return { kind: 'denied', code };
}
