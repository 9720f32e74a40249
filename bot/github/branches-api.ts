import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { isOfThisRepository, type ListedPull, listed } from './listed-pull.ts';
import { statusBehind } from './refusal.ts';
import type { Api, RepositoryName } from './repository-api.ts';

/** How a pull request came to its end. */
export interface MergeFacts {
  /** Login of whoever pressed the button or asked the API. */
  readonly mergedBy: string;
  /** ISO 8601, UTC. */
  readonly mergedAt: string;
  readonly openedAt: string;
}

/** How many closed pull requests are looked at for one whose merge was not written down. */
const RECENT = 30;

const ENQUEUE = `mutation ($id: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: { pullRequestId: $id, expectedHeadOid: $head }) { mergeQueueEntry { position } }
}`;
const ENTRY = `query ($id: ID!) { node(id: $id) { ... on PullRequest { mergeQueueEntry { position } } } }`;
const Entered = z.looseObject({
  node: z.looseObject({ mergeQueueEntry: z.looseObject({ position: z.int() }).nullish() }).nullish(),
});
/** GraphQL refuses with 200 and says why in the body: Octokit's error for that has no status. */
const GraphqlRefusal = z.looseObject({
  name: z.literal('GraphqlResponseError'),
  errors: z.array(z.looseObject({ message: z.string() })).min(1),
});
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

  /** Whether an active ruleset wants merges into the branch to stand in a queue. A plan without rulesets has none that could. */
  async hasMergeQueue(branch: string): Promise<boolean> {
    const which = { ...this.#repo, branch, per_page: 100 };
    const rules = await this.#api.paginate(this.#api.rest.repos.getBranchRules, which).catch((error: unknown) => {
      if (isNotInPlan(error)) return [];
      throw error;
    });
    return rules.some(({ type }) => type === 'merge_queue');
  }

  /**
   * Puts a pull request into the queue of its base, if its head is still `head`. One that stands there already stays where it is.
   * @returns its place, from 1; null when the forge does not say
   * @throws RatchetError `github/no-queue` when this client cannot ask for it, `github/head-moved`, or `github/not-mergeable` with the
   * forge's words
   */
  async enqueue(number: number, head: string): Promise<number | null> {
    const { graphql } = this.#api;
    if (graphql === undefined)
      throw new RatchetError('github/no-queue', 'This client cannot reach the merge queue.', 'Merge it on the forge’s page.');
    const { data } = await this.#api.rest.pulls.get({ ...this.#repo, pull_number: number });
    if (data.head.sha !== head) throw headMoved(number, head);
    const id = data.node_id;
    const place = async (): Promise<number | null> =>
      Entered.parse(await graphql(ENTRY, { id })).node?.mergeQueueEntry?.position ?? null;
    // A push throws a pull request out of the queue, so what stands there is this head.
    const standing = await place();
    if (standing !== null) return standing;
    try {
      const answer = Enqueued.parse(await graphql(ENQUEUE, { id, head }));
      return answer.enqueuePullRequest?.mergeQueueEntry?.position ?? null;
    } catch (error) {
      const refusal = GraphqlRefusal.safeParse(error);
      if (!refusal.success) throw error;
      // Why it was refused is told by how things stand now, not by the wording: somebody else may have put it there, or pushed.
      const now = await place();
      if (now !== null) return now;
      const after = await this.#api.rest.pulls.get({ ...this.#repo, pull_number: number });
      if (after.data.head.sha !== head) throw headMoved(number, head, error);
      const words = refusal.data.errors.map(({ message }) => message.replace(/\.$/, '')).join('; ');
      throw new RatchetError(
        'github/not-mergeable',
        `Pull request #${number} cannot be put into the merge queue: ${words}.`,
        'See its checks; nothing was changed.',
        { number },
        error,
      );
    }
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
    const branches = await this.#api.paginate(this.#api.rest.repos.listBranches, which).catch((error: unknown) => {
      if (isNotInPlan(error)) return [];
      throw error;
    });
    return new Set(branches.map(({ name }) => name));
  }

  /** Pull requests of branches of this repository opened most lately, the newest first; a fork's branches have any name. */
  async latestPulls(): Promise<readonly ListedPull[]> {
    const newest = { sort: 'created', direction: 'desc', per_page: 100 } as const;
    const { data } = await this.#api.rest.pulls.list({ ...this.#repo, state: 'all', ...newest });
    return data.filter(isOfThisRepository).map(listed);
  }
}

/** "Upgrade to GitHub Pro or make this repository public to enable this feature." */
function isNotInPlan(error: unknown): boolean {
  return statusBehind(error) === 403 && error instanceof Error && /\bupgrade to\b/i.test(error.message);
}

function headMoved(number: number, head: string, cause?: unknown): RatchetError {
  return new RatchetError(
    'github/head-moved',
    `Pull request #${number} is no longer at ${head.slice(0, 8)}.`,
    'Look at the new commits and decide again.',
    { number, headSha: head },
    cause,
  );
}
