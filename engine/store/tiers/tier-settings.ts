import { z } from 'zod';

const dayMs = 86_400_000;
const Days = z.number().min(0).max(36_500);

/**
 * How long what grows with every bar is kept in which detail, in days of market time. After that bars become runs of five minutes, of an
 * hour, and of a UTC day for ever. A bar that is alone in its bucket stays as it is: bars of an hour are touched after the hours' days only.
 */
export const TierSettings = z
  .strictObject({
    /** Bar by bar, as recorded. */
    recordedDays: Days.default(7),
    fiveMinuteDays: Days.default(90),
    hourDays: Days.default(3 * 365),
  })
  .refine(({ recordedDays, fiveMinuteDays, hourDays }) => recordedDays <= fiveMinuteDays && fiveMinuteDays <= hourDays, {
    error: 'what is coarser is kept for longer: recordedDays, fiveMinuteDays, hourDays may not fall',
  });
export type TierSettings = z.infer<typeof TierSettings>;

/** Length of a bucket, and the age of what goes into it, both in milliseconds. */
export interface Tier {
  readonly everyMs: number;
  readonly afterMs: number;
}

/** Finest first: each is made of what the one before holds. Each length divides the next. */
export function tiersOf({ recordedDays, fiveMinuteDays, hourDays }: TierSettings): readonly Tier[] {
  return [
    { everyMs: 300_000, afterMs: recordedDays * dayMs },
    { everyMs: 3_600_000, afterMs: fiveMinuteDays * dayMs },
    { everyMs: dayMs, afterMs: hourDays * dayMs },
  ];
}
