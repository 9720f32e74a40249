import type { Entry } from '../blueprint.ts';
import type { Block } from './block.ts';

export interface EntryBlock extends Block {
  /** The reason recorded with the order. */
  readonly reason: string;
  /** What the entry waits for, to stand after "buys". */
  readonly waitsFor: string;
}

const none = { parameters: {}, indicators: [], protection: [] };

export const entries: Readonly<Record<Entry, EntryBlock>> = {
  cross: {
    ...none,
    guards: [{ condition: '!indicators.fast.crossedAbove(indicators.slow)', reason: 'no new uptrend' }],
    reason: 'the fast average rose above the slow one',
    waitsFor: 'when the fast average rises above the slow one',
    name: 'cross',
    because: 'entering at the cross misses no trend',
  },
  pullback: {
    ...none,
    guards: [
      { condition: 'indicators.fast.value <= indicators.slow.value', reason: 'no uptrend' },
      { condition: 'bar.low > indicators.fast.value', reason: 'no pullback to the fast average' },
      { condition: 'bar.close <= indicators.fast.value', reason: 'the pullback has not turned yet' },
    ],
    reason: 'an uptrend resumed after a pullback to the fast average',
    waitsFor: 'when an uptrend dips to its fast average and closes above it again',
    name: 'pullback',
    because: 'entering on the pullback pays a better price than chasing the cross',
  },
};
