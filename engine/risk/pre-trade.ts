import type { Intent } from '#engine/contract/intent.ts';
import { isFiniteNumber, isInteger, isMissing } from '#engine/contract/intrinsics.ts';
import type { DenialCode } from './denial.ts';

// Bundled into the strategy realm: no Node imports here. Called once for each decision that is not a hold.

/** `active`: everything passes. In all others entries are refused; exits, reductions and cancels always pass. */
export type HaltState = 'active' | 'paused' | 'reducing' | 'halted' | 'breach';

/** Longest horizon or expiry, base bars: ten years of one-minute bars. */
const BARS_MAX = 5_300_000;
/** A protective distance above this is a mistake, not a plan: take-profits beyond it are 100 times the price. */
const TAKE_PROFIT_MAX = 100;

/** Judges what an intent says, whatever the account holds. Null when nothing is wrong with it. */
export function checkIntent(intent: Intent): DenialCode | null {
  if (intent.action !== 'target' && intent.action !== 'limit') return null;
  if (!isFiniteNumber(intent.weight)) return 'not-finite';
  if (intent.weight < 0 || intent.weight > 1) return 'weight-out-of-bounds';
  if (intent.action === 'limit') {
    if (!isFiniteNumber(intent.price)) return 'not-finite';
    if (intent.price <= 0) return 'price-out-of-bounds';
    if (!isAbsentOrCount(intent.expiryBars)) return 'protection-out-of-bounds';
  }
  const isProtectionSound =
    isAbsentOrBetween(intent.stopLoss, 1) &&
    isAbsentOrBetween(intent.trailingStop, 1) &&
    isAbsentOrBetween(intent.takeProfit, TAKE_PROFIT_MAX) &&
    isAbsentOrTolerance(intent.slippageTolerance) &&
    isAbsentOrCount(intent.horizonBars);
  return isProtectionSound ? null : 'protection-out-of-bounds';
}

/** Whether an order that would enlarge the position may be made now. */
export function checkEntryAllowed(halt: HaltState): DenialCode | null {
  return halt === 'active' ? null : halt;
}

/** Whether the market takes an order of this size. Complete exits are not asked: they always pass. */
export function checkSize(
  quantity: number,
  price: number,
  market: { readonly minQuantity: number; readonly minNotional: number },
): DenialCode | null {
  if (quantity <= 0 || quantity < market.minQuantity || quantity * price < market.minNotional) return 'below-minimum';
  return null;
}

function isAbsentOrBetween(value: number, below: number): boolean {
  return isMissing(value) || (value > 0 && value < below);
}

function isAbsentOrTolerance(value: number): boolean {
  return isMissing(value) || (value >= 0 && value < 1);
}

function isAbsentOrCount(value: number): boolean {
  return isMissing(value) || (isInteger(value) && value >= 1 && value <= BARS_MAX);
}
