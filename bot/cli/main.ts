import { CommanderError } from 'commander';
import { explain, RatchetError } from '#engine/errors.ts';
import { createProgram } from './program.ts';

/** What a shell expects for words it was not given rightly. */
const EXIT_USAGE = 2;

/** One line, what and what to do; the stack only when it is our own fault, or asked for. */
function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
  console.error(`ratchet: ${explain(error)}`);
  if (!(error instanceof RatchetError) || process.env.RATCHET_LOG_LEVEL === 'debug') console.error(error);
  process.exit(error instanceof RatchetError && error.code.endsWith('/usage') ? EXIT_USAGE : 1);
}

try {
  await createProgram().parseAsync();
} catch (error) {
  fail(error);
}
