import { demandAligned, demandCount, type Series } from './observations.ts';

/** What choosing the best in one half of the time was worth in the other half, over all ways of halving. */
export interface Overfitting {
  /** Share of the splits in which the one chosen came out in the lower half of all, or in its middle. */
  readonly probability: number;
  /** Mean of ln(ω / (1 - ω)), ω being the relative rank of the one chosen; above 0 is better than the median. */
  readonly meanLogit: number;
  /** Share of the splits in which the one chosen had a Sharpe ratio below 0 where it had not been seen. */
  readonly probabilityOfLoss: number;
  /** Of the least-squares line of the unseen Sharpe ratio over the seen one; null where the seen ones do not differ. */
  readonly degradationSlope: number | null;
  /** Where that line starts, Sharpe ratio per observation. */
  readonly degradationIntercept: number | null;
  /** How many splits there were: S choose S/2. */
  readonly splits: number;
  /** How many of the newest observations were used: a multiple of S. */
  readonly observations: number;
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation: time is cut into S blocks of equal length;
 * every choice of half of them picks the series with the best Sharpe ratio (n - 1), whose rank among all in the other half is
 * then looked up. Bailey, Borwein, López de Prado and Zhu (2017, first circulated 2015), "The probability of backtest
 * overfitting".
 *
 * Ties share their mean rank, and count as overfit in the middle. A series that does not vary in a half has a ratio of 0 there.
 * What is left of T over S is dropped from the oldest end. Takes N·S·(S choose S/2) steps: a second for 1,000 series at S = 16.
 * @param series N series of returns over the same T times
 * @param blocks S, even, from 2 to 20
 * @returns null with fewer than two series to choose from, or halves of fewer than two observations
 * @throws statistics/not-finite, statistics/lengths-differ, statistics/out-of-range
 */
export function overfittingProbability(series: readonly Series[], blocks = 16): Overfitting | null {
  demandCount(blocks / 2, 1, 10, 'half the number of blocks');
  const blockLength = Math.floor(demandAligned(series, 'the candidates') / blocks);
  const half = (blockLength * blocks) / 2;
  if (series.length < 2 || half < 2) return null;
  const sums = blockSums(series, blocks, blockLength, (value) => value);
  const squares = blockSums(series, blocks, blockLength, (value) => value * value);
  const [seen, unseen] = [new Float64Array(series.length), new Float64Array(series.length)];
  const [chosenSeen, chosenUnseen]: [number[], number[]] = [[], []];
  let [overfit, losses, logits] = [0, 0, 0];
  for (const mask of halvesOf(blocks)) {
    for (let index = 0; index < series.length; index += 1) {
      let [sumIn, squareIn, sumOut, squareOut] = [0, 0, 0, 0];
      for (let block = 0, at = index * blocks; block < blocks; block += 1, at += 1) {
        if ((mask >>> block) & 1) {
          sumIn += sums[at]!;
          squareIn += squares[at]!;
        } else {
          sumOut += sums[at]!;
          squareOut += squares[at]!;
        }
      }
      seen[index] = ratioOf(sumIn, squareIn, half);
      unseen[index] = ratioOf(sumOut, squareOut, half);
    }
    const chosen = seen.indexOf(seen.reduce((best, value) => Math.max(best, value)));
    const relativeRank = meanRank(unseen, unseen[chosen]!) / (series.length + 1);
    const logit = Math.log(relativeRank / (1 - relativeRank));
    chosenSeen.push(seen[chosen]!);
    chosenUnseen.push(unseen[chosen]!);
    logits += logit;
    if (relativeRank <= 0.5) overfit += 1;
    if (unseen[chosen]! < 0) losses += 1;
  }
  const splits = chosenSeen.length;
  const line = leastSquares(chosenSeen, chosenUnseen);
  return {
    probability: overfit / splits,
    meanLogit: logits / splits,
    probabilityOfLoss: losses / splits,
    degradationSlope: line?.slope ?? null,
    degradationIntercept: line?.intercept ?? null,
    splits,
    observations: blockLength * blocks,
  };
}

/** Of series n and block s at n·S + s. */
function blockSums(series: readonly Series[], blocks: number, length: number, of: (value: number) => number): Float64Array {
  const sums = new Float64Array(series.length * blocks);
  for (const [index, one] of series.entries()) {
    const start = one.length - blocks * length;
    for (let offset = 0; offset < blocks * length; offset += 1) {
      sums[index * blocks + Math.floor(offset / length)]! += of(one[start + offset]!);
    }
  }
  return sums;
}

/** Every choice of half of the blocks as bits, in rising order (Gosper 1972). */
function* halvesOf(blocks: number): Generator<number> {
  for (let mask = (1 << (blocks / 2)) - 1; mask < 1 << blocks; ) {
    yield mask;
    const lowest = mask & -mask;
    const carried = mask + lowest;
    mask = carried | (((mask ^ carried) >>> 2) / lowest);
  }
}

/** Sharpe ratio from sums; 0 where what varies is a millionth of the values, which is what cancelling sums leave. */
function ratioOf(sum: number, squares: number, count: number): number {
  const deviations = squares - (sum * sum) / count;
  return deviations > 1e-12 * squares ? sum / count / Math.sqrt(deviations / (count - 1)) : 0;
}

/** From 1 for the smallest; those that are equal share the mean of their ranks. */
function meanRank(values: Float64Array, value: number): number {
  let [below, equal] = [0, 0];
  for (const other of values) {
    if (other < value) below += 1;
    else if (other === value) equal += 1;
  }
  return below + (equal + 1) / 2;
}

function leastSquares(xs: readonly number[], ys: readonly number[]): { slope: number; intercept: number } | null {
  const [centreX, centreY] = [xs.reduce((a, b) => a + b, 0) / xs.length, ys.reduce((a, b) => a + b, 0) / ys.length];
  let [squares, products] = [0, 0];
  for (const [index, x] of xs.entries()) {
    squares += (x - centreX) * (x - centreX);
    products += (x - centreX) * (ys[index]! - centreY);
  }
  if (!(squares > 1e-24 * xs.length)) return null;
  return { slope: products / squares, intercept: centreY - (products / squares) * centreX };
}
