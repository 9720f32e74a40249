import { planOf } from '#bot/proposers/evolution/design.ts';
import { evolutionProposer } from '#bot/proposers/evolution/evolution.ts';
import { quantile } from '#bot/proposers/evolution/fitness.ts';
import { grownFrom } from '#bot/proposers/evolution/grammar/breed.ts';
import { readIncumbent } from '#bot/proposers/evolution/incumbent.ts';
import { type Trial, TrialBook } from '#bot/proposers/evolution/trial-book.ts';
import type { ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import type { Arena } from './arena.ts';

/** Questions asked side by side, for both. */
const BATCH = 8;

/** What a search came to: how its best did on the data it searched, and on data nothing was chosen by. Net returns, as ratios. */
export interface Outcome {
  readonly fitness: number;
  readonly development: number;
  readonly selection: number;
}

export interface Match {
  readonly seed: number;
  readonly evolution: Outcome;
  readonly random: Outcome;
}

export interface Contest {
  readonly incumbent: Outcome;
  readonly matches: readonly Match[];
  readonly medians: { readonly evolution: Outcome; readonly random: Outcome };
  readonly beatsRandom: boolean;
  readonly beatsIncumbent: boolean;
}

/**
 * Evolution against random search over the same grammar, with the same number of evaluations and the same fitness on the development
 * data. Each chooses its best as it does: random search the fittest, evolution what stays fit among its neighbours. What each came to is then looked at once on the selection data: the verdict is the median over
 * the seeds of the net return there, after costs. A search that finds nothing better than the incumbent keeps the incumbent.
 */
export async function contest(
  arena: Arena,
  incumbent: StrategyFiles,
  { seeds, trials, onMatch }: { seeds: readonly number[]; trials: number; onMatch: (match: Match) => void },
): Promise<Contest> {
  const incumbentResult = await arena.develop(incumbent);
  const matches: Match[] = [];
  for (const seed of seeds) {
    const task: ProposerTask = { incumbent, incumbentResult, trials, seed, evaluate: (files) => arena.evaluate(files) };
    const match = { seed, evolution: await evolved(arena, task), random: await drawn(arena, task) };
    matches.push(match);
    onMatch(match);
  }
  const medians = { evolution: medianOf(matches.map((m) => m.evolution)), random: medianOf(matches.map((m) => m.random)) };
  const floor = await outcomeOf(
    arena,
    new TrialBook({ ...emptyTask(incumbent, incumbentResult) }, readIncumbent(incumbent)).incumbent,
  );
  return {
    incumbent: floor,
    matches,
    medians,
    beatsRandom: medians.evolution.selection > medians.random.selection,
    beatsIncumbent: medians.evolution.selection > floor.selection,
  };
}

/** What the proposer itself puts first. */
async function evolved(arena: Arena, task: ProposerTask): Promise<Outcome> {
  const { candidates } = await evolutionProposer().propose(task);
  const [best] = candidates;
  const book = new TrialBook(task, readIncumbent(task.incumbent));
  if (best === undefined) return outcomeOf(arena, book.incumbent);
  return {
    fitness: best.fitness,
    development: best.development.metrics.netReturn,
    selection: (await arena.select(best.files)).metrics.netReturn,
  };
}

/** The fittest of as many plans, each drawn from the grammar with its numbers anywhere in their ranges. */
async function drawn(arena: Arena, task: ProposerTask): Promise<Outcome> {
  const start = readIncumbent(task.incumbent);
  const like = planOf(start.configuration.blueprint!);
  const random = new RandomStream(task.seed, 'random search');
  const book = new TrialBook(task, start);
  while (book.remaining > 0) {
    const batch = Array.from({ length: Math.min(BATCH, book.remaining) }, () => {
      const { plan, values } = grownFrom(like, random);
      return { blueprint: plan, values };
    });
    await book.evaluate(batch);
  }
  return outcomeOf(arena, book.ranked()[0]!);
}

async function outcomeOf(arena: Arena, trial: Trial): Promise<Outcome> {
  return {
    fitness: trial.fitness,
    development: trial.result.metrics.netReturn,
    selection: (await arena.select(trial.files)).metrics.netReturn,
  };
}

function emptyTask(incumbent: StrategyFiles, incumbentResult: BacktestResult): ProposerTask {
  const evaluate = () => Promise.resolve({ outcome: 'rejected', reason: 'nothing is asked' } as const);
  return { incumbent, incumbentResult, trials: 0, seed: 0, evaluate };
}

function medianOf(outcomes: readonly Outcome[]): Outcome {
  const of = (key: keyof Outcome) =>
    quantile(
      outcomes.map((outcome) => outcome[key]),
      0.5,
    );
  return { fitness: of('fitness'), development: of('development'), selection: of('selection') };
}
