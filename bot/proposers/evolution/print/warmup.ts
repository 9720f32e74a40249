import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import { type Blueprint, barsPerSignal } from '../blueprint.ts';

/** Averages have forgotten how they began after this many times their length. */
const LENGTHS = 4;

export function printWarmup(blueprint: Blueprint): string[] {
  const lengths = chosenBlocks(blueprint).flatMap(({ indicators }) =>
    indicators.flatMap(({ length }) => ('parameter' in length ? [length.parameter] : [])),
  );
  // The slow average is always longer than the fast one.
  const candidates = lengths.filter((name) => name !== 'fast');
  const longest = candidates.length === 1 ? candidates[0] : `Math.max(${candidates.join(', ')})`;
  const ratio = barsPerSignal(blueprint);
  const factor = ratio === 1 ? `${LENGTHS}` : `${LENGTHS} * ${ratio}`;
  const unit = ratio === 1 ? '' : ` A ${blueprint.signal} bar is ${ratio} bars of ${blueprint.timeframe}.`;
  return [
    `// After four times their length averages have forgotten how they began.${unit}`,
    `warmupBars: ({ ${candidates.join(', ')} }) => ${factor} * ${longest},`,
  ];
}
