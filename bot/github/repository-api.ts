import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { BranchesApi } from './branches-api.ts';
import { DiscussionsApi } from './discussions-api.ts';
import { IssuesApi } from './issues-api.ts';
import { LabelsApi } from './labels-api.ts';
import { isOfThisRepository } from './listed-pull.ts';

/** Both Probot's client and @octokit/rest offer this much; nothing here needs more. */
export type Api = Pick<Octokit, 'rest' | 'paginate'>;

export interface RepositoryName {
  readonly owner: string;
  readonly name: string;
}

/** GitHub's own roles, and nobody. */
const Permission = z.enum(['none', 'read', 'triage', 'write', 'maintain', 'admin']);
export type Permission = z.infer<typeof Permission>;

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  /** Whether its head stands in another repository, or did until that one was removed. Then `headRef` names no branch of this one. */
  readonly isFromFork: boolean;
  readonly headRef: string;
  readonly headSha: string;
  readonly baseRef: string;
  readonly baseSha: string;
  readonly state: 'open' | 'closed';
  readonly isMerged: boolean;
  readonly mergeCommit: string | null;
}

export interface CheckOutput {
  readonly title: string;
  readonly summary: string;
  readonly annotations: readonly CheckAnnotation[];
}

export interface CheckAnnotation {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'notice' | 'warning' | 'failure';
  readonly message: string;
}

export type CheckProgress =
  | { readonly status: 'queued' | 'in_progress' }
  | { readonly status: 'completed'; readonly conclusion: 'success' | 'failure' };

/** GitHub takes at most this many annotations in one request. */
const ANNOTATIONS_PER_REQUEST = 50;
/** GitHub's limit on a check's summary, in characters. */
const SUMMARY_LIMIT = 65_535;
/** GitHub's limit on what a deployment's status says, in characters. */
const DEPLOYMENT_DESCRIPTION_LIMIT = 140;

/** One repository, as the bot sees it: every call the bot makes, in the bot's words, with GitHub's refusals as typed errors. */
export class RepositoryApi {
  readonly #api: Api;
  readonly owner: string;
  readonly name: string;
  readonly #appId: number;
  /** Issues and comments, those of pull requests included. */
  readonly issues: IssuesApi;
  readonly branches: BranchesApi;
  readonly labels: LabelsApi;
  readonly discussions: DiscussionsApi;

  /** @param appId the App that `api` acts as: only its own check runs are read and written. */
  constructor(api: Api, repository: RepositoryName, appId: number) {
    this.#api = api;
    this.owner = repository.owner;
    this.name = repository.name;
    this.#appId = appId;
    this.issues = new IssuesApi(api, repository);
    this.branches = new BranchesApi(api, repository);
    this.labels = new LabelsApi(api, repository);
    this.discussions = new DiscussionsApi(api, repository, (login) => this.permissionOf(login));
  }

  get #repo(): { owner: string; repo: string } {
    return { owner: this.owner, repo: this.name };
  }

  /** The repository's page for people. */
  async pageUrl(): Promise<string> {
    const { data } = await this.#api.rest.repos.get(this.#repo);
    return data.html_url;
  }

  /** The latest pull request ever opened from the branch, whatever became of it. */
  async findPullRequest(headRef: string): Promise<PullRequest | null> {
    const { data } = await this.#api.rest.pulls.list({
      ...this.#repo,
      head: `${this.owner}:${headRef}`,
      state: 'all',
      per_page: 1,
    });
    const found = data[0];
    return found === undefined ? null : this.pullRequest(found.number);
  }

  async listOpenPullRequests(): Promise<readonly PullRequest[]> {
    const list = await this.#api.paginate(this.#api.rest.pulls.list, { ...this.#repo, state: 'open', per_page: 100 });
    return Promise.all(list.map((item) => this.pullRequest(item.number)));
  }

  async pullRequest(number: number): Promise<PullRequest> {
    const { data } = await this.#api.rest.pulls.get({ ...this.#repo, pull_number: number });
    return {
      number: data.number,
      url: data.html_url,
      title: data.title,
      body: data.body ?? '',
      author: data.user.login,
      isFromFork: !isOfThisRepository(data),
      headRef: data.head.ref,
      headSha: data.head.sha,
      baseRef: data.base.ref,
      baseSha: data.base.sha,
      state: data.state === 'open' ? 'open' : 'closed',
      isMerged: data.merged,
      mergeCommit: data.merged ? data.merge_commit_sha : null,
    };
  }

  async openPullRequest(request: { title: string; body: string; headRef: string; baseRef: string }): Promise<PullRequest> {
    const { data } = await this.#api.rest.pulls.create({
      ...this.#repo,
      title: request.title,
      body: request.body,
      head: request.headRef,
      base: request.baseRef,
    });
    return this.pullRequest(data.number);
  }

  async rewritePullRequest(number: number, text: { title: string; body: string }): Promise<void> {
    await this.#api.rest.pulls.update({ ...this.#repo, pull_number: number, title: text.title, body: text.body });
  }

  async closePullRequest(number: number): Promise<void> {
    await this.#api.rest.pulls.update({ ...this.#repo, pull_number: number, state: 'closed' });
  }

  async label(number: number, labels: readonly string[]): Promise<void> {
    await this.#api.rest.issues.addLabels({ ...this.#repo, issue_number: number, labels: [...labels] });
  }

  /**
   * Squashes the pull request into its base, if its head is still `headSha`.
   * @throws RatchetError `github/head-moved` when someone pushed meanwhile, `github/not-mergeable` when a rule or a conflict forbids it.
   */
  async merge(number: number, headSha: string, title: string, message: string): Promise<string> {
    try {
      const { data } = await this.#api.rest.pulls.merge({
        ...this.#repo,
        pull_number: number,
        sha: headSha,
        merge_method: 'squash',
        commit_title: title,
        commit_message: message,
      });
      return data.sha;
    } catch (error) {
      const status = statusOf(error);
      if (status === 409) {
        throw new RatchetError(
          'github/head-moved',
          `Pull request #${number} is no longer at ${headSha.slice(0, 8)}.`,
          'Look at the new commits and decide again.',
          { number, headSha },
          error,
        );
      }
      if (status === 405) {
        throw new RatchetError(
          'github/not-mergeable',
          `Pull request #${number} cannot be merged: ${messageOf(error)}.`,
          'See its checks; nothing was changed.',
          { number },
          error,
        );
      }
      throw error;
    }
  }

  /** Deletes a branch; a branch that is already gone is what was wanted. */
  async deleteBranch(ref: string): Promise<void> {
    try {
      await this.#api.rest.git.deleteRef({ ...this.#repo, ref: `heads/${ref}` });
    } catch (error) {
      // The same answers are given for a branch that may not be deleted.
      if (await this.#isThere(ref)) throw error;
    }
  }

  async #isThere(ref: string): Promise<boolean> {
    try {
      await this.#api.rest.git.getRef({ ...this.#repo, ref: `heads/${ref}` });
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  /**
   * Writes the App's check run `name` on a commit. A run that is under way, or that says the same already, is updated, so that a job that
   * runs again after a crash leaves no second one. Over one that has ended otherwise a new run is begun: the latest counts, and annotations
   * can be added to a run but not taken away. Another app's check of that name is left alone.
   */
  async writeCheck(name: string, headSha: string, progress: CheckProgress, output: CheckOutput): Promise<void> {
    const mine = { ...this.#repo, ref: headSha, check_name: name, app_id: this.#appId };
    const { data } = await this.#api.rest.checks.listForRef({ ...mine, filter: 'all', per_page: 100 });
    const latest = byAge(data.check_runs).at(-1);
    const existing = latest !== undefined && isOver(latest, progress, output) ? undefined : latest;
    const annotations = existing === undefined ? output.annotations : await this.#missingFrom(existing, output.annotations);
    const first = annotations.slice(0, ANNOTATIONS_PER_REQUEST).map(annotation);
    const body = {
      ...progress,
      output: { title: output.title, summary: output.summary.slice(0, SUMMARY_LIMIT), annotations: first },
    };
    const run =
      existing === undefined
        ? await this.#api.rest.checks.create({ ...this.#repo, name, head_sha: headSha, ...body })
        : await this.#api.rest.checks.update({ ...this.#repo, check_run_id: existing.id, ...body });
    for (let from = ANNOTATIONS_PER_REQUEST; from < annotations.length; from += ANNOTATIONS_PER_REQUEST) {
      const next = annotations.slice(from, from + ANNOTATIONS_PER_REQUEST).map(annotation);
      await this.#api.rest.checks.update({
        ...this.#repo,
        check_run_id: run.data.id,
        output: { title: body.output.title, summary: body.output.summary, annotations: next },
      });
    }
  }

  /** GitHub adds annotations to those a run has and takes none away, so what was said before must not be said again. */
  async #missingFrom(
    run: { id: number; output: { annotations_count: number } },
    wanted: readonly CheckAnnotation[],
  ): Promise<readonly CheckAnnotation[]> {
    if (wanted.length === 0 || run.output.annotations_count === 0) return wanted;
    const which = { ...this.#repo, check_run_id: run.id, per_page: 100 };
    const said = await this.#api.paginate(this.#api.rest.checks.listAnnotations, which);
    const known = new Set(
      said.map((one) => [one.path, one.start_line, one.end_line, one.annotation_level, one.message].join('\n')),
    );
    return wanted.filter(
      ({ path, startLine, endLine, level, message }) => !known.has([path, startLine, endLine, level, message].join('\n')),
    );
  }

  /** Conclusions of the App's completed check runs on a commit, by name; what another app says under the same name is not ours to believe. */
  async checkConclusions(headSha: string): Promise<Readonly<Record<string, string>>> {
    const mine = { ...this.#repo, ref: headSha, app_id: this.#appId };
    const runs = await this.#api.paginate(this.#api.rest.checks.listForRef, { ...mine, filter: 'all', per_page: 100 });
    const latest = new Map(byAge(runs).map(({ name, conclusion }) => [name, conclusion]));
    return Object.fromEntries([...latest].flatMap(([name, conclusion]) => (conclusion === null ? [] : [[name, conclusion]])));
  }

  /** What a person may do here. An organisation's own role counts as the one of GitHub's that it builds on. */
  async permissionOf(login: string): Promise<Permission> {
    try {
      const { data } = await this.#api.rest.repos.getCollaboratorPermissionLevel({ ...this.#repo, username: login });
      const role = Permission.safeParse(data.role_name);
      return role.success ? role.data : Permission.parse(data.permission);
    } catch (error) {
      if (statusOf(error) === 404) return 'none';
      throw error;
    }
  }

  /** Records where a commit runs. `environment` is the stage. What the deployment's latest status says already is not said again. */
  async reportDeployment(report: {
    commit: string;
    environment: string;
    state: 'in_progress' | 'success' | 'failure';
    description: string;
  }): Promise<void> {
    const { commit, environment, state } = report;
    const description = report.description.slice(0, DEPLOYMENT_DESCRIPTION_LIMIT);
    const { data } = await this.#api.rest.repos.listDeployments({ ...this.#repo, sha: commit, environment, per_page: 1 });
    const deployment = data[0] ?? (await this.#createDeployment(commit, environment));
    const which = { ...this.#repo, deployment_id: deployment.id };
    const latest = (await this.#api.rest.repos.listDeploymentStatuses({ ...which, per_page: 1 })).data[0];
    if (latest?.state === state && latest.description === description) return;
    await this.#api.rest.repos.createDeploymentStatus({ ...which, state, description });
  }

  /** Nothing runs in an environment any more: what stands there as a success becomes inactive. */
  async retireEnvironment(environment: string, reason: string): Promise<void> {
    const { data } = await this.#api.rest.repos.listDeployments({ ...this.#repo, environment, per_page: 10 });
    for (const { id } of data) {
      const which = { ...this.#repo, deployment_id: id };
      const latest = (await this.#api.rest.repos.listDeploymentStatuses({ ...which, per_page: 1 })).data[0];
      // Whichever of the two is the newest: those before it are inactive already.
      if (latest?.state === 'inactive') return;
      if (latest?.state !== 'success') continue;
      await this.#api.rest.repos.createDeploymentStatus({
        ...which,
        state: 'inactive',
        description: reason.slice(0, DEPLOYMENT_DESCRIPTION_LIMIT),
      });
      return;
    }
  }

  async #createDeployment(commit: string, environment: string): Promise<{ id: number }> {
    const { data } = await this.#api.rest.repos.createDeployment({
      ...this.#repo,
      ref: commit,
      environment,
      auto_merge: false,
      required_contexts: [],
    });
    if (!('id' in data))
      throw new RatchetError('github/deployment', 'GitHub deferred the deployment record.', 'It is tried again.');
    return { id: data.id };
  }
}

/** The newest last. GitHub's own `latest` goes by when runs were completed, and says nothing of one that is under way beside those. */
function byAge<T extends { readonly id: number }>(runs: readonly T[]): readonly T[] {
  return runs.toSorted((left, right) => left.id - right.id);
}

/** Whether a run has said its last word, and it is not what is to be said now. */
function isOver(
  run: { status: string; conclusion: string | null; output: { title: string | null } },
  progress: CheckProgress,
  { title }: CheckOutput,
): boolean {
  if (run.status !== 'completed') return false;
  return progress.status !== 'completed' || run.conclusion !== progress.conclusion || run.output.title !== title;
}

function annotation(item: CheckAnnotation) {
  return {
    path: item.path,
    start_line: item.startLine,
    end_line: item.endLine,
    annotation_level: item.level,
    message: item.message,
  };
}

function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/ - https?:\S+$/, '').replace(/\.$/, '');
}
