import type { IndicatorPart } from '../blocks/block.ts';
import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import { type Blueprint, barsPerSignal } from '../blueprint.ts';

/** After this many times its length an exponential average weighs its first value by less than 3e-9. */
const LENGTHS = 10;

export function printWarmup(blueprint: Blueprint): string[] {
  const { names, longest } = longestOf(lengthsOf(blueprint));
  const ratio = barsPerSignal(blueprint);
  const factor = ratio === 1 ? `${LENGTHS}` : `${LENGTHS} * ${ratio}`;
  const comment = 'An exponential average has forgotten where it began after about ten times its length';
  const unit = ratio === 1 ? '.' : `; a ${blueprint.signal} bar is ${ratio} bars.`;
  return [`// ${comment}${unit}`, `warmupBars: ({ ${names.join(', ')} }) => ${factor} * ${longest},`];
}

/** Lengths that can be the longest. The slow average is always longer than the fast one. */
function lengthsOf(blueprint: Blueprint): readonly IndicatorPart['length'][] {
  return chosenBlocks(blueprint)
    .flatMap(({ indicators }) => indicators.map(({ length }) => length))
    .filter((length) => ('parameter' in length ? length.parameter !== 'fast' : length.bars > 1));
}

function longestOf(lengths: readonly IndicatorPart['length'][]): { names: readonly string[]; longest: string } {
  const names = lengths.flatMap((length) => ('parameter' in length ? [length.parameter] : []));
  const texts = lengths.map((length) => ('parameter' in length ? length.parameter : String(length.bars)));
  return { names, longest: texts.length === 1 ? texts[0]! : `Math.max(${texts.join(', ')})` };
}
