import type { Octokit } from '@octokit/rest';
import { isOfThisRepository, type ListedPull, listed } from './listed-pull.ts';
import { isAtLeast } from './permission.ts';
import type { Api, Permission, RepositoryName } from './repository-api.ts';

/** A pull request of a branch of this repository, with what it became on main. */
export interface ListedProposal extends ListedPull {
  readonly mergedAt: string | null;
  readonly mergeCommit: string | null;
}

/** What one person said about a pull request. */
export interface SpokenRemark {
  readonly author: string;
  readonly where: 'review' | 'line' | 'comment';
  /** Of a review. */
  readonly verdict: 'approved' | 'changes-requested' | 'commented' | 'dismissed' | null;
  /** Of a remark on a line. */
  readonly path: string | null;
  readonly body: string;
  /** ISO 8601, UTC: when it was said, or changed last. */
  readonly at: string;
}

const PER_PAGE = 100;
/** No more of one list is read: what people say without end is not read without end. */
const PAGES_MAX = 3;

const VERDICTS: Readonly<Record<string, SpokenRemark['verdict']>> = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes-requested',
  COMMENTED: 'commented',
  DISMISSED: 'dismissed',
};

type Pulls = Octokit['rest']['pulls'];

/** What people said about pull requests, for whoever learns from it. Reads, and does nothing else. */
export class DiscussionsApi {
  readonly #api: Api;
  readonly #repo: { readonly owner: string; readonly repo: string };
  readonly #permissionOf: (login: string) => Promise<Permission>;

  constructor(api: Api, { owner, name }: RepositoryName, permissionOf: (login: string) => Promise<Permission>) {
    this.#api = api;
    this.#repo = { owner, repo: name };
    this.#permissionOf = permissionOf;
  }

  /** The newest pull requests, whatever became of them, from branches that `isWanted` and that stand in this repository, no fork. */
  async proposals(isWanted: (branch: string) => boolean): Promise<readonly ListedProposal[]> {
    const which = { ...this.#repo, state: 'all', sort: 'created', direction: 'desc' } as const;
    const pulls = await this.#pages((page) => this.#api.rest.pulls.list({ ...which, ...page }));
    return pulls.filter((pull) => isOfThisRepository(pull) && isWanted(pull.head.ref)).map(proposal);
  }

  /**
   * What people who may write here said about each of the pull requests, oldest first: reviews, remarks on lines, comments. Bots and
   * everybody else are left out, and so is what is said beyond the first few hundred of each.
   */
  async remarksUnder(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly SpokenRemark[]>> {
    const said = new Map<number, readonly SpokenRemark[]>();
    const mayWrite = new Map<string, Promise<boolean>>();
    // Whoever else comments is not listened to.
    const counts = (login: string): Promise<boolean> => {
      const known = mayWrite.get(login) ?? this.#permissionOf(login).then((one) => isAtLeast(one, 'write'));
      mayWrite.set(login, known);
      return known;
    };
    for (const number of numbers) {
      const all = await this.#allUnder(number);
      const heard = await Promise.all(all.map(async (remark) => ((await counts(remark.author)) ? [remark] : [])));
      said.set(number, heard.flat());
    }
    return said;
  }

  async #allUnder(number: number): Promise<readonly SpokenRemark[]> {
    const which = { ...this.#repo, pull_number: number };
    const { pulls, issues } = this.#api.rest;
    const reviews = await this.#pages((page) => pulls.listReviews({ ...which, ...page }));
    const lines = await this.#pages((page) => pulls.listReviewComments({ ...which, ...page }));
    const comments = await this.#pages((page) => issues.listComments({ ...this.#repo, issue_number: number, ...page }));
    const remarks = [
      ...reviews.filter(isByPerson).flatMap((one): SpokenRemark[] => {
        const verdict = VERDICTS[one.state] ?? null;
        // Without a time it is not submitted, and nobody but its author sees it.
        if (verdict === null || one.submitted_at == null) return [];
        const where = { where: 'review', verdict, path: null } as const;
        return [{ ...where, author: one.user!.login, body: one.body, at: one.submitted_at }];
      }),
      ...lines.filter(isByPerson).map((one): SpokenRemark => {
        const where = { where: 'line', verdict: null, path: one.path } as const;
        return { ...where, author: one.user!.login, body: one.body, at: one.updated_at };
      }),
      ...comments.filter(isByPerson).map((one): SpokenRemark => {
        const where = { where: 'comment', verdict: null, path: null } as const;
        return { ...where, author: one.user!.login, body: one.body ?? '', at: one.updated_at };
      }),
    ];
    return remarks.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  async #pages<T>(ask: (page: { page: number; per_page: number }) => Promise<{ data: T[] }>): Promise<readonly T[]> {
    const all: T[] = [];
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const { data } = await ask({ page, per_page: PER_PAGE });
      all.push(...data);
      if (data.length < PER_PAGE) break;
    }
    return all;
  }
}

function isByPerson({ user }: { user: { type?: string; login: string } | null }): boolean {
  return user !== null && user.type !== 'Bot' && !user.login.endsWith('[bot]');
}

function proposal(raw: Awaited<ReturnType<Pulls['list']>>['data'][number]): ListedProposal {
  return { ...listed(raw), mergedAt: raw.merged_at, mergeCommit: raw.merged_at === null ? null : raw.merge_commit_sha };
}
