import { z } from 'zod';
import type { EngineOptionsInput } from '#engine/runtime/options.ts';

export interface WeekQuestion {
  readonly options: EngineOptionsInput;
  /** Open time of the first bar that is played, UTC milliseconds. */
  readonly from: number;
  /** How many bars there are between two reports. */
  readonly everyBars: number;
}

/** Bytes, after `bars` bars of each symbol. */
export const WeekReport = z.strictObject({ bars: z.int(), rss: z.int(), heapUsed: z.int(), external: z.int() });
export type WeekReport = z.infer<typeof WeekReport>;
