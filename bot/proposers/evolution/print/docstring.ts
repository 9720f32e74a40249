import { entries } from '../blocks/entries.ts';
import { filters } from '../blocks/filters.ts';
import { protections } from '../blocks/protections.ts';
import type { Blueprint } from '../blueprint.ts';
import { describe } from '../describe.ts';
import { listed, wrapped } from './text.ts';

/** Width of the docstring's text; ` * ` goes before it. */
const TEXT_WIDTH = 117;

/** What the strategy does, and the belief it rests on. */
export function printDocstring(blueprint: Blueprint): string[] {
  const beliefs = listed([
    entries[blueprint.entry].because,
    ...blueprint.filters.map((filter) => filters[filter].because),
    protections[blueprint.protection].because,
  ]);
  const paragraphs = [wrapped(describe(blueprint), TEXT_WIDTH), [''], wrapped(`Hypothesis: ${beliefs}.`, TEXT_WIDTH)];
  return ['/**', ...paragraphs.flat().map((line) => ` * ${line}`.trimEnd()), ' */'];
}
