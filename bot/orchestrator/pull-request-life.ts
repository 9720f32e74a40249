import type { GateResult } from '#bot/evidence/gate-result.ts';
import type { CommandHelp } from '#bot/evidence/render-context.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { AUTONOMY_PATH } from '#bot/gates/policies.ts';
import { type ProofInputs, proofInputs, verdictStaleness } from '#bot/gates/staleness.ts';
import type { CheckOutput, PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { CommitHash, Person, Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { autonomyAt, type ForgeKind, mayMerge } from './autonomy.ts';
import { CANARY_LABEL } from './canaries.ts';
import { type EditedText, editedText } from './edited-text.ts';
import { type GateProgram, runGateProgram } from './gate-program.ts';
import { type Decider, type Decision, heldBy, readDecisions, recordDecision } from './life/decisions.ts';
import type { Progress } from './progress.ts';

export { AUTONOMY_PATH } from '#bot/gates/policies.ts';

/** The branch that is deployed. */
const MAIN = 'main';

export interface LifeOptions {
  readonly api: RepositoryApi;
  readonly repository: Repository;
  /** Where people's decisions and the merge log stand. */
  readonly state: StateBranch;
  readonly program: GateProgram;
  /** The bot's own account: its changes are held to the bot's rules, and only they may be merged without a person. */
  readonly botLogin: string;
  readonly forge: ForgeKind;
  /** Who commits when the bot does. */
  readonly author: Person;
  /** UTC milliseconds: dates decisions, records and commits. */
  readonly clock: () => number;
  /** What a pull request of the bot lists at its foot. */
  readonly commands: readonly CommandHelp[];
  readonly log: Logger;
  readonly progress: Progress;
}

export interface Settlement {
  readonly number: number;
  readonly head: string;
  readonly gates: Readonly<Record<string, string>>;
  readonly mergeCommit: string | null;
  /** Why it stands where it stands, one sentence. */
  readonly sentence: string;
}

/** What became of a merge that was not refused. */
export type Merge =
  | { readonly state: 'merged'; readonly commit: string }
  /** The branch has a merge queue: it stands in it, and the forge merges it when its turn comes. */
  | { readonly state: 'queued'; readonly sentence: string };

export interface Rebased {
  readonly from: string;
  readonly to: string;
  /** What was made again, one sentence. */
  readonly sentence: string;
}

/** A pull request that the bot opened because it was asked to, or one that was open already and says the same. */
export interface Proposed {
  readonly number: number;
  readonly url: string;
  readonly head: string;
  readonly isNew: boolean;
  readonly sentence: string;
}

/** Every gate passed on a head, and what they read from the base then. */
interface Proof {
  readonly base: CommitHash;
  readonly inputs: ProofInputs;
  readonly gates: Readonly<Record<string, string>>;
}

/** What happens to a pull request after it was opened or changed: it is proven, and settled by the base's written policy. */
export class PullRequestLife {
  readonly #options: LifeOptions;
  /** Heads whose gates all passed in this process; a restart proves again rather than believe a page. */
  readonly #proven = new Map<string, Proof>();

  constructor(options: LifeOptions) {
    this.#options = options;
  }

  /**
   * Sees to it that the pull request's present head is proven against the present tip of main, shows each gate as a check, and
   * merges where policy says the bot may. What was proven against an older main still is, while nothing moved that it stands on.
   * @param how `afresh` runs the gates whatever is known, and writes an edited text again first
   */
  async prove(number: number, how: 'as-needed' | 'afresh' = 'as-needed'): Promise<Settlement | null> {
    const { api, botLogin } = this.#options;
    const pull = await api.pullRequest(number);
    // Checks belong to a commit, not to a pull request: a lax branch as base must not turn one green for main.
    if (pull.state !== 'open' || pull.baseRef !== MAIN) return null;
    const base = await this.#tip();
    const edited = await this.#edited(pull, base);
    if (edited !== null && how === 'as-needed') return this.#refuseEdited(pull, edited);
    if (edited !== null) await api.rewritePullRequest(number, edited.text);
    const gates = (how === 'as-needed' ? await this.#stillProven(pull, base) : null) ?? (await this.#runGates(pull, base));
    if (gates[FINAL_GATE] !== 'success')
      return { number, head: pull.headSha, gates, mergeCommit: null, sentence: 'Not every gate passed.' };
    if ((await api.issues.listOpen(CANARY_LABEL)).length > 0) {
      const sentence = 'All gates passed, but they let a canary through and no night has stopped it since; a person decides.';
      return { number, head: pull.headSha, gates, mergeCommit: null, sentence };
    }
    const mergeCommit = pull.author === botLogin ? await this.#mergeByPolicy(await api.pullRequest(number), base) : null;
    const sentence =
      mergeCommit === null ? 'All gates passed; a person decides.' : `All gates passed; ${AUTONOMY_PATH} lets the bot merge it.`;
    return { number, head: pull.headSha, gates, mergeCommit, sentence };
  }

  /** What the gates said of this head, while it holds for this base; null when they must be asked. */
  async #stillProven(pull: PullRequest, base: CommitHash): Promise<Readonly<Record<string, string>> | null> {
    const proof = this.#proven.get(pull.headSha);
    if (proof === undefined) return null;
    if (proof.base === base) return proof.gates;
    const inputs = await this.#inputs(pull.headSha, base);
    const freshness = verdictStaleness(proof.inputs, inputs);
    const { progress } = this.#options;
    const message = `#${pull.number} at ${pull.headSha.slice(0, 8)}`;
    if (freshness.state === 'stale') {
      progress({ kind: 'phase', phase: 'gates', message: `${message} is ${freshness.reason}` });
      return null;
    }
    progress({ kind: 'done', phase: 'gates', message: `${message}: main moved, and nothing it was proven by did` });
    this.#proven.set(pull.headSha, { base, inputs, gates: proof.gates });
    return proof.gates;
  }

  async #inputs(headSha: string, base: CommitHash): Promise<ProofInputs> {
    const { repository } = this.#options;
    return proofInputs(repository, base, await repository.require(headSha));
  }

  async #edited(pull: PullRequest, base: CommitHash): Promise<EditedText | null> {
    return pull.author === this.#options.botLogin ? editedText(pull, this.#options, base) : null;
  }

  /** People decide by the text, so one that was edited stands in the way, with a check that says so. */
  async #refuseEdited(pull: PullRequest, edited: EditedText): Promise<Settlement> {
    this.#proven.delete(pull.headSha);
    const title = `The description was edited by hand and no longer says what ${edited.path} says; comment /retest to have it written again.`;
    await this.#write(pull.headSha, { gate: FINAL_GATE, conclusion: 'failure', title, summary: title, annotations: [] });
    return { number: pull.number, head: pull.headSha, gates: { [FINAL_GATE]: 'failure' }, mergeCommit: null, sentence: title };
  }

  async #tip(): Promise<CommitHash> {
    const { repository } = this.#options;
    await repository.fetch();
    const tip = await repository.resolve(MAIN);
    if (tip === null) throw new RatchetError('life/no-main', `The repository has no branch ${MAIN}.`, 'Push one.');
    return tip;
  }

  async #runGates(pull: PullRequest, base: CommitHash): Promise<Readonly<Record<string, string>>> {
    const { api, program, progress, botLogin } = this.#options;
    const author = pull.author === botLogin ? 'bot' : 'person';
    progress({
      kind: 'phase',
      phase: 'gates',
      message: `#${pull.number} at ${pull.headSha.slice(0, 8)} against ${base.slice(0, 8)}`,
    });
    const waiting: CheckOutput = { title: 'Running', summary: `Head \`${pull.headSha}\`, base \`${base}\`.`, annotations: [] };
    for (const name of [...GATE_NAMES, FINAL_GATE]) await api.writeCheck(name, pull.headSha, { status: 'in_progress' }, waiting);
    const gates: Record<string, string> = {};
    let written = Promise.resolve();
    const show = (result: GateResult): void => {
      gates[result.gate] = result.conclusion;
      progress({ kind: 'done', phase: 'gates', message: `${result.gate}: ${result.conclusion}, ${result.title}` });
      // The final check is written last, after the signature: whoever sees it green finds the statement in place.
      if (result.gate === FINAL_GATE) return;
      written = written.then(() => this.#write(pull.headSha, result));
      // Whoever awaits the last of them hears of the first that failed.
      written.catch(() => {});
    };
    let final: GateResult | null = null;
    try {
      await runGateProgram(program, { base, head: pull.headSha, author }, (result) => {
        if (result.gate === FINAL_GATE) final = result;
        show(result);
      });
    } catch (error) {
      gates[FINAL_GATE] = 'failure';
      final = {
        gate: FINAL_GATE,
        conclusion: 'failure',
        title: 'The gates could not be run',
        summary: explain(error),
        annotations: [],
      };
    }
    await written;
    for (const name of GATE_NAMES) {
      if (gates[name] === undefined) {
        gates[name] = 'failure';
        await this.#write(pull.headSha, {
          gate: name,
          conclusion: 'failure',
          title: 'Did not run',
          summary: 'The gate program ended before this gate.',
          annotations: [],
        });
      }
    }
    if (final !== null) await this.#write(pull.headSha, final);
    this.#proven.delete(pull.headSha);
    if (gates[FINAL_GATE] === 'success')
      this.#proven.set(pull.headSha, { base, inputs: await this.#inputs(pull.headSha, base), gates });
    return gates;
  }

  #write(head: string, result: GateResult): Promise<void> {
    return this.#options.api.writeCheck(result.gate, head, { status: 'completed', conclusion: result.conclusion }, result);
  }

  async #mergeByPolicy(pull: PullRequest, base: CommitHash): Promise<string | null> {
    const { repository, forge, progress } = this.#options;
    const level = await autonomyAt(repository, base, forge);
    if (!mayMerge(level, await this.#stagesOf(pull, base))) return null;
    const note = `Merged by policy: ${AUTONOMY_PATH} at ${base.slice(0, 12)}.`;
    const merge = await this.merge(pull.number, pull.headSha, null, note);
    if (merge.state === 'queued') return null;
    progress({ kind: 'done', phase: 'merge', message: `#${pull.number} as ${merge.commit.slice(0, 8)}` });
    return merge.commit;
  }

  /**
   * Squashes the pull request at exactly `head` into main and removes its branch. What was proven against an older main is
   * proven against the present one first.
   * @param by the person who asks for it, written down before it is done; null when policy does
   * @throws RatchetError `life/not-open`, `life/head-moved`, `life/held`, `life/not-proven`, `life/other-base`, `life/edited`, or
   * what `RepositoryApi.merge` throws
   */
  async merge(number: number, head: string, by: Decider | null, note: string): Promise<Merge> {
    const { api } = this.#options;
    const pull = await this.#openPull(number);
    requireHead(pull, head);
    if (pull.baseRef !== MAIN) {
      throw new RatchetError(
        'life/other-base',
        `Pull request #${number} goes into ${pull.baseRef}.`,
        `Only what goes into ${MAIN} is proven and merged here.`,
      );
    }
    const base = await this.#tip();
    const edited = await this.#edited(pull, base);
    if (edited !== null) throw editedByHand(number, edited);
    const isProven = (await this.#stillProven(pull, base)) ?? (await this.#runGates(pull, base));
    if (isProven[FINAL_GATE] !== 'success') {
      throw new RatchetError(
        'life/not-proven',
        `Not every gate has passed for ${head.slice(0, 12)} on ${base.slice(0, 12)}.`,
        'See its checks; nothing was merged.',
      );
    }
    await this.#requireFree(number);
    if (by !== null) await this.#decide(pull, 'merge', by);
    const commit = await api.merge(number, head, `${pull.title} (#${number})`, note);
    await api.deleteBranch(pull.headRef);
    return { state: 'merged', commit };
  }

  /**
   * Writes down that a person approves of exactly `head`.
   * @throws RatchetError `life/head-moved`, `life/not-open`
   */
  async approve(number: number, head: string, by: Decider): Promise<Decision> {
    const pull = await this.#openPull(number);
    requireHead(pull, head);
    return this.#decide(pull, 'approve', by);
  }

  /** From now on it is proven, but merged by nobody through the bot. @throws RatchetError `life/not-open` */
  async hold(number: number, by: Decider): Promise<Decision> {
    return this.#decide(await this.#openPull(number), 'hold', by);
  }

  /** Ends a hold. @throws RatchetError `life/not-open`, `life/not-held` */
  async release(number: number, by: Decider): Promise<Decision> {
    const pull = await this.#openPull(number);
    await this.#options.state.refresh();
    if (heldBy(await readDecisions(this.#options.state, number)) === null)
      throw new RatchetError('life/not-held', `Pull request #${number} is not held.`, 'There is nothing to release.');
    return this.#decide(pull, 'release', by);
  }

  /** Closes it without merging. @throws RatchetError `life/not-open` */
  async close(number: number, by: Decider): Promise<void> {
    const pull = await this.#openPull(number);
    await this.#decide(pull, 'close', by);
    await this.#options.api.closePullRequest(number);
  }

  /**
   * Makes the bot's own commit again on the present main, its evidence too when that is stale.
   * @throws RatchetError `life/foreign-commits` when somebody else's commit stands on the branch (it is never touched),
   * `life/conflict` when it cannot be made, `life/fresh` when it stands on the present main already, `life/not-open`
   */
  async rebase(number: number): Promise<Rebased> {
    throw new RatchetError('life/conflict', `#${number} cannot be made again yet.`, 'Wait for the next version of the bot.');
  }

  /**
   * Opens a pull request that brings back the tree of a version that ran before.
   * @param version a commit on main's line that had it, at least 7 digits of its hash or of its tree's; null for the version before
   * the present one
   * @param by null when the engine gave the reason and nobody has decided yet: then a person must approve it before it passes
   * @throws RatchetError `life/no-version`, `life/no-strategy`
   */
  async proposeRollBack(request: {
    strategy: string;
    version: string | null;
    by: Decider | null;
    why: string;
  }): Promise<Proposed> {
    throw new RatchetError('life/no-version', `${request.strategy} cannot go back yet.`, 'Wait for the next version of the bot.');
  }

  /**
   * Opens a pull request that changes the stage in a strategy's manifest and nothing else.
   * @throws RatchetError `life/no-strategy`, `life/same-stage`
   */
  async proposeStage(request: { strategy: string; stage: Stage; by: Decider }): Promise<Proposed> {
    throw new RatchetError(
      'life/same-stage',
      `${request.strategy} keeps its stage for now.`,
      'Wait for the next version of the bot.',
    );
  }

  async #requireFree(number: number): Promise<void> {
    await this.#options.state.refresh();
    const hold = heldBy(await readDecisions(this.#options.state, number));
    if (hold === null) return;
    throw new RatchetError(
      'life/held',
      `Pull request #${number} is held by @${hold.by} since ${hold.at.slice(0, 16)}Z.`,
      'It must be released first, see /help; nothing was merged.',
      { number },
    );
  }

  async #openPull(number: number): Promise<PullRequest> {
    const pull = await this.#options.api.pullRequest(number);
    if (pull.state === 'open') return pull;
    const what = pull.isMerged ? 'merged' : 'closed';
    throw new RatchetError('life/not-open', `Pull request #${number} is ${what} already.`, 'Nothing was done.', { number });
  }

  async #decide(pull: PullRequest, kind: Decision['kind'], by: Decider): Promise<Decision> {
    const at = new Date(this.#options.clock()).toISOString();
    const decision: Decision = { kind, ...by, head: pull.headSha, at };
    await recordDecision(this.#options.state, pull.number, decision);
    return decision;
  }

  /** Stages of the strategies the head changes, as the head has them and as the base had them. */
  async #stagesOf(pull: PullRequest, base: CommitHash): Promise<readonly string[]> {
    const { repository } = this.#options;
    const head = await repository.resolve(pull.headSha);
    if (head === null) return [];
    const stages = new Set<string>();
    for (const change of await repository.diff(base, head)) {
      const id = change.path.match(/^strategies\/([^/]+)\//)?.[1];
      if (id === undefined) return [];
      for (const commit of [base, head]) {
        const text = await readText(repository, commit, `strategies/${id}/manifest.yaml`);
        if (text !== null) stages.add(parseManifest(id, text).stage);
      }
    }
    return [...stages];
  }
}

function requireHead({ number, headSha }: PullRequest, head: string): void {
  if (headSha === head) return;
  throw new RatchetError(
    'life/head-moved',
    `Pull request #${number} is no longer at ${head.slice(0, 12)}: its head is ${headSha}.`,
    'Read the new commits, and name the head you have read.',
    { number, head, headSha },
  );
}

function editedByHand(number: number, { path }: EditedText): RatchetError {
  return new RatchetError(
    'life/edited',
    `The description of #${number} was edited by hand and no longer says what ${path} says.`,
    'Comment /retest to have it written again, read it, and decide then; nothing was merged.',
    { number, path },
  );
}
