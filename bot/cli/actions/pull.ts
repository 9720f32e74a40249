import { Command } from 'commander';
import { apiOfJob, repositoryOfJob } from './job-environment.ts';
import { fullHash } from './job-options.ts';
import { writeOutputs } from './outputs.ts';

/** `ratchet actions pull`: which open pull request into main has exactly this head, where it comes from, and what opened it. */
export function pullCommand(): Command {
  return new Command('pull')
    .description(
      'Say, as outputs of the step, which open pull request into main has this head, from which branch, and what kind of account opened it.',
    )
    .requiredOption('--head <commit>', 'the full hash of the head', fullHash)
    .action(async ({ head }: { readonly head: string }) => {
      const { owner, name } = repositoryOfJob(process.env);
      const { rest } = apiOfJob(process.env);
      const { data } = await rest.repos.listPullRequestsAssociatedWithCommit({ owner, repo: name, commit_sha: head });
      // Whoever opens one from a fork may not push here, and opens no vault either.
      const isOwn = (pull: (typeof data)[number]): boolean => pull.head.repo?.full_name === pull.base.repo.full_name;
      const found = data.find(
        (pull) => pull.state === 'open' && pull.base.ref === 'main' && pull.head.sha === head && isOwn(pull),
      );
      await writeOutputs(
        process.env.GITHUB_OUTPUT,
        found === undefined
          ? { number: '', branch: '', opener: '' }
          : { number: found.number, branch: found.head.ref, opener: found.user?.type ?? '' },
      );
    });
}
