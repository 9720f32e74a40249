import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import type { Api, RepositoryName } from './repository-api.ts';

/** How a pull request came to its end. */
export interface MergeFacts {
  /** Login of whoever pressed the button or asked the API. */
  readonly mergedBy: string;
  /** ISO 8601, UTC. */
  readonly mergedAt: string;
  readonly openedAt: string;
}

/** A pull request as a list shows it. */
export interface ListedPull {
  readonly number: number;
  readonly headRef: string;
  readonly headSha: string;
  readonly author: string;
  readonly state: 'open' | 'closed';
  readonly isMerged: boolean;
  readonly openedAt: string;
  /** Null while it is open. */
  readonly closedAt: string | null;
}

/** How many closed pull requests are looked at for one whose merge was not written down. */
const RECENT = 30;

const ENQUEUE = `mutation ($id: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: { pullRequestId: $id, expectedHeadOid: $head }) { mergeQueueEntry { position } }
}`;
const Enqueued = z.looseObject({
  enqueuePullRequest: z.looseObject({ mergeQueueEntry: z.looseObject({ position: z.int() }).nullable() }).nullable(),
});

/** Branches, what their rules ask of a merge, and which pull requests have come from them. */
export class BranchesApi {
  readonly #api: Api & Partial<Pick<Octokit, 'graphql'>>;
  readonly #repo: { readonly owner: string; readonly repo: string };

  constructor(api: Api & Partial<Pick<Octokit, 'graphql'>>, { owner, name }: RepositoryName) {
    this.#api = api;
    this.#repo = { owner, repo: name };
  }

  /** Whether an active ruleset wants merges into the branch to stand in a queue. */
  async hasMergeQueue(branch: string): Promise<boolean> {
    const rules = await this.#api.paginate(this.#api.rest.repos.getBranchRules, { ...this.#repo, branch, per_page: 100 });
    return rules.some(({ type }) => type === 'merge_queue');
  }

  /**
   * Puts a pull request into the queue of its base, if its head is still `head`.
   * @returns its place, from 1; null when the forge does not say
   * @throws RatchetError `github/no-queue` when this client cannot ask for it
   */
  async enqueue(number: number, head: string): Promise<number | null> {
    if (this.#api.graphql === undefined)
      throw new RatchetError('github/no-queue', 'This client cannot reach the merge queue.', 'Merge it on the forge’s page.');
    const { data } = await this.#api.rest.pulls.get({ ...this.#repo, pull_number: number });
    const answer = Enqueued.parse(await this.#api.graphql(ENQUEUE, { id: data.node_id, head }));
    return answer.enqueuePullRequest?.mergeQueueEntry?.position ?? null;
  }

  /** Null while it is not merged. */
  async mergeOf(number: number): Promise<MergeFacts | null> {
    const { data } = await this.#api.rest.pulls.get({ ...this.#repo, pull_number: number });
    if (data.merged_at === null) return null;
    return { mergedBy: data.merged_by?.login ?? 'ghost', mergedAt: data.merged_at, openedAt: data.created_at };
  }

  /** The pull requests closed most lately, the last one first, that were merged into `base`. */
  async recentlyMerged(base: string): Promise<readonly ListedPull[]> {
    const { data } = await this.#api.rest.pulls.list({
      ...this.#repo,
      base,
      state: 'closed',
      sort: 'updated',
      direction: 'desc',
      per_page: RECENT,
    });
    return data.map(listed).filter(({ isMerged }) => isMerged);
  }

  /** Every pull request ever opened from the branch, the newest first. */
  async pullsFrom(headRef: string): Promise<readonly ListedPull[]> {
    const head = `${this.#repo.owner}:${headRef}`;
    const which = { ...this.#repo, head, state: 'all', per_page: 100 } as const;
    return (await this.#api.paginate(this.#api.rest.pulls.list, which)).map(listed);
  }

  /** Branches that rules or classic protection keep. */
  async protectedNames(): Promise<ReadonlySet<string>> {
    const which = { ...this.#repo, protected: true, per_page: 100 };
    return new Set((await this.#api.paginate(this.#api.rest.repos.listBranches, which)).map(({ name }) => name));
  }

  /** Pull requests opened most lately, the newest first. */
  async latestPulls(): Promise<readonly ListedPull[]> {
    const newest = { sort: 'created', direction: 'desc', per_page: 100 } as const;
    const { data } = await this.#api.rest.pulls.list({ ...this.#repo, state: 'all', ...newest });
    return data.map(listed);
  }
}

function listed(raw: {
  number: number;
  head: { ref: string; sha: string };
  user: { login: string } | null;
  state: string;
  merged_at: string | null;
  created_at: string;
  closed_at: string | null;
}): ListedPull {
  return {
    number: raw.number,
    headRef: raw.head.ref,
    headSha: raw.head.sha,
    author: raw.user?.login ?? 'ghost',
    state: raw.state === 'open' ? 'open' : 'closed',
    isMerged: raw.merged_at !== null,
    openedAt: raw.created_at,
    closedAt: raw.closed_at,
  };
}
