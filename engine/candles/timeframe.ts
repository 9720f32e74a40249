import type { Timeframe } from '#engine/contract/types.ts';

// Bundled into the strategy realm: no Node imports here.

const minuteMs = 60_000;

const timeframeMsByName: Readonly<Record<Timeframe, number>> = {
  '1m': minuteMs,
  '5m': 5 * minuteMs,
  '15m': 15 * minuteMs,
  '30m': 30 * minuteMs,
  '1h': 60 * minuteMs,
  '4h': 240 * minuteMs,
  '1d': 1440 * minuteMs,
};

/** Finest first. */
export const timeframes: readonly Timeframe[] = ['1m', '5m', '15m', '30m', '1h', '4h', '1d'];

/** Length of one bar in milliseconds. Bars are aligned to multiples of it since the epoch, UTC. */
export function timeframeMs(timeframe: Timeframe): number {
  return timeframeMsByName[timeframe];
}

export function isTimeframe(text: string): text is Timeframe {
  return Object.hasOwn(timeframeMsByName, text);
}

/** True when bars of `base` add up to bars of `higher`; a timeframe divides itself. */
export function dividesTimeframe(base: Timeframe, higher: Timeframe): boolean {
  return timeframeMs(higher) % timeframeMs(base) === 0;
}
