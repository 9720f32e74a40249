import type { Backtester } from '#engine/backtest/backtester.ts';
import { settled } from './settled.ts';

/** Several sandboxes of one version with the same candles in them; whoever has work gets the next free one. */
export class TesterTeam {
  readonly #open: () => Promise<Backtester>;
  readonly #free: Backtester[] = [];
  readonly #waiting: (() => void)[] = [];
  /** Places whose sandbox is not open yet, or failed. */
  #vacant: number;

  /** @param size sandboxes at once; each is opened when it is first needed */
  constructor(open: () => Promise<Backtester>, size: number) {
    this.#open = open;
    this.#vacant = size;
  }

  /** A sandbox in which something failed is not used again: another takes its place. */
  async use<T>(work: (tester: Backtester) => Promise<T>): Promise<T> {
    const tester = await this.#take();
    try {
      const result = await work(tester);
      this.#free.push(tester);
      return result;
    } catch (error) {
      this.#vacant += 1;
      await tester.close();
      throw error;
    } finally {
      this.#waiting.shift()?.();
    }
  }

  /** `work` for each item, as many at once as there are sandboxes; results in the order of the items, the first failure once all have ended. */
  map<I, T>(items: readonly I[], work: (tester: Backtester, item: I) => Promise<T>): Promise<T[]> {
    return settled(items.map((item) => this.use((tester) => work(tester, item))));
  }

  async close(): Promise<void> {
    await Promise.all(this.#free.splice(0).map((tester) => tester.close()));
  }

  async #take(): Promise<Backtester> {
    for (;;) {
      const free = this.#free.pop();
      if (free !== undefined) return free;
      if (this.#vacant > 0) {
        this.#vacant -= 1;
        try {
          return await this.#open();
        } catch (error) {
          this.#vacant += 1;
          this.#waiting.shift()?.();
          throw error;
        }
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
