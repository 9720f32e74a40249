import Big from 'big.js';

export const ZERO = new Big(0);

/** The multiple of `unit` at or below an amount that is not below zero. */
export function floorTo(amount: Big, unit: Big): Big {
  return amount.minus(amount.mod(unit));
}

/**
 * A double that was computed, as a decimal of 12 significant digits: 0.1 + 0.2 is on a step of 0.1 then, as the simulation's grids
 * have it.
 */
export function decimalOf(value: number): Big {
  return new Big(value.toPrecision(12));
}

export function least(one: Big, other: Big): Big {
  return one.lt(other) ? one : other;
}

export function most(one: Big, other: Big): Big {
  return one.gt(other) ? one : other;
}
