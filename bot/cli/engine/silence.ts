import type { lockHolder } from '#engine/runtime/lock.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';

/** An engine that runs says so every minute. */
const silenceMsMax = 5 * 60_000;

/**
 * Since when nothing was heard of an engine that runs, UTC milliseconds; null when it was heard of lately, or does not run. One that is
 * only starting was heard of when it took the lock.
 * @param now by the engine's clock, UTC milliseconds
 */
export function silentSince(
  record: Pick<EngineReader, 'lastSeen'>,
  holder: ReturnType<typeof lockHolder>,
  now: number,
): number | null {
  if (holder === null || holder === 'unknown') return null;
  const heard = Math.max(record.lastSeen() ?? 0, Date.parse(holder.since));
  return now - heard <= silenceMsMax ? null : heard;
}
