import type { Invariant } from './evidence.ts';

/**
 * Every bar that traded is taken once, in order and as it was, or said to be missing; and a strategy decides on none twice, whatever
 * crashed in between.
 */
export const barsOnceAndInOrder: Invariant = ({ problems }) => problems.bars;
