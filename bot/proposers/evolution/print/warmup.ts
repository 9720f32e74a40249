import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import { type Blueprint, barsPerSignal } from '../blueprint.ts';

/** After this many times its length an exponential average weighs its first value by less than 3e-9. */
const LENGTHS = 10;

/** Bars until no indicator remembers where it began. Lengths that are always shorter than ten slow averages are left out. */
export function printWarmup(blueprint: Blueprint): string[] {
  const indicators = chosenBlocks(blueprint).flatMap((block) => block.indicators);
  const lengths = indicators.flatMap(({ factory, length }) =>
    'parameter' in length ? [{ factory, name: length.parameter }] : [],
  );
  const fading = lengths.filter(({ factory, name }) => factory !== 'sma' && name !== 'fast').map(({ name }) => name);
  const exact = lengths.filter(({ factory }) => factory === 'sma').map(({ name }) => name);

  const ratio = barsPerSignal(blueprint);
  const bars = longest([`${LENGTHS} * ${longest(fading)}`, ...exact]);
  const comment = 'An exponential average has forgotten where it began after about ten times its length';
  const unit = ratio === 1 ? '.' : `; a ${blueprint.signal} bar is ${ratio} bars.`;
  return [
    `// ${comment}${unit}`,
    `warmupBars: ({ ${[...fading, ...exact].join(', ')} }) => ${ratio === 1 ? bars : `${ratio} * ${bars}`},`,
  ];
}

function longest(lengths: readonly string[]): string {
  return lengths.length === 1 ? lengths[0]! : `Math.max(${lengths.join(', ')})`;
}
