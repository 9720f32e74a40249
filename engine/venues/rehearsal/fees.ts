import { Big } from 'big.js';
import type { Fee, Side } from '../venue.ts';
import type { FeePlan, ListedMarket } from './exchange-types.ts';

/** Decimals of every amount that is charged; the rest is let off, so that parts never cost more than the whole. */
const feeDecimals = 8;

interface Charge {
  readonly side: Side;
  readonly quantity: Big;
  readonly price: Big;
  readonly isMaker: boolean;
  /** What the account has of the third asset, where the plan names one. */
  readonly thirdBalance: Big;
}

/** What one fill costs. */
export function feesOf(plan: FeePlan, market: ListedMarket, charge: Charge): Fee[] {
  const rate = charge.isMaker ? market.makerFeeRate : market.takerFeeRate;
  if (rate === 0) return [];
  const inQuote = charge.quantity.times(charge.price).times(rate);
  const received = (share: Big) =>
    charge.side === 'sell' ? fee(market.quote, inQuote.times(share)) : fee(market.base, charge.quantity.times(rate).times(share));
  if (plan === 'quote') return [fee(market.quote, inQuote)];
  if (plan === 'received') return [received(new Big(1))];
  const third = fee(plan.asset, inQuote.times(plan.share).div(plan.priceInQuote));
  if (third.amount.gt(charge.thirdBalance)) return [received(new Big(1))];
  return plan.share === 1 ? [third] : [third, received(new Big(1).minus(plan.share))];
}

/** What a buy may cost at most, fee included: its reservation. */
export function costWithFee(plan: FeePlan, market: ListedMarket, quantity: Big, price: Big): Big {
  const cost = quantity.times(price);
  if (plan !== 'quote') return cost;
  return cost.plus(cost.times(Math.max(market.makerFeeRate, market.takerFeeRate)).round(feeDecimals, Big.roundUp));
}

function fee(asset: string, amount: Big): Fee {
  return { asset, amount: amount.round(feeDecimals, Big.roundDown) };
}
