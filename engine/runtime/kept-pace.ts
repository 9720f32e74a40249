import { existsSync } from 'node:fs';
import { type Clock, systemClock } from '#engine/clock.ts';
import { type EngineReader, openReader } from '#engine/store/engine-reader.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { storePath } from '#engine/store/open-database.ts';
import { pacedClock } from '#engine/venues/rehearsal/paced-clock.ts';
import { type EngineOptions, Pace } from './options.ts';
import { paceOf } from './patience.ts';

const paceKey = 'pace';
type Market = EngineOptions['market'];

/** The time that an engine goes by: a rehearsal's may run faster than the day does, and then everything keeps the exchange's. */
export function clockOf(market: Market): Clock {
  return clockAt(paceOf(market));
}

/** For whoever speaks with the engine, or reads its record, in its own time. */
export function keepPace(store: EngineStore, market: Market): void {
  store.setMeta(paceKey, JSON.stringify(paceOf(market)));
}

/** The time of the engine that last ran on a folder; the day's before any did. @throws RatchetError `store/…` */
export function clockOfFolder(dir: string): Clock {
  if (!existsSync(storePath(dir))) return systemClock;
  const reader = openReader(dir);
  try {
    return clockIn(reader);
  } finally {
    reader.close();
  }
}

/** The same of a record that is open already. @param clock the day's */
export function clockIn(record: Pick<EngineReader, 'meta'>, clock = systemClock): Clock {
  return clockAt(Pace.nullable().parse(JSON.parse(record.meta(paceKey) ?? 'null')), clock);
}

function clockAt(pace: Pace | null, clock = systemClock): Clock {
  return pace === null ? clock : pacedClock(clock, pace.factor, pace.since);
}
