/*
 * The program of the process that holds the database. It answers one message to each message and is killed when an answer takes too
 * long: nothing else stops a statement that never ends.
 */
import { RatchetError } from '#engine/errors.ts';
import { fillDatabase } from './fill-database.ts';
import type { Reply, Request } from './material.ts';
import { ReadOnlyQuery } from './read-only-query.ts';

let query: ReadOnlyQuery | undefined;

process.on('message', (request: Request) => {
  process.send?.(replyTo(request));
});
process.on('disconnect', () => process.exit(0));

function replyTo(request: Request): Reply {
  try {
    if (request.kind === 'fill') {
      query = new ReadOnlyQuery(fillDatabase(request.material), request.limits);
      return { kind: 'filled' };
    }
    if (query === undefined) throw new Error('Nothing was filled in yet.');
    return { kind: 'rows', rows: query.rows(request.question) };
  } catch (error) {
    if (error instanceof RatchetError) {
      return { kind: 'refused', code: error.code, message: error.message, remedy: error.remedy };
    }
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'refused', code: 'analysis/database', message, remedy: 'Look at the machine: this is none of the module’s.' };
  }
}
