import { openWithCandles } from '#bot/evidence/open-with-candles.ts';
import type { StrategyVersion } from '#bot/evidence/strategy-version.ts';
import type { Backtester } from '#engine/backtest/backtester.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';

/**
 * Sandboxes with candles in them, at most `size` at once: the candles it was given and no others, so that a pool for the search holds
 * development data only. Results name the whole dataset all the same: what a span gives does not depend on bars after it.
 * A version keeps its own process: no two strategies ever share one, and the last few stay open because a search comes back to the
 * same code with other parameters.
 */
export class BacktesterPool {
  readonly #dataset: Dataset;
  readonly #columns: ReadonlyMap<string, CandleColumns>;
  readonly #size: number;
  readonly #idle: { digest: string; tester: Backtester }[] = [];
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;

  constructor(dataset: Dataset, columns: ReadonlyMap<string, CandleColumns>, size: number) {
    this.#dataset = dataset;
    this.#columns = columns;
    this.#size = size;
  }

  /** Runs `work` on a sandbox holding the version; waits for a free place. A sandbox that failed is not used again. */
  async use<T>(version: StrategyVersion, work: (tester: Backtester) => Promise<T>): Promise<T> {
    await this.#takePlace();
    try {
      const tester = await this.#obtain(version);
      try {
        const result = await work(tester);
        this.#idle.push({ digest: version.artifact.digest, tester });
        return result;
      } catch (error) {
        await tester.close();
        throw error;
      }
    } finally {
      this.#freePlace();
    }
  }

  /** A sandbox of the caller's own, with the candles in it; the caller closes it. */
  open(version: StrategyVersion): Promise<Backtester> {
    return openWithCandles(version, this.#dataset, this.#columns);
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(({ tester }) => tester.close()));
  }

  async #obtain(version: StrategyVersion): Promise<Backtester> {
    const index = this.#idle.findIndex((item) => item.digest === version.artifact.digest);
    if (index >= 0) return this.#idle.splice(index, 1)[0]!.tester;
    while (this.#idle.length + this.#inUse > this.#size) await this.#idle.shift()?.tester.close();
    return this.open(version);
  }

  async #takePlace(): Promise<void> {
    while (this.#inUse >= this.#size) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#inUse += 1;
  }

  #freePlace(): void {
    this.#inUse -= 1;
    this.#waiting.shift()?.();
  }
}
