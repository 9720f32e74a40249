import type { Filter } from '../blueprint.ts';
import type { Block, IndicatorPart } from './block.ts';

export interface FilterBlock extends Block {
  /** What must be so, to stand after "while". */
  readonly demands: string;
}

const meanVolume: IndicatorPart = { name: 'meanVolume', factory: 'sma', length: { bars: 20 }, of: 'volume' };

export const filters: Readonly<Record<Filter, FilterBlock>> = {
  trend: {
    name: 'trend',
    parameters: {
      trendBars: {
        default: 100,
        min: 50,
        max: 200,
        step: 10,
        description: 'bars of the long average',
        raised: 'a longer trend average is harder to fool',
        lowered: 'a shorter trend average turns with the market sooner',
      },
    },
    indicators: [{ name: 'trend', factory: 'sma', length: { parameter: 'trendBars' } }],
    guards: [{ condition: 'bar.close < trend.value', reason: 'below the long average' }],
    protection: [],
    belief: 'Rallies below the long average fail more often than those above it.',
    because: 'buying only above the long average leaves out rallies in a falling market',
    demands: 'the price stands above its long average',
  },
  rsi: {
    name: 'rsi',
    parameters: {
      rsiBars: {
        default: 14,
        min: 5,
        max: 30,
        step: 1,
        description: 'bars of the relative strength index',
        raised: 'a slower strength index calls fewer bars overbought',
        lowered: 'a faster strength index notices exhaustion sooner',
      },
      rsiMax: {
        default: 70,
        min: 50,
        max: 90,
        step: 1,
        description: 'no entry at or above this relative strength',
        raised: 'strong moves are often only beginning when they look overbought',
        lowered: 'a stricter limit on strength avoids buying exhausted moves',
      },
    },
    indicators: [{ name: 'strength', factory: 'rsi', length: { parameter: 'rsiBars' } }],
    guards: [{ condition: 'strength.value >= parameters.rsiMax', reason: 'overbought' }],
    protection: [],
    belief: 'A move that is overbought already has little left to give.',
    because: 'the filter on relative strength avoids buying exhausted moves',
    demands: 'the market is not overbought',
  },
  volume: {
    name: 'volume',
    parameters: {
      volumeRatio: {
        default: 1,
        min: 0,
        max: 3,
        step: 0.1,
        description: 'least volume of a bar, in means of 20 bars',
        raised: 'moves on high volume are better supported',
        lowered: 'waiting for high volume comes too late',
      },
    },
    indicators: [meanVolume],
    guards: [{ condition: 'bar.volume < parameters.volumeRatio * meanVolume.value', reason: 'thin volume' }],
    onLongerBars: {
      indicators: [{ name: 'volume', factory: 'sma', length: { bars: 1 }, of: 'volume' }, meanVolume],
      guards: [{ condition: 'volume.value < parameters.volumeRatio * meanVolume.value', reason: 'thin volume' }],
    },
    protection: [],
    belief: 'Moves that few take part in do not last.',
    because: 'the filter on volume leaves out moves that few take part in',
    demands: 'volume is not thin',
  },
};
