import { RandomStream } from '#engine/candles/random-stream.ts';
import { permuteBars } from '#engine/statistics/permute-bars.ts';
import { Arena, type Contender } from './arena.ts';
import { type Exam, withCandles } from './exam.ts';
import { type Candidacy, type Night, playNights } from './night.ts';
import { drawNull, nullOn } from './null-strategy.ts';
import { edgeSource, plantDrift } from './planted-edge.ts';

/** Nights that are played at once: results are let go in between. */
const BATCH = 25;
const NULL = 0;
const EDGE = 1;
const EDGE_PLAYER: Contender = { source: EDGE, parameters: {} };
/** Markets on which an edge's drift is set, and others on which nothing else is measured. */
const SCALING_MARKETS = 64;
/** Log return a bar at which the second point of the line through drift and Sharpe ratio is taken. */
const DRIFT_PROBE = 0.004;

export interface Measuring {
  readonly seed: number;
  /** Null strategies a night tries before it proposes the best of them. */
  readonly trials: number;
  readonly processes: number;
  readonly onNight?: () => void;
}

/** The best of so many null strategies, night after night. */
export async function nullCandidacies(exam: Exam, nights: number, options: Measuring): Promise<readonly Candidacy[]> {
  const arena = await Arena.open([nullOn(exam.symbols)], options.processes);
  const random = new RandomStream(options.seed, `nulls of ${exam.name}`);
  const found: Candidacy[] = [];
  try {
    while (found.length < nights) {
      const batch = Array.from({ length: Math.min(BATCH, nights - found.length) }, () => nullNight(random, options.trials));
      found.push(...(await playNights(arena, exam, batch)));
      for (const _night of batch) options.onNight?.();
    }
  } finally {
    await arena.close();
  }
  return found;
}

export interface EdgeCandidacies {
  /** Annual Sharpe ratio after costs that was planted. */
  readonly sharpe: number;
  /** Log return a bar after each marker that makes it. */
  readonly drift: number;
  /** Annual Sharpe ratio that the strategy which knows showed, on the mean over the nights. */
  readonly shown: number;
  readonly candidacies: readonly Candidacy[];
  /** In how many nights the search chose the strategy that knows. */
  readonly chosen: number;
}

/**
 * Nights in which one of the trials knows something: the candles in another order (nothing is left in them to know), with a drift
 * planted so that it earns each of these annual Sharpe ratios after costs on average. Each night has candles of its own.
 */
export async function edgeCandidacies(
  exam: Exam,
  sharpes: readonly number[],
  nights: number,
  options: Measuring,
): Promise<readonly EdgeCandidacies[]> {
  const arena = await Arena.open([nullOn(exam.symbols), edgeSource(exam.symbols)], options.processes);
  const random = new RandomStream(options.seed, `edges on ${exam.name}`);
  try {
    const driftFor = await scaled(arena, exam, random);
    const edges = sharpes.map((sharpe) => ({
      sharpe,
      drift: driftFor(sharpe),
      shown: 0,
      candidacies: [] as Candidacy[],
      chosen: 0,
    }));
    for (let night = 0; night < nights; night += 1) {
      const shuffled = shuffledMarket(exam, random);
      for (const edge of edges) {
        const { trials, incumbent } = nullNight(random, options.trials - 1);
        const [candidacy] = await playNights(arena, planted(exam, shuffled, edge.drift), [
          { trials: [...trials, EDGE_PLAYER], incumbent },
        ]);
        edge.candidacies.push(candidacy!);
        if (candidacy!.chosen === EDGE_PLAYER) edge.chosen += 1;
        edge.shown += (await shownBy(arena, exam)) / nights;
        options.onNight?.();
      }
    }
    return edges;
  } finally {
    await arena.close();
  }
}

/** The drift for an annual Sharpe ratio: on the line through two measured points, because a ratio grows with the mean it has above. */
async function scaled(arena: Arena, exam: Exam, random: RandomStream): Promise<(sharpe: number) => number> {
  const sums = [0, 0];
  for (let market = 0; market < SCALING_MARKETS; market += 1) {
    const shuffled = shuffledMarket(exam, random);
    for (const [place, drift] of [0, DRIFT_PROBE].entries()) {
      await arena.enter(planted(exam, shuffled, drift));
      sums[place]! += await shownBy(arena, exam);
    }
  }
  const [without, probed] = sums.map((sum) => sum / SCALING_MARKETS) as [number, number];
  if (!(probed > without)) throw new Error(`A drift of ${DRIFT_PROBE} a bar earns nothing: ${without} became ${probed}.`);
  return (sharpe) => ((sharpe - without) / (probed - without)) * DRIFT_PROBE;
}

/** Annual Sharpe ratio of the strategy that knows, over all that evidence is made from. */
async function shownBy(arena: Arena, { spans }: Exam): Promise<number> {
  const span = { from: spans.development.from, to: spans.selection.to };
  const [result] = await arena.run([{ contender: EDGE_PLAYER, span, costs: 1 }]);
  return result!.metrics.sharpe ?? 0;
}

function nullNight(random: RandomStream, trials: number): Night {
  const draw = (): Contender => ({ source: NULL, parameters: drawNull(random) });
  return { trials: Array.from({ length: trials }, draw), incumbent: draw() };
}

function shuffledMarket({ symbols, columns }: Exam, random: RandomStream): ReturnType<typeof permuteBars> {
  return permuteBars(
    symbols.map((symbol) => columns.get(symbol)!),
    random,
  );
}

function planted(exam: Exam, shuffled: ReturnType<typeof permuteBars>, drift: number): Exam {
  return withCandles(exam, new Map(exam.symbols.map((symbol, index) => [symbol, plantDrift(shuffled[index]!, drift)])));
}
