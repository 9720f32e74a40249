import { CommanderError } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import { createProgram } from './program.ts';

/** What a shell expects for words it was not given rightly. */
const EXIT_USAGE = 2;
/** Of a program that SIGPIPE ends, as it would one that is not Node's: what was cut short must not pass for done. */
const EXIT_UNREAD = 141;

/** One line, what and what to do; the stack only when it is our own fault, or asked for. */
function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
  console.error(`ratchet: ${visible(explain(error))}`);
  if (!(error instanceof RatchetError) || process.env.RATCHET_LOG_LEVEL === 'debug') console.error(error);
  process.exit(error instanceof RatchetError && error.code.endsWith('/usage') ? EXIT_USAGE : 1);
}

// A reader such as head has seen enough: there is nobody left to tell.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(EXIT_UNREAD);
  fail(new RatchetError('cli/output', `The output could not be written: ${error.message}.`, 'Send it elsewhere.', {}, error));
});

try {
  await createProgram().parseAsync();
} catch (error) {
  fail(error);
}
