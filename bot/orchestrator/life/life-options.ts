import type { CommandHelp } from '#bot/evidence/render-context.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { ForgeKind } from '../autonomy.ts';
import type { GateProgram } from '../gate-program.ts';
import type { Progress } from '../progress.ts';

/** The branch that is deployed. */
export const MAIN = 'main';

/** What the life of a pull request happens with. */
export interface LifeOptions {
  readonly api: RepositoryApi;
  readonly repository: Repository;
  /** Where people's decisions and the merge log stand. */
  readonly state: StateBranch;
  readonly program: GateProgram;
  /** The bot's own account: its changes are held to the bot's rules, and only they may be merged without a person. */
  readonly botLogin: string;
  readonly forge: ForgeKind;
  /** Who commits when the bot does. */
  readonly author: Person;
  /** UTC milliseconds: dates decisions, records and commits. */
  readonly clock: () => number;
  /** What a pull request of the bot lists at its foot. */
  readonly commands: readonly CommandHelp[];
  /** Has a pull request proven again soon, by whoever proves them one after another; afresh, whatever is known, when that is asked for. */
  readonly askForProof: (number: number, isAfresh?: boolean) => void;
  readonly log: Logger;
  readonly progress: Progress;
}

/** Fetches, and gives main's tip. @throws RatchetError `life/no-main` */
export async function tipOfMain({ repository }: Pick<LifeOptions, 'repository'>): Promise<CommitHash> {
  await repository.fetch();
  const tip = await repository.resolve(MAIN);
  if (tip === null) throw new RatchetError('life/no-main', `The repository has no branch ${MAIN}.`, 'Push one.');
  return tip;
}
