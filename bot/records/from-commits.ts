import type { Sources } from './arrivals.ts';
import type { Place } from './place.ts';
import { type Step, step } from './step.ts';

/** The commits on the branch, as git has them. */
export async function fromCommits({ fork, headCommit }: Place, { repository }: Sources): Promise<readonly Step[]> {
  if (fork === null || headCommit === null) return [];
  const commits = await repository.commitsSince(fork, headCommit);
  return Promise.all(
    commits.map(async ({ commit, author, committedAt, message }) => {
      const tree = await repository.treeOf(commit, '');
      const subject = message.split('\n', 1)[0]!;
      return step(committedAt, `${author.name} <${author.email}>`, `committed: ${subject}`, 'commit', { commit, tree });
    }),
  );
}
