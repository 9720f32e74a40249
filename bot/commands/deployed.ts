import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { notThere } from './read/strategy-named.ts';

/** @throws RatchetError `commands/no-main` */
export async function tipOf(repository: Repository): Promise<CommitHash> {
  const main = await repository.resolve('main');
  if (main === null) throw new RatchetError('commands/no-main', 'The repository has no branch main.', 'Push one.');
  return main;
}

/**
 * The strategy a command is about: the one that is named, or the only one there is at a commit.
 * @throws RatchetError `commands/no-strategy` or `commands/which-strategy`
 */
export async function deployedStrategy(repository: Repository, commit: CommitHash, name: string | undefined): Promise<string> {
  const known = await deployedStrategies(repository, commit);
  if (name !== undefined) {
    if (known.includes(name)) return name;
    throw notThere(name, known, 'main has no strategy');
  }
  const [only, ...others] = known;
  if (only !== undefined && others.length === 0) return only;
  throw new RatchetError(
    'commands/which-strategy',
    only === undefined ? 'main has no strategy.' : `main has ${known.length} strategies.`,
    only === undefined ? 'Bring one by pull request.' : `Name one: ${known.join(', ')}.`,
  );
}

/** The strategies there are at a commit, by id. */
export async function deployedStrategies(repository: Repository, commit: CommitHash): Promise<readonly string[]> {
  const files = await repository.listFiles(commit, 'strategies');
  return files.flatMap(({ path }) => /^strategies\/([^/]+)\/manifest\.yaml$/.exec(path)?.[1] ?? []);
}
