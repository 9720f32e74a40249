import { RatchetError } from '#engine/errors.ts';

/** Numbers in the order in which they were observed: a plain array or a typed one. */
export type Series = ArrayLike<number>;

/**
 * Statistics of a series with a hole in it are not statistics of anything: NaN and infinities are refused, never skipped.
 * @throws statistics/not-finite naming the first such observation.
 */
export function demandFinite(series: Series, what: string): void {
  for (let index = 0; index < series.length; index += 1) {
    if (Number.isFinite(series[index])) continue;
    throw new RatchetError(
      'statistics/not-finite',
      `Observation ${index} of ${what} is ${series[index]}.`,
      'Every observation must be a finite number: repair or leave out what made it before asking for statistics.',
      { what, index, value: String(series[index]) },
    );
  }
}

/**
 * Several series observed at the same times. Answers how many times there are; 0 without a series.
 * @throws statistics/lengths-differ, statistics/not-finite
 */
export function demandAligned(series: readonly Series[], what: string): number {
  const count = series[0]?.length ?? 0;
  for (const [index, one] of series.entries()) {
    if (one.length !== count) {
      throw new RatchetError(
        'statistics/lengths-differ',
        `Series ${index} of ${what} has ${one.length} observations, series 0 has ${count}.`,
        'Bring the series to the same times first.',
        { what, index, observations: one.length, expected: count },
      );
    }
    demandFinite(one, `series ${index} of ${what}`);
  }
  return count;
}

/**
 * A parameter within its bounds, both included. NaN is outside of every bound.
 * @throws statistics/out-of-range
 */
export function demandWithin(value: number, least: number, most: number, what: string): void {
  if (value >= least && value <= most) return;
  throw new RatchetError(
    'statistics/out-of-range',
    `${what} is ${value}; it must lie from ${least} to ${most}.`,
    `Choose ${what} within these bounds.`,
    { what, value: String(value), least, most },
  );
}

/**
 * A whole number within its bounds, both included.
 * @throws statistics/out-of-range
 */
export function demandCount(value: number, least: number, most: number, what: string): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RatchetError(
    'statistics/out-of-range',
    `${what} is ${value}; it must be a whole number from ${least} to ${most}.`,
    `Choose ${what} within these bounds.`,
    { what, value: String(value), least, most },
  );
}
