import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { actionsCommand } from './actions.ts';
import { analyzeCommand } from './analyze.ts';
import { apiCommand } from './api.ts';
import { auditTrailCommand } from './audit-trail.ts';
import { backtestCommand } from './backtest.ts';
import { backupCommand, restoreCommand } from './backup.ts';
import { botCommand } from './bot.ts';
import { branchesCommand } from './branches.ts';
import { dataCommand } from './data.ts';
import { doctorCommand } from './doctor.ts';
import { rehearsalCommand } from './engine/rehearsal.ts';
import { engineCommand, statusCommand } from './engine.ts';
import { gateCommand } from './gate.ts';
import { initCommand } from './init.ts';
import { keysCommand } from './keys.ts';
import { ledgerCommand } from './ledger.ts';
import { memoryCommand } from './memory.ts';
import { nightCommand } from './night.ts';
import { policyCommand } from './policy.ts';
import { readinessCommand } from './readiness.ts';
import { repairCommand } from './repair.ts';
import { reportCommand } from './report.ts';
import { runsCommand } from './runs.ts';
import { sandboxCommand } from './sandbox.ts';
import { thoughtsCommand } from './thoughts.ts';
import { upCommand } from './up/up.ts';
import { vaultCommand } from './vault.ts';
import { verifyCommand } from './verify.ts';
import { worktreesCommand } from './worktrees.ts';

/** Everything `ratchet` understands. Making it starts nothing. */
export function createProgram(): Command {
  const ratchet = new Command('ratchet')
    .version(version())
    .description('Evolves trading strategies through pull requests, and trades what is on main and proven.')
    // An option belongs to the command it follows: `backtest verify` has options that `backtest` has too.
    .enablePositionalOptions()
    .addCommand(upCommand())
    .addCommand(statusCommand())
    .addCommand(initCommand())
    .addCommand(botCommand())
    .addCommand(nightCommand())
    .addCommand(analyzeCommand())
    .addCommand(backtestCommand())
    .addCommand(dataCommand())
    .addCommand(gateCommand())
    .addCommand(policyCommand())
    .addCommand(sandboxCommand())
    .addCommand(engineCommand())
    .addCommand(rehearsalCommand())
    .addCommand(apiCommand(version()))
    .addCommand(ledgerCommand())
    .addCommand(memoryCommand())
    .addCommand(readinessCommand())
    .addCommand(reportCommand())
    .addCommand(runsCommand())
    .addCommand(thoughtsCommand())
    .addCommand(worktreesCommand())
    .addCommand(branchesCommand())
    .addCommand(vaultCommand())
    .addCommand(verifyCommand())
    .addCommand(auditTrailCommand())
    .addCommand(repairCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(keysCommand())
    .addCommand(doctorCommand())
    .addCommand(actionsCommand());
  leaveTheExitToUs(ratchet);
  return ratchet;
}

/** A command that was added keeps ending the process itself, with a status of its own, unless it is told as well. */
function leaveTheExitToUs(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) leaveTheExitToUs(child);
}

function version(): string {
  const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}
