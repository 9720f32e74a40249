import { Command } from 'commander';
import { authorCommand } from './actions/author.ts';
import { backtestStepCommand } from './actions/backtest.ts';
import { checksCommand } from './actions/checks.ts';
import { mirrorCommand } from './actions/mirror.ts';
import { proposeCommand } from './actions/propose.ts';
import { pullCommand } from './actions/pull.ts';
import { strategiesCommand } from './actions/strategies.ts';
import { thinkCommand } from './actions/think.ts';

/** `ratchet actions`: the steps of the workflows in `.github/workflows/`. They run anywhere; what they need stands in the environment. */
export function actionsCommand(): Command {
  return new Command('actions')
    .description('The steps of the workflows: what a job of GitHub Actions needs and a terminal seldom does.')
    .addCommand(mirrorCommand())
    .addCommand(pullCommand())
    .addCommand(authorCommand())
    .addCommand(checksCommand())
    .addCommand(strategiesCommand())
    .addCommand(backtestStepCommand())
    .addCommand(thinkCommand())
    .addCommand(proposeCommand());
}
