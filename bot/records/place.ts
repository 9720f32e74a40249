import { strategyOfPath } from '#bot/evidence/strategy-folder.ts';
import { readDecisions } from '#bot/orchestrator/life/decisions.ts';
import { type MergeRecord, mergeLogPath, parseMergeRecord } from '#bot/orchestrator/life/merge-log.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, TreeHash } from '#engine/repository/repository.ts';
import type { Sources } from './arrivals.ts';
import { type Step, trouble } from './step.ts';

/** Folder trees of a strategy that the pull request changes. */
export interface ChangedStrategy {
  readonly id: string;
  /** At the head; null when the head no longer has it. */
  readonly tree: TreeHash | null;
}

/** Where a pull request stands, as git and the records know it. */
export interface Place {
  readonly number: number;
  readonly main: CommitHash;
  /** Its last head; of one that was merged, the head that was. */
  readonly head: string;
  /** The same as an object of this repository; null when it is not here. */
  readonly headCommit: CommitHash | null;
  /** Where the branch left main; null when that cannot be told. */
  readonly fork: CommitHash | null;
  /** What the merge log says; null when it says nothing. */
  readonly merge: MergeRecord | null;
  /** What stands on main for it; null when nothing does. */
  readonly mergeCommit: CommitHash | null;
  readonly strategies: readonly ChangedStrategy[];
  /** What is wrong with all that. */
  readonly troubles: readonly Step[];
}

/**
 * Finds a pull request in a repository, without asking the forge: by its merge log, its head's ref, the subject of a commit on main, and
 * what people decided about.
 * @throws RatchetError `records/unknown` when nothing here speaks of it
 */
export async function placeOf(number: number, sources: Sources): Promise<Place> {
  const { repository, state } = sources;
  const main = await repository.require('main');
  const troubles: Step[] = [];
  const merge = await mergeRecordOf(number, sources, troubles);
  const pulled = await repository.resolve(`refs/pull/${number}/head`);
  const bySubject = await mergedBySubject(number, main, sources);
  const decided = await readDecisions(state, number).catch(() => []);
  const head = merge?.head ?? pulled ?? decided.at(-1)?.head ?? bySubject;
  if (head == null) {
    throw new RatchetError(
      'records/unknown',
      `Nothing here speaks of pull request #${number}: there is no refs/pull/${number}/head, no ${mergeLogPath(number)}, no decision and no commit on main.`,
      `Check the number; in a clone, run git fetch origin refs/pull/${number}/head:refs/pull/${number}/head and git fetch origin ratchet/state.`,
      { number },
    );
  }
  const headCommit = await repository.resolve(head);
  if (headCommit === null)
    troubles.push(
      trouble(
        'commit',
        'the head',
        `${head.slice(0, 12)} is not in this repository: git fetch origin refs/pull/${number}/head.`,
        {
          head,
        },
      ),
    );
  if (merge !== null && pulled !== null && pulled !== merge.head)
    troubles.push(
      trouble(
        'commit',
        'the head',
        `The branch stands at ${pulled.slice(0, 12)} now, and ${merge.head.slice(0, 12)} was merged.`,
        {
          head: pulled,
        },
      ),
    );
  const mergeCommit = merge === null ? bySubject : await repository.resolve(merge.commit);
  const base = mergeCommit === null ? main : ((await repository.logged(mergeCommit)).parents[0] ?? main);
  const fork = headCommit === null ? null : await repository.mergeBase(base, headCommit);
  const strategies = headCommit === null || fork === null ? [] : await changed(fork, headCommit, sources);
  return { number, main, head, headCommit, fork, merge, mergeCommit, strategies, troubles };
}

async function mergeRecordOf(number: number, { state }: Sources, troubles: Step[]): Promise<MergeRecord | null> {
  const path = mergeLogPath(number);
  const text = await state.readText(path);
  if (text === null) return null;
  try {
    const record = parseMergeRecord(path, text);
    if (record.number === number) return record;
    troubles.push(trouble(path, 'the merge log', `It speaks of #${record.number}.`));
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    troubles.push(trouble(path, 'the merge log', error.message));
  }
  return null;
}

/** The commit on main whose subject names the number as the bot's and the forge's squashes do. */
async function mergedBySubject(number: number, main: CommitHash, { repository }: Sources): Promise<CommitHash | null> {
  const log = await repository.firstParentLog(null, main);
  return log.findLast(({ message }) => message.split('\n', 1)[0]!.endsWith(` (#${number})`))?.commit ?? null;
}

async function changed(fork: CommitHash, head: CommitHash, { repository }: Sources): Promise<readonly ChangedStrategy[]> {
  const ids = new Set<string>();
  for (const { path, previousPath } of await repository.diff(fork, head)) {
    for (const touched of [path, previousPath ?? path]) {
      const id = strategyOfPath(touched);
      if (id !== null) ids.add(id);
    }
  }
  return Promise.all([...ids].sort().map(async (id) => ({ id, tree: await repository.treeOf(head, `strategies/${id}`) })));
}
