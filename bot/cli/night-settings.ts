import { z } from 'zod';
import { NightSchedule } from '#bot/orchestrator/night-schedule.ts';

/** What nights are told beside what each is about; the same for the bot of GitHub and for that of a workspace. */
export const NightSettings = z.strictObject({
  /** When nights begin by themselves; left out, only when somebody asks for one. */
  nights: NightSchedule.optional(),
  /** How long a night may search, in minutes; what it has found by then it goes on with. */
  nightMinutes: z.coerce.number().int().min(1).max(1_440).default(90),
  /** Days that a night's worktree is kept after its last step. */
  worktreeDays: z.coerce.number().int().min(1).max(3_650).default(14),
});
