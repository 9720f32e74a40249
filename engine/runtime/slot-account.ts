import type { Stage } from '#engine/contract/manifest.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import type { TradingAccount } from '#engine/trading/trading-account.ts';
import { type AccountSnapshot, isOfVenue } from './account-snapshot.ts';
import type { MarketRecord } from './market-record.ts';

/** Whose money it is: nobody's, in a simulation, or that of an account at a venue. */
export type AccountKind = 'simulated' | 'venue';

/** What a strategy's slot trades on, whoever fills its orders. */
export interface SlotAccount extends TradingAccount {
  /** Since it was last taken. */
  takeRecord(): MarketRecord;
  /** Only where the share is given by others. Gives the difference: money that came or went. Quote asset. */
  setCapital?(capital: number): number;
  snapshot(): AccountSnapshot;
  /** Whether nothing is held and no order is on its way; only an account at a venue has orders that outlive it. */
  isAtRest?(): boolean;
  /** The strategy trades elsewhere from now on, or no longer. */
  release?(): void;
}

export interface AccountRequest {
  readonly strategy: string;
  readonly kind: AccountKind;
  readonly stage: Stage;
  /** What the version trades. */
  readonly symbols: readonly string[];
  readonly barMs: number;
  /** It goes on under the same version: its share is as it was. */
  readonly isResumed: boolean;
  /** The account as it stood, of the same kind; null opens a new one. */
  readonly snapshot: AccountSnapshot | null;
}

/** The strategy's account under a version: the same money, orders and positions, over what the version trades and what is still held. */
export type OpenAccount = (request: AccountRequest) => SlotAccount;

/** @param isRehearsal an exchange of nobody's money: what is on paper elsewhere sends its orders there too */
export function accountKindOf(stage: Stage, isRehearsal = false): AccountKind {
  if (stage === 'shadow') return 'simulated';
  return stage === 'paper' && !isRehearsal ? 'simulated' : 'venue';
}

export function kindOfStored(snapshot: AccountSnapshot): AccountKind {
  return isOfVenue(snapshot) ? 'venue' : 'simulated';
}

/** @param capital for an account that is opened for the first time, quote asset */
export function simulatedAccounts(markets: Readonly<Record<string, MarketRules>>, capital: number): OpenAccount {
  return ({ symbols, barMs, snapshot }) => {
    const settings = { symbols: withHeld(symbols, snapshot), markets, capital: snapshot?.capital ?? capital, barMs };
    if (snapshot === null) return new Simulation(settings);
    if (isOfVenue(snapshot)) throw new RangeError('A simulation does not go on from the account of a venue.');
    return Simulation.restore(settings, snapshot);
  };
}

/** What a version trades, and what is held though it does not. */
export function withHeld(symbols: readonly string[], snapshot: AccountSnapshot | null): string[] {
  const held = (snapshot?.books ?? []).filter(({ position }) => position !== null).map(({ symbol }) => symbol);
  return [...new Set([...symbols, ...held])];
}
