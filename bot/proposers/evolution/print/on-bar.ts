import { chosenBlocks } from '../blocks/chosen-blocks.ts';
import { entries } from '../blocks/entries.ts';
import type { Blueprint } from '../blueprint.ts';
import { indented, quoted } from './text.ts';

/** The decision: what an open position waits for, then every reason not to enter, then the entry. */
export function printOnBar(blueprint: Blueprint): string[] {
  const body = [...openPosition(blueprint), '', ...guards(blueprint), '', ...entry(blueprint)];
  return ['onBar(context) {', ...indented([readings(body), '', ...body]), '},'];
}

/** Takes from the context what the body reads, no more. */
function readings(body: readonly string[]): string {
  const text = body.join('\n');
  const names = ['bar', 'indicators', 'parameters', 'position'].filter((name) => new RegExp(`\\b${name}\\.`).test(text));
  return `const { ${names.join(', ')} } = context;`;
}

function openPosition({ exitOnCrossDown }: Blueprint): string[] {
  if (!exitOnCrossDown) return [`if (position.isOpen) return context.hold('in position');`];
  return [
    'if (position.isOpen) {',
    `  if (indicators.fast.crossedBelow(indicators.slow)) return context.exit('the fast average fell below the slow one');`,
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
    `return context.target(${equalShare(blueprint)}, ${quoted(entries[blueprint.entry].reason)}, {`,
    ...indented(options.map((name) => `${name}: parameters.${name},`)),
    '});',
  ];
}

/** The strategy's equity, shared equally between its symbols. */
function equalShare({ symbols }: Blueprint): string {
  const decimal = String(1 / symbols.length);
  return decimal.length <= 5 ? decimal : `1 / ${symbols.length}`;
}
