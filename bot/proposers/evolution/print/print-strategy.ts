import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import type { Blueprint } from '../blueprint.ts';
import { printDocstring } from './docstring.ts';
import { printIndicators } from './indicators.ts';
import { printOnBar } from './on-bar.ts';
import { printParameters } from './parameters.ts';
import { fileOf, indented, quoted } from './text.ts';
import { printWarmup } from './warmup.ts';

/** Of the equity, when all symbols are bought. */
const INVESTED_PER_CENT = 90;

/**
 * The strategy module a blueprint stands for: one blueprint, one text, formatted as the house's formatter would and with
 * nothing in it that the blueprint does not ask for.
 */
export function printStrategy(blueprint: Blueprint): string {
  return fileOf([
    printImport(blueprint),
    '',
    ...printWeight(blueprint),
    '',
    ...printDocstring(blueprint),
    'export default defineStrategy({',
    ...indented([
      ...printSymbols(blueprint),
      `timeframe: ${quoted(blueprint.timeframe)},`,
      '',
      ...printParameters(blueprint),
      '',
      ...printWarmup(blueprint),
      '',
      ...printIndicators(blueprint),
      '',
      ...printOnBar(blueprint),
    ]),
    '});',
  ]);
}

function printImport(blueprint: Blueprint): string {
  const factories = chosenBlocks(blueprint).flatMap(({ indicators }) => indicators.map(({ factory }) => factory));
  return `import { ${['defineStrategy', ...new Set(factories.toSorted())].join(', ')} } from 'ratchet/contract';`;
}

/** Sizing is not for the search to move: putting in less would look like losing less. */
function printWeight({ symbols }: Blueprint): string[] {
  const weight = Math.floor(INVESTED_PER_CENT / symbols.length) / 100;
  return [
    "/** Share of the strategy's equity put into one symbol: the same for each, and a tenth kept back for costs. */",
    `const weight = ${weight};`,
  ];
}

/** On one line while it fits, as the formatter has it. */
function printSymbols({ symbols }: Blueprint): string[] {
  const oneLine = `symbols: [${symbols.map(quoted).join(', ')}],`;
  if (oneLine.length <= 128) return [oneLine];
  return ['symbols: [', ...indented(symbols.map((symbol) => `${quoted(symbol)},`)), '],'];
}
