import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';

export interface PullTask {
  readonly repository: Repository;
  readonly api: RepositoryApi;
  readonly author: Person;
  readonly base: CommitHash;
  readonly headRef: string;
  /** Content by path; null removes a file. */
  readonly changes: ReadonlyMap<string, Uint8Array | null>;
  readonly message: string;
  /** Dates the commit; fixed for a cycle, so that a night that is run again makes the same commit. */
  readonly date: Date;
  readonly labels: readonly string[];
  readonly text: (head: CommitHash) => Promise<{ readonly title: string; readonly body: string }>;
}

/** One commit, one branch, one pull request. Doing it twice makes nothing new. */
export async function openPull(task: PullTask): Promise<PullRequest> {
  const { repository, api, headRef, labels } = task;
  const { base: parent, changes, message, author, date } = task;
  const head = await repository.commit({ parent, changes, message, author, date });
  if ((await repository.resolve(headRef)) !== head) await repository.push(headRef, head);
  const existing = await api.findPullRequest(headRef);
  if (existing !== null) {
    // Whoever opened it may have been killed before it wore them.
    if (existing.state === 'open') await api.label(existing.number, [...labels]);
    return existing;
  }
  const opened = await api.openPullRequest({ ...(await task.text(head)), headRef, baseRef: 'main' });
  await api.label(opened.number, [...labels]);
  return opened;
}
