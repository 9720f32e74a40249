/**
 * One request at a time, urgent ones first: an exchange that wants rising nonces takes them in the order of arrival, and two
 * connections do not keep an order.
 */
export class Lane {
  readonly #urgent: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;

  async run<T>(isUrgent: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#isBusy) await new Promise<void>((resolve) => (isUrgent ? this.#urgent : this.#waiting).push(resolve));
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      const next = this.#urgent.shift() ?? this.#waiting.shift();
      // The turn is handed over without a gap: nobody may come in between.
      if (next === undefined) this.#isBusy = false;
      else next();
    }
  }
}
