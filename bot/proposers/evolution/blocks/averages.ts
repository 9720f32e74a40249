import type { Block } from './block.ts';

/** The two averages every entry looks at. Their ranges do not meet, so the fast one is always the faster. */
export const averages: Block = {
  parameters: {
    fast: {
      default: 9,
      min: 4,
      max: 20,
      step: 1,
      description: 'length of the fast average, bars',
      raised: 'a slower fast average reacts to less noise',
      lowered: 'a faster fast average sees a turn sooner',
    },
    slow: {
      default: 21,
      min: 21,
      max: 120,
      step: 1,
      description: 'length of the slow average, bars',
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
  name: 'two averages',
  because: 'two averages tell a trend from noise',
};
