import type { Clock } from '#engine/clock.ts';
import { VenueError } from '#engine/venues/venue-error.ts';

/**
 * A question to the venue with a limit on the time for its answer: one that never comes is not waited for. What failed in any other way
 * than a venue fails may have happened as well.
 * @throws VenueError
 */
export function answered<T>(clock: Clock, timeoutMs: number, name: string, ask: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = clock.after(timeoutMs, () => {
      const message = `The venue did not answer ${name} within ${timeoutMs} ms.`;
      reject(new VenueError('timeout', 'unknown', message, 'The engine asks again; an order is never sent again blind.'));
    });
    ask().then(
      (answer) => {
        giveUp();
        resolve(answer);
      },
      (error: unknown) => {
        giveUp();
        reject(error instanceof VenueError ? error : unexpected(name, error));
      },
    );
  });
}

function unexpected(name: string, error: unknown): VenueError {
  const message = `The venue failed at ${name}: ${error instanceof Error ? error.message : String(error)}`;
  return new VenueError('other', 'unknown', message, 'The engine asks again; an order is never sent again blind.', {
    cause: error,
  });
}
