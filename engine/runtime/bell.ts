import { type Clock, systemClock } from '#engine/clock.ts';

/** A wait that can be cut short. Rung while nobody waits, it is remembered for the next one who does. */
export class Bell {
  readonly #clock: Clock;
  #hasRung = false;
  #wake: (() => void) | null = null;

  constructor(clock = systemClock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  /** Until it rings, at most `limitMs`. */
  async wait(limitMs: number): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(Math.min(limitMs, 2_147_483_647), resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#hasRung = false;
  }
}
