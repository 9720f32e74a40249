import { Command } from 'commander';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { pullNumber } from './job-options.ts';

interface MirrorFlags {
  readonly into: string;
  readonly remote: string;
  readonly pull?: number;
}

const ALL_BRANCHES = '+refs/heads/*:refs/heads/*';

/** `ratchet actions mirror`: every branch and a pull request's head as git objects, in no work tree. */
export function mirrorCommand(): Command {
  return new Command('mirror')
    .description("Fetch every branch, and a pull request's head, as git objects: nothing of them lands in a work tree.")
    .requiredOption('--into <dir>', 'the bare mirror; made when it is not there')
    .requiredOption('--remote <url>', 'where from; the token comes from RATCHET_GIT_TOKEN')
    .option('--pull <number>', 'the pull request whose head is fetched too, a fork included', pullNumber)
    .action(async ({ into, remote, pull }: MirrorFlags) => {
      const repository = await openJobMirror(into, remote);
      await repository.fetch(
        pull === undefined ? [ALL_BRANCHES] : [ALL_BRANCHES, `+refs/pull/${pull}/head:refs/pull/${pull}/head`],
      );
      console.log(`${into} is up to date.`);
    });
}

/** The job's mirror; with a token when the step has one. */
export function openJobMirror(dir: string, remoteUrl: string): Promise<Repository> {
  const token = process.env.RATCHET_GIT_TOKEN;
  const isGiven = token !== undefined && token !== '';
  return Repository.openMirror({
    dir,
    remoteUrl,
    ...(isGiven ? { authorization: () => basicAuthorization('x-access-token', token) } : {}),
  });
}
