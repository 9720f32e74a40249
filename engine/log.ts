import pino, { type Logger } from 'pino';

export type { Logger };

/** One logger a program; rooms and runs hang children on it: `log.child({ room: 'night', cycle })`. Lines go to stderr, so stdout stays for answers. */
export function createLog(level: string): Logger {
  return pino(
    { level, base: null, redact: ['token', 'secret', 'apiKey', 'authorization', '*.token', '*.secret', '*.apiKey'] },
    pino.destination({ dest: 2, sync: true }),
  );
}
