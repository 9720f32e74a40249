import { RandomStream } from '#engine/candles/random-stream.ts';
import type { ParameterRanges } from '#engine/contract/types.ts';
import type { Blueprint } from './blueprint.ts';
import { type Configuration, complete, structureOf } from './configuration.ts';
import { cross, mutate, structuralMoves, withFilterToggled } from './moves.ts';
import type { Trial, TrialBook } from './trial-book.ts';

/** How the trials are shared out: up to these shares of them, each phase may go. */
const EXPLORED_BY = 0.4;
const REFINED_BY = 0.8;

/** Configurations that breed, and how many children they have at a time; a generation is evaluated side by side. */
const PARENTS = 6;
const CHILDREN = 8;
/** At most so many parents of one structure while structures are still being compared. */
const PARENTS_PER_STRUCTURE = 2;
const FINALISTS = 3;
/** How far finalists are shaken, as a share of a parameter's range. */
const SHAKE = 0.05;

export interface SearchSpace {
  readonly trials: number;
  readonly seed: number;
  rangesFor(configuration: Configuration): ParameterRanges;
}

/**
 * Spends the book's trials: first the structures a move or two away, with the numbers as they are; then an evolution
 * strategy over numbers (and, now and then, structure) around the fittest; last the finalists with each change taken back
 * and with their numbers shaken, so that what wins is simple and stands on firm ground. Same seed, same questions.
 */
export async function search(book: TrialBook, space: SearchSpace): Promise<void> {
  const random = new RandomStream(space.seed, 'evolution');
  await explore(book, space);
  await refine(book, space, random);
  await confirm(book, space, random);
}

async function explore(book: TrialBook, space: SearchSpace): Promise<void> {
  const start = book.incumbent.configuration;
  if (start.blueprint === undefined) return;
  const limit = Math.floor(EXPLORED_BY * space.trials);
  await book.evaluate(neighbours(start, space).slice(0, limit - book.spent));
  for (const { configuration } of book.ranked().slice(0, FINALISTS)) {
    const fresh = neighbours(configuration, space).filter((next) => !book.hasAsked(next));
    await book.evaluate(fresh.slice(0, Math.max(0, limit - book.spent)));
  }
}

async function refine(book: TrialBook, space: SearchSpace, random: RandomStream): Promise<void> {
  const limit = Math.floor(REFINED_BY * space.trials);
  while (book.spent < limit) {
    const progress = book.spent / limit;
    const parents = chooseParents(book.ranked(), progress);
    const children = distinctFresh(CHILDREN, book, () => breed(parents, space, random, progress));
    if (children.length === 0) return;
    await book.evaluate(children.slice(0, limit - book.spent));
  }
}

async function confirm(book: TrialBook, space: SearchSpace, random: RandomStream): Promise<void> {
  await simplify(book, space);
  while (book.remaining > 0) {
    const chosen = finalists(book);
    let turn = 0;
    const shaken = distinctFresh(CHILDREN, book, () => {
      const { configuration } = chosen[turn++ % chosen.length]!;
      return { ...configuration, values: mutate(configuration.values, space.rangesFor(configuration), random, SHAKE) };
    });
    if (shaken.length === 0) return;
    await book.evaluate(shaken);
  }
}

/** Takes changes back from the finalists, one more each round, until none is left to try or half of what remained is spent. */
async function simplify(book: TrialBook, space: SearchSpace): Promise<void> {
  const limit = book.spent + Math.ceil(book.remaining / 2);
  while (book.spent < limit) {
    const simpler = finalists(book).flatMap((trial) => simplifications(book.incumbent, trial, space));
    const fresh = simpler.filter((configuration) => !book.hasAsked(configuration));
    if (fresh.length === 0) return;
    await book.evaluate(fresh.slice(0, limit - book.spent));
  }
}

function neighbours(configuration: Configuration, space: SearchSpace): Configuration[] {
  if (configuration.blueprint === undefined) return [];
  return structuralMoves(configuration.blueprint).map((blueprint) => restructured(configuration, blueprint, space));
}

/** Numbers that both structures have are kept; new ones start at their defaults. */
function restructured({ values }: Configuration, blueprint: Blueprint, space: SearchSpace): Configuration {
  const ranges = space.rangesFor({ blueprint, values });
  return { blueprint, values: complete(values, ranges) };
}

/** The fittest, of several structures at first; in the second half the best structure may fill the room. */
function chooseParents(ranked: readonly Trial[], progress: number): readonly Trial[] {
  const most = progress < 0.5 ? PARENTS_PER_STRUCTURE : PARENTS;
  const taken = new Map<string, number>();
  const parents: Trial[] = [];
  for (const trial of ranked) {
    const structure = structureOf(trial.configuration.blueprint);
    const count = taken.get(structure) ?? 0;
    if (count >= most) continue;
    taken.set(structure, count + 1);
    parents.push(trial);
    if (parents.length === PARENTS) break;
  }
  return parents;
}

function breed(parents: readonly Trial[], space: SearchSpace, random: RandomStream, progress: number): Configuration {
  const first = tournament(parents, random);
  const second = tournament(parents, random);
  const moves = random.uniform() < 0.15 ? neighbours(first, space) : [];
  const next = moves.length === 0 ? first : moves[Math.floor(random.uniform() * moves.length)]!;
  const values = random.uniform() < 0.3 ? cross(next.values, second.values, random) : next.values;
  const spread = 0.25 - 0.17 * progress;
  return { ...next, values: mutate(values, space.rangesFor(next), random, spread) };
}

/** The better of two drawn at random; parents stand best first. */
function tournament(parents: readonly Trial[], random: RandomStream): Configuration {
  const a = Math.floor(random.uniform() * parents.length);
  const b = Math.floor(random.uniform() * parents.length);
  return parents[Math.min(a, b)]!.configuration;
}

/** Up to `count` configurations that nobody has asked for yet; fewer when the space is nearly exhausted. */
function distinctFresh(count: number, book: TrialBook, draw: () => Configuration): Configuration[] {
  const fresh = new Map<string, Configuration>();
  for (let attempt = 0; attempt < 25 * count && fresh.size < count; attempt += 1) {
    const configuration = draw();
    if (!book.hasAsked(configuration)) fresh.set(JSON.stringify(configuration), configuration);
  }
  return [...fresh.values()];
}

/** The fittest that differ from the incumbent; the incumbent itself while there is no other. */
function finalists(book: TrialBook): readonly Trial[] {
  const others = book.ranked().filter((trial) => trial !== book.incumbent);
  return others.length === 0 ? [book.incumbent] : others.slice(0, FINALISTS);
}

/** The finalist with each of its changes taken back, one at a time. */
function simplifications(incumbent: Trial, trial: Trial, space: SearchSpace): Configuration[] {
  const from = incumbent.configuration;
  const { blueprint, values } = trial.configuration;
  return trial.changes.map(({ part }): Configuration => {
    if (part.kind === 'value') return { blueprint, values: { ...values, [part.name]: from.values[part.name]! } };
    if (blueprint === undefined || from.blueprint === undefined) return trial.configuration;
    const restored =
      part.kind === 'filter'
        ? withFilterToggled(blueprint, part.filter)
        : { ...blueprint, [part.block]: from.blueprint[part.block] };
    return restructured({ blueprint, values: { ...from.values, ...values } }, restored, space);
  });
}
