/** One thing that somebody or something did for a pull request. */
export interface Step {
  /** ISO 8601, UTC; null where nothing that can be believed says when. */
  readonly at: string | null;
  readonly who: string;
  /** One sentence or less. */
  readonly what: string;
  /** Where it stands: `commit`, `checks`, or a path on the state branch. */
  readonly source: string;
  /** Names of what it is about, in full: commits, trees, hashes of lines, keys. */
  readonly digests: Readonly<Record<string, string>>;
  /** What is missing, contradictory or not verifiable about it, one sentence; null when nothing is. */
  readonly trouble: string | null;
}

/** A part of the trail that could be told, and what was wrong with the rest. */
export type Told = readonly Step[];

type Digests = Readonly<Record<string, string | null | undefined>>;

/** A step; digests that are not known are left out. */
export function step(
  at: number | string | null,
  who: string,
  what: string,
  source: string,
  digests: Digests = {},
  trouble: string | null = null,
): Step {
  const known = Object.entries(digests).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return { at: isoOf(at), who, what, source, digests: Object.fromEntries(known), trouble };
}

/** Something that should be there and is not, or cannot be what it says. */
export function trouble(source: string, what: string, sentence: string, digests: Digests = {}, at: number | null = null): Step {
  return step(at, 'nobody', what, source, digests, sentence);
}

function isoOf(at: number | string | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** By time; what has none comes last. Steps of one moment keep their order. */
export function inOrder(steps: readonly Step[]): readonly Step[] {
  const time = ({ at }: Step): number => (at === null ? Number.POSITIVE_INFINITY : Date.parse(at));
  return steps.toSorted((left, right) => (time(left) === time(right) ? 0 : time(left) - time(right)));
}
