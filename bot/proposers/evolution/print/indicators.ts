import type { IndicatorPart } from '../blocks/block.ts';
import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import type { Blueprint } from '../blueprint.ts';
import { indented, quoted } from './text.ts';

export function printIndicators(blueprint: Blueprint): string[] {
  const parts = chosenBlocks(blueprint).flatMap(({ indicators }) => indicators);
  const lengths = parts.flatMap(({ length }) => ('parameter' in length ? [length.parameter] : []));
  return [
    `indicators: ({ ${lengths.join(', ')} }) => ({`,
    ...indented(parts.map((part) => `${part.name}: ${part.factory}(${argumentsOf(part, blueprint)}),`)),
    '}),',
  ];
}

function argumentsOf({ length, of }: IndicatorPart, { timeframe, signal }: Blueprint): string {
  const bars = 'parameter' in length ? length.parameter : String(length.bars);
  const options = [
    ...(of === undefined ? [] : [`of: ${quoted(of)}`]),
    ...(signal === timeframe ? [] : [`timeframe: ${quoted(signal)}`]),
  ];
  return options.length === 0 ? bars : `${bars}, { ${options.join(', ')} }`;
}
