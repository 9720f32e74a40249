import { Command, CommanderError } from 'commander';
import { explain, RatchetError } from '#engine/errors.ts';
import { backtestCommand } from './backtest.ts';
import { dataCommand } from './data.ts';
import { engineCommand, statusCommand } from './engine.ts';
import { gateCommand } from './gate.ts';
import { ledgerCommand } from './ledger.ts';
import { sandboxCommand } from './sandbox.ts';
import { upCommand } from './up/up.ts';
import { verifyCommand } from './verify.ts';

/** One line, what and what to do; the stack only when it is our own fault, or asked for. */
function fail(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  console.error(`ratchet: ${explain(error)}`);
  if (!(error instanceof RatchetError) || process.env.RATCHET_LOG_LEVEL === 'debug') console.error(error);
  process.exit(1);
}

const program = new Command('ratchet')
  .description('Evolves trading strategies through pull requests, and trades what is on main and proven.')
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) })
  .addCommand(upCommand())
  .addCommand(statusCommand())
  .addCommand(backtestCommand())
  .addCommand(dataCommand())
  .addCommand(gateCommand())
  .addCommand(sandboxCommand())
  .addCommand(engineCommand())
  .addCommand(ledgerCommand())
  .addCommand(verifyCommand());

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
