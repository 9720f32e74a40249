import type { EngineStore } from '#engine/store/engine-store.ts';
import { type Control, type ControlReading, controlKey, isOvertaken, obeyedControl, readControl, type Said } from './control.ts';

/** Where orders are given: on the state branch by comment or by hand, and on the engine's own machine. */
export type OrderPlace = 'branch' | 'here';

/**
 * Which order is obeyed when two places can give one: what was said last. An order is news where it differs from what its place said
 * before, so that an old one that still stands in a file does not come back when the other place has spoken since, or after a restart.
 * One that arrives late and is dated before what is obeyed may hold the engine back further, and never less: a halt that was given while
 * the branch could not be read, or by a restore, is not ended by a word from before it.
 */
export class HeardOrders {
  readonly #store: EngineStore;
  readonly #last: Record<OrderPlace, string | null>;
  readonly #now: () => number;
  #obeyed: Control;

  /** @param now wall-clock time, UTC milliseconds */
  constructor(store: EngineStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#obeyed = obeyedControl(store);
    this.#last = { branch: store.meta(keyOf('branch')), here: store.meta(keyOf('here')) };
  }

  get obeyed(): Control {
    return this.#obeyed;
  }

  /** What a place says now: whether it can be read, and whether it is news. Changes nothing; `obey` does. */
  hear(place: OrderPlace, text: Said): ControlReading & { readonly isNews: boolean } {
    const reading = this.#dated(readControl(text, this.#obeyed, place === 'here' ? 'order.json' : undefined));
    const isOther = reading.ok && text !== null && text !== this.#last[place];
    return { ...reading, isNews: isOther && !this.#isOvertaken(reading.control) };
  }

  /** Nothing is said in the future: an order dated ahead would count as newer than all that is said after it. */
  #dated(reading: ControlReading): ControlReading {
    const now = this.#now();
    if (!reading.ok || Date.parse(reading.control.at) <= now) return reading;
    return { ok: true, control: { ...reading.control, at: new Date(now).toISOString() } };
  }

  /** By what is obeyed, or by a word that still stands at either place. */
  #isOvertaken(order: Control): boolean {
    const standing = Object.values(this.#last).map((text) => readControl(text, this.#obeyed));
    return [this.#obeyed, ...standing.flatMap((one) => (one.ok ? [one.control] : []))].some((other) => isOvertaken(order, other));
  }

  /** Obeys what was heard, now and after a restart; in the transaction of whoever carries it out. */
  obey(place: OrderPlace, text: string, control: Control): void {
    this.#store.setMeta(keyOf(place), text);
    this.#store.setMeta(controlKey, JSON.stringify(control));
    this.#last[place] = text;
    this.#obeyed = control;
  }
}

function keyOf(place: OrderPlace): string {
  return `heard-${place}`;
}
