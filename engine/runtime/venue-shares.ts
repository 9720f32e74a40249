import type { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import { type TradingLimits, tradingLimits } from '#engine/risk/trading-limits.ts';
import type { Trader } from '#engine/trading/trader.ts';
import type { VenueAccountSnapshot } from '#engine/trading/venue-account-snapshot.ts';
import { isOfVenue } from './account-snapshot.ts';
import type { Control } from './control.ts';
import { journalBehind } from './engine-end.ts';
import type { LoadedVersion } from './loaded-version.ts';
import type { TradedVenue } from './real-money.ts';
import type { OpenAccount } from './slot-account.ts';

/** What a rehearsal's strategies have each where no policy names an amount, quote asset. */
const rehearsalCapital = 10_000;

export interface VenueSharesOptions {
  readonly traded: TradedVenue;
  readonly trader: Trader;
  /** The limits in force; null before any were read. */
  readonly policy: () => RiskPolicy | null;
}

/** What binds an order of a stage under the limits in force, before any were read too. */
export function limitsOf(
  policy: RiskPolicy | null,
  stage: Stage,
  { isRehearsal }: Pick<TradedVenue, 'isRehearsal'>,
): TradingLimits {
  return tradingLimits(policy ?? { stages: {} }, stage, !isRehearsal);
}

/** One venue account, as the strategies that share it and the people who give orders to it have it. */
export class VenueShares {
  readonly #options: VenueSharesOptions;

  constructor(options: VenueSharesOptions) {
    this.#options = options;
  }

  /** A strategy's share of the account. */
  readonly openAccount: OpenAccount = ({ strategy, stage, symbols, barMs, isResumed, snapshot }) => {
    const stored = snapshot !== null && isOfVenue(snapshot) ? this.#ownOf(strategy, snapshot) : null;
    const capital = isResumed && stored !== null ? stored.capital : this.shareOf(stage);
    return this.#options.trader.account({ strategy, stage, symbols, barMs, capital, taken: stored?.taken ?? null });
  };

  /**
   * Does `work` with all that it writes to the store in one commit, and sends what it has ordered once that is on disk.
   * @throws RatchetError `engine/begin-anew` when what is in memory may be ahead of the journal already
   */
  together<T>(work: () => T): T {
    if (this.#options.trader.health().isBroken) throw journalBehind();
    return this.#options.trader.together(work);
  }

  /** See `Trader.noteRecorded`. */
  noteRecorded(): void {
    this.#options.trader.noteRecorded();
  }

  /** A version that is on trial: the account gets ready for what it trades. */
  expect(strategy: string, { symbols, barMs }: Pick<LoadedVersion, 'symbols' | 'barMs'>): void {
    this.#options.trader.expect(strategy, { symbols, barMs });
  }

  /** What a strategy of this stage may have of the account, quote asset. */
  readonly shareOf = (stage: Stage): number => {
    const { maxCapital, maxStrategy } = limitsOf(this.#options.policy(), stage, this.#options.traded);
    return maxCapital === null ? rehearsalCapital : maxCapital * maxStrategy;
  };

  /**
   * An order of a person to the engine, as far as it concerns the account. `paused` concerns its strategies only, but that it no longer
   * sells what they hold.
   */
  obey({ mode, by, at, reason }: Control): void {
    const { trader } = this.#options;
    const said = { at: Date.parse(at), by, reason };
    if (mode === 'flattening') trader.flatten(reason === '' ? 'a person asked for it' : reason, by);
    else if (mode !== 'paused') trader.order({ kind: 'said', mode, ...said });
    else if (trader.health().halt.mode === 'reducing') trader.order({ kind: 'said', mode: 'halted', ...said });
  }

  /** @returns null, or why nothing was changed */
  async accept(symbol: string, reason: string): Promise<string | null> {
    const { trader } = this.#options;
    // A name typed wrong shares an asset with others, and would make what is wrong with them count as right.
    const isFrozen = trader.health().frozen.some((freeze) => freeze.symbol === symbol);
    return isFrozen ? trader.resolve(symbol, reason) : `${symbol} is not frozen`;
  }

  /** The stored account, where it is one of this venue account; null for that of another, which is left behind once nothing is held there. */
  #ownOf(strategy: string, stored: VenueAccountSnapshot): VenueAccountSnapshot | null {
    const { account } = this.#options.traded;
    if (stored.account === account) return stored;
    const held = stored.books.flatMap(({ symbol, position }) => (position === null ? [] : [`${position.quantity} ${symbol}`]));
    if (held.length === 0) return null;
    throw new RatchetError(
      'engine/other-account',
      `${strategy} holds ${held.join(', ')} in account ${stored.account}, and the key is of ${account}.`,
      'Nothing was started. Give the key of that account; a new key to it is told its name, see docs/ops/exchanges.md.',
      { strategy, stored: stored.account, account },
    );
  }
}
