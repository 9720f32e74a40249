import type { AutonomyPolicy } from '#bot/gates/policies.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import type { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';

/** What a comment asks for, and where it was written. */
export interface Invocation {
  readonly number: number;
  readonly isPullRequest: boolean;
  readonly author: string;
  readonly words: readonly string[];
}

export interface CommandRoom {
  readonly api: RepositoryApi;
  readonly life: PullRequestLife;
  /** What the engine last published on the state branch, as text for people. */
  readonly engineReport: () => Promise<string>;
}

/** One word after a slash. `answer` gives the Markdown that is posted back. */
export interface CommentCommand {
  readonly name: string;
  readonly usage: string;
  /** One clause, for /help and for the pull request's foot. */
  readonly summary: string;
  /** Which permission it needs: `policies/autonomy.yaml` says what each class demands. */
  readonly permission: keyof AutonomyPolicy['commands'];
  readonly needsPullRequest: boolean;
  answer(invocation: Invocation, room: CommandRoom): Promise<string>;
}
