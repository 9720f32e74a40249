import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { drained } from '#tests/simulate/virtual-clock.ts';

const begins = 'undici:request:create';
const ends = ['undici:request:trailers', 'undici:request:error'];
/** Turns of the event loop in which what has come in is read, understood and answered. */
const turns = 4;

/** The requests of this process that are under way: while one is, time should stand still. */
export class Traffic {
  #open = 0;
  #count = 0;
  #wake: (() => void) | null = null;
  readonly #onBegin = () => {
    this.#open += 1;
    this.#count += 1;
  };
  readonly #onEnd = () => {
    this.#open -= 1;
    this.#wake?.();
  };

  constructor() {
    subscribe(begins, this.#onBegin);
    for (const each of ends) subscribe(each, this.#onEnd);
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** Ends when nothing is under way and nothing comes of what was. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < turns; quiet += 1) {
      await drained();
      if (this.#open === 0) continue;
      quiet = 0;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  close(): void {
    unsubscribe(begins, this.#onBegin);
    for (const each of ends) unsubscribe(each, this.#onEnd);
  }
}
