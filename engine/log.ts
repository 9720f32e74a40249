import { randomUUID } from 'node:crypto';
import pino, { type Logger } from 'pino';

export type { Logger };

/** By this variable a process tells the processes it starts which run they belong to. */
export const RUN_VARIABLE = 'RATCHET_RUN';

/** Names this run in every line, here and in the processes started from here, so that their lines can be put together again. */
export const runId: string = process.env[RUN_VARIABLE] ?? randomUUID().slice(0, 8);

/**
 * One logger a program; rooms and acts hang children on it: `log.child({ room: 'night', cycle })`. Lines go to stderr, so
 * stdout stays for answers; secrets under their usual names are struck out.
 */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: { run: runId },
      redact: ['token', 'secret', 'apiKey', 'authorization', '*.token', '*.secret', '*.apiKey'],
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
