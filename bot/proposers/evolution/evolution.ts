import type { Candidate, Proposal, Proposer, ProposerTask } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { dividesTimeframe, timeframes } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { structureOf } from './configuration.ts';
import { type Design, planOf } from './design.ts';
import { hypothesisOf } from './hypothesis.ts';
import { type Incumbent, rangesFor, readIncumbent } from './incumbent.ts';
import { neighboursOf, robustFitness } from './robustness.ts';
import { isSimplified, type SearchSpace, search } from './search.ts';
import { type Trial, TrialBook } from './trial-book.ts';

/** More candidates than this only spend the selection data's patience. */
const CANDIDATES_MAX = 5;
const CANDIDATES_PER_STRUCTURE = 2;
/** More changes than this no pack takes and no person reviews. */
const CHANGES_MAX = 40;

/** Said of a candidate that the time did not allow to look at from all sides. */
const UNCONFIRMED =
  'The best was found too late to see whether it needs all of its parts and whether its neighbours do as well: read it with that in mind.';

/** A candidate with what it did on the development data. */
export interface DevelopedCandidate extends Candidate {
  readonly development: BacktestResult;
  readonly fitness: number;
}

/**
 * The proposer that needs no model and no network: moves blocks and numbers of the incumbent and keeps what holds up on the
 * development data. An incumbent whose source is not what its blueprint prints is a person's text: only its numbers move.
 */
export function evolutionProposer(): Omit<Proposer, 'propose'> & {
  propose(task: ProposerTask): Promise<Proposal & { readonly candidates: readonly DevelopedCandidate[] }>;
} {
  return {
    name: 'evolution',
    async propose(task: ProposerTask) {
      const incumbent = readIncumbent(task.incumbent);
      const book = new TrialBook(task, incumbent);
      const space: SearchSpace = {
        trials: task.trials,
        seed: task.seed,
        rangesFor: (configuration) => rangesFor(incumbent, configuration),
        bases: basesOf(incumbent, task.candles ?? {}),
      };
      await search(book, space);
      const isConfirmed = (trial: Trial): boolean =>
        isSimplified(book, trial, space) && neighboursOf(trial, book.ranked(), space.rangesFor(trial.configuration)).length > 0;
      const chosen = choose(book, incumbent, isConfirmed);
      const [best] = chosen;
      return {
        candidates: chosen.map((trial) => candidateOf(book.incumbent, trial)),
        reason: best === undefined || isConfirmed(best) || !book.isCutShort ? null : UNCONFIRMED,
      };
    },
  };
}

/** Timeframes that bars of the incumbent's markets can be had of; its own alone where one of them is not known. */
function basesOf(
  { configuration: { blueprint } }: Incumbent,
  candles: NonNullable<ProposerTask['candles']>,
): readonly Timeframe[] {
  if (blueprint === undefined) return [];
  const isServed = (base: Timeframe) =>
    blueprint.symbols.every((symbol) => candles[symbol] !== undefined && dividesTimeframe(candles[symbol], base));
  return timeframes.filter((base) => base === blueprint.timeframe || isServed(base));
}

/**
 * What beats the incumbent both in fitness and in plain net return, on the firmest ground first. Where the time was over before the end,
 * what has been simplified and has neighbours stands before what has not.
 */
function choose(book: TrialBook, incumbent: Incumbent, isConfirmed: (trial: Trial) => boolean): readonly Trial[] {
  const all = book.ranked();
  const floor = book.incumbent;
  const robust = (trial: Trial) => robustFitness(trial, all, rangesFor(incumbent, trial.configuration));
  const better = all
    .filter((trial) => trial.changes.length > 0 && trial.changes.length <= CHANGES_MAX && isSizedAsBefore(floor, trial))
    .filter((trial) => trial.fitness > floor.fitness && trial.result.metrics.netReturn > floor.result.metrics.netReturn)
    .map((trial) => ({ trial, robust: robust(trial) }))
    .filter((scored) => scored.robust > floor.fitness)
    .toSorted((a, b) => b.robust - a.robust)
    .map(({ trial }) => trial);
  if (!book.isCutShort) return ofSeveralStructures(better);
  const confirmed = better.filter(isConfirmed);
  return ofSeveralStructures([...confirmed, ...better.filter((trial) => !confirmed.includes(trial))]);
}

/** Putting in less looks like losing less: what is sized in another way must earn, not only lose less than the incumbent. */
function isSizedAsBefore({ configuration: { blueprint: before } }: Trial, { configuration, result }: Trial): boolean {
  const sizingOf = (design: Design | undefined) => (design === undefined ? null : planOf(design).sizing);
  return sizingOf(configuration.blueprint) === sizingOf(before) || result.metrics.netReturn > 0;
}

/** A few of each structure, and none that did exactly what one before it did. */
function ofSeveralStructures(trials: readonly Trial[]): readonly Trial[] {
  const counts = new Map<string, number>();
  const results = new Set<string>();
  return trials
    .filter(({ configuration, result }) => {
      if (results.has(result.resultDigest)) return false;
      results.add(result.resultDigest);
      const structure = structureOf(configuration.blueprint);
      const count = (counts.get(structure) ?? 0) + 1;
      counts.set(structure, count);
      return count <= CANDIDATES_PER_STRUCTURE;
    })
    .slice(0, CANDIDATES_MAX);
}

function candidateOf(incumbent: Trial, trial: Trial): DevelopedCandidate {
  const isRestructured = structureOf(trial.configuration.blueprint) !== structureOf(incumbent.configuration.blueprint);
  return {
    files: trial.files,
    claim: {
      kind: isRestructured ? 'RESTRUCTURE' : 'TWEAK',
      hypothesis: hypothesisOf(incumbent, trial),
      changes: trial.changes.map(({ text }) => text),
      proposer: 'evolution',
      riskTier: isRestructured ? 2 : 1,
      forecast: null,
      killRule: null,
      knownUntil: null,
    },
    development: trial.result,
    fitness: trial.fitness,
  };
}
