import type { Invariant } from './evidence.ts';

/** When an instant is on disk, each decision of it is, once and as it was made, acted or not; and no order has one that is not. */
export const decisionsRecordedOnce: Invariant = ({ problems }) => problems.decisions;
