import type { EngineStore } from '#engine/store/engine-store.ts';

/** While no bar closes it says so often that the engine runs. */
const seenEveryMs = 60_000;

/** Says in the record that the engine runs, for whoever asks how much of the time it did. */
export class RunRecord {
  readonly #store: EngineStore;
  readonly #clock: () => number;
  #seenAt = 0;

  constructor(store: EngineStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  begin(): void {
    this.#store.beginRun(this.#clock());
  }

  /** To be called whenever nothing else is to be done; writes once in a while. */
  note(): void {
    if (this.#clock() - this.#seenAt >= seenEveryMs) this.end();
  }

  end(): void {
    this.#seenAt = this.#clock();
    this.#store.continueRun(this.#seenAt);
  }
}
