import type { Settlement } from '#bot/orchestrator/pull-request-life.ts';

/** What became of the pull requests that were proven since the start; the latest word on each. */
export class Settlements {
  readonly #byNumber = new Map<number, Settlement>();
  #last: Settlement | null = null;

  add(settlement: Settlement): void {
    this.#byNumber.set(settlement.number, settlement);
    this.#last = settlement;
  }

  of(number: number): Settlement | null {
    return this.#byNumber.get(number) ?? null;
  }

  get last(): Settlement | null {
    return this.#last;
  }
}
