import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import type { Blueprint } from '../blueprint.ts';
import { describe } from '../describe.ts';
import { wrapped } from './text.ts';

/** Width of the docstring's text; ` * ` goes before it. */
const TEXT_WIDTH = 122;

/** What the strategy does, the beliefs it rests on, and what would end them. */
export function printDocstring(blueprint: Blueprint): string[] {
  const beliefs = chosenBlocks(blueprint).map(({ belief }) => belief);
  const paragraphs = [
    describe(blueprint),
    `Hypothesis: ${beliefs.join(' ')}`,
    'What would disprove it: trades that win less than they pay in fees, spread and slippage.',
  ];
  const lines = paragraphs.flatMap((paragraph, index) => [...(index === 0 ? [] : ['']), ...wrapped(paragraph, TEXT_WIDTH)]);
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}
