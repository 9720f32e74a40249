import { Command } from 'commander';
import { readDecisions } from '#bot/orchestrator/life/decisions.ts';
import { whoseChange } from '#bot/orchestrator/life/whose-change.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { BOT_PERSON } from '../identity.ts';
import { fullHash, pullNumber } from './job-options.ts';
import { writeOutputs } from './outputs.ts';

interface AuthorFlags {
  readonly repository: string;
  readonly pull: number;
  readonly head: string;
  readonly branch: string;
  readonly opener: string;
}

/** `ratchet actions author`: whose rules a pull request is held to, as the bot would say it. */
export function authorCommand(): Command {
  return new Command('author')
    .description(
      'Say, as output of the step, whose rules a pull request is held to: what a person asked the bot for, and decided about at this head, is that person’s.',
    )
    .requiredOption('--repository <dir>', 'a mirror that holds the state branch, where decisions stand')
    .requiredOption('--pull <number>', 'the pull request', pullNumber)
    .requiredOption('--head <commit>', 'the full hash of its head', fullHash)
    .requiredOption('--branch <name>', 'the branch it comes from')
    .requiredOption('--opener <type>', "what GitHub calls the account that opened it: User for a person's")
    .action(async ({ repository: dir, pull, head, branch, opener }: AuthorFlags) => {
      const state = await StateBranch.open({ repository: await Repository.open({ dir }), author: BOT_PERSON, clock: Date.now });
      // Any account that is no person's counts as the bot's: its rules are the stricter ones.
      const change = { headRef: branch, headSha: head, isBots: opener !== 'User' };
      const decisions = change.isBots ? await readDecisions(state, pull) : [];
      await writeOutputs(process.env.GITHUB_OUTPUT, { author: whoseChange(change, decisions) });
    });
}
