import type { Logger } from '#engine/log.ts';
import type { EngineEvent } from './events.ts';

export interface TakenNewsOptions {
  /** Of all strategies as it is on disk, quote asset. */
  readonly equity: () => number | null;
  readonly log: Logger;
  readonly onEvent: (event: EngineEvent) => void;
  /** Something went wrong while it was told: `tell` throws it at the next turn. */
  readonly onTrouble: () => void;
}

/** Requests are made and written within it. */
const leaveMs = 2;

interface Fault {
  readonly strategy: string;
  readonly code: string;
  readonly message: string;
}

/** What was taken in, for readers: kept until it is on disk, and until the orders it brought are on their way. */
export class TakenNews {
  readonly #options: TakenNewsOptions;
  #faults: Fault[] = [];
  #committed: number | null = null;
  #wrong: { readonly error: unknown } | null = null;

  constructor(options: TakenNewsOptions) {
    this.#options = options;
  }

  addFault(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** Everything up to this market time is on disk. */
  noteCommitted(time: number): void {
    this.#committed = time;
  }

  /** Whatever waits, now. Throws what went wrong with it, also before. */
  tell(): void {
    const { equity, log, onEvent } = this.#options;
    const [faults, time, wrong] = [this.#faults, this.#committed, this.#wrong];
    this.#faults = [];
    this.#committed = null;
    this.#wrong = null;
    if (wrong !== null) throw wrong.error;
    for (const { strategy, code, message } of faults) {
      log.warn({ strategy, code, message }, 'A strategy failed.');
      onEvent({ kind: 'fault', strategy, code, message });
    }
    if (time !== null) onEvent({ kind: 'bar', time, equity: equity() });
  }

  /** Once what is to be sent has been handed to the network. */
  tellSoon(): void {
    setTimeout(() => {
      if (this.#committed === null) return;
      try {
        this.tell();
      } catch (error) {
        this.#wrong = { error };
        this.#options.onTrouble();
      }
    }, leaveMs);
  }
}
