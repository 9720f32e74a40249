import { type AuthorClass, classOfBots } from '#bot/gates/author-class.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import type { Decision } from './decisions.ts';
import { wasAskedFor } from './on-demand.ts';

/** What is asked of a pull request to say whose change it is: facts of the forge and of git, nothing anybody wrote in it. */
export interface OpenedChange extends Pick<PullRequest, 'headRef' | 'headSha'> {
  /** Whether the bot opened it, and no person. */
  readonly isBots: boolean;
}

/**
 * Whose rules a pull request is held to, the same in the bot and in a job of Actions: a person's is a person's, and so is what a person
 * asked the bot for and has decided about at exactly this head.
 * @param decisions those on the state branch about this pull request
 */
export function whoseChange(change: OpenedChange, decisions: readonly Decision[]): AuthorClass {
  return !change.isBots || wasAskedFor(change, decisions) ? 'person' : classOfBots(change.headRef);
}
