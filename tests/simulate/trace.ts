import { createHash } from 'node:crypto';

const KEPT = 60;

/** Everything that happened in a run, as one digest and its last lines: two runs of a seed have the same. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #last: (readonly [step: number, time: number, what: string])[] = [];
  readonly #onEvent: ((line: string) => void) | undefined;
  #steps = 0;

  /** @param onEvent told of each line as it happens */
  constructor(onEvent?: (line: string) => void) {
    this.#onEvent = onEvent;
  }

  /** @param time of the world, UTC milliseconds */
  note(time: number, what: string): void {
    const line = `${time} ${what}`;
    this.#steps += 1;
    this.#hash.update(line).update('\n');
    const entry = [this.#steps, time, what] as const;
    this.#onEvent?.(textOf(entry));
    this.#last.push(entry);
    if (this.#last.length > 2 * KEPT) this.#last.splice(0, KEPT);
  }

  get steps(): number {
    return this.#steps;
  }

  lastLines(): string[] {
    return this.#last.slice(-KEPT).map(textOf);
  }

  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 24);
  }
}

function textOf([step, time, what]: readonly [step: number, time: number, what: string]): string {
  return `${step} ${new Date(time).toISOString().slice(5, 23)} ${what}`;
}
