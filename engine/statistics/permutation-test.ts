import { RatchetError } from '#engine/errors.ts';
import { demandCount } from './observations.ts';
import { quantileOf } from './quantile.ts';

export interface PermutationTest {
  /** The statistic of the data as they are. */
  readonly observed: number;
  /** Chance of a statistic as large, were there nothing in the order of the data. Never 0. */
  readonly pValue: number;
  readonly permutations: number;
  /** Permutations whose statistic was at least the observed one. */
  readonly atLeast: number;
  /** The middle of the permuted statistics: what a search finds where nothing is to be found. Null where none had one. */
  readonly medianPermuted: number | null;
  /** Permutations without a statistic; each counts as one that was at least the observed one, so that silence proves nothing. */
  readonly unanswered: number;
}

/**
 * p = (1 + permutations at least as good) / (1 + permutations). The 1 is the data themselves, which are one of the orders: without
 * it p may be 0 and rejects too often. Phipson and Smyth (2010), "Permutation p-values should never be zero".
 * @throws statistics/out-of-range
 */
export function permutationPValue(atLeast: number, permutations: number): number {
  demandCount(permutations, 0, Number.MAX_SAFE_INTEGER, 'the number of permutations');
  demandCount(atLeast, 0, permutations, 'the number of permutations at least as good');
  return (atLeast + 1) / (permutations + 1);
}

export interface PermutationTestInputs<Data> {
  readonly data: Data;
  /** Another order of the same data, anew at each call; `round` counts from 0 and may name a stream of chance. */
  readonly permute: (data: Data, round: number) => Data;
  /** Larger is better; null where there is none. A test of a search runs the whole search in here. */
  readonly statistic: (data: Data) => number | null | Promise<number | null>;
  readonly permutations: number;
}

/**
 * Whether a statistic owes anything to the order of the data: it is computed again on permuted data, one permutation after the
 * other. What the callbacks throw passes through.
 * @returns null where the data as they are have no statistic
 * @throws statistics/not-finite where a statistic is NaN or infinite, statistics/out-of-range
 */
export async function permutationTest<Data>(inputs: PermutationTestInputs<Data>): Promise<PermutationTest | null> {
  const { data, permute, statistic, permutations } = inputs;
  demandCount(permutations, 1, 10_000_000, 'the number of permutations');
  const observed = finiteOrNull(await statistic(data), 'the data as they are');
  if (observed === null) return null;
  const permuted: number[] = [];
  for (let round = 0; round < permutations; round += 1) {
    const value = finiteOrNull(await statistic(permute(data, round)), `permutation ${round}`);
    if (value !== null) permuted.push(value);
  }
  const unanswered = permutations - permuted.length;
  const atLeast = unanswered + permuted.filter((value) => value >= observed).length;
  return {
    observed,
    pValue: permutationPValue(atLeast, permutations),
    permutations,
    atLeast,
    medianPermuted: quantileOf(permuted, 0.5),
    unanswered,
  };
}

function finiteOrNull(value: number | null, where: string): number | null {
  if (value === null || Number.isFinite(value)) return value;
  throw new RatchetError(
    'statistics/not-finite',
    `The statistic of ${where} is ${value}.`,
    'Let the callback answer null where there is no statistic.',
    { where, value: String(value) },
  );
}
