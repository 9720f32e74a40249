import Big from 'big.js';
import type { VenueMarket } from '#engine/venues/venue.ts';
import { most } from './decimals.ts';

/** What an asset is kept in where the venue does not say: eight decimals, the finest that is common. */
const usualUnit = new Big('0.00000001');
/** So many fills may have rounded the same way; what differs by more is no rounding. */
const fillsMax = 1_000;

/**
 * By how much a venue's balance of an asset may differ from the sum of its fills without anything being wrong: a step of a market's base
 * asset or a tick of its quote asset; or, where that is more, a unit of what the venue keeps the asset in, for the balance and for each fill.
 * @param fills that moved the asset since its balance was last taken as right
 */
export function roundingOf(
  asset: string,
  markets: Iterable<Pick<VenueMarket, 'base' | 'quote' | 'stepSize' | 'tickSize' | 'baseUnit' | 'quoteUnit'>>,
  fills: number,
): Big {
  let once = new Big(0);
  let unit = usualUnit;
  for (const { base, quote, stepSize, tickSize, baseUnit, quoteUnit } of markets) {
    if (base === asset) once = most(once, stepSize);
    if (quote === asset) once = most(once, tickSize);
    if (base === asset && baseUnit !== undefined) unit = most(unit, baseUnit);
    if (quote === asset && quoteUnit !== undefined) unit = most(unit, quoteUnit);
  }
  return most(once, unit.times(1 + Math.min(fills, fillsMax)));
}
