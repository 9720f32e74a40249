import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { type Control, type ControlReading, controlKey, isOvertaken, obeyedControl, readControl, type Said } from './control.ts';

/** Where orders are given: on the state branch by comment or by hand, and on the engine's own machine. */
export type OrderPlace = 'branch' | 'here';

/** What a place has said, as it was heard. */
interface Heard {
  readonly text: string;
  /** With the date by which it counts; null for a text that this version cannot read. */
  readonly control: Control | null;
}

/**
 * Which order is obeyed when two places can give one: what was said last. An order is news where it differs from what its place said
 * before, so that an old one that still stands in a file does not come back when the other place has spoken since, or after a restart.
 * One that arrives late and is dated before what is obeyed may hold the engine back further, and never less: a halt that was given while
 * the branch could not be read, or by a restore, is not ended by a word from before it. Nothing is said in the future: an order that is
 * dated ahead counts as given when it was heard, for as long as it stands, or nobody could answer it before that day.
 */
export class HeardOrders {
  readonly #store: EngineStore;
  readonly #last: Record<OrderPlace, Heard | null>;
  readonly #now: () => number;
  #obeyed: Control;

  /** @param now wall-clock time, UTC milliseconds */
  constructor(store: EngineStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    this.#obeyed = obeyedControl(store);
    this.#last = { branch: this.#kept('branch'), here: this.#kept('here') };
  }

  get obeyed(): Control {
    return this.#obeyed;
  }

  /** What a place says now: whether it can be read, and whether it is news. Changes nothing; `write` and `take` do. */
  hear(place: OrderPlace, text: Said): ControlReading & { readonly isNews: boolean } {
    const reading = readControl(text, this.#obeyed, place === 'here' ? 'order.json' : undefined);
    if (!reading.ok) return { ...reading, isNews: false };
    const now = this.#now();
    const { control } = reading;
    const heard = isAhead(control, now) ? { ...control, at: new Date(now).toISOString() } : control;
    const isOther = text !== null && text !== this.#last[place]?.text;
    return { ok: true, control: heard, isNews: isOther && !this.#isOvertaken(heard) };
  }

  /** By what is obeyed, or by a word that still stands at either place. */
  #isOvertaken(order: Control): boolean {
    const standing = Object.values(this.#last).flatMap((heard) => heard?.control ?? []);
    return [this.#obeyed, ...standing].some((other) => isOvertaken(order, other));
  }

  /** For a restart: what was heard is obeyed. In the transaction of whoever carries it out. */
  write(place: OrderPlace, text: string, control: Control): void {
    this.#store.setMeta(textKey(place), text);
    this.#store.setMeta(dateKey(place), control.at);
    this.#store.setMeta(controlKey, JSON.stringify(control));
  }

  /** What was written is obeyed from now on. */
  take(place: OrderPlace, text: string, control: Control): void {
    this.#last[place] = { text, control };
    this.#obeyed = control;
  }

  #kept(place: OrderPlace): Heard | null {
    const text = heardAt(this.#store, place);
    if (text === null) return null;
    const reading = readControl(text, this.#obeyed);
    if (!reading.ok) return { text, control: null };
    const { control } = reading;
    // A store from before dates were kept: what was dated ahead was heard, at the latest, when what is obeyed was.
    const ownDate = isAhead(control, this.#now()) ? this.#obeyed.at : control.at;
    return { text, control: { ...control, at: this.#store.meta(dateKey(place)) ?? ownDate } };
  }
}

/** What a place said last, as it was written there; null before it said anything. */
export function heardAt(record: Pick<EngineReader, 'meta'>, place: OrderPlace): string | null {
  return record.meta(textKey(place));
}

function isAhead({ at }: Control, now: number): boolean {
  return Date.parse(at) > now;
}

function textKey(place: OrderPlace): string {
  return `heard-${place}`;
}

function dateKey(place: OrderPlace): string {
  return `heard-${place}-at`;
}
