import { z } from 'zod';
import { commitHash } from '#engine/repository/names.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { RECORDS, readRecord } from './record-text.ts';

const STAGES = ['observe', 'decide', 'create', 'examine', 'review', 'propose'] as const;
type Stage = (typeof STAGES)[number];
/** A stage, with a number where a night has it more than once. */
export type StageName = Stage | `${Stage}-${number}`;

export const STAGE_NAME = z.custom<StageName>(
  (name) => typeof name === 'string' && new RegExp(`^(?:${STAGES.join('|')})(?:-[1-9]\\d{0,2})?$`).test(name),
  'not a stage of a night',
);

const Instant = z.int().nonnegative();

/** How far a night has come. */
export const NightState = z.strictObject({
  schema: z.literal('ratchet/night-work/1'),
  cycle: z.string().min(1),
  strategy: z.string().min(1),
  /** Main as the night found it. */
  base: z.string().transform((text): CommitHash => commitHash(text)),
  /** Wall clock, UTC milliseconds, as every time here. */
  beganAt: Instant,
  /** Stages that are done, in the order they were. */
  stages: z.array(z.strictObject({ name: STAGE_NAME, at: Instant })),
  end: z.strictObject({ decision: z.string(), reason: z.string(), at: Instant }).nullable(),
});
export type NightState = z.infer<typeof NightState>;

export const NIGHT_STATE_PATH = `${RECORDS}/night.json`;

export function parseNightState(text: string | null, dir: string): NightState {
  return readRecord(text, NightState, { dir, path: NIGHT_STATE_PATH });
}

/** The branch of one night's worktree, in the mirror only. */
export function nightBranch(cycle: string): string {
  return `ratchet/night/${cycle}`;
}
