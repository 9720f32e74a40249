import type { BlockParameter } from '../blocks/block.ts';
import { knownParameters } from '../blocks/chosen-blocks.ts';

/** What a number is for, which decides how far it may be moved. A plan that needs two of a kind calls the second one `fast2`. */
const ROLES = [
  'fast',
  'slow',
  'trendBars',
  'meanBars',
  'channelBars',
  'rsiBars',
  'rsiMax',
  'rsiMin',
  'adxBars',
  'adxMin',
  'momentumBars',
  'momentumMin',
  'rangeBars',
  'rangeMax',
  'dip',
  'volumeRatio',
  'stopLoss',
  'takeProfit',
  'trailingStop',
  'horizonBars',
  'usualRange',
] as const;
export type Role = (typeof ROLES)[number];

/** A parameter as a plan names it: its role, and a digit from the second of its kind on. */
export const NUMBER_NAME = new RegExp(`^(${ROLES.join('|')})([2-9])?$`);

/** In blocks these two only ever kept entries out. */
const { rsiMax, volumeRatio } = knownParameters;

const grown: Readonly<Partial<Record<Role, BlockParameter>>> = {
  rsiMax: { ...rsiMax!, description: 'relative strength that counts as high' },
  volumeRatio: { ...volumeRatio!, description: 'volume that counts as usual, in means of 20 bars' },
  meanBars: {
    default: 40,
    min: 10,
    max: 120,
    step: 5,
    description: 'bars of the average that dips are measured from',
    raised: 'a dip below a longer average is a larger event',
    lowered: 'a dip below a shorter average comes back sooner',
  },
  channelBars: {
    default: 40,
    min: 10,
    max: 150,
    step: 5,
    description: 'bars of the channel of highs and lows',
    raised: 'a way out of a longer channel is rarer and means more',
    lowered: 'a shorter channel lets a move be seen earlier',
  },
  rsiMin: {
    default: 30,
    min: 10,
    max: 60,
    step: 1,
    description: 'relative strength that counts as low',
    raised: 'a shallow weakness is already worth acting on',
    lowered: 'only a deep weakness is worth acting on',
  },
  adxBars: {
    default: 14,
    min: 7,
    max: 30,
    step: 1,
    description: 'bars of the directional index',
    raised: 'a slower directional index is fooled less by a few bars',
    lowered: 'a faster directional index sees a trend form',
  },
  adxMin: {
    default: 20,
    min: 10,
    max: 40,
    step: 1,
    description: 'directional index that counts as a trend',
    raised: 'only a strong trend carries further',
    lowered: 'a young trend carries furthest',
  },
  momentumBars: {
    default: 30,
    min: 5,
    max: 120,
    step: 5,
    description: 'bars over which the change in price is measured',
    raised: 'a change over more bars is less of an accident',
    lowered: 'a change over fewer bars is fresher',
  },
  momentumMin: {
    default: 0.02,
    min: -0.05,
    max: 0.2,
    step: 0.005,
    description: 'change that counts as a rise, as a ratio',
    raised: 'a larger rise is followed by a larger one',
    lowered: 'waiting for a larger rise pays too high a price',
  },
  rangeBars: {
    default: 20,
    min: 10,
    max: 50,
    step: 5,
    description: 'bars of the average true range',
    raised: 'a longer measure of range is steadier',
    lowered: 'a shorter measure of range knows the present better',
  },
  rangeMax: {
    default: 0.02,
    min: 0.005,
    max: 0.1,
    step: 0.0025,
    description: 'range that counts as wide, as a ratio',
    raised: 'wide bars are where the moves are',
    lowered: 'narrow bars stop fewer positions out by accident',
  },
  dip: {
    default: 0.03,
    min: 0.005,
    max: 0.15,
    step: 0.005,
    description: 'how far below the average a dip is, a ratio',
    raised: 'a deeper dip is exaggerated more often',
    lowered: 'a shallow dip is bought back sooner',
  },
  horizonBars: {
    default: 72,
    min: 12,
    max: 480,
    step: 12,
    description: 'bars after which a position is closed',
    raised: 'the effect lasts longer than it was given',
    lowered: 'what has not come by then does not come',
  },
  usualRange: {
    default: 0.015,
    min: 0.0025,
    max: 0.05,
    step: 0.0025,
    description: 'range that gets all the weight, a ratio',
    raised: 'wide bars are worth the whole weight too',
    lowered: 'wide bars cost more than they bring',
  },
};

const byRole: Readonly<Record<string, BlockParameter>> = { ...knownParameters, ...grown };

export function roleOf(name: string): Role {
  return NUMBER_NAME.exec(name)![1] as Role;
}

/** The range a named number may be moved in, with its words. */
export function rangeOf(name: string): BlockParameter {
  return byRole[roleOf(name)]!;
}

/** The first name of a role that is not taken; null when there are nine of it already. */
export function freshName(role: Role, taken: ReadonlySet<string>): string | null {
  const names = [role, ...['2', '3', '4', '5', '6', '7', '8', '9'].map((digit) => role + digit)];
  return names.find((name) => !taken.has(name)) ?? null;
}
