import type { Protection } from '../blueprint.ts';
import type { Block } from './block.ts';

export interface ProtectionBlock extends Block {
  /** How positions end, to stand after "leaves". */
  readonly leaves: string;
}

export const protections: Readonly<Record<Protection, ProtectionBlock>> = {
  fixed: {
    parameters: {
      stopLoss: {
        default: 0.02,
        min: 0.005,
        max: 0.15,
        step: 0.005,
        description: 'stop below the entry, as a ratio',
        raised: 'a wider stop survives ordinary noise',
        lowered: 'a tighter stop makes wrong entries cheap',
      },
      takeProfit: {
        default: 0.04,
        min: 0.01,
        max: 0.4,
        step: 0.005,
        description: 'target above the entry, as a ratio',
        raised: 'a farther target lets winners pay for more losers',
        lowered: 'a nearer target takes profits before they are given back',
      },
    },
    indicators: [],
    guards: [],
    protection: ['stopLoss', 'takeProfit'],
    name: 'stop and target',
    belief: 'A wrong entry is cut at the stop, a right one pays at the target before the market takes it back.',
    because: 'a fixed stop and target take profits before they are given back',
    leaves: 'at a fixed stop or target',
  },
  trailing: {
    parameters: {
      trailingStop: {
        default: 0.05,
        min: 0.01,
        max: 0.25,
        step: 0.005,
        description: 'stop below the highest price, as a ratio',
        raised: 'a looser trailing stop stays in a trend through its pauses',
        lowered: 'a tighter trailing stop gives less back at the end of a trend',
      },
    },
    indicators: [],
    guards: [],
    protection: ['trailingStop'],
    name: 'trailing stop',
    belief: 'Nobody knows how far a trend runs, so the stop follows it instead of a target waiting for it.',
    because: 'a trailing stop lets a trend run for as long as it lasts',
    leaves: 'at a stop that follows the price',
  },
};
