import type { AskedIn, Hint } from '#bot/evidence/ledger.ts';
import type { AutonomyPolicy } from '#bot/gates/policies.ts';
import type { Permission, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Lane } from '#bot/github/worker.ts';
import type { EngineWatch } from '#bot/orchestrator/engine-watch.ts';
import type { NightReport } from '#bot/orchestrator/night-options.ts';
import type { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';
import type { AskedQuestion } from '#bot/proposers/claude/ask.ts';
import type { Exchange } from '#bot/proposers/claude/model.ts';
import type { KeptThought } from '#bot/proposers/claude/read-thoughts.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { WaitingOrders } from './engine/waiting-orders.ts';
import type { Memory } from './kept-answers.ts';

/** What a comment asks for, who asks, and where it was written. */
export interface Invocation {
  readonly number: number;
  readonly isPullRequest: boolean;
  readonly author: string;
  /** What the forge said the author may do, a moment ago. */
  readonly permission: Permission;
  /** Null when it was no comment but a box of the dashboard. */
  readonly commentId: number | null;
  readonly words: readonly string[];
  /** Shows how far a slow command is, in the place of its answer. */
  readonly say: (progress: string) => Promise<void>;
  /** The comment the answer stands in, for a command whose answer is edited after it has ended. */
  readonly answerId: () => Promise<number>;
}

export interface NightRequest {
  readonly strategy: string;
  readonly hint: Hint | null;
  /** What asks for it and has one night, however often its job runs; null when nothing of the kind did. */
  readonly askedIn: AskedIn | null;
  readonly say: (progress: string) => Promise<void>;
}

/** What commands work with. */
export interface CommandRoom {
  /** The bot's own account. */
  readonly login: string;
  readonly api: RepositoryApi;
  readonly life: PullRequestLife;
  /** As fetched just before the command. */
  readonly repository: Repository;
  /** Of that repository. */
  readonly state: StateBranch;
  readonly engine: Pick<EngineWatch, 'status' | 'publishedReport' | 'report'>;
  readonly orders: WaitingOrders;
  /** What commands came to, kept until it is answered. */
  readonly kept: Memory;
  /** The candles that evidence is made from; the caller closes the store. */
  readonly openCandles: () => CandleStore;
  /** One night now; null where this bot runs none. */
  readonly night: ((request: NightRequest) => Promise<NightReport>) | null;
  /** Puts a question to the model, which can do nothing but answer; null where none is configured. */
  readonly ask: ((question: AskedQuestion) => Promise<Exchange>) | null;
  /** The exchanges with a model that are kept of a night, the newest first; null, or left out, where none are kept. */
  readonly exchanges?: ((cycle: string) => readonly KeptThought[]) | null;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** One word after a slash. `answer` gives the Markdown that is posted back. */
export interface CommentCommand {
  readonly name: string;
  readonly usage: string;
  /** One clause, for /help and for the pull request's foot. */
  readonly summary: string;
  /** For `/help NAME`: what it does in full, what it leaves alone, an example. Markdown. */
  readonly help: string;
  /** Which permission it needs: `policies/autonomy.yaml` says what each class demands. */
  readonly permission: keyof AutonomyPolicy['commands'];
  /** Less is not enough, whatever the policy says: for what puts a person's words to a model. */
  readonly permissionMin?: Permission;
  readonly needsPullRequest: boolean;
  /** How many words after its name it reads. One more is refused by name: whoever wrote it meant something by it. */
  readonly wordsMax: number;
  /** Which work it stands in line with; a quick one must not stand behind what takes minutes. */
  readonly lane: Lane;
  /** @throws RatchetError for whatever the author can mend: it becomes the answer */
  answer(invocation: Invocation, room: CommandRoom): Promise<string>;
}
