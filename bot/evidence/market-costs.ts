import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { StoredMarketRules } from '#engine/simulation/market-rules-schema.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

export const MARKETS_PATH = 'policies/markets.yaml';

const { makerFeeRate, takerFeeRate, halfSpreadRate, slippageRate, volumeShare, ...demands } = StoredMarketRules.shape;
const Costs = z.strictObject({ makerFeeRate, takerFeeRate, halfSpreadRate, slippageRate, volumeShare });
const Demands = z.strictObject(demands);

/** `policies/markets.yaml`: costs by venue, steps and minima by base asset. */
export const MarketCosts = z.strictObject({
  venues: z.record(z.string(), Costs),
  assets: z.record(z.string(), Demands),
  default: Demands,
});
export type MarketCosts = z.infer<typeof MarketCosts>;

/**
 * The rules of one market.
 * @throws RatchetError `evidence/no-costs` for a venue the file does not name: a guessed fee would be a false number
 */
export function rulesFor(costs: MarketCosts, venue: string, symbol: string): MarketRules {
  const charges = costs.venues[venue];
  if (charges === undefined) {
    const known = Object.keys(costs.venues).join(', ');
    throw new RatchetError(
      'evidence/no-costs',
      `${MARKETS_PATH} does not say what ${venue} charges.`,
      `Add it beside ${known}.`,
      { venue },
    );
  }
  const base = symbol.split('/')[0] ?? symbol;
  return { ...charges, ...(costs.assets[base] ?? costs.default) };
}
