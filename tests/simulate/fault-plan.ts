import { Dice } from './dice.ts';

/** What the link may do to one call, and how often, of all calls. */
export const CALL_FAULTS = [
  /** No connection: nothing left this machine. */
  'not-sent',
  /** The request is lost; the caller waits in vain. */
  'lost-request',
  /** It was done; the answer is lost. */
  'lost-answer',
  /** The caller gives up, and it is done after that. */
  'late-request',
  /** The connection breaks at once, perhaps before and perhaps after it was done. */
  'reset',
  /** An HTTP 5xx, perhaps before and perhaps after it was done. */
  'server-error',
  /** The request arrives twice; the second answer is the one that is heard. */
  'duplicate',
  'rate-limit',
  'nonce',
  'clock',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

export const NEWS_FAULTS = ['news-lost', 'news-twice', 'news-late'] as const;
export type NewsFault = (typeof NEWS_FAULTS)[number];

/** What happens to the stream of bars, of all it says: it breaks, says it twice, is late with it and all after. */
export const STREAM_FAULTS = ['breaks', 'twice', 'late'] as const;
export type StreamFault = (typeof STREAM_FAULTS)[number];

/**
 * A stretch of time in which something is wrong all through:
 * - `maintenance`: the venue refuses everything.
 * - `outage`: nothing reaches the venue, and the stream breaks.
 * - `silence`: no news comes, and nothing says so; the stream of bars is dead until it is joined anew.
 */
export const SPELLS = ['maintenance', 'outage', 'silence'] as const;
export interface Spell {
  readonly kind: (typeof SPELLS)[number];
  readonly from: number;
  readonly to: number;
}

/** Everything that will go wrong with the link in one run. */
export interface FaultPlan {
  /** Typical way there or back, milliseconds. */
  readonly latencyMs: number;
  readonly calls: Readonly<Record<CallFault, number>>;
  readonly news: Readonly<Record<NewsFault, number>>;
  readonly stream: Readonly<Record<StreamFault, number>>;
  readonly spells: readonly Spell[];
  /** Our clock less the venue's, milliseconds, from `at` on. */
  readonly skews: readonly { readonly at: number; readonly skewMs: number }[];
  /** From here on nothing goes wrong any more. */
  readonly calmAt: number;
}

const minuteMs = 60_000;

/**
 * Draws which faults a run has at all and how often: a run of everything at once shows less than runs of a few things each
 * (Groce et al. 2012, swarm testing).
 * @param from beginning of the run, UTC milliseconds
 */
export function drawFaultPlan(seed: number, from: number, calmAt: number): FaultPlan {
  const dice = new Dice(seed, 'fault plan');
  const isPeaceful = dice.chance(0.05);
  const rate = (most: number): number => (!isPeaceful && dice.chance(0.5) ? dice.magnitude(most / 30, most) : 0);
  const calls = Object.fromEntries(CALL_FAULTS.map((name) => [name, rate(0.08)])) as Record<CallFault, number>;
  const news = Object.fromEntries(NEWS_FAULTS.map((name) => [name, rate(0.6)])) as Record<NewsFault, number>;
  const stream = { breaks: rate(0.02), twice: rate(0.3), late: rate(0.2) };
  const spells: Spell[] = [];
  const skews: FaultPlan['skews'][number][] = [];
  const moment = (): number => Math.floor(dice.between(from, calmAt));
  if (!isPeaceful) {
    for (const kind of SPELLS) {
      const count = dice.chance(0.5) ? dice.whole(1, 3) : 0;
      for (let each = 0; each < count; each += 1) {
        const begin = moment();
        spells.push({ kind, from: begin, to: Math.min(calmAt, begin + Math.floor(dice.magnitude(2_000, 25 * minuteMs))) });
      }
    }
    const jumps = dice.chance(0.4) ? dice.whole(1, 3) : 0;
    for (let each = 0; each < jumps; each += 1) skews.push({ at: moment(), skewMs: Math.floor(dice.between(-4_000, 4_000)) });
    if (jumps > 0) skews.push({ at: calmAt, skewMs: 0 });
  }
  skews.sort((one, other) => one.at - other.at);
  return { latencyMs: dice.magnitude(2, 400), calls, news, stream, spells, skews, calmAt };
}

export function isWithin(plan: FaultPlan, kind: Spell['kind'], time: number): boolean {
  return plan.spells.some((spell) => spell.kind === kind && spell.from <= time && time < spell.to);
}
