import type { RandomStream } from '#engine/candles/random-stream.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { snap, type Values } from '../configuration.ts';
import { growComparison, growPlan, longerTimeframes, type Purpose, Soil, termOver } from './grow.ts';
import { freshName, rangeOf, roleOf } from './named-numbers.ts';
import { inNormalForm } from './normal-form.ts';
import { type Condition, type Plan, problemOf, type Term } from './plan.ts';
import { type Path, pathsIn, replacedAt, subtreeAt } from './subtrees.ts';
import { comparisonsIn, conditionsOf, identityOf, mapComparisons, mapPlan, namesOf, renamed, termsIn } from './traverse.ts';

/** A plan with a value for each of its numbers. */
export interface Individual {
  readonly plan: Plan;
  readonly values: Values;
}

/**
 * A way from one plan, or two, to another. What comes of it may be no valid plan yet; `bred` sees to that. `bases` are the timeframes
 * that bars can be had of.
 */
type Move = (parent: Individual, mate: Individual, random: RandomStream, bases: readonly Timeframe[]) => Individual | null;

type Section = 'regime' | 'entry' | 'exit';

const PURPOSES: Readonly<Record<Section, readonly Purpose[]>> = {
  regime: ['regime'],
  entry: ['trigger', 'filter'],
  exit: ['exit'],
};

/** The moves between trees, by the names they have in the account of a search. */
export const MOVES = {
  /** A subtree of the mate's takes the place of one of the parent's in the same section (Koza 1992, chapter 6). */
  crossover(parent, mate, random) {
    const soil = soilOf(parent.plan, random);
    const sections = (['entry', 'exit', 'regime'] as const).filter((section) => conditionIn(mate.plan, section) !== null);
    const section = soil.pick(sections);
    const donor = conditionIn(mate.plan, section)!;
    const graft = subtreeAt(donor, soil.pick(pathsIn(donor)));
    const adopted = adopt(over(parent.plan.timeframe, graft), mate.values, parent);
    if (adopted === null) return null;
    const host = conditionIn(parent.plan, section);
    const condition = host === null ? adopted.condition : replacedAt(host, soil.pick(pathsIn(host)), adopted.condition);
    const plan = withCondition(parent.plan, section, condition);
    return plan === null ? null : { plan, values: { ...parent.values, ...adopted.values } };
  },

  /** A newly grown comparison takes the place of a subtree. */
  replace(parent, _mate, random) {
    const { section, path } = somewhere(parent.plan, random);
    const soil = soilOf(parent.plan, random);
    const grown = growComparison(soil.pick(PURPOSES[section]), soil);
    return changed(parent, section, replacedAt(conditionIn(parent.plan, section)!, path, grown));
  },

  /** One more condition to buy, or another way to leave. */
  insert(parent, _mate, random) {
    const soil = soilOf(parent.plan, random);
    const { entry, exit } = parent.plan;
    if (soil.chance(0.3)) {
      const grown = growComparison('exit', soil);
      return changed(parent, 'exit', exit === null ? grown : { any: [exit, grown] });
    }
    if (soil.chance(0.25)) {
      const path = soil.pick(pathsIn(entry));
      const either: Condition = { any: [subtreeAt(entry, path), growComparison('trigger', soil)] };
      return changed(parent, 'entry', replacedAt(entry, path, either));
    }
    return changed(parent, 'entry', { all: [entry, growComparison('filter', soil)] });
  },

  /** One condition less. */
  remove(parent, _mate, random) {
    const { section, path } = somewhere(parent.plan, random);
    return changed(parent, section, replacedAt(conditionIn(parent.plan, section)!, path, null));
  },

  /** One indicator, or all of them, on longer or shorter bars. */
  retime(parent, _mate, random) {
    const soil = soilOf(parent.plan, random);
    const { timeframe } = parent.plan;
    const on = soil.pick([timeframe, ...longerTimeframes(timeframe)]);
    const comparisons = conditionsOf(parent.plan).flatMap(comparisonsIn);
    const names = new Set(termsIn(soil.pick(comparisons)).flatMap((term) => identityOf(term).map(([name]) => name)));
    const isAll = soil.chance(0.5);
    const retimed = (term: Term): Term => ('on' in term ? { ...term, on } : term);
    const plan = mapPlan(parent.plan, (comparison) => {
      const touches = termsIn(comparison).some((term) => identityOf(term).some(([name]) => names.has(name)));
      return isAll || touches ? { ...comparison, left: retimed(comparison.left), right: retimed(comparison.right) } : comparison;
    });
    return { ...parent, plan };
  },

  /** Decisions and stops on longer or shorter bars: what was asked of the old ones is asked of the new, or goes on being asked of the old. */
  rebase(parent, _mate, random, bases) {
    const { plan: before, values } = parent;
    const soil = soilOf(before, random);
    const others = bases.filter((base) => base !== before.timeframe);
    if (others.length === 0) return null;
    const timeframe = soil.pick(others);
    const follows = soil.chance(0.5);
    const moved = (term: Term): Term =>
      termOver(timeframe, follows && 'on' in term && term.on === before.timeframe ? { ...term, on: timeframe } : term);
    const plan = mapPlan({ ...before, timeframe }, (one) => ({ ...one, left: moved(one.left), right: moved(one.right) }));
    if (values.horizonBars === undefined) return { plan, values };
    // As long as before, as far as its range goes.
    const horizonBars = (values.horizonBars * timeframeMs(before.timeframe)) / timeframeMs(timeframe);
    return { plan, values: { ...values, horizonBars: snap(horizonBars, rangeOf('horizonBars')) } };
  },

  /** Another stop, with or without a target or a time to leave at. */
  protect(parent, _mate, random) {
    const { protection } = parent.plan;
    const part = Math.floor(3 * random.uniform());
    const changedPart =
      part === 0
        ? { stop: protection.stop === 'fixed' ? ('trailing' as const) : ('fixed' as const) }
        : part === 1
          ? { target: !protection.target }
          : { horizon: !protection.horizon };
    return { ...parent, plan: { ...parent.plan, protection: { ...protection, ...changedPart } } };
  },

  /** Another market in which it buys at all, or how much goes in while bars are wide. */
  market(parent, _mate, random) {
    const soil = soilOf(parent.plan, random);
    const { regime, sizing } = parent.plan;
    if (soil.chance(0.25)) return { ...parent, plan: { ...parent.plan, sizing: sizing === 'equal' ? 'steady' : 'equal' } };
    if (regime !== null && soil.chance(0.5)) {
      return { ...parent, plan: { ...parent.plan, regime: soil.chance(0.5) ? null : { ...regime, leaves: !regime.leaves } } };
    }
    return { ...parent, plan: { ...parent.plan, regime: { when: growComparison('regime', soil), leaves: soil.chance(0.5) } } };
  },

  /** Something that has nothing to do with the parent but its markets. */
  fresh(parent, _mate, random) {
    return { plan: growPlan(parent.plan, random), values: {} };
  },
} satisfies Readonly<Record<string, Move>>;
export type MoveName = keyof typeof MOVES;

/** Tries of a move before it is given up for this parent. */
const TRIES = 10;

/**
 * What a move makes of a parent: a valid plan in its simplest form that is not the parent's, with its numbers, new ones anywhere in
 * their ranges; null where the move finds nothing to do.
 */
export function bred(
  name: MoveName,
  parent: Individual,
  mate: Individual,
  random: RandomStream,
  bases: readonly Timeframe[] = [parent.plan.timeframe],
): Individual | null {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const move: Move = MOVES[name];
    const child = move(parent, mate, random, bases);
    if (child === null) continue;
    const plan = inNormalForm(child.plan);
    if (problemOf(plan) !== null || JSON.stringify(plan) === JSON.stringify(parent.plan)) continue;
    return { plan, values: settled(plan, child.values, random) };
  }
  return null;
}

/** A whole plan grown from nothing. */
export function grownFrom(like: Pick<Plan, 'symbols' | 'timeframe'>, random: RandomStream): Individual {
  for (;;) {
    const plan = inNormalForm(growPlan(like, random));
    if (problemOf(plan) === null) return { plan, values: settled(plan, {}, random) };
  }
}

/** Every plan with one part less: what a person would ask to be left out if it earned nothing. */
export function simplerPlans(plan: Plan): readonly Plan[] {
  const { regime, exit, protection } = plan;
  const without = (section: Section): Plan[] => {
    const condition = conditionIn(plan, section);
    if (condition === null) return [];
    return pathsIn(condition).flatMap((path) => {
      const shorter = replacedAt(condition, path, null);
      return shorter === null ? [] : (withCondition(plan, section, shorter) ?? []);
    });
  };
  return [
    ...(regime === null ? [] : [{ ...plan, regime: null }, ...without('regime')]),
    ...without('entry'),
    ...(exit === null ? [] : [{ ...plan, exit: null }, ...without('exit')]),
    ...(protection.horizon ? [{ ...plan, protection: { ...protection, horizon: false } }] : []),
    ...(protection.target ? [{ ...plan, protection: { ...protection, target: false } }] : []),
    ...(plan.sizing === 'steady' ? [{ ...plan, sizing: 'equal' as const }] : []),
  ]
    .map(inNormalForm)
    .filter((simpler) => problemOf(simpler) === null);
}

/** Values for exactly the plan's numbers: kept where there is one, else drawn anywhere in the range. */
function settled(plan: Plan, values: Values, random: RandomStream): Values {
  return Object.fromEntries(
    namesOf(plan).map((name) => {
      const range = rangeOf(name);
      return [name, values[name] ?? snap(range.min + random.uniform() * (range.max - range.min), range)];
    }),
  );
}

/** The condition with every term such as base bars allow it. */
function over(base: Timeframe, condition: Condition): Condition {
  return mapComparisons(condition, (one) => ({ ...one, left: termOver(base, one.left), right: termOver(base, one.right) }));
}

function soilOf(plan: Plan, random: RandomStream): Soil {
  return new Soil(plan.timeframe, namesOf(plan), random);
}

/** Any subtree of any section. */
function somewhere(plan: Plan, random: RandomStream): { section: Section; path: Path } {
  const places = (['regime', 'entry', 'exit'] as const).flatMap((section) => {
    const condition = conditionIn(plan, section);
    return condition === null ? [] : pathsIn(condition).map((path) => ({ section, path }));
  });
  return places[Math.floor(random.uniform() * places.length)]!;
}

function conditionIn(plan: Plan, section: Section): Condition | null {
  return section === 'regime' ? (plan.regime?.when ?? null) : plan[section];
}

/** The plan with another condition in a section; null where an entry would be left without any. */
function withCondition(plan: Plan, section: Section, condition: Condition | null): Plan | null {
  if (section === 'exit') return { ...plan, exit: condition };
  if (section === 'entry') return condition === null ? null : { ...plan, entry: condition };
  return { ...plan, regime: condition === null ? null : { when: condition, leaves: plan.regime?.leaves ?? false } };
}

function changed(parent: Individual, section: Section, condition: Condition | null): Individual | null {
  const plan = withCondition(parent.plan, section, condition);
  return plan === null ? null : { ...parent, plan };
}

/** A subtree of another plan with names that this one does not use, and their values; null where there are no names left. */
function adopt(graft: Condition, values: Values, { plan }: Individual): { condition: Condition; values: Values } | null {
  const taken = new Set(namesOf(plan));
  const names = new Map<string, string>();
  for (const [name] of termsIn(graft).flatMap(identityOf)) {
    if (names.has(name)) continue;
    const fresh = freshName(roleOf(name), taken);
    if (fresh === null) return null;
    taken.add(fresh);
    names.set(name, fresh);
  }
  const condition = mapComparisons(graft, (comparison) => ({
    ...comparison,
    left: renamed(comparison.left, (name) => names.get(name)!),
    right: renamed(comparison.right, (name) => names.get(name)!),
  }));
  const moved = [...names].flatMap(([from, to]) => (values[from] === undefined ? [] : [[to, values[from]]]));
  return { condition, values: Object.fromEntries(moved) };
}
