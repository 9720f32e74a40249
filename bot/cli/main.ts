import { CommanderError } from 'commander';
import { explain, RatchetError } from '#engine/errors.ts';
import { createProgram } from './program.ts';

/** One line, what and what to do; the stack only when it is our own fault, or asked for. */
function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  console.error(`ratchet: ${explain(error)}`);
  if (!(error instanceof RatchetError) || process.env.RATCHET_LOG_LEVEL === 'debug') console.error(error);
  process.exit(1);
}

try {
  await createProgram().parseAsync();
} catch (error) {
  fail(error);
}
