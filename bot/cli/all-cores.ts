import { availableParallelism } from 'node:os';

/** As many sandboxes at once as there are cores, where nobody says how many. */
export const ALL_CORES = Math.min(64, availableParallelism());
