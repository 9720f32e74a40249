import type { Venue } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import type { Observer } from './observer.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';

/** The same venue, with what is sent to it noted at the door. @param now time of the world, UTC milliseconds */
export function notedVenue(
  venue: Venue,
  {
    observer,
    trace,
    tally,
    now,
  }: { readonly observer: Observer; readonly trace: Trace; readonly tally: Tally; readonly now: () => number },
): Venue {
  return new Proxy(venue, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'place') return value.bind(target);
      return async (request: Parameters<Venue['place']>[0]) => {
        const sent = observer.noteSending(request);
        trace.note(now(), `sends ${request.side} ${request.kind} ${request.quantity} ${request.clientOrderId}`);
        try {
          const placed = await target.place(request);
          sent.outcome = 'done';
          return placed;
        } catch (error) {
          // An id that is known already may be known for this very order.
          const isSure = error instanceof VenueError && error.kind !== 'duplicate';
          sent.outcome = isSure ? error.certainty : 'unknown';
          if (isSure && error.certainty === 'refused') tally.count(`refused ${error.kind}`);
          throw error;
        }
      };
    },
  });
}
