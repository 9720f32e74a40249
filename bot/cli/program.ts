import { Command } from 'commander';
import { backtestCommand } from './backtest.ts';
import { dataCommand } from './data.ts';
import { doctorCommand } from './doctor.ts';
import { engineCommand, statusCommand } from './engine.ts';
import { gateCommand } from './gate.ts';
import { ledgerCommand } from './ledger.ts';
import { sandboxCommand } from './sandbox.ts';
import { upCommand } from './up/up.ts';
import { verifyCommand } from './verify.ts';

/** Everything `ratchet` understands. Making it starts nothing. */
export function createProgram(): Command {
  return (
    new Command('ratchet')
      .description('Evolves trading strategies through pull requests, and trades what is on main and proven.')
      .exitOverride()
      // An option belongs to the command it follows: `backtest verify` has options that `backtest` has too.
      .enablePositionalOptions()
      .configureOutput({ writeErr: (text) => process.stderr.write(text) })
      .addCommand(upCommand())
      .addCommand(statusCommand())
      .addCommand(backtestCommand())
      .addCommand(dataCommand())
      .addCommand(gateCommand())
      .addCommand(sandboxCommand())
      .addCommand(engineCommand())
      .addCommand(ledgerCommand())
      .addCommand(verifyCommand())
      .addCommand(doctorCommand())
  );
}
