import type { Stage } from '#engine/contract/manifest.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { AccountRequest, OpenAccount, SlotAccount } from '#engine/runtime/slot-account.ts';
import type { LaneMemory } from './invariants/evidence.ts';

/** One strategy's account at the venue, as its slot has it. */
export interface WatchedAccount {
  readonly account: SlotAccount;
  readonly stage: Stage;
  capital: number;
}

export interface AccountWatchOptions {
  /** Time of the world, UTC milliseconds. */
  readonly now: () => number;
  /** Does not pass on what slots say of halts. */
  readonly isDeafToHalts: boolean;
}

/** Stands between slots and their accounts at the venue: what each was given, was told last, and holds. */
export class AccountWatch {
  readonly #options: AccountWatchOptions;
  readonly #accounts = new Map<string, WatchedAccount>();
  readonly #halts = new Map<string, { readonly state: HaltState; readonly at: number | null }>();
  /** The closes that any of them was given last in this life, by symbol: prices are the account's. */
  readonly marks = new Map<string, number>();

  constructor(options: AccountWatchOptions) {
    this.#options = options;
  }

  /** Another life begins, in which nothing is open; what strategies were told holds until they are told otherwise. */
  forget(): void {
    this.#accounts.clear();
    this.marks.clear();
  }

  get accounts(): ReadonlyMap<string, WatchedAccount> {
    return this.#accounts;
  }

  haltOf(strategy: string): { readonly state: HaltState; readonly at: number | null } {
    return this.#halts.get(strategy) ?? { state: 'active', at: null };
  }

  lanes(): LaneMemory[] {
    return [...this.#accounts].flatMap(([strategy, { account }]) =>
      account.positions().map(({ symbol, quantity }) => ({ strategy, symbol, quantity })),
    );
  }

  watching =
    (open: OpenAccount): OpenAccount =>
    (request) => {
      const account = open(request);
      return request.kind === 'venue' ? this.#watched(request, account) : account;
    };

  #watched({ strategy, stage }: AccountRequest, account: SlotAccount): SlotAccount {
    const { capital } = account.snapshot();
    const watched: WatchedAccount = { account, stage, capital };
    this.#accounts.set(strategy, watched);
    return new Proxy(account, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: never[]): unknown => {
          if (name === 'setHalt' && !this.#isObeyed(strategy, args[0]!)) return undefined;
          if (name === 'setCapital') watched.capital = args[0]!;
          if (name === 'release') this.#accounts.delete(strategy);
          if (name === 'onBars') this.#mark(args[0]!);
          return value.apply(target, args);
        };
      },
    });
  }

  #mark(bars: readonly { readonly symbol: string; readonly close: number; readonly volume: number }[]): void {
    for (const { symbol, close, volume } of bars) if (volume > 0) this.marks.set(symbol, close);
  }

  #isObeyed(strategy: string, state: HaltState): boolean {
    const before = this.haltOf(strategy);
    if (before.state !== state) this.#halts.set(strategy, { state, at: state === 'active' ? null : this.#options.now() });
    return !this.#options.isDeafToHalts;
  }
}
