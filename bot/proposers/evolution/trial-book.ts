import type { ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { type Change, changesBetween } from './changes.ts';
import { type Configuration, keyOf } from './configuration.ts';
import { fitness } from './fitness.ts';
import { filesOf, type Incumbent } from './incumbent.ts';

/** A configuration that ran on the development data. */
export interface Trial {
  readonly configuration: Configuration;
  readonly files: StrategyFiles;
  /** From the incumbent; empty for the incumbent itself. */
  readonly changes: readonly Change[];
  readonly result: BacktestResult;
  readonly fitness: number;
}

/** What has been tried: asks each question once, in a fixed order, and never more questions than there are trials. */
export class TrialBook {
  readonly incumbent: Trial;
  readonly #task: ProposerTask;
  readonly #start: Incumbent;
  /** What became of each question: undefined while it is not answered, and when it was refused. */
  readonly #asked = new Map<string, Trial | undefined>();
  readonly #scored: Trial[] = [];
  #spent = 0;
  #isCutShort = false;

  constructor(task: ProposerTask, start: Incumbent) {
    this.#task = task;
    this.#start = start;
    this.incumbent = this.#trial(start.configuration, task.incumbent, task.incumbentResult);
    this.#asked.set(keyOf(start.configuration), this.incumbent);
    this.#scored.push(this.incumbent);
  }

  /** Trials spent, refusals included. */
  get spent(): number {
    return this.#spent;
  }

  get remaining(): number {
    return this.#task.trials - this.#spent;
  }

  /** Whether the time was over before the trials were spent: nothing more is answered. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  hasAsked(configuration: Configuration): boolean {
    return this.#asked.has(keyOf(configuration));
  }

  /** How a configuration did: -Infinity for one that was refused, or that nobody has asked for. */
  fitnessOf(configuration: Configuration): number {
    return this.#asked.get(keyOf(configuration))?.fitness ?? Number.NEGATIVE_INFINITY;
  }

  /** Evaluates the new ones among `configurations` side by side, as far as the trials go. */
  async evaluate(configurations: readonly Configuration[]): Promise<void> {
    const fresh = this.#takeFresh(configurations);
    this.#spent += fresh.length;
    const trials = await Promise.all(fresh.map((configuration) => this.#run(configuration)));
    for (const trial of trials) {
      if (trial === undefined) continue;
      this.#asked.set(keyOf(trial.configuration), trial);
      this.#scored.push(trial);
    }
  }

  /** Everything that ran, the incumbent included, fittest first; equals stay in the order in which they were asked. */
  ranked(): readonly Trial[] {
    return this.#scored.toSorted(fittestFirst);
  }

  #takeFresh(configurations: readonly Configuration[]): Configuration[] {
    const fresh: Configuration[] = [];
    for (const configuration of configurations) {
      if (fresh.length >= this.remaining) break;
      if (this.hasAsked(configuration)) continue;
      this.#asked.set(keyOf(configuration), undefined);
      fresh.push(configuration);
    }
    return fresh;
  }

  async #run(configuration: Configuration): Promise<Trial | undefined> {
    const files = filesOf(this.#start, configuration);
    const label = changesBetween(this.#start.configuration, configuration)
      .map(({ text }) => text)
      .join(', ');
    const evaluation = await this.#task.evaluate(files, label);
    if (evaluation.outcome === 'rejected' && evaluation.isForTime === true) {
      this.#isCutShort = true;
      // It was never run, so nobody knows what it is worth.
      this.#asked.delete(keyOf(configuration));
    }
    return evaluation.outcome === 'scored' ? this.#trial(configuration, files, evaluation.result) : undefined;
  }

  #trial(configuration: Configuration, files: StrategyFiles, result: BacktestResult): Trial {
    const changes = changesBetween(this.#start.configuration, configuration);
    return { configuration, files, changes, result, fitness: fitness(result, changes.length) };
  }
}

/** -Infinity stands last and is equal to itself. */
function fittestFirst(a: Trial, b: Trial): number {
  if (a.fitness === b.fitness) return 0;
  return a.fitness > b.fitness ? -1 : 1;
}
