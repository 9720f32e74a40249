import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import { entries } from '../blocks/entries.ts';
import type { Blueprint } from '../blueprint.ts';
import { indented, quoted } from './text.ts';

/** The decision: what an open position waits for, then every reason not to enter, then the entry. */
export function printOnBar(blueprint: Blueprint): string[] {
  const body = [...openPosition(blueprint), ...guards(blueprint), '', ...entry(blueprint)];
  return ['onBar(context) {', ...indented([...readings(blueprint, body), '', ...body]), '},'];
}

/** Takes from the context what the body reads, no more. */
function readings(blueprint: Blueprint, body: readonly string[]): string[] {
  const text = body.join('\n');
  const names = ['bar', 'parameters', 'position'].filter((name) => text.includes(`${name}.`));
  const indicators = chosenBlocks(blueprint).flatMap((block) => block.indicators.map(({ name }) => name));
  return [
    `const { ${[...names, 'indicators'].toSorted().join(', ')} } = context;`,
    `const { ${indicators.join(', ')} } = indicators;`,
  ];
}

function openPosition({ exitOnCrossDown }: Blueprint): string[] {
  if (!exitOnCrossDown) return [`if (position.isOpen) return context.hold('in position');`];
  return [
    'if (position.isOpen) {',
    `  if (fast.crossedBelow(slow)) return context.exit('the fast average fell through the slow one');`,
    `  return context.hold('in position');`,
    '}',
  ];
}

function guards(blueprint: Blueprint): string[] {
  return chosenBlocks(blueprint)
    .flatMap((block) => block.guards)
    .map(({ condition, reason }) => `if (${condition}) return context.hold(${quoted(reason)});`);
}

function entry(blueprint: Blueprint): string[] {
  const options = chosenBlocks(blueprint).flatMap(({ protection }) => protection);
  return [
    `return context.target(weight, ${quoted(entries[blueprint.entry].reason)}, {`,
    ...indented(options.map((name) => `${name}: parameters.${name},`)),
    '});',
  ];
}
