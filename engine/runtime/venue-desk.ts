import { RandomStream } from '#engine/candles/random-stream.ts';
import type { Clock } from '#engine/clock.ts';
import { quoteProblem } from '#engine/contract/quote-asset.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { Trader } from '#engine/trading/trader.ts';
import { DEFAULT_TIMINGS } from '#engine/trading/trader-parts.ts';
import { featuresOf, openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { accountName, keyName, takeVenueKeys, type VenueKeys, venueKeyVariables } from '#engine/venues/keys.ts';
import { LateVenue } from '#engine/venues/late-venue.ts';
import type { KeyRights } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { acquireAccountLock } from './account-lock.ts';
import { type VenueHealth, venueHealth } from './health.ts';
import { afterFailure, type KeyStanding, keyProblems, unaskedKey } from './key-standing.ts';
import type { Lock } from './lock.ts';
import { NakedPositions } from './naked-positions.ts';
import type { Pace, TradingVenue } from './options.ts';
import { patienceMs } from './patience.ts';
import { keepConfirmation, type TradedVenue } from './real-money.ts';
import type { EngineProblem } from './status.ts';
import { venueProblems } from './venue-problems.ts';
import { limitsOf, VenueShares } from './venue-shares.ts';

export interface VenueDeskOptions {
  readonly venue: TradingVenue;
  readonly store: EngineStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The limits in force; null before any were read. */
  readonly policy: () => RiskPolicy | null;
  readonly keys: VenueKeys;
  /** What is followed, all of one quote asset. */
  readonly markets: readonly string[];
  /** Of the clock, in a rehearsal; null for the day's own. */
  readonly pace: Pace | null;
}

/**
 * The key that an engine was given for its venue. Read once in a process: it is taken out of the environment.
 * @throws RatchetError `venue/no-keys`, `venue/keys-exposed`, `venue/keys-unreadable`
 */
export function keysOf({ keyFile }: TradingVenue): VenueKeys {
  return takeVenueKeys(keyFile === undefined ? process.env : { [venueKeyVariables.file]: keyFile });
}

interface DeskParts {
  readonly venue: LateVenue;
  readonly trader: Trader;
  readonly lock: Lock;
  readonly key: () => KeyStanding;
}

/** The engine's place at a venue: the one account that its canary and live strategies share. */
export class VenueDesk {
  readonly traded: TradedVenue;
  /** The account as its strategies and people have it. */
  readonly shares: VenueShares;
  readonly #options: VenueDeskOptions;
  readonly #venue: LateVenue;
  readonly #trader: Trader;
  readonly #lock: Lock;
  readonly #key: () => KeyStanding;
  /** What was found at the first look could not be written. */
  #hasFailed = false;
  readonly #naked = new NakedPositions();

  /**
   * Takes the account for this process, asks the venue what the key may do, and reads the journal. Sends nothing. A venue that does not
   * answer is asked again and again; its health says so.
   * @throws RatchetError `venue/…` for a key that may do too much or too little; `engine/other-account` where another was confirmed;
   *   `engine/other-quote` where it has traded in another quote asset; `engine/locked` where another engine has the account
   */
  static async open(options: VenueDeskOptions): Promise<VenueDesk> {
    const { venue: asked, store, clock, log, keys } = options;
    const { exchange, baseUrl, confirmLive, confirmedBy } = asked;
    const isRehearsal = baseUrl !== undefined;
    const account = accountName(isRehearsal ? `rehearsal-${exchange}` : exchange, keys);
    if (confirmLive !== undefined && confirmLive !== account) throw otherAccount(confirmLive, account);
    const lock = acquireAccountLock(account, keyName(keys), clock.now);
    let key = unaskedKey;
    const onRights = (rights: KeyRights) => {
      key = { ...key, rights };
    };
    const venue = new LateVenue({
      name: isRehearsal ? 'rehearsal' : exchange,
      account,
      features: featuresOf(exchange),
      open: async () => {
        try {
          const opened = await openCcxtVenue({ exchange, keys, clock, log, baseUrl, onRights });
          key = { ...key, refusal: null };
          return opened;
        } catch (error) {
          key = afterFailure(key, error);
          throw error;
        }
      },
    });
    try {
      await venue.begin().catch((error: unknown) => {
        if (!(error instanceof VenueError) || error.kind === 'permission') throw error;
        log.warn({ venue: venue.name, error: error.message }, 'The venue does not answer yet.');
      });
      if (confirmLive !== undefined) {
        const at = new Date(clock.now()).toISOString();
        keepConfirmation(store, { account: confirmLive, by: confirmedBy ?? 'unknown', at });
      }
      const trader = await Trader.open({
        venue,
        journal: store.journal(account),
        clock,
        log,
        policy: (stage) => limitsOf(options.policy(), stage, { isRehearsal }),
        random: new RandomStream(clock.now(), 'trader'),
        timings: { callTimeoutMs: patienceMs(DEFAULT_TIMINGS.callTimeoutMs, options.pace) },
        onTrouble: (trouble) => log.error({ ...trouble }, 'A person should look at the venue account.'),
      });
      const problem = quoteProblem([...options.markets, ...trader.symbols]);
      if (problem !== null) throw otherQuote(account, problem);
      return new VenueDesk(options, { name: venue.name, account, isRehearsal }, { venue, trader, lock, key: () => key });
    } catch (error) {
      await venue.close();
      lock.release();
      throw error;
    }
  }

  private constructor(options: VenueDeskOptions, traded: TradedVenue, { venue, trader, lock, key }: DeskParts) {
    this.#options = options;
    this.traded = traded;
    this.shares = new VenueShares({ traded, trader, policy: options.policy });
    this.#venue = venue;
    this.#trader = trader;
    this.#lock = lock;
    this.#key = key;
  }

  /** Compares the account with the journal, as often as it takes, and only then sends orders. Returns at once. */
  start(): void {
    void this.#trader.start().catch((error: unknown) => {
      this.#hasFailed = true;
      this.#options.log.error({ error: String(error) }, 'The venue account cannot be traded on.');
    });
  }

  /** What is in memory may be ahead of the journal: nothing more is sent until the account is opened again. */
  get isBroken(): boolean {
    return this.#hasFailed || this.#trader.health().isBroken;
  }

  /** How the account stands, well or not, as of now. */
  health(): VenueHealth {
    return venueHealth(this.#trader.health(), this.traded);
  }

  /** What a person should know, as of now. */
  problems(): EngineProblem[] {
    const now = this.#options.clock.now();
    const health = this.#trader.health();
    const unprotected = this.#naked.lasting(health.unprotected, now);
    const key = keyProblems(this.#key(), this.traded);
    const others = venueProblems({ ...health, unprotected }, this.traded, now);
    // Of a key that is refused the account cannot be opened either: that is said once.
    const isRefused = key.some(({ code }) => code === 'key-refused');
    return [...key, ...others.filter(({ code }) => !isRefused || code !== 'venue')];
  }

  /** Protective stops stay at the venue. */
  async close(): Promise<void> {
    await this.#trader.stop();
    await this.#venue.close();
    this.#lock.release();
  }
}

function otherAccount(confirmed: string, account: string): RatchetError {
  return new RatchetError(
    'engine/other-account',
    `You confirm the account ${confirmed}, and the key is of ${account}.`,
    'Nothing was started. Look which key this is before you confirm it.',
    { confirmed, account },
  );
}

function otherQuote(account: string, problem: string): RatchetError {
  return new RatchetError(
    'engine/other-quote',
    `The account ${account} has traded what cannot be traded together with the markets named: ${problem}.`,
    'Nothing was started. Name the markets it had, or give these an account and a workspace of their own.',
    { account },
  );
}
