import { Command } from 'commander';
import { explainCommand } from './policy/explain.ts';
import { testCommand } from './policy/test-cases.ts';

/** `ratchet policy`: what is allowed, tried out and explained. */
export function policyCommand(): Command {
  return new Command('policy')
    .description('Try the written policies out, and ask them why.')
    .addCommand(testCommand())
    .addCommand(explainCommand());
}
