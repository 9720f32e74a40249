import type { Big } from 'big.js';
import type { OrderRequest } from '../venue.ts';
import type { MarketTerms } from './dialect.ts';

const name = /^[a-z0-9]{1,18}$/;

/** Why an order would be refused, or worse, changed on its way: ccxt enforces no bound of a market. Null for one that is right. */
export function faultOf(
  request: OrderRequest,
  { tickSize, stepSize, minQuantity, minNotional, maxQuantity }: MarketTerms,
): string | null {
  const { clientOrderId, kind, quantity, limitPrice, stopPrice } = request;
  if (!name.test(clientOrderId)) return `"${clientOrderId}" is no name for an order`;
  if (quantity.lte(0)) return `its quantity is ${quantity}`;
  if (!isOn(quantity, stepSize)) return `its quantity ${quantity} is off the step ${stepSize}`;
  if (quantity.lt(minQuantity)) return `its quantity ${quantity} is below the minimum ${minQuantity}`;
  if (maxQuantity !== null && quantity.gt(maxQuantity)) return `its quantity ${quantity} is above the maximum ${maxQuantity}`;
  if ((limitPrice !== null) !== (kind === 'limit' || kind === 'limit-ioc'))
    return `a ${kind} order ${limitPrice === null ? 'without' : 'with'} a limit`;
  if ((stopPrice !== null) !== (kind === 'stop')) return `a ${kind} order ${stopPrice === null ? 'without' : 'with'} a stop`;
  const price = limitPrice ?? stopPrice;
  if (price === null) return null;
  if (price.lte(0)) return `its price is ${price}`;
  if (!isOn(price, tickSize)) return `its price ${price} is off the tick ${tickSize}`;
  if (price.times(quantity).lt(minNotional)) return `its worth ${price.times(quantity)} is below the minimum ${minNotional}`;
  return null;
}

function isOn(value: Big, step: Big): boolean {
  return step.eq(0) || value.mod(step).eq(0);
}
