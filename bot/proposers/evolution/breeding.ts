import type { RandomStream } from '#engine/candles/random-stream.ts';
import { elitesOf, noveltyOf } from './archive.ts';
import { Bandit } from './bandit.ts';
import { type Configuration, keyOf, structureOf } from './configuration.ts';
import { isPlan, planOf } from './design.ts';
import { bred, MOVES, type MoveName } from './grammar/breed.ts';
import { mutate } from './moves.ts';
import type { SearchSpace } from './search.ts';
import type { Trial, TrialBook } from './trial-book.ts';
import { Tuner } from './tuner.ts';

/** With fewer trials no tree is grown: they are spent on what stands near the incumbent. */
export const GROWN_FROM = 60;
/** So many of the fittest breed. */
const PARENTS = 6;
/** At most so many of one structure among them. */
const PARENTS_PER_STRUCTURE = 2;
/** How often a parent comes from the archive instead, and how often it is the one that differs most from all others. */
const FROM_ARCHIVE = 0.3;
const FOR_NOVELTY = 0.1;
/** How far a nudge moves a number, as a share of its range. */
const NUDGE = 0.15;

type Arm = MoveName | 'nudge' | 'tune';

interface Child {
  readonly configuration: Configuration;
  readonly arm: Arm;
  readonly parent: Trial;
}

/** Breeds configurations from those that have been tried, by the moves that have paid so far. */
export class Breeding {
  readonly #book: TrialBook;
  readonly #space: SearchSpace;
  readonly #random: RandomStream;
  readonly #bandit: Bandit<Arm>;
  readonly #tuners = new Map<string, Tuner>();

  constructor(book: TrialBook, space: SearchSpace, random: RandomStream) {
    this.#book = book;
    this.#space = space;
    this.#random = random;
    const hasTree = book.incumbent.configuration.blueprint !== undefined && space.trials >= GROWN_FROM;
    const moves = (Object.keys(MOVES) as MoveName[]).filter((move) => move !== 'rebase' || space.bases.length > 1);
    const trees = hasTree ? moves : [];
    this.#bandit = new Bandit<Arm>(['nudge', 'tune', ...trees]);
  }

  /** A batch of children that nobody has asked for yet is born, evaluated, and learned from. False when there is none. */
  async generation(count: number): Promise<boolean> {
    const parents = this.#parents();
    const children = new Map<string, Child>();
    for (let attempt = 0; attempt < 25 * count && children.size < count; attempt += 1) {
      const child = this.#child(parents);
      if (child === null || this.#book.hasAsked(child.configuration)) continue;
      children.set(keyOf(child.configuration), child);
    }
    if (children.size === 0) return false;
    await this.#book.evaluate([...children.values()].map(({ configuration }) => configuration));
    for (const { arm, parent, configuration } of children.values()) {
      if (this.#book.fitnessOf(configuration) > parent.fitness) this.#bandit.reward(arm, 1);
    }
    for (const tuner of this.#tuners.values()) tuner.learn(this.#book);
    return true;
  }

  /** The same, of the fittest structure's numbers alone. */
  async tuning(count: number): Promise<boolean> {
    const best = this.#book.ranked()[0]!;
    const tuner = this.#tunerOf(best);
    if (tuner === null) return false;
    const children = new Map<string, Configuration>();
    for (let attempt = 0; attempt < 25 * count && children.size < count; attempt += 1) {
      const configuration = tuner.ask(this.#random);
      if (!this.#book.hasAsked(configuration)) children.set(keyOf(configuration), configuration);
    }
    if (children.size === 0) return false;
    await this.#book.evaluate([...children.values()]);
    tuner.learn(this.#book);
    return true;
  }

  #child({ fittest, elites, novel }: Parents): Child | null {
    const draw = this.#random.uniform();
    const parent =
      draw < FOR_NOVELTY ? novel : draw < FOR_NOVELTY + FROM_ARCHIVE ? this.#tournament(elites) : this.#tournament(fittest);
    const arm = this.#bandit.pull();
    const configuration = this.#moved(arm, parent, this.#tournament(elites));
    return configuration === null ? null : { configuration, arm, parent };
  }

  #moved(arm: Arm, parent: Trial, mate: Trial): Configuration | null {
    const { configuration } = parent;
    if (arm === 'tune') return this.#tunerOf(parent)?.ask(this.#random) ?? null;
    if (arm === 'nudge') {
      const ranges = this.#space.rangesFor(configuration);
      if (Object.keys(ranges).length === 0) return null;
      return { ...configuration, values: mutate(configuration.values, ranges, this.#random, NUDGE) };
    }
    const [from, other] = [individualOf(configuration), individualOf(mate.configuration)];
    if (from === null || other === null) return null;
    const child = bred(arm, from, other, this.#random, this.#space.bases);
    return child === null ? null : this.#configurationOf(child);
  }

  /** What has grown back into the incumbent's own tree is the incumbent's design, and prints as it does. */
  #configurationOf({ plan, values }: NonNullable<ReturnType<typeof bred>>): Configuration {
    const own = this.#book.incumbent.configuration.blueprint;
    const isOwn = own !== undefined && !isPlan(own) && structureOf(planOf(own)) === structureOf(plan);
    return { blueprint: isOwn ? own : plan, values };
  }

  #tunerOf({ configuration }: Trial): Tuner | null {
    const structure = structureOf(configuration.blueprint);
    const known = this.#tuners.get(structure);
    if (known !== undefined) return known;
    const ranges = this.#space.rangesFor(configuration);
    if (!Object.values(ranges).some(({ min, max }) => max > min)) return null;
    const tuner = new Tuner(configuration, ranges);
    this.#tuners.set(structure, tuner);
    return tuner;
  }

  #parents(): Parents {
    const ranked = this.#book.ranked();
    const found = elitesOf(ranked);
    const elites = found.length === 0 ? [this.#book.incumbent] : found;
    const novelties = elites.map((trial) => ({ trial, novelty: noveltyOf(trial, elites) }));
    const novel = novelties.reduce((most, one) => (one.novelty > most.novelty ? one : most)).trial;
    return { fittest: ofSeveralStructures(ranked), elites, novel };
  }

  /** The better of two drawn at random; they stand best first. */
  #tournament(trials: readonly Trial[]): Trial {
    const draw = () => Math.floor(this.#random.uniform() * trials.length);
    return trials[Math.min(draw(), draw())]!;
  }
}

interface Parents {
  readonly fittest: readonly Trial[];
  readonly elites: readonly Trial[];
  readonly novel: Trial;
}

function individualOf({ blueprint, values }: Configuration) {
  return blueprint === undefined ? null : { plan: planOf(blueprint), values };
}

function ofSeveralStructures(ranked: readonly Trial[]): readonly Trial[] {
  const taken = new Map<string, number>();
  return ranked
    .filter(({ configuration }) => {
      const structure = structureOf(configuration.blueprint);
      const count = (taken.get(structure) ?? 0) + 1;
      taken.set(structure, count);
      return count <= PARENTS_PER_STRUCTURE;
    })
    .slice(0, PARENTS);
}
