import type { HaltState } from '#engine/risk/pre-trade.ts';
import { strictest } from '#engine/risk/trading-halt.ts';
import type { Control } from '#engine/runtime/control.ts';
import type { AccountWatch } from './account-watch.ts';
import type { EngineLife } from './engine-life.ts';
import type { Evidence } from './invariants/evidence.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';

interface Held {
  readonly state: HaltState;
  readonly at: number | null;
}

const free: Held = { state: 'active', at: null };

/** What the engine holds in its head, and since when it holds anybody back: an order of people, a halt of the account or of one strategy. */
export class HeldBack {
  readonly #accounts: AccountWatch;
  readonly #now: () => number;
  readonly #trace: Trace;
  readonly #tally: Tally;
  /** What holds the whole account back, as far as the engine has shown. */
  #account = free;
  /** What it was told by people and obeys. */
  #control = free;

  constructor(options: {
    readonly accounts: AccountWatch;
    /** Time of the world, UTC milliseconds. */
    readonly now: () => number;
    readonly trace: Trace;
    readonly tally: Tally;
  }) {
    this.#accounts = options.accounts;
    this.#now = options.now;
    this.#trace = options.trace;
    this.#tally = options.tally;
  }

  /** @param engine null between a crash and the next start */
  memory(engine: EngineLife | null): Evidence['memory'] {
    if (engine === null || !engine.isOpen) return { lanes: [], strategies: [], slots: [] };
    this.#noteAccount(engine.accountHalt);
    this.#noteControl(engine.control);
    const { accounts } = this.#accounts;
    const strategies = [...accounts].map(([strategy, { account, capital, stage }]) => {
      const holding: Held[] = [this.#account, this.#control, this.#accounts.haltOf(strategy)];
      const halt = strictest(holding.map(({ state }) => state));
      const { at } = holding.find(({ state }) => state === halt)!;
      return { strategy, stage, capital, equity: account.equity(), halt, haltedAt: at };
    });
    const slots = [...engine.slots.values()].flatMap((slot) =>
      accounts.has(slot.id) ? slot.positions.map(({ symbol, quantity }) => ({ strategy: slot.id, symbol, quantity })) : [],
    );
    return { lanes: this.#accounts.lanes(), strategies, slots };
  }

  #noteControl(control: Control | null): void {
    const mode = control?.mode ?? 'active';
    const state = mode === 'flattening' ? 'reducing' : mode;
    if (state === this.#control.state) return;
    this.#control = this.#since(state);
    this.#trace.note(this.#now(), `the engine obeys: ${mode}`);
    this.#tally.count(`obeyed ${mode}`);
  }

  #noteAccount(state: HaltState): void {
    if (state === this.#account.state) return;
    this.#account = this.#since(state);
    this.#trace.note(this.#now(), `the account is ${state}`);
    this.#tally.count(`account ${state}`);
  }

  #since(state: HaltState): Held {
    return { state, at: state === 'active' ? null : this.#now() };
  }
}
