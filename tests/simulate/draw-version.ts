import { createHash } from 'node:crypto';
import type { Stage } from '#engine/contract/manifest.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { treeHash } from '#engine/repository/names.ts';
import type { TreeHash } from '#engine/repository/types.ts';
import { Dice } from './dice.ts';
import { drawTemper, type Temper } from './random-strategist.ts';

/** What a version does wrong, whenever it is tried. */
export type Weakness = 'none' | 'unsigned' | 'does not load' | 'fails its trial';

/** One version of one strategy: its tree stands for all of it. */
export interface SimulatedVersion {
  readonly tree: TreeHash;
  readonly strategy: string;
  readonly stage: Stage;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly temper: Temper;
  readonly weakness: Weakness;
  /** Of its decisions, how many end in a fault. */
  readonly faultRate: number;
  /** Of its decisions, how many take their time. */
  readonly slowShare: number;
}

export interface VersionName {
  readonly seed: number;
  readonly strategy: string;
  /** Counts from 0; the first one has nothing wrong with it. */
  readonly number: number;
}

/** Half as many again as long bars, where the feed's can be made into such. */
const longer: Readonly<Partial<Record<Timeframe, Timeframe>>> = { '1m': '5m', '5m': '15m' };

/** @param feed what the feed has bars of */
export function drawVersion(
  { seed, strategy, number }: VersionName,
  feed: { readonly symbols: readonly string[]; readonly timeframe: Timeframe },
): SimulatedVersion {
  const name = `${strategy} version ${number}`;
  const dice = new Dice(seed, name);
  const own = feed.symbols.filter(() => dice.chance(0.7));
  const isFirst = number === 0;
  return {
    tree: treeHash(createHash('sha1').update(`${seed} ${name}`).digest('hex')),
    strategy,
    stage: dice.pick<Stage>(isFirst ? ['paper', 'canary', 'live'] : ['paper', 'canary', 'canary', 'live', 'live', 'shadow']),
    symbols: own.length === 0 ? feed.symbols.slice(0, 1) : own,
    timeframe: dice.chance(0.2) ? longer[feed.timeframe]! : feed.timeframe,
    temper: drawTemper(dice),
    weakness: isFirst
      ? 'none'
      : dice.pick<Weakness>(['none', 'none', 'none', 'none', 'unsigned', 'does not load', 'fails its trial']),
    faultRate: dice.chance(0.3) ? dice.magnitude(0.003, 0.05) : 0,
    slowShare: dice.chance(0.4) ? dice.magnitude(0.01, 0.3) : 0,
  };
}
