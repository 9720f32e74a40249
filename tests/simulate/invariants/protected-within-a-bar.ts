import type { Invariant } from './evidence.ts';

/**
 * No position, as the exchange has it, is without a stop resting there for longer than a bar. Time in which the venue could not be
 * reached, or the engine did not run, does not count, and then a bar more is given.
 */
export const protectedWithinABar: Invariant = ({ now, barMs, exposures }) => {
  for (const { strategy, symbol, naked, since, excusedUntil } of exposures) {
    if (now <= Math.max(since, excusedUntil) + barMs) continue;
    const seconds = Math.round((now - since) / 1_000);
    return `${strategy} holds ${naked} ${symbol} without a stop at the exchange, for ${seconds} s now.`;
  }
  return null;
};
