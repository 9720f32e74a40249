import type { Stage } from '#engine/contract/manifest.ts';

/** A comment command that exists, as the command room describes it. */
export interface CommandHelp {
  /** `backtest` */
  readonly name: string;
  /** `/backtest [key=value …]` */
  readonly usage: string;
  /** One clause: `run the candidate again with other costs`. */
  readonly summary: string;
}

export interface CommitReference {
  /** Branch name. */
  readonly ref: string;
  /** Full commit. */
  readonly sha: string;
}

/** What the body says that the pack cannot know: where it will be read. */
export interface RenderContext {
  /** The repository's page, without a slash at the end: `https://github.com/owner/name`. */
  readonly repositoryUrl: string;
  readonly base: CommitReference;
  readonly head: CommitReference;
  /** The stage the candidate's manifest asks for: whether money is at stake. */
  readonly stage: Stage;
  /** Only commands that work; none hides the section. */
  readonly commands: readonly CommandHelp[];
}

/** The page of a file of the strategy at the proposed commit. */
export function strategyFileUrl(context: RenderContext, strategy: string, path: string): string {
  return `${context.repositoryUrl}/blob/${context.head.sha}/strategies/${strategy}/${path}`;
}
