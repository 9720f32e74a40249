import { z } from 'zod';
import { Stage } from '#engine/contract/manifest.ts';
import { lossFrom } from './loss.ts';
import type { StageLimits } from './risk-policy.ts';
import { tradingDay } from './trading-day.ts';

/** Market time, UTC milliseconds. */
const Instant = z.int();

/** A limit that was reached. It stands until another version is loaded or a person answers it. */
export const LimitBreach = z.strictObject({
  kind: z.enum(['drawdown', 'daily-loss']),
  /** Close of the bar at which the account was worth `equity`. */
  instant: Instant,
  /** Wall-clock time at which it was noticed, UTC milliseconds: what answers it must be later. */
  at: z.int(),
  /** Both ratios of `from`. */
  limit: z.number(),
  value: z.number(),
  /** The highest equity, or the one with which the day began; quote asset. */
  from: z.number(),
  equity: z.number(),
});
export type LimitBreach = z.infer<typeof LimitBreach>;

/** What must be known of an account, from bar to bar, to tell whether its version has reached a limit. Money in the quote asset. */
export const LimitWatch = z.strictObject({
  /** The version it speaks of, by its tree. */
  tree: z.string(),
  stage: Stage,
  /** From when on the highest equity counts. */
  since: Instant,
  peak: z.number(),
  /** Close of the bar marked last, and what the account was worth then. */
  instant: Instant,
  equity: z.number(),
  /** What the day of that bar began with: the last equity of the day before, or the first that counts. */
  dayOpening: z.number(),
  breach: LimitBreach.nullable(),
});
export type LimitWatch = z.infer<typeof LimitWatch>;

export interface Mark {
  readonly instant: number;
  readonly equity: number;
}

/** Begins at what the account is worth now: what was lost before is nobody's fault any more. */
export function beginWatch({ tree, stage }: Pick<LimitWatch, 'tree' | 'stage'>, { instant, equity }: Mark): LimitWatch {
  return { tree, stage, since: instant, peak: equity, instant, equity, dayOpening: equity, breach: null };
}

/** After another bar. @param timeZone where the day begins, an IANA name */
export function marked(watch: LimitWatch, { instant, equity }: Mark, timeZone = 'UTC'): LimitWatch {
  const isNewDay = tradingDay(instant, timeZone) !== tradingDay(watch.instant, timeZone);
  return {
    ...watch,
    peak: Math.max(watch.peak, equity),
    instant,
    equity,
    dayOpening: isNewDay ? watch.equity : watch.dayOpening,
  };
}

/** The fall from the highest equity to the present one, a ratio of the former; never below zero. */
export function drawdownOf({ peak, equity }: Pick<LimitWatch, 'peak' | 'equity'>): number {
  return lossFrom(peak, equity);
}

/** What the day has cost so far, a ratio of what it began with; zero on a day that earns. */
export function dailyLossOf({ dayOpening, equity }: Pick<LimitWatch, 'dayOpening' | 'equity'>): number {
  return lossFrom(dayOpening, equity);
}

/**
 * The watch with the breach that these limits make of it; one that stands already stays as it was noticed. Exactly the limit is
 * within it.
 * @param limits of its stage; undefined where none are written
 * @param at wall-clock time, UTC milliseconds
 */
export function judged(watch: LimitWatch, limits: StageLimits | undefined, at: number): LimitWatch {
  if (watch.breach !== null || limits === undefined) return watch;
  const { instant, equity, peak, dayOpening } = watch;
  const noticed = { instant, at, equity };
  const drawdown = drawdownOf(watch);
  if (drawdown > limits.maxDrawdown) {
    const breach = { kind: 'drawdown', ...noticed, limit: limits.maxDrawdown, value: drawdown, from: peak } as const;
    return { ...watch, breach };
  }
  const { dailyLoss } = limits;
  const loss = dailyLossOf(watch);
  if (dailyLoss !== undefined && loss > dailyLoss) {
    return { ...watch, breach: { kind: 'daily-loss', ...noticed, limit: dailyLoss, value: loss, from: dayOpening } };
  }
  return watch;
}

/** Whether an order to the engine ends the breach: a person said `active`, later than it was noticed. */
export function isAnswer(order: { readonly mode: string; readonly at: string }, breach: LimitBreach): boolean {
  return order.mode === 'active' && Date.parse(order.at) > breach.at;
}

/** One sentence without its full stop, with the numbers. */
export function breachText({ kind, instant, limit, value, from, equity }: LimitBreach, stage: string): string {
  const numbers = `to ${money(equity)} from ${kind === 'drawdown' ? 'its highest' : 'where the day began'}, ${money(from)}`;
  const fall =
    kind === 'drawdown' ? 'since it was loaded, or last resumed, its equity has fallen' : 'within a day its equity fell';
  const allowed = `where policies/risk.yaml allows ${percent(limit)} in ${stage}`;
  return `${fall} by ${percent(value)} (${numbers}, at ${new Date(instant).toISOString()}) ${allowed}, so it opens nothing more`;
}

function money(value: number): string {
  return value.toFixed(2);
}

/** As many digits as tell two ratios apart that differ by little. */
function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(4))}%`;
}
