import type { AuthorClass } from '#bot/gates/author-class.ts';
import { lifeAt } from '#bot/gates/life-policy.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import { AUTONOMY_PATH } from '#bot/gates/policies.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import type { EngineReport } from '#engine/runtime/report.ts';
import type { EngineStatus } from '#engine/runtime/status.ts';
import { autonomyAt, mayMerge } from './autonomy.ts';
import { type EditedText, editedText } from './edited-text.ts';
import { type Decider, type Decision, heldBy, readDecisions, recordDecision } from './life/decisions.ts';
import { doubtInGates } from './life/doubt-in-gates.ts';
import { isStale } from './life/evidence-on.ts';
import { changeOf, labelsFor, wear } from './life/labels.ts';
import { type LifeOptions, MAIN, tipOfMain } from './life/life-options.ts';
import { logMerge } from './life/merge-log.ts';
import { type Proposed, wasAskedFor } from './life/on-demand.ts';
import { proposePromotions } from './life/promotions.ts';
import { type Gates, Proofs } from './life/proofs.ts';
import { isOnlyTheBots, type Rebased, rebase } from './life/rebase.ts';
import {
  AWAY_FROM_FORKS,
  editedByHand,
  headMoved,
  requireFree,
  requireHead,
  requireOpen,
  requireOwnBranch,
  sentenceOnForks,
} from './life/requirements.ts';
import { proposeRollBack, type RollBackRequest } from './life/roll-back.ts';
import { sayOnce } from './life/say-once.ts';
import { type Merge, squash } from './life/squash.ts';
import { proposeStage, type StageRequest } from './life/stage-change.ts';
import { stagesOf } from './life/stages-of.ts';
import { removeMerged } from './life/take-down.ts';
import { tend } from './life/tend.ts';
import { proposeWaysBack } from './life/ways-back.ts';
import { whoseChange } from './life/whose-change.ts';

export { AUTONOMY_PATH } from '#bot/gates/policies.ts';
export type { LifeOptions } from './life/life-options.ts';
export type { Proposed } from './life/on-demand.ts';
export type { Rebased } from './life/rebase.ts';
export type { Merge } from './life/squash.ts';

export interface Settlement {
  readonly number: number;
  readonly head: string;
  readonly gates: Gates;
  readonly mergeCommit: string | null;
  /** Why it stands where it stands, one sentence. */
  readonly sentence: string;
}

/** What happens to a pull request after it was opened or changed: it is proven, and settled by the base's written policy or a person. */
export class PullRequestLife {
  readonly #options: LifeOptions;
  readonly #proofs: Proofs;
  #beingOpened: Promise<unknown> = Promise.resolve();

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#proofs = new Proofs(options);
  }

  /**
   * Sees to it that the pull request's present head is proven against the present tip of main, shows each gate as a check, and
   * merges where policy says the bot may. What was proven against an older main still is, while nothing moved that it stands on.
   * @param how `afresh` runs the gates whatever is known, and writes an edited text again first
   */
  async prove(number: number, how: 'as-needed' | 'afresh' = 'as-needed'): Promise<Settlement | null> {
    await this.#beingOpened;
    const pull = await this.#options.api.pullRequest(number);
    // Checks belong to a commit, not to a pull request: a lax branch as base must not turn one green for main.
    if (pull.state !== 'open' || pull.baseRef !== MAIN) return null;
    const settlement = await this.#settle(pull, how);
    if (!pull.isFromFork) await this.#wearLabels(pull, settlement);
    return settlement;
  }

  async #settle(pull: PullRequest, how: 'as-needed' | 'afresh'): Promise<Settlement> {
    const { api, botLogin } = this.#options;
    const { number } = pull;
    const settled = (gates: Gates, sentence: string, mergeCommit: string | null = null): Settlement => {
      return { number, head: pull.headSha, gates, mergeCommit, sentence };
    };
    if (pull.isFromFork) {
      const sentence = `${sentenceOnForks(pull)} ${AWAY_FROM_FORKS}`;
      await sayOnce(number, 'from-a-fork', sentence, this.#options);
      return settled(await this.#proofs.refuse(pull.headSha, sentence), sentence);
    }
    const base = await tipOfMain(this.#options);
    const edited = await this.#edited(pull, base);
    // People decide by the text, so one that was edited stands in the way, with a check that says so.
    if (edited !== null && how === 'as-needed') {
      const sentence = `The description was edited by hand and no longer says what ${edited.path} says; comment /retest to have it written again.`;
      return settled(await this.#proofs.refuse(pull.headSha, sentence), sentence);
    }
    if (edited !== null) await api.rewritePullRequest(number, edited.text);
    const gates = (how === 'as-needed' ? await this.#standing(pull, base) : null) ?? (await this.#runGates(pull, base));
    if (gates[FINAL_GATE] !== 'success') return settled(gates, 'Not every gate passed.');
    const hold = heldBy(await this.#decisions(number));
    const doubt = await doubtInGates(this.#options.state);
    if (doubt !== null) return settled(gates, `All gates passed, but ${doubt}; a person decides.`);
    if (hold !== null) return settled(gates, `All gates passed; @${hold.by} holds it.`);
    const merge = pull.author === botLogin ? await this.#mergeByPolicy(await api.pullRequest(number), base) : null;
    if (merge === null) return settled(gates, 'All gates passed; a person decides.');
    if (merge.state === 'queued') return settled(gates, `All gates passed. ${merge.sentence}`);
    return settled(gates, `All gates passed; ${AUTONOMY_PATH} lets the bot merge it.`, merge.commit);
  }

  /**
   * Squashes the pull request at exactly `head` into main, writes the merge down and removes the branch; where main has a merge queue, it
   * is put there instead. What was proven against an older main is proven against the present one first. Asked again about a merge that
   * was interrupted, it does what was left to do.
   * @param by the person who asks for it, written down before it is done; null when policy does
   * @throws RatchetError `life/not-open`, `life/from-a-fork`, `life/head-moved`, `life/held`, `life/not-proven`, `life/other-base`, `life/edited`,
   * `life/branch-gone`, `life/main-moved`, or what `squash` throws
   */
  async merge(number: number, head: string, by: Decider | null, note: string): Promise<Merge> {
    const pull = await this.#options.api.pullRequest(number);
    if (pull.isMerged && pull.mergeCommit !== null && pull.headSha === head) {
      await this.#finish(pull);
      return { state: 'merged', commit: pull.mergeCommit };
    }
    const base = await this.#requireMergeable(pull, head);
    const gates = (await this.#standing(pull, base)) ?? (await this.#runGates(pull, base));
    if (gates[FINAL_GATE] !== 'success') {
      throw new RatchetError(
        'life/not-proven',
        `Not every gate has passed for ${head.slice(0, 12)} on ${base.slice(0, 12)}.`,
        'See its checks; nothing was merged.',
      );
    }
    // Gates take minutes, in which somebody may have said hold, pushed, led it elsewhere, or written another description.
    const next = await this.#requireMergeable(await this.#options.api.pullRequest(number), head);
    if (next !== base && (await this.#standing(pull, next)) === null) {
      throw new RatchetError(
        'life/main-moved',
        `${MAIN} moved while the gates looked at #${number}, and what they said does not hold for it any more.`,
        'Ask again; nothing was merged.',
        { number },
      );
    }
    if (by !== null) await this.#decide(pull, 'merge', by);
    const merge = await squash(pull, note, this.#options);
    if (merge.state === 'merged') await this.#finish(await this.#options.api.pullRequest(number));
    return merge;
  }

  /** All that must be so of a pull request before it is merged, apart from what the gates say. Gives main's tip. */
  async #requireMergeable(pull: PullRequest, head: string): Promise<CommitHash> {
    const { number } = pull;
    requireOpen(pull);
    requireOwnBranch(pull);
    requireHead(pull, head);
    if (pull.baseRef !== MAIN) {
      throw new RatchetError(
        'life/other-base',
        `Pull request #${number} goes into ${pull.baseRef}.`,
        `Only what goes into ${MAIN} is proven and merged here.`,
      );
    }
    requireFree(number, await this.#decisions(number));
    const base = await tipOfMain(this.#options);
    await this.#requireBranch(pull);
    const edited = await this.#edited(pull, base);
    if (edited !== null) throw editedByHand(number, edited);
    return base;
  }

  /**
   * Writes down that a person approves of exactly `head`.
   * @throws RatchetError `life/head-moved`, `life/not-open`
   */
  async approve(number: number, head: string, by: Decider): Promise<Decision> {
    const pull = await this.#openPull(number);
    requireHead(pull, head);
    const decision = await this.#decide(pull, 'approve', by);
    // A person's word can make what was the bot's change a person's.
    if (wasAskedFor(pull, [decision])) this.#options.askForProof(number);
    return decision;
  }

  /** From now on it is proven, but merged by nobody through the bot. @throws RatchetError `life/not-open` */
  async hold(number: number, by: Decider): Promise<Decision> {
    return this.#decide(await this.#openPull(number), 'hold', by);
  }

  /** Ends a hold. @throws RatchetError `life/not-open`, `life/not-held` */
  async release(number: number, by: Decider): Promise<Decision> {
    const pull = await this.#openPull(number);
    if (heldBy(await this.#decisions(number)) === null)
      throw new RatchetError('life/not-held', `Pull request #${number} is not held.`, 'There is nothing to release.');
    const decision = await this.#decide(pull, 'release', by);
    this.#options.askForProof(number);
    return decision;
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
   * `life/conflict` when it cannot be made, `life/fresh` when it stands on the present main already, `life/not-open`,
   * `life/head-moved`, `life/branch-gone`, `life/not-the-bots`
   */
  async rebase(number: number): Promise<Rebased> {
    return rebase(await this.#openPull(number), this.#options);
  }

  /**
   * Opens a pull request that brings back the tree of a version that ran before.
   * @throws RatchetError `life/no-version`, `life/no-strategy`, `life/foreign-commits`
   */
  async proposeRollBack(request: RollBackRequest): Promise<Proposed> {
    return this.#opening(async () => {
      const proposed = await proposeRollBack(request, this.#options);
      return request.by === null ? proposed : this.#askedBy(proposed, 'roll-back', request.by);
    });
  }

  /**
   * Opens a pull request that changes the stage in a strategy's manifest and nothing else.
   * @throws RatchetError `life/no-strategy`, `life/same-stage`, `life/foreign-commits`
   */
  async proposeStage(request: StageRequest): Promise<Proposed> {
    return this.#opening(async () => {
      const proposed = await proposeStage(request, this.#options);
      return request.by === null ? proposed : this.#askedBy(proposed, 'promote', request.by);
    });
  }

  /** Opens a pull request for each version that has shown enough for its next stage. Gives what was done, a sentence each. */
  async proposePromotions(): Promise<readonly string[]> {
    return this.#opening(() => proposePromotions(this.#options));
  }

  /** Opens a way back for each version on main that failed in the engine or broke its own kill rule. Gives what was done, a sentence each. */
  async proposeWaysBack(published: { status: EngineStatus | null; report: EngineReport | null }): Promise<readonly string[]> {
    return proposeWaysBack(published, this.#options);
  }

  /** Does what was left to do for merges that were interrupted, or made on the forge's own page: each is written down, its branch removed. */
  async finishMerges(): Promise<readonly number[]> {
    const { api, state } = this.#options;
    await state.refresh();
    const written = new Set(await state.list('merge-logs'));
    const finished: number[] = [];
    for (const { number } of await api.branches.recentlyMerged(MAIN)) {
      if (written.has(`merge-logs/${number}.json`)) continue;
      await this.#finish(await api.pullRequest(number));
      finished.push(number);
    }
    return finished;
  }

  /**
   * Keeps proposals and branches in order as main's `policies/life.yaml` says; to be called when main has moved, beside nothing that proves.
   * Gives what was done, a sentence each.
   */
  async tend(): Promise<readonly string[]> {
    await this.finishMerges();
    await this.#options.state.refresh();
    return tend(this.#options);
  }

  /**
   * Proves what a merge queue would make of main: the pull request on top of what stands before it there. The queue asks for the same
   * checks, on a commit of its own.
   * @param head the queue's commit @param base what it stands on
   */
  async proveInQueue(number: number, head: string, base: string): Promise<Gates> {
    const { api, repository } = this.#options;
    const pull = await api.pullRequest(number);
    await tipOfMain(this.#options);
    return this.#proofs.run({ ...pull, headSha: head }, await repository.require(base), await this.authorClassOf(pull));
  }

  /** Whose rules a pull request is held to: what a person asked the bot for counts as that person's. */
  async authorClassOf(pull: PullRequest): Promise<AuthorClass> {
    const isBots = pull.author === this.#options.botLogin;
    return whoseChange({ ...pull, isBots }, isBots ? await this.#decisions(pull.number) : []);
  }

  /** Nothing is proven while a pull request is being opened for somebody: it would be judged before it is known who asked for it. */
  async #opening<T>(open: () => Promise<T>): Promise<T> {
    const opened = open();
    this.#beingOpened = Promise.allSettled([this.#beingOpened, opened]);
    return opened;
  }

  async #askedBy(proposed: Proposed, kind: 'roll-back' | 'promote', by: Decider): Promise<Proposed> {
    const pull = await this.#options.api.pullRequest(proposed.number);
    if (pull.state !== 'open' || pull.headSha !== proposed.head) return proposed;
    await this.#decide(pull, kind, by);
    this.#options.askForProof(proposed.number);
    return proposed;
  }

  async #edited(pull: PullRequest, base: CommitHash): Promise<EditedText | null> {
    return pull.author === this.#options.botLogin ? editedText(pull, this.#options, base) : null;
  }

  async #standing(pull: PullRequest, base: CommitHash): Promise<Gates | null> {
    return this.#proofs.standing(pull, base, await this.authorClassOf(pull));
  }

  async #runGates(pull: PullRequest, base: CommitHash): Promise<Gates> {
    return this.#proofs.run(pull, base, await this.authorClassOf(pull));
  }

  async #mergeByPolicy(pull: PullRequest, base: CommitHash): Promise<Merge | null> {
    const { repository, forge, progress } = this.#options;
    const level = await autonomyAt(repository, base, forge);
    if (!mayMerge(level, await stagesOf(pull, base, this.#options))) return null;
    // What somebody has pushed onto its branch is not the bot's own any more.
    if (!(await isOnlyTheBots(pull, this.#options))) return null;
    const note = `Merged by policy: ${AUTONOMY_PATH} at ${base.slice(0, 12)}.`;
    const merge = await this.merge(pull.number, pull.headSha, null, note);
    const what = merge.state === 'merged' ? `as ${merge.commit.slice(0, 8)}` : 'is in the merge queue';
    progress({ kind: 'done', phase: 'merge', message: `#${pull.number} ${what}` });
    return merge;
  }

  /** What follows a merge. It is done again until it is done, and takes nothing back from a merge that has happened. */
  async #finish(pull: PullRequest): Promise<void> {
    const { log } = this.#options;
    try {
      await logMerge(pull, this.#options, ({ by }) => removeMerged(pull, by, this.#options));
    } catch (error) {
      log.warn({ err: error, number: pull.number }, 'What follows a merge could not be done; it is tried again.');
    }
  }

  /** Labels are for people to see; whether they could be put on changes nothing. */
  async #wearLabels(pull: PullRequest, { gates, mergeCommit }: Settlement): Promise<void> {
    const { api, repository, botLogin, log } = this.#options;
    try {
      const base = await repository.require(MAIN);
      if ((await lifeAt(repository, base))?.labels !== true) return;
      const wanted = labelsFor({
        ...(await changeOf(pull, base, repository)),
        isBots: pull.author === botLogin,
        gates: gates[FINAL_GATE] === 'success' ? 'passed' : 'failed',
        isHeld: heldBy(await this.#decisions(pull.number)) !== null,
        // Its own merge is what moved main: that makes it no older.
        isStale: mergeCommit === null && (await isStale(pull, base, repository)),
      });
      await wear(pull.number, wanted, api);
    } catch (error) {
      log.warn({ err: error, number: pull.number }, 'The labels of a pull request could not be put on.');
    }
  }

  async #requireBranch(pull: PullRequest): Promise<void> {
    const branches = await this.#options.repository.branches();
    const standing = branches.find(({ name }) => name === pull.headRef);
    if (standing?.tip === pull.headSha) return;
    if (standing !== undefined) throw headMoved(pull, pull.headSha, standing.tip);
    throw new RatchetError(
      'life/branch-gone',
      `The branch of #${pull.number} is gone.`,
      'Restore it on the pull request’s page, or close the pull request; nothing was merged.',
      { number: pull.number, branch: pull.headRef },
    );
  }

  async #openPull(number: number): Promise<PullRequest> {
    const pull = await this.#options.api.pullRequest(number);
    requireOpen(pull);
    return pull;
  }

  async #decisions(number: number): Promise<readonly Decision[]> {
    await this.#options.state.refresh();
    return readDecisions(this.#options.state, number);
  }

  async #decide(pull: PullRequest, kind: Decision['kind'], by: Decider): Promise<Decision> {
    const at = new Date(this.#options.clock()).toISOString();
    const decision: Decision = { kind, ...by, head: pull.headSha, at };
    await recordDecision(this.#options.state, pull.number, decision);
    return decision;
  }
}
