import { beliefsOf, describePlan, disproofOf } from '../grammar/describe-plan.ts';
import { rangeOf } from '../grammar/named-numbers.ts';
import type { Plan } from '../grammar/plan.ts';
import { comparisonsIn, namesOf } from '../grammar/traverse.ts';
import { fileOf, indented, quoted, wrapped } from '../print/text.ts';
import { clauseOf, Names, printConstant, printExits, printGuards } from './conditions.ts';
import { indicatorsOf } from './expression.ts';
import { folded } from './folded.ts';
import { printWarmup } from './warmup.ts';

/** Of the equity, when all symbols are bought. */
const INVESTED_PER_CENT = 90;
/** A longer reason is not read in a list of orders, and would not stand on its line. */
const REASON_LENGTH_MAX = 80;
/** Width of the docstring's text; ` * ` goes before it. */
const TEXT_WIDTH = 122;

/**
 * The module a plan stands for: one plan, one text, formatted as the house's formatter would, and with nothing in it that the plan
 * does not ask for. What is asked together stands in a constant that is named for it; each reason to hold or to leave is a line.
 */
export function printPlan(plan: Plan): string {
  return fileOf([
    ...printImport(plan),
    '',
    ...printWeight(plan),
    '',
    ...printDocstring(plan),
    'export default defineStrategy({',
    ...indented([
      ...folded('symbols: [', plan.symbols.map(quoted), '],', 2, false),
      `timeframe: ${quoted(plan.timeframe)},`,
      '',
      ...printParameters(plan),
      '',
      ...printWarmup(plan),
      '',
      ...printIndicators(plan),
      '',
      ...printOnBar(plan),
    ]),
    '});',
  ]);
}

function printImport(plan: Plan): string[] {
  const factories = [...new Set(indicatorsOf(plan).map(({ factory }) => factory))];
  return folded('import {', ['defineStrategy', ...factories].toSorted(), "} from 'ratchet/contract';", 0);
}

function printWeight({ symbols, sizing }: Plan): string[] {
  const weight = Math.floor(INVESTED_PER_CENT / symbols.length) / 100;
  return [
    sizing === 'equal'
      ? "/** Share of the strategy's equity put into one symbol: the same for each, and a tenth kept back for costs. */"
      : "/** The most of the strategy's equity that is put into one symbol; a tenth is kept back for costs. */",
    `const weight = ${weight};`,
  ];
}

/** What the strategy does, the beliefs it rests on, and what would end them. */
function printDocstring(plan: Plan): string[] {
  const paragraphs = [
    describePlan(plan),
    `Hypothesis: ${beliefsOf(plan).join(' ')}`,
    `What would disprove it: ${disproofOf(plan)}`,
  ];
  const lines = paragraphs.flatMap((paragraph, index) => [...(index === 0 ? [] : ['']), ...wrapped(paragraph, TEXT_WIDTH)]);
  return ['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'];
}

/** One line a parameter, so that a changed range is a changed line. */
function printParameters(plan: Plan): string[] {
  const lines = namesOf(plan).map((name) => {
    const { default: preset, min, max, step, description } = rangeOf(name);
    return `${name}: { default: ${preset}, min: ${min}, max: ${max}, step: ${step}, description: ${quoted(description)} },`;
  });
  return ['parameters: {', ...indented(lines), '},'];
}

function printIndicators(plan: Plan): string[] {
  const indicators = indicatorsOf(plan);
  const lengths = [...new Set(indicators.map(({ length }) => length))].filter((length) => !/^\d/.test(length));
  const lines = indicators.map(({ name, factory, length, on, of }) => {
    const options = [
      ...(of === null ? [] : [`of: ${quoted(of)}`]),
      ...(on === plan.timeframe ? [] : [`timeframe: ${quoted(on)}`]),
    ];
    return `${name}: ${factory}(${[length, ...(options.length === 0 ? [] : [`{ ${options.join(', ')} }`])].join(', ')}),`;
  });
  const head = lengths.length === 0 ? ['indicators: () => ({'] : folded('indicators: ({', lengths, '}) => ({', 2);
  return [...head, ...indented(lines), '}),'];
}

/** The decision: what an open position waits for, then every reason not to enter, then the entry. */
function printOnBar(plan: Plan): string[] {
  const { regime } = plan;
  const names = new Names();
  const body = [
    ...(regime?.leaves ? [...printConstant('inMarket', regime.when, plan, names), ''] : []),
    ...printOpenPosition(plan, names),
    ...(regime === null
      ? []
      : regime.leaves
        ? [`if (!inMarket) return context.hold('not the market for it');`]
        : printGuards(regime.when, plan, names)),
    ...printGuards(plan.entry, plan, names),
    '',
    ...printEntry(plan),
  ];
  return ['onBar(context) {', ...indented([...printReadings(plan, body), '', ...body]), '},'];
}

/** Takes from the context what the body reads, no more. */
function printReadings(plan: Plan, body: readonly string[]): string[] {
  const text = body.join('\n');
  const read = ['bar', 'parameters', 'position'].filter((name) => text.includes(`${name}.`));
  return [
    `const { ${[...read, 'indicators'].toSorted().join(', ')} } = context;`,
    ...folded(
      'const {',
      indicatorsOf(plan).map(({ name }) => name),
      '} = indicators;',
      4,
    ),
  ];
}

function printOpenPosition(plan: Plan, names: Names): string[] {
  const exits = [
    ...(plan.regime?.leaves ? [`if (!inMarket) return context.exit('the market for it has ended');`] : []),
    ...(plan.exit === null ? [] : printExits(plan.exit, plan, names)),
  ];
  if (exits.length === 0) return [`if (position.isOpen) return context.hold('in position');`];
  return ['if (position.isOpen) {', ...indented([...exits, `return context.hold('in position');`]), '}'];
}

function printEntry(plan: Plan): string[] {
  const { stop, target, horizon } = plan.protection;
  const options = [
    stop === 'fixed' ? 'stopLoss' : 'trailingStop',
    ...(target ? ['takeProfit'] : []),
    ...(horizon ? ['horizonBars'] : []),
  ];
  const sized =
    plan.sizing === 'equal' ? [] : ['const size = weight * Math.min(1, parameters.usualRange / (range.value / bar.close));'];
  const reason = quoted(reasonOf(plan));
  return [
    ...sized,
    `return context.target(${sized.length === 0 ? 'weight' : 'size'}, ${reason}, {`,
    ...indented(options.map((name) => `${name}: parameters.${name},`)),
    '});',
  ];
}

/** The reason recorded with the order: the first of the entry's conditions, or where that is long, what it begins with. */
function reasonOf(plan: Plan): string {
  const first = 'all' in plan.entry ? plan.entry.all[0]! : plan.entry;
  const [whole, part] = [clauseOf(first, plan), clauseOf(comparisonsIn(first)[0]!, plan)];
  return whole.length <= REASON_LENGTH_MAX ? whole : `${part}, or what may stand for it`;
}
