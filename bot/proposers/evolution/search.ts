import { RandomStream } from '#engine/candles/random-stream.ts';
import type { ParameterRanges, Timeframe } from '#engine/contract/types.ts';
import { Breeding, GROWN_FROM } from './breeding.ts';
import { type Configuration, complete, keyOf } from './configuration.ts';
import { type Design, isPlan } from './design.ts';
import { grownFrom, simplerPlans } from './grammar/breed.ts';
import { mutate, structuralMoves, withFilterToggled } from './moves.ts';
import type { Trial, TrialBook } from './trial-book.ts';

/** How the trials are shared out: up to these shares of them, each phase may go. */
const EXPLORED_BY = 0.2;
/** Where nothing is grown, more of them go to the structures near the incumbent. */
const EXPLORED_BY_FEW = 0.4;
const SOWN_BY = 0.35;
const BRED_BY = 0.75;
const TUNED_BY = 0.87;

/** So many questions are asked side by side. */
const CHILDREN = 8;
const FINALISTS = 3;
/** How far finalists are shaken, as a share of a parameter's range. */
const SHAKE = 0.05;

export interface SearchSpace {
  readonly trials: number;
  readonly seed: number;
  rangesFor(configuration: Configuration): ParameterRanges;
  /** Timeframes that bars of every market can be had of, finest first. */
  readonly bases: readonly Timeframe[];
}

/**
 * Spends the book's trials: first the structures a move or two away, with the numbers as they are; then trees grown from nothing, so that
 * not everything descends from the incumbent; then trees bred from the best of every kind, by the moves that pay; then the numbers
 * of the fittest structure; last the finalists with each change taken back and with their numbers shaken, so that what wins is simple
 * and stands on firm ground. Same seed, same questions.
 */
export async function search(book: TrialBook, space: SearchSpace): Promise<void> {
  const random = new RandomStream(space.seed, 'evolution');
  const breeding = new Breeding(book, space, random);
  await explore(book, space);
  const sown = space.trials < GROWN_FROM ? 0 : Math.floor(SOWN_BY * space.trials);
  await spend(book, sown, (count) => sow(book, count, random));
  await spend(book, Math.floor(BRED_BY * space.trials), (count) => breeding.generation(count));
  await spend(book, Math.floor(TUNED_BY * space.trials), (count) => breeding.tuning(count));
  await confirm(book, space, random);
}

async function explore(book: TrialBook, space: SearchSpace): Promise<void> {
  const isFew = space.trials < GROWN_FROM;
  const limit = Math.floor((isFew ? EXPLORED_BY_FEW : EXPLORED_BY) * space.trials);
  await book.evaluate(neighbours(book.incumbent.configuration, space).slice(0, limit));
  for (const { configuration } of book.ranked().slice(0, isFew ? FINALISTS : 1)) {
    const onward = neighbours(configuration, space).filter((next) => !book.hasAsked(next));
    await book.evaluate(onward.slice(0, Math.max(0, limit - book.spent)));
  }
}

/** Trees that have nothing to do with the incumbent but its markets. */
async function sow(book: TrialBook, count: number, random: RandomStream): Promise<boolean> {
  const { blueprint } = book.incumbent.configuration;
  if (blueprint === undefined) return false;
  const sown = distinctFresh(count, book, () => {
    const { plan, values } = grownFrom(blueprint, random);
    return { blueprint: plan, values };
  });
  await book.evaluate(sown);
  return sown.length > 0;
}

/** Batch after batch up to a number of trials, or until there is nothing left to ask. */
async function spend(book: TrialBook, limit: number, batch: (count: number) => Promise<boolean>): Promise<void> {
  while (book.spent < limit && !book.isCutShort) {
    if (!(await batch(Math.min(CHILDREN, limit - book.spent)))) return;
  }
}

async function confirm(book: TrialBook, space: SearchSpace, random: RandomStream): Promise<void> {
  const shaken = (count: number) => shake(book, space, random, count);
  await spend(book, book.spent + Math.floor(book.remaining / 3), shaken);
  await simplify(book, space);
  await spend(book, space.trials, shaken);
}

/** The finalists with their numbers moved a little. */
async function shake(book: TrialBook, space: SearchSpace, random: RandomStream, count: number): Promise<boolean> {
  const chosen = finalists(book);
  let turn = 0;
  const shaken = distinctFresh(count, book, () => {
    const { configuration } = chosen[turn++ % chosen.length]!;
    return { ...configuration, values: mutate(configuration.values, space.rangesFor(configuration), random, SHAKE) };
  });
  await book.evaluate(shaken);
  return shaken.length > 0;
}

/**
 * Takes from the fittest what it does not need: each part and each change alone, side by side, then all numbers together whose going
 * back did no harm; and again from whatever is the fittest then, until nothing is left to try.
 */
async function simplify(book: TrialBook, space: SearchSpace): Promise<void> {
  while (book.remaining > 0 && !book.isCutShort) {
    const best = finalists(book)[0]!;
    const fresh = simplifications(book.incumbent, best, space).filter((configuration) => !book.hasAsked(configuration));
    if (fresh.length === 0) return;
    await book.evaluate(fresh);
    const together = harmlessReturns(book, best);
    if (together !== null) await book.evaluate([together]);
  }
}

/** Whether all that could be left out of a trial has been left out, one part at a time, to see what it is worth. */
export function isSimplified(book: TrialBook, trial: Trial, space: SearchSpace): boolean {
  return simplifications(book.incumbent, trial, space).every((configuration) => book.hasAsked(configuration));
}

/** The configuration with every number taken back that could go back alone without a loss; null where they are fewer than two. */
function harmlessReturns(book: TrialBook, { configuration, changes, fitness }: Trial): Configuration | null {
  const before = book.incumbent.configuration.values;
  const back = changes.flatMap(({ part }): (readonly [string, number])[] => {
    if (part.kind !== 'value') return [];
    const value = before[part.name]!;
    const alone = { ...configuration, values: { ...configuration.values, [part.name]: value } };
    return book.fitnessOf(alone) >= fitness ? [[part.name, value]] : [];
  });
  if (back.length < 2) return null;
  return { ...configuration, values: { ...configuration.values, ...Object.fromEntries(back) } };
}

function neighbours(configuration: Configuration, space: SearchSpace): Configuration[] {
  const { blueprint } = configuration;
  if (blueprint === undefined) return [];
  const designs: readonly Design[] = isPlan(blueprint) ? simplerPlans(blueprint) : structuralMoves(blueprint);
  return designs.map((design) => restructured(configuration, design, space));
}

/** Numbers that both structures have are kept; new ones start at their defaults. */
function restructured({ values }: Configuration, blueprint: Design, space: SearchSpace): Configuration {
  const ranges = space.rangesFor({ blueprint, values });
  return { blueprint, values: complete(values, ranges) };
}

/** Up to `count` configurations that nobody has asked for yet; fewer when the space is nearly exhausted. */
function distinctFresh(count: number, book: TrialBook, draw: () => Configuration): Configuration[] {
  const fresh = new Map<string, Configuration>();
  for (let attempt = 0; attempt < 25 * count && fresh.size < count; attempt += 1) {
    const configuration = draw();
    if (!book.hasAsked(configuration)) fresh.set(keyOf(configuration), configuration);
  }
  return [...fresh.values()];
}

/** The fittest that differ from the incumbent; the incumbent itself while there is no other. */
function finalists(book: TrialBook): readonly Trial[] {
  const others = book.ranked().filter((trial) => trial !== book.incumbent);
  return others.length === 0 ? [book.incumbent] : others.slice(0, FINALISTS);
}

/** The finalist with each of its changes taken back, one at a time; of a tree, with each of its parts taken out. */
function simplifications(incumbent: Trial, trial: Trial, space: SearchSpace): Configuration[] {
  const from = incumbent.configuration;
  const { blueprint, values } = trial.configuration;
  const smaller =
    blueprint !== undefined && isPlan(blueprint)
      ? simplerPlans(blueprint).map((plan) => restructured({ blueprint, values: { ...from.values, ...values } }, plan, space))
      : [];
  const takenBack = trial.changes.flatMap(({ part }): Configuration[] => {
    if (part.kind === 'value') return [{ blueprint, values: { ...values, [part.name]: from.values[part.name]! } }];
    if (part.kind === 'tree' || blueprint === undefined || from.blueprint === undefined) return [];
    if (isPlan(blueprint) || isPlan(from.blueprint)) return [];
    const restored =
      part.kind === 'filter'
        ? withFilterToggled(blueprint, part.filter)
        : { ...blueprint, [part.block]: from.blueprint[part.block] };
    return [restructured({ blueprint, values: { ...from.values, ...values } }, restored, space)];
  });
  return [...smaller, ...takenBack];
}
