import type { Filter } from '../blueprint.ts';
import type { Block, IndicatorPart } from './block.ts';

export interface FilterBlock extends Block {
  /** What must be so, to stand after "while". */
  readonly demands: string;
}

const averageVolume: IndicatorPart = {
  name: 'averageVolume',
  factory: 'sma',
  length: { parameter: 'volumePeriod' },
  of: 'volume',
};

export const filters: Readonly<Record<Filter, FilterBlock>> = {
  trend: {
    parameters: {
      trendPeriod: {
        default: 100,
        min: 50,
        max: 200,
        step: 10,
        description: 'length of the long average, bars',
        raised: 'a longer trend average is harder to fool',
        lowered: 'a shorter trend average turns with the market sooner',
      },
    },
    indicators: [{ name: 'trend', factory: 'ema', length: { parameter: 'trendPeriod' } }],
    guards: [{ condition: 'bar.close < indicators.trend.value', reason: 'below the long average' }],
    protection: [],
    name: 'trend',
    because: 'buying only above the long average leaves out rallies in a falling market',
    demands: 'the price stands above its long average',
  },
  rsi: {
    parameters: {
      rsiPeriod: {
        default: 14,
        min: 6,
        max: 30,
        step: 1,
        description: 'length of the RSI, bars',
        raised: 'a slower RSI calls fewer bars overbought',
        lowered: 'a faster RSI notices exhaustion sooner',
      },
      rsiMax: {
        default: 70,
        min: 50,
        max: 90,
        step: 1,
        description: 'above this the market is overbought',
        raised: 'strong moves are often only beginning when they look overbought',
        lowered: 'a stricter RSI limit avoids buying exhausted moves',
      },
    },
    indicators: [{ name: 'rsi', factory: 'rsi', length: { parameter: 'rsiPeriod' } }],
    guards: [{ condition: 'indicators.rsi.value > parameters.rsiMax', reason: 'overbought' }],
    protection: [],
    name: 'rsi',
    because: 'the RSI filter avoids buying exhausted moves',
    demands: 'the market is not overbought',
  },
  volume: {
    parameters: {
      volumePeriod: {
        default: 20,
        min: 10,
        max: 60,
        step: 5,
        description: 'length of the average volume, bars',
        raised: 'a longer volume average is a steadier yardstick',
        lowered: 'a shorter volume average keeps up with the market',
      },
      volumeRatio: {
        default: 1,
        min: 0.5,
        max: 2.5,
        step: 0.1,
        description: 'least volume of a bar, in average volumes',
        raised: 'moves on high volume are better supported',
        lowered: 'waiting for high volume comes too late',
      },
    },
    indicators: [averageVolume],
    guards: [{ condition: 'bar.volume < parameters.volumeRatio * indicators.averageVolume.value', reason: 'volume too low' }],
    onLongerBars: {
      indicators: [{ name: 'volume', factory: 'sma', length: { bars: 1 }, of: 'volume' }, averageVolume],
      guards: [
        {
          condition: 'indicators.volume.value < parameters.volumeRatio * indicators.averageVolume.value',
          reason: 'volume too low',
        },
      ],
    },
    protection: [],
    name: 'volume',
    because: 'the volume filter leaves out moves that nobody backs',
    demands: 'volume is not below its average',
  },
};
