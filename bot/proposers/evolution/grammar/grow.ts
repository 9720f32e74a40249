import type { RandomStream } from '#engine/candles/random-stream.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { signalTimeframes } from '../blueprint.ts';
import { freshName, type Role } from './named-numbers.ts';
import type { Comparison, Condition, Plan, Term } from './plan.ts';

/** What a condition is grown for. */
export type Purpose = 'trigger' | 'filter' | 'exit' | 'regime';

/** How much longer than the base bars those may be on which the terms of a plan are computed: a week of hours, not a year. */
const BAR_RATIO_MAX = 24;
/** Exponential averages are remembered ten lengths long: on much longer bars they would eat the data before the first trade. */
const FADING_RATIO_MAX = 6;

/** Where new parts are grown: on which bars, and which names are taken. */
export class Soil {
  readonly timeframe: Timeframe;
  readonly random: RandomStream;
  readonly #taken: Set<string>;

  constructor(timeframe: Timeframe, taken: Iterable<string>, random: RandomStream) {
    this.timeframe = timeframe;
    this.random = random;
    this.#taken = new Set(taken);
  }

  /** A name for a new number. Where all of a role are taken, the last one again: the plan is then refused as too large. */
  name(role: Role): string {
    const name = freshName(role, this.#taken) ?? `${role}9`;
    this.#taken.add(name);
    return name;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random.uniform() * items.length)]!;
  }

  chance(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  /** Bars to compute a term on: mostly the base ones. */
  bars(longerChance = 0.4): Timeframe {
    const longer = longerTimeframes(this.timeframe);
    return longer.length > 0 && this.chance(longerChance) ? this.pick(longer) : this.timeframe;
  }

  /** An average that remembers no longer than the data allow. */
  average(on: Timeframe): 'ema' | 'sma' | 'wma' {
    const isFar = timeframeMs(on) / timeframeMs(this.timeframe) > FADING_RATIO_MAX;
    return this.pick(isFar ? (['sma', 'wma'] as const) : (['ema', 'sma', 'wma'] as const));
  }
}

/** Bars longer than the base ones on which a term may be computed, shortest first. */
export function longerTimeframes(base: Timeframe): readonly Timeframe[] {
  return signalTimeframes(base).filter((on) => on !== base && timeframeMs(on) / timeframeMs(base) <= BAR_RATIO_MAX);
}

/**
 * A term as it can be computed over base bars: on the nearest bars that these add up to and that are not too long, and by an average that
 * remembers no longer than the data allow. Lengths stay what they are, in bars of the term's own.
 */
export function termOver(base: Timeframe, term: Term): Term {
  if (!('on' in term)) return term;
  const possible = [base, ...longerTimeframes(base)];
  const longest = possible.at(-1)!;
  const isTooLong = timeframeMs(term.on) > timeframeMs(longest);
  const on = possible.includes(term.on) ? term.on : isTooLong ? longest : base;
  const isFar = timeframeMs(on) / timeframeMs(base) > FADING_RATIO_MAX;
  return 'average' in term && term.average === 'ema' && isFar ? { ...term, on, average: 'sma' } : { ...term, on };
}

/** A comparison that can serve a purpose, with new names for its numbers. */
export function growComparison(purpose: Purpose, soil: Soil): Comparison {
  return soil.pick(PRODUCTIONS[purpose])(soil);
}

type Production = (soil: Soil) => Comparison;

const averages =
  (is: Comparison['is']): Production =>
  (soil) => {
    const on = soil.bars();
    const average = soil.average(on);
    return { left: { average, bars: soil.name('fast'), on }, is, right: { average, bars: soil.name('slow'), on } };
  };

const trend =
  (is: 'above' | 'below', longerChance = 0.4): Production =>
  (soil) => {
    const on = soil.bars(longerChance);
    return { left: { price: 'close' }, is, right: { average: soil.average(on), bars: soil.name('trendBars'), on } };
  };

const channel =
  (extreme: 'highest' | 'lowest', is: 'above' | 'below'): Production =>
  (soil) => ({ left: { price: 'close' }, is, right: { extreme, bars: soil.name('channelBars'), on: soil.bars(0.25) } });

const dip: Production = (soil) => {
  const on = soil.bars(0.25);
  const average = soil.average(on);
  return { left: { price: 'close' }, is: 'below', right: { below: soil.name('dip'), average, bars: soil.name('meanBars'), on } };
};

const strength =
  (is: Comparison['is'], level: 'rsiMin' | 'rsiMax'): Production =>
  (soil) => {
    const left = { oscillator: 'rsi', bars: soil.name('rsiBars'), on: soil.bars(0.25) } as const;
    return { left, is, right: { number: soil.name(level) } };
  };

const direction =
  (is: 'above' | 'below'): Production =>
  (soil) => {
    const left = { oscillator: 'adx', bars: soil.name('adxBars'), on: soil.bars(0.25) } as const;
    return { left, is, right: { number: soil.name('adxMin') } };
  };

const change =
  (is: 'above' | 'below', longerChance = 0.4): Production =>
  (soil) => {
    const left = { change: soil.name('momentumBars'), on: soil.bars(longerChance) };
    return { left, is, right: { number: soil.name('momentumMin') } };
  };

const range =
  (is: 'above' | 'below'): Production =>
  (soil) => ({
    left: { range: soil.name('rangeBars'), on: soil.bars(0.25) },
    is,
    right: { number: soil.name('rangeMax') },
  });

const volume: Production = (soil) => {
  const on = soil.bars(0.25);
  return { left: { volume: 'bar', on }, is: 'atLeast', right: { volume: 'usual', times: soil.name('volumeRatio'), on } };
};

/** The grammar's right-hand sides, by what they can serve. */
const PRODUCTIONS: Readonly<Record<Purpose, readonly Production[]>> = {
  trigger: [
    averages('crossesAbove'),
    averages('above'),
    channel('highest', 'above'),
    change('above'),
    dip,
    strength('below', 'rsiMin'),
    strength('crossesAbove', 'rsiMin'),
    strength('above', 'rsiMax'),
  ],
  filter: [
    averages('above'),
    trend('above'),
    trend('below'),
    strength('below', 'rsiMax'),
    strength('above', 'rsiMin'),
    direction('above'),
    direction('below'),
    change('above'),
    change('below'),
    range('above'),
    range('below'),
    volume,
  ],
  exit: [
    averages('crossesBelow'),
    averages('below'),
    channel('lowest', 'below'),
    trend('below'),
    strength('above', 'rsiMax'),
    strength('crossesBelow', 'rsiMin'),
    change('below'),
  ],
  regime: [trend('above', 0.9), averages('above'), change('above', 0.9), direction('above'), range('below'), range('above')],
};

/** A whole plan: a trigger, now and then one of two, filters, and the rest as chance has it. */
export function growPlan(like: Pick<Plan, 'symbols' | 'timeframe'>, random: RandomStream): Plan {
  const soil = new Soil(like.timeframe, [], random);
  const trigger: Condition = soil.chance(0.2)
    ? { any: [growComparison('trigger', soil), growComparison('trigger', soil)] }
    : growComparison('trigger', soil);
  const filters = Array.from({ length: Math.floor(3 * random.uniform()) }, () => growComparison('filter', soil));
  return {
    schema: 'ratchet/blueprint/2',
    symbols: [...like.symbols],
    timeframe: like.timeframe,
    regime: soil.chance(0.4) ? { when: growComparison('regime', soil), leaves: soil.chance(0.5) } : null,
    entry: filters.length === 0 ? trigger : { all: [trigger, ...filters] },
    exit: soil.chance(0.6) ? growComparison('exit', soil) : null,
    protection: { stop: soil.pick(['fixed', 'trailing']), target: soil.chance(0.5), horizon: soil.chance(0.25) },
    sizing: soil.chance(0.2) ? 'steady' : 'equal',
  };
}
