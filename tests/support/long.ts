import { it } from 'vitest';

/** True in `npm run test:long`, which takes the time that every run does not have. */
export const isLong = process.env.RATCHET_LONG === '1';

/** A test of the long run; the short one shows it as skipped. */
export const itLong = it.runIf(isLong);
