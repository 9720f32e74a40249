import { z } from 'zod';
import { Stage } from '#engine/contract/manifest.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { readText } from './context.ts';
import { parsePolicy } from './policies.ts';

export const READINESS_PATH = 'policies/readiness.yaml';

const Share = z.number().min(0).max(1);

/** What the seven gates ask of a version before one stage. */
export const ReadinessLimits = z.strictObject({
  /** Weekly reports in a row in which all gates pass. */
  weeks: z.int().min(1).max(104),
  /** Days of market time, and closed trades, below which a result is not judged. */
  days: z.int().min(1).max(3_650),
  trades: z.int().min(0).max(100_000),
  /** Share of the wall clock's time, at least. */
  uptime: Share,
  /** Share of bars due, times symbols, at least. */
  decided: Share,
  /** Share of bars by the clock, at most. */
  missing: Share,
  /** Bars, at most. */
  gapBars: z.int().min(0),
  ageBars: z.int().min(0),
  /** Bars, at most. */
  corrections: z.int().min(0),
  /** Days. */
  windowDays: z.int().min(1).max(365),
  /** Share of the windows, at least. */
  windowsUp: Share,
  /** Probability, at least. */
  edge: Share,
  /** Share of the worst fall allowed, at most. */
  drawdown: z.number().positive().max(1),
  /** Share of what was compared, at most. */
  differences: Share,
});
export type ReadinessLimits = z.infer<typeof ReadinessLimits>;

/** What a version may be ready for: the next stage, or, at the last one, the next share of capital. */
export const Target = z.enum([...Stage.exclude(['shadow']).options, 'capital']);
export type Target = z.infer<typeof Target>;

/** By what is asked for. Nothing is ever proposed for shadow, where every strategy begins. */
export const ReadinessPolicy = z.strictObject({ targets: z.partialRecord(Target, ReadinessLimits) });
export type ReadinessPolicy = z.infer<typeof ReadinessPolicy>;

/**
 * The policy at a commit; null where there is none: then the bot proposes no stage by itself.
 * @throws RatchetError `policy/unreadable`
 */
export async function readinessAt(repository: Repository, commit: CommitHash): Promise<ReadinessPolicy | null> {
  const text = await readText(repository, commit, READINESS_PATH);
  return text === null ? null : parsePolicy(READINESS_PATH, text, ReadinessPolicy);
}
