import type { DecisionRecord } from '#engine/contract/intent.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import type { SimulationSnapshot } from '#engine/simulation/snapshot.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

export interface AccountRequest {
  /** What the version trades. */
  readonly symbols: readonly string[];
  readonly barMs: number;
  readonly markets: Readonly<Record<string, MarketRules>>;
  /** For an account that is opened for the first time, quote asset. */
  readonly capital: number;
  /** The account as it stood; null opens a new one. */
  readonly snapshot: SimulationSnapshot | null;
}

/** The strategy's account under a version: the same money, orders and positions, over what the version trades and what is still held. */
export function accountFor({ symbols, barMs, markets, capital, snapshot }: AccountRequest): Simulation {
  const held = (snapshot?.books ?? []).filter(({ position }) => position !== null).map(({ symbol }) => symbol);
  const all = [...new Set([...symbols, ...held])];
  const settings = { symbols: all, markets, capital: snapshot?.capital ?? capital, barMs };
  return snapshot === null ? new Simulation(settings) : Simulation.restore(settings, snapshot);
}

/** Exits of what nobody will decide on any more. */
export function exitsOf(account: Simulation, reason: string, isForced: (symbol: string) => boolean): DecisionRecord[] {
  return account
    .positions()
    .filter(({ symbol, quantity }) => quantity > 0 && isForced(symbol))
    .map(({ symbol }) => ({ symbol, action: 'exit', reason }));
}
