import type { Entry } from '../blueprint.ts';
import { averages } from './averages.ts';
import type { Block } from './block.ts';

export interface EntryBlock extends Block {
  /** The reason recorded with the order. */
  readonly reason: string;
  /** What the entry waits for, to stand after "buys". */
  readonly waitsFor: string;
}

export const entries: Readonly<Record<Entry, EntryBlock>> = {
  cross: {
    ...averages,
    name: 'cross',
    guards: [{ condition: '!fast.crossedAbove(slow)', reason: 'no cross' }],
    reason: 'the fast average rose through the slow one',
    waitsFor: 'when the fast average rises through the slow one',
    belief:
      'When the fast average of the closes rises through the slow one, buyers have taken over and the price goes on rising for a while.',
    because: 'entering at the cross misses no trend',
  },
  pullback: {
    ...averages,
    name: 'pullback',
    guards: [
      { condition: 'fast.value <= slow.value', reason: 'no uptrend' },
      { condition: 'bar.low > fast.value', reason: 'no pullback to the fast average' },
      { condition: 'bar.close <= fast.value', reason: 'the pullback has not turned yet' },
    ],
    reason: 'an uptrend resumed after a pullback to the fast average',
    waitsFor: 'when an uptrend dips to its fast average and closes above it again',
    belief:
      'An uptrend that dips to its fast average and closes above it again goes on, and was bought at a better price than its top.',
    because: 'entering on the pullback pays a better price than chasing the cross',
  },
};
