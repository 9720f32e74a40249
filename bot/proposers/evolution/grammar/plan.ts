import { z } from 'zod';
import { dividesTimeframe } from '#engine/candles/timeframe.ts';
import { Symbols, TimeframeName } from '../blueprint.ts';
import { NUMBER_NAME, type Role, roleOf } from './named-numbers.ts';
import { comparisonsIn, depthOf, identityOf, termsIn } from './traverse.ts';

/** A plan is as large as a person still reads: so many comparisons, groups so wide, conditions so deep. */
const COMPARISONS_MAX = 8;
const GROUP_MAX = 6;
/** Members of a group that stands inside another. */
const INNER_GROUP_MAX = 2;
const DEPTH_MAX = 3;

// What has no role has no range either: nothing more is asked of a plan with such a name.
const Name = z.string().regex(NUMBER_NAME, { error: 'a number is named for its role, such as slow or slow2', abort: true });

/** Something that is compared. What may stand beside what is said by `typeOf`. */
export const Term = z.union([
  /** Of the base bar that has just closed. */
  z.strictObject({ price: z.enum(['close', 'high', 'low']) }),
  z.strictObject({ average: z.enum(['ema', 'sma', 'wma']), bars: Name, on: TimeframeName }),
  /** The highest high, or the lowest low, of so many bars before the newest. */
  z.strictObject({ extreme: z.enum(['highest', 'lowest']), bars: Name, on: TimeframeName }),
  /** An average, less a ratio of it. */
  z.strictObject({ below: Name, average: z.enum(['ema', 'sma', 'wma']), bars: Name, on: TimeframeName }),
  /** 0 to 100. */
  z.strictObject({ oscillator: z.enum(['rsi', 'adx']), bars: Name, on: TimeframeName }),
  /** Change of the close over so many bars, as a ratio. */
  z.strictObject({ change: Name, on: TimeframeName }),
  /** Average true range, as a ratio of the close. */
  z.strictObject({ range: Name, on: TimeframeName }),
  z.strictObject({ volume: z.literal('bar'), on: TimeframeName }),
  /** The mean volume of 20 bars, so many times. */
  z.strictObject({ volume: z.literal('usual'), times: Name, on: TimeframeName }),
  z.strictObject({ number: Name }),
]);
export type Term = z.infer<typeof Term>;

export const Operator = z.enum(['above', 'below', 'atLeast', 'atMost', 'crossesAbove', 'crossesBelow']);
export type Operator = z.infer<typeof Operator>;

export const Comparison = z.strictObject({ left: Term, is: Operator, right: Term });
export type Comparison = z.infer<typeof Comparison>;

export type Condition =
  | Comparison
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };
const Condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    Comparison,
    z.strictObject({ all: z.array(Condition).min(2).max(GROUP_MAX) }),
    z.strictObject({ any: z.array(Condition).min(2).max(GROUP_MAX) }),
    z.strictObject({ not: Condition }),
  ]),
);

/** The market in which the plan buys at all; `leaves` also closes what is open when it ends. */
const Regime = z.strictObject({ when: Condition, leaves: z.boolean() });

/**
 * A strategy as a tree over the contract: when it buys, in which market, when it leaves, what protects a position and how much goes
 * in. It stands under `blueprint:` in manifest.yaml; the numbers it names take their values from `parameters:` there.
 */
export const Plan = z
  .strictObject({
    schema: z.literal('ratchet/blueprint/2'),
    symbols: Symbols,
    /** Stops are watched, and decisions made, on bars of this timeframe; terms may be computed on bars of a multiple of it. */
    timeframe: TimeframeName,
    regime: Regime.nullable(),
    entry: Condition,
    exit: Condition.nullable(),
    protection: z.strictObject({
      stop: z.enum(['fixed', 'trailing']),
      target: z.boolean(),
      /** Closed after so many base bars, whatever came of it. */
      horizon: z.boolean(),
    }),
    /**
     * The same weight always, or, while the average true range is more than the usual share of the price, less of it in inverse proportion:
     * sizing by volatility as the Turtles did it (Faith 2007: a unit is a share of the equity over N, the average true range), which here
     * never puts in more than the whole weight. The whole weight, nine tenths over all symbols, is not for the search to move.
     */
    sizing: z.enum(['equal', 'steady']),
  })
  .superRefine((plan, context) => {
    const problem = problemOf(plan);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
export type Plan = z.infer<typeof Plan>;

type Type = 'price' | 'average' | 'level' | 'change' | 'range' | 'volume';

const ROLES_OF_AVERAGES: readonly Role[] = ['fast', 'slow', 'trendBars', 'meanBars'];

/** What a term is a quantity of; null for one whose numbers are not of its kind. */
function typeOf(term: Term): Type | null {
  const when = (isSo: boolean, type: Type) => (isSo ? type : null);
  if ('price' in term) return 'price';
  if ('below' in term) return when(roleOf(term.below) === 'dip' && roleOf(term.bars) === 'meanBars', 'price');
  if ('average' in term) return when(ROLES_OF_AVERAGES.includes(roleOf(term.bars)), 'average');
  if ('extreme' in term) return when(roleOf(term.bars) === 'channelBars', 'price');
  if ('oscillator' in term) return when(roleOf(term.bars) === `${term.oscillator}Bars`, 'level');
  if ('change' in term) return when(roleOf(term.change) === 'momentumBars', 'change');
  if ('range' in term) return when(roleOf(term.range) === 'rangeBars', 'range');
  if ('volume' in term) return when(term.volume === 'bar' || roleOf(term.times) === 'volumeRatio', 'volume');
  return null;
}

/** Whether a comparison compares like with like. */
function isTyped({ left, is, right }: Comparison): boolean {
  const type = typeOf(left);
  const isCross = is === 'crossesAbove' || is === 'crossesBelow';
  if (type === null || 'below' in left || 'extreme' in left) return false;
  if ('number' in right) {
    const role = roleOf(right.number);
    if (isCross && type !== 'level') return false;
    if (type === 'change') return role === 'momentumMin';
    if (type === 'range') return role === 'rangeMax';
    if (!('oscillator' in left)) return false;
    return left.oscillator === 'adx' ? role === 'adxMin' : role === 'rsiMax' || role === 'rsiMin';
  }
  const other = typeOf(right);
  if (other === null) return false;
  if (isCross) return type === 'average' && other === 'average';
  if (type === 'volume') return 'times' in right && !('times' in left);
  if (type === 'average') return other === 'average';
  return type === 'price' && !('price' in right) && (other === 'price' || other === 'average');
}

/** The first thing wrong with a plan that its shape does not say; null when nothing is. */
export function problemOf(plan: Plan): string | null {
  const conditions = [plan.regime?.when, plan.entry, plan.exit].filter((condition) => condition != null);
  const comparisons = conditions.flatMap(comparisonsIn);
  if (comparisons.length > COMPARISONS_MAX) return `it compares more than ${COMPARISONS_MAX} times`;
  if (conditions.some((condition) => depthOf(condition) > DEPTH_MAX)) return `a condition is deeper than ${DEPTH_MAX}`;
  if (!conditions.every((condition) => groupsAreNarrow(condition, true))) return 'a group is too wide';
  const odd = comparisons.find((comparison) => !isTyped(comparison));
  if (odd !== undefined) return `it compares what cannot be compared: ${JSON.stringify(odd)}`;
  const identities = new Map<string, string>(plan.sizing === 'steady' ? [['rangeBars', `range ${plan.timeframe}`]] : []);
  for (const term of conditions.flatMap(termsIn)) {
    if ('on' in term && !dividesTimeframe(plan.timeframe, term.on)) return `${plan.timeframe} bars do not add up to ${term.on}`;
    for (const [name, identity] of identityOf(term)) {
      if ((identities.get(name) ?? identity) !== identity) return `${name} stands for two things`;
      identities.set(name, identity);
    }
  }
  return null;
}

function groupsAreNarrow(condition: Condition, isOuter: boolean): boolean {
  if ('left' in condition) return true;
  if ('not' in condition) return groupsAreNarrow(condition.not, false);
  const members = 'all' in condition ? condition.all : condition.any;
  const most = isOuter && 'all' in condition ? GROUP_MAX : INNER_GROUP_MAX;
  return members.length <= most && members.every((member) => groupsAreNarrow(member, false));
}
