import { z } from 'zod';
import { EngineStatus } from './status.ts';

/** What an engine tells its parent process as it goes. Times are market time, UTC milliseconds. */
export const EngineEvent = z.discriminatedUnion('kind', [
  /** It holds the lock and goes on from `time`; null when it has never taken in a bar. */
  z.strictObject({ kind: z.literal('started'), pid: z.int(), time: z.int().nullable() }),
  /** The past has been taken in; from here on bars come at their pace. Said once in each run. */
  z.strictObject({ kind: z.literal('caught-up'), time: z.int() }),
  /** Everything main asks for runs. */
  z.strictObject({ kind: z.literal('synced'), commit: z.string() }),
  z.strictObject({ kind: z.literal('status'), status: EngineStatus }),
  /** An instant is on disk. Equity of all strategies, quote asset. */
  z.strictObject({ kind: z.literal('bar'), time: z.int(), equity: z.number().nullable() }),
  z.strictObject({ kind: z.literal('fault'), strategy: z.string(), code: z.string(), message: z.string() }),
]);
export type EngineEvent = z.infer<typeof EngineEvent>;

/** What a parent may tell its engine. */
export const EngineRequest = z.discriminatedUnion('kind', [
  /** Answers `--options-from-parent`, once, before anything else. */
  z.strictObject({ kind: z.literal('options'), options: z.unknown() }),
  /** A fresh token for the remote. */
  z.strictObject({ kind: z.literal('token'), token: z.string().min(1) }),
  /** Look at the remote now. */
  z.strictObject({ kind: z.literal('poll') }),
  z.strictObject({ kind: z.literal('stop') }),
]);
export type EngineRequest = z.infer<typeof EngineRequest>;
