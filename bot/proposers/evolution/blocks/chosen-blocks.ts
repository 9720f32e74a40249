import type { ParameterRanges } from '#engine/contract/types.ts';
import type { Blueprint } from '../blueprint.ts';
import type { Block, BlockParameter } from './block.ts';
import { entries } from './entries.ts';
import { filters } from './filters.ts';
import { protections } from './protections.ts';

/** The blocks a blueprint chooses, in the order in which the module names them. */
export function chosenBlocks(blueprint: Blueprint): readonly Block[] {
  const blocks: Block[] = [
    entries[blueprint.entry],
    ...blueprint.filters.map((filter) => filters[filter]),
    protections[blueprint.protection],
  ];
  return blueprint.signal === blueprint.timeframe ? blocks : blocks.map((block) => ({ ...block, ...block.onLongerBars }));
}

/** Everything the module declares under `parameters`. */
export function chosenParameters(blueprint: Blueprint): Readonly<Record<string, BlockParameter>> {
  return Object.assign({}, ...chosenBlocks(blueprint).map(({ parameters }) => parameters));
}

/** Every parameter any block declares, by name: a name means the same in all of them. */
export const knownParameters: Readonly<Record<string, BlockParameter>> = Object.assign(
  {},
  ...[...Object.values(entries), ...Object.values(filters), ...Object.values(protections)].map(({ parameters }) => parameters),
);

export function rangesOf(blueprint: Blueprint): ParameterRanges {
  return chosenParameters(blueprint);
}
