import { chosenParameters } from '../blocks/chosen-blocks.ts';
import type { Blueprint } from '../blueprint.ts';
import { indented, quoted } from './text.ts';

/** One line a parameter, so that a changed range is a changed line. */
export function printParameters(blueprint: Blueprint): string[] {
  const lines = Object.entries(chosenParameters(blueprint)).map(
    ([name, { default: preset, min, max, step, description }]) =>
      `${name}: { default: ${preset}, min: ${min}, max: ${max}, step: ${step}, description: ${quoted(description)} },`,
  );
  return ['parameters: {', ...indented(lines), '},'];
}
