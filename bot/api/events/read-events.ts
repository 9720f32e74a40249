import { z } from 'zod';
import { readCursor, writeCursor } from '#bot/api/cursor.ts';
import { Problem } from '#bot/api/problem.ts';
import type { RecordPages } from '#engine/store/record-pages.ts';
import type { ApiEvent, EventType } from './event.ts';

const scope = 'events';

/** How far a reader has come: all events of bars before `instant`, the first `count` of it, and rows of what is said between bars. */
const Place = z.strictObject({ instant: z.int(), count: z.int().min(0), sync: z.int().min(0), fault: z.int().min(0) });
export type Place = z.infer<typeof Place>;

export function cursorOf(place: Place): string {
  return writeCursor(scope, place);
}

/** @throws Problem 400 */
export function placeOf(cursor: string): Place {
  return readCursor(scope, cursor, Place);
}

/** After everything that is recorded now. */
export function placeNow(record: RecordPages): Place {
  const instant = record.lastFeedTime() ?? -1;
  return { instant, count: ofInstant(record, instant).length, sync: record.lastSync(), fault: record.lastFault() };
}

/**
 * @throws Problem 410 when what came after a place cannot be told without a gap: it has been put together to runs, or another record, an
 * earlier backup for instance, has taken the place of the one in which it was
 */
export function assertKept(record: RecordPages, { instant, sync, fault }: Place): void {
  const last = record.lastFeedTime() ?? -1;
  const isGone = instant < (record.keptInRunsUpTo() ?? -1) && instant < last;
  const isAhead = instant > last || sync > record.lastSync() || fault > record.lastFault();
  if (isGone) throw new Problem(410, 'cursor-too-old', 'What came after is not kept event by event any more: begin anew.');
  if (isAhead) throw new Problem(410, 'cursor-ahead', 'The record does not go so far, so it is another one: begin anew.');
}

type Untold = { [Type in EventType]: { type: Type; data: Extract<ApiEvent, { type: Type }>['data'] } }[EventType];

/**
 * What was recorded after a place, in order, each with the place after it, no more than about `limit`; and the place after all of it.
 * The same place gives the same events, whenever it is asked.
 * @throws Problem 410
 */
export function eventsAfter(
  record: RecordPages,
  from: Place,
  limit: number,
): { told: { event: Untold; place: Place }[]; place: Place } {
  assertKept(record, from);
  const told: { event: Untold; place: Place }[] = [];
  let place = from;
  const tell = (event: Untold, next: Place): void => {
    place = next;
    told.push({ event, place });
  };
  for (const { id, ...data } of record.syncsAfter(place.sync, limit)) tell({ type: 'status', data }, { ...place, sync: id });
  for (const { id, ...data } of record.faultsAfter(place.fault, limit)) tell({ type: 'fault', data }, { ...place, fault: id });
  const last = record.lastFeedTime() ?? -1;
  for (let instant: number | null = place.instant; instant !== null && told.length < limit; ) {
    const skipped = instant === place.instant ? place.count : 0;
    for (const [index, event] of ofInstant(record, instant).entries()) {
      if (index >= skipped) tell(event, { ...place, instant: instant, count: index + 1 });
    }
    instant = instant < last ? record.nextInstant(instant) : null;
    // Bars that brought nothing are behind it too.
    if (instant === null && place.instant < last) place = { ...place, instant: last, count: 0 };
  }
  return { told, place };
}

function ofInstant(record: RecordPages, instant: number): Untold[] {
  const { fills, trades, decisions, equity } = record.instantRows(instant);
  return [
    ...fills.map((data): Untold => ({ type: 'fill', data })),
    ...trades.map((data): Untold => ({ type: 'trade', data })),
    ...decisions.map((data): Untold => ({ type: 'decision', data })),
    ...(equity.length === 0 ? [] : [{ type: 'bar', data: { instant, equity: [...equity] } } satisfies Untold]),
  ];
}
