import type { Timeframe } from '#engine/contract/types.ts';
import { roleOf } from '../grammar/named-numbers.ts';
import type { Comparison, Operator, Plan, Term } from '../grammar/plan.ts';
import { conditionsOf, termsIn } from '../grammar/traverse.ts';

/** A streaming indicator of the module: `slow: ema(slow, { timeframe: '4h' })`. */
export interface Indicator {
  readonly name: string;
  readonly factory: string;
  /** The parameter that is its length, or a number that is not for the search to move. */
  readonly length: string;
  readonly isFading: boolean;
  readonly on: Timeframe;
  readonly of: 'volume' | null;
}

const INDICATOR_NAMES: Readonly<Record<string, string>> = {
  fast: 'fast',
  slow: 'slow',
  trendBars: 'trend',
  meanBars: 'mean',
  rsiBars: 'strength',
  adxBars: 'direction',
  momentumBars: 'momentum',
  rangeBars: 'range',
};

/** The indicators a plan reads, each once, in the order in which it reads them. */
export function indicatorsOf(plan: Plan): readonly Indicator[] {
  const own = conditionsOf(plan)
    .flatMap(termsIn)
    .flatMap((term) => indicatorOf(term, plan));
  const sizing = plan.sizing === 'steady' ? indicatorOf({ range: 'rangeBars', on: plan.timeframe }, plan) : [];
  return [...new Map([...own, ...sizing].map((indicator) => [indicator.name, indicator])).values()];
}

function indicatorOf(term: Term, { timeframe }: Plan): readonly Indicator[] {
  const fading = (name: string, factory: string, length: string, on: Timeframe): Indicator[] => [
    { name, factory, length, isFading: true, on, of: null },
  ];
  const exact = (name: string, factory: string, length: string, on: Timeframe, of: 'volume' | null = null): Indicator[] => [
    { name, factory, length, isFading: false, on, of },
  ];
  if ('average' in term) {
    return (term.average === 'ema' ? fading : exact)(indicatorName(term.bars), term.average, term.bars, term.on);
  }
  if ('extreme' in term) return exact(channelName(term), term.extreme, term.bars, term.on);
  if ('oscillator' in term) return fading(indicatorName(term.bars), term.oscillator, term.bars, term.on);
  if ('change' in term) return exact(indicatorName(term.change), 'rateOfChange', term.change, term.on);
  if ('range' in term) return fading(indicatorName(term.range), 'atr', term.range, term.on);
  if (!('volume' in term)) return [];
  if (term.volume === 'usual') return exact(volumeName('meanVolume', term.on, timeframe), 'sma', '20', term.on, 'volume');
  // The base bar has its volume; that of a longer bar is the mean of one.
  return term.on === timeframe ? [] : exact(volumeName('volume', term.on, timeframe), 'sma', '1', term.on, 'volume');
}

/** `strength` for `rsiBars`, `strength2` for `rsiBars2`. */
function indicatorName(length: string): string {
  const role = roleOf(length);
  return INDICATOR_NAMES[role]! + length.slice(role.length);
}

function channelName({ extreme, bars }: Extract<Term, { extreme: unknown }>): string {
  return (extreme === 'highest' ? 'ceiling' : 'floor') + bars.slice('channelBars'.length);
}

function volumeName(name: string, on: Timeframe, base: Timeframe): string {
  return on === base ? name : `${name}${on}`;
}

const SIGNS: Readonly<Record<Exclude<Operator, 'crossesAbove' | 'crossesBelow'>, { is: string; isNot: string }>> = {
  above: { is: '>', isNot: '<=' },
  below: { is: '<', isNot: '>=' },
  atLeast: { is: '>=', isNot: '<' },
  atMost: { is: '<=', isNot: '>' },
};

/** A comparison as an expression, or what holds when it does not. */
export function printComparison({ left, is, right }: Comparison, plan: Plan, isNegated = false): string {
  if (is === 'crossesAbove' || is === 'crossesBelow') {
    const method = is === 'crossesAbove' ? 'crossedAbove' : 'crossedBelow';
    const level = 'number' in right ? `parameters.${right.number}` : indicatorOf(right, plan)[0]!.name;
    return `${isNegated ? '!' : ''}${indicatorOf(left, plan)[0]!.name}.${method}(${level})`;
  }
  const signs = SIGNS[is];
  return `${printTerm(left, plan)} ${isNegated ? signs.isNot : signs.is} ${printTerm(right, plan)}`;
}

function printTerm(term: Term, plan: Plan): string {
  if ('price' in term) return `bar.${term.price}`;
  if ('number' in term) return `parameters.${term.number}`;
  const indicator = indicatorOf(term, plan)[0];
  if (indicator === undefined) return 'bar.volume';
  if ('below' in term) return `(1 - parameters.${term.below}) * ${indicator.name}.value`;
  if ('extreme' in term) return `${indicator.name}.previous`;
  if ('range' in term) return `${indicator.name}.value / bar.close`;
  if ('times' in term) return `parameters.${term.times} * ${indicator.name}.value`;
  return `${indicator.name}.value`;
}
