import type { Evaluation } from '#bot/evidence/evaluation.ts';
import type { AskedIn, Hint } from '#bot/evidence/ledger.ts';
import type { CommandHelp } from '#bot/evidence/render-context.ts';
import type { SelectionNoise } from '#bot/evidence/selection-budget.ts';
import type { StrategyVersion } from '#bot/evidence/strategy-version.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Review } from '#bot/proposers/author.ts';
import type { Thinkers } from '#bot/proposers/thinkers.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import type { CommitHash, Person, Repository, TreeHash } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import type { ForgeKind } from './autonomy.ts';
import type { CanaryReport, CanaryTask } from './canaries.ts';
import type { BegunNight } from './night-ledger.ts';
import type { NightWork } from './night-work.ts';
import type { Progress } from './progress.ts';
import type { Motion } from './studied.ts';

export interface NightOptions {
  readonly strategy: string;
  /** Market time up to which the night looks, UTC milliseconds. A night taken up again keeps its own. */
  readonly asOf: number;
  readonly seed: number;
  readonly trials: number;
  readonly workers: number;
  /** How long may be searched, in milliseconds of this machine; what is reached by then is what the ledger says. No limit when left out. */
  readonly searchMs?: number;
  readonly thinkers: Thinkers;
  /** What a person wished for, written down with the night; null when nobody did. */
  readonly hint: Hint | null;
  /** The comment, or the instant of the schedule, that asks for it; null, or left out, when none does. It has one night, however often this is run for it. */
  readonly askedIn?: AskedIn | null;
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly api: RepositoryApi;
  readonly candles: CandleStore;
  /** Folder of the nights' worktrees. */
  readonly worktrees: string;
  /** Days each of them is kept after its last step; for good when left out. */
  readonly worktreeDays?: number;
  /** What is true of one version of the strategy up to a market time; null where no engine has told of it. */
  readonly truth: (strategy: string, tree: string, asOf: number) => Truth | null;
  /** Folder of the engine's record, for the analysis modules; null where it is not on this machine. */
  readonly record: string | null;
  readonly author: Person;
  /** Every gate, for the night's canaries, without a key to sign with. */
  readonly prove: CanaryTask['prove'];
  /** Whose level of `policies/autonomy.yaml` holds. */
  readonly forge: ForgeKind;
  readonly commands: readonly CommandHelp[];
  readonly progress: Progress;
  /** Wall clock, UTC milliseconds, for how many pull requests there may be an hour; this machine's when left out. */
  readonly clock?: () => number;
}

/** What every phase of a night knows of it. */
export interface Night extends BegunNight {
  /** Main as the night found it when it began: what it has written down rests on that. */
  readonly base: CommitHash;
  /** Main now: it says what the bot may. */
  readonly main: CommitHash;
  readonly parentTree: TreeHash;
  readonly incumbent: StrategyVersion;
  readonly yardstick: Evaluation;
  readonly noise: SelectionNoise;
  /** What was done so far, a commit a stage. */
  readonly work: NightWork;
}

/** What a night has proposed, for whoever publishes it. */
export interface Made {
  readonly branch: string;
  /** The folder of the version; null for a motion. */
  readonly strategy: string | null;
  readonly motion: Motion | null;
  readonly review: Review | null;
}

export interface NightReport {
  readonly cycle: string;
  /** What the ledger has of it; `PROPOSED` of a night that was interrupted after it had proposed something, and could not go on. */
  readonly decision: string;
  readonly reason: string;
  readonly trials: number;
  readonly pullRequest: PullRequest | null;
  /** What is proposed; null when nothing is, and of a night that is only told again. */
  readonly made: Made | null;
  /** What became of the changes that the gates had to stop. */
  readonly canaries: readonly CanaryReport[];
}
