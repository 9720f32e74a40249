import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import { type Backtester, openBacktester, type RunOptions } from './backtester.ts';
import type { ProcessOptions } from './strategy-process.ts';
import type { BacktestRequest, BacktestResult } from './types.ts';

/**
 * Many runs of one strategy over one dataset, on several sandbox processes at once.
 *
 * Untrusted code needs a process, not a worker thread, so the unit here is a `Backtester` and not a thread of a pool. The columns
 * are one shared buffer in the engine; each process is handed them once, through its pipe (about 30 ms a million candles), and keeps
 * them for all its runs. A process cannot do with less: Node maps no file into memory, so a descriptor would be copied as well, and
 * would give a strategy's process a file to hold. Processes take the next request as they become free.
 */
export class Sweep {
  readonly #testers: readonly Backtester[];

  /** @param processes as many as cores are to be used; the caller closes the sweep */
  static async open(artifact: StrategyArtifact, processes: number, options: ProcessOptions = {}): Promise<Sweep> {
    const opening = Array.from({ length: processes }, () => openBacktester(artifact, options));
    const opened = await Promise.allSettled(opening);
    const testers = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed === undefined) return new Sweep(testers);
    await Promise.all(testers.map((tester) => tester.close()));
    throw failed.reason;
  }

  private constructor(testers: readonly Backtester[]) {
    this.#testers = testers;
  }

  /** As `Backtester.useDataset`, for every process. */
  async useDataset(dataset: Dataset, columns: ReadonlyMap<string, CandleColumns>): Promise<void> {
    await Promise.all(this.#testers.map((tester) => tester.useDataset(dataset, columns)));
  }

  /** The results in the order of the requests. The first failure is thrown once the runs under way have ended. */
  async run(requests: readonly BacktestRequest[], options: RunOptions = {}): Promise<BacktestResult[]> {
    const results: BacktestResult[] = new Array(requests.length);
    let next = 0;
    const work = async (tester: Backtester): Promise<void> => {
      while (next < requests.length) {
        const index = next;
        next += 1;
        try {
          results[index] = await tester.run(requests[index]!, options);
        } catch (error) {
          next = requests.length;
          throw error;
        }
      }
    };
    const ended = await Promise.allSettled(this.#testers.map(work));
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results;
  }

  async close(): Promise<void> {
    await Promise.all(this.#testers.map((tester) => tester.close()));
  }
}
