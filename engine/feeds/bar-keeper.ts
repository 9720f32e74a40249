import type { CandleStore } from '#engine/candles/candle-store.ts';
import type { Clock } from '#engine/clock.ts';
import { explain } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { LiveSeries } from './live-series.ts';

export interface BarKeeperOptions {
  readonly store: CandleStore;
  readonly series: readonly LiveSeries[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs: number;
  /** Null when it went well. */
  readonly onProblem: (text: string | null) => void;
}

/**
 * Brings bars into the candle store, a while after they were handed out and many at once: an append takes tens of milliseconds that
 * a decision must not wait for, and what a kill loses the venue is asked for again.
 */
export class BarKeeper {
  readonly #options: BarKeeperOptions;
  #cancel: (() => void) | null = null;
  #isStopped = false;

  constructor(options: BarKeeperOptions) {
    this.#options = options;
  }

  get unstoredBars(): number {
    return this.#options.series.reduce((sum, series) => sum + series.unstoredBars, 0);
  }

  /** There may be bars to keep. */
  later(): void {
    if (this.#cancel !== null || this.#isStopped || this.unstoredBars === 0) return;
    this.#cancel = this.#options.clock.after(this.#options.everyMs, () => {
      this.#cancel = null;
      this.#keep();
      this.later();
    });
  }

  /** Keeps what there is, for the last time. */
  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#keep();
  }

  /** A store that refuses costs memory, no bar: they stay here until it takes them, and are asked for again after a restart. */
  #keep(): void {
    const { store, series, log, onProblem } = this.#options;
    try {
      const done = store.batch(() => series.map((one) => one.keep()));
      for (const settle of done) settle();
      onProblem(null);
    } catch (error) {
      onProblem(`The bars could not be stored: ${explain(error)}`);
      log.error({ error: explain(error) }, 'The bars could not be stored; they are kept in memory.');
    }
  }
}
