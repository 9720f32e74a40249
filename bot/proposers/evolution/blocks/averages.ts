import type { Block } from './block.ts';

/** The two averages every entry looks at. Their ranges do not meet, so the fast one is always the faster. */
export const averages: Pick<Block, 'parameters' | 'indicators' | 'guards' | 'protection'> = {
  parameters: {
    fast: {
      default: 9,
      min: 3,
      max: 20,
      step: 1,
      description: 'bars of the fast average',
      raised: 'a slower fast average reacts to less noise',
      lowered: 'a faster fast average sees a turn sooner',
    },
    slow: {
      default: 21,
      min: 21,
      max: 120,
      step: 1,
      description: 'bars of the slow average',
      raised: 'a longer slow average calls only larger moves a trend',
      lowered: 'a shorter slow average calls a trend sooner',
    },
  },
  indicators: [
    { name: 'fast', factory: 'ema', length: { parameter: 'fast' } },
    { name: 'slow', factory: 'ema', length: { parameter: 'slow' } },
  ],
  guards: [],
  protection: [],
};
