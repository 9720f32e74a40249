import { Command } from 'commander';
import { classOfBots } from '#bot/gates/author-class.ts';
import { RatchetError } from '#engine/errors.ts';
import { apiOfJob, repositoryOfJob } from './job-environment.ts';
import { writeOutputs } from './outputs.ts';

/** `ratchet actions pull`: which open pull request into main has exactly this head, and whose it is. */
export function pullCommand(): Command {
  return new Command('pull')
    .description(
      'Say, as outputs of the step, which open pull request into main has this head, and whether a bot or a person opened it.',
    )
    .requiredOption('--head <commit>', 'the full hash of the head')
    .action(async ({ head }: { readonly head: string }) => {
      if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(head)) {
        throw new RatchetError('actions/usage', `--head ${head} is no full hash.`, 'Give all its digits.');
      }
      const { owner, name } = repositoryOfJob(process.env);
      const { rest } = apiOfJob(process.env);
      const { data } = await rest.repos.listPullRequestsAssociatedWithCommit({ owner, repo: name, commit_sha: head });
      const found = data.find((pull) => pull.state === 'open' && pull.base.ref === 'main' && pull.head.sha === head);
      await writeOutputs(
        process.env.GITHUB_OUTPUT,
        found === undefined
          ? { number: '', author: '' }
          : { number: found.number, author: found.user?.type === 'User' ? 'person' : classOfBots(found.head.ref) },
      );
    });
}
