import { Command } from 'commander';
import { jobsCommand } from './bot/jobs.ts';
import { serveCommand } from './bot/serve.ts';
import { setupCommand } from './bot/setup.ts';

/** `ratchet bot`: the GitHub App. */
export function botCommand(): Command {
  return new Command('bot')
    .description('The GitHub App: make it, run it, see what it does.')
    .addCommand(setupCommand())
    .addCommand(serveCommand())
    .addCommand(jobsCommand());
}
