import type { Clock } from '#engine/clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Thrown into a life that is over. Whatever still catches it can reach nobody any more. */
export class Cut extends Error {
  constructor() {
    super('This life of the engine is over.');
    this.name = 'Cut';
  }
}

/** From one start of the engine to its end by a crash: whatever it does passes gates, and it may die at any of them. */
export class Life {
  readonly number: number;
  readonly #world: VirtualClock;
  readonly #skewMs: () => number;
  readonly #onEnd: (life: Life, gate: string) => void;
  #gatesLeft: number;
  #isOver = false;

  /** @param gatesLeft how many gates it passes before it dies; Infinity for one that no gate ends */
  constructor(options: {
    readonly number: number;
    readonly world: VirtualClock;
    readonly skewMs: () => number;
    readonly gatesLeft: number;
    readonly onEnd: (life: Life, gate: string) => void;
  }) {
    this.number = options.number;
    this.#world = options.world;
    this.#skewMs = options.skewMs;
    this.#gatesLeft = options.gatesLeft;
    this.#onEnd = options.onEnd;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws Cut when the life is over or ends here */
  gate(name: string): void {
    if (this.#isOver) throw new Cut();
    this.#gatesLeft -= 1;
    if (this.#gatesLeft >= 0) return;
    this.end(name);
    throw new Cut();
  }

  /** Ends it at once, between two of its acts. */
  end(gate: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd(this, gate);
  }

  /** No more accidents: what is to come is the end of the run. */
  becomeImmortal(): void {
    this.#gatesLeft = Number.POSITIVE_INFINITY;
  }

  /** The clock of this life's machine: it may be wrong about the time, and the dead have no timers. */
  readonly clock: Clock = {
    now: () => this.#world.now() + this.#skewMs(),
    after: (ms, work) =>
      this.#world.after(ms, () => {
        if (!this.#isOver) work();
      }),
  };

  /**
   * The same object, except that each call of a method of its passes a gate before and one after: calls within a transaction too,
   * so that it may die with half of one done. Methods named in `freely` pass none.
   */
  guarded<Target extends object>(target: Target, name: string, freely: ReadonlySet<string> = new Set()): Target {
    return new Proxy(target, {
      get: (from, property) => {
        const value: unknown = Reflect.get(from, property, from);
        if (typeof value !== 'function') return value;
        const call = `${name}.${String(property)}`;
        return (...args: unknown[]): unknown => {
          if (this.#isOver) throw new Cut();
          if (freely.has(String(property))) return value.apply(from, args);
          this.gate(`before ${call}`);
          const result: unknown = value.apply(from, args);
          this.gate(`after ${call}`);
          return result;
        };
      },
    });
  }
}
