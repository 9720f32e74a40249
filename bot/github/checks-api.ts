import type { Api, RepositoryName } from './repository-api.ts';

/** One run of a check on a commit, of whichever app. */
export interface CheckRun {
  readonly name: string;
  /** Slug of the app that wrote it; null when the forge does not say. */
  readonly app: string | null;
  /** Null while it runs. */
  readonly conclusion: string | null;
  /** ISO 8601, UTC. */
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

/** Checks as anybody may read them: those of every app, each told apart by its app. */
export class ChecksApi {
  readonly #api: Api;
  readonly #repo: { readonly owner: string; readonly repo: string };

  constructor(api: Api, { owner, name }: RepositoryName) {
    this.#api = api;
    this.#repo = { owner, repo: name };
  }

  /** Every run on the commit, those that were run again included. */
  async runsOn(commit: string): Promise<readonly CheckRun[]> {
    const which = { ...this.#repo, ref: commit, filter: 'all', per_page: 100 } as const;
    const runs = await this.#api.paginate(this.#api.rest.checks.listForRef, which);
    return runs.map(({ name, app, conclusion, started_at: startedAt, completed_at: completedAt }) => {
      return { name, app: app?.slug ?? null, conclusion, startedAt, completedAt };
    });
  }
}
