import type { GateResult } from '#bot/evidence/gate-result.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { AutonomyPolicy, parsePolicy } from '#bot/gates/policies.ts';
import type { CheckOutput, PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { type GateProgram, runGateProgram } from './gate-program.ts';
import type { Progress } from './progress.ts';

export const AUTONOMY_PATH = 'policies/autonomy.yaml';

/** The branch that is deployed. */
const MAIN = 'main';

export interface LifeOptions {
  readonly api: RepositoryApi;
  readonly repository: Repository;
  readonly program: GateProgram;
  /** The bot's own account: its changes are held to the bot's rules, and only they may be merged without a person. */
  readonly botLogin: string;
  readonly forge: 'embedded' | 'github';
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

/** What happens to a pull request after it was opened or changed: it is proven, and settled by the base's written policy. */
export class PullRequestLife {
  readonly #options: LifeOptions;
  /** `head base` pairs whose gates all passed in this process; a restart proves again rather than believe a page. */
  readonly #proven = new Set<string>();

  constructor(options: LifeOptions) {
    this.#options = options;
  }

  /** Runs the gates on the pull request's present head, shows each as a check, and merges where policy says the bot may. */
  async prove(number: number): Promise<Settlement | null> {
    const { api, botLogin } = this.#options;
    const pull = await api.pullRequest(number);
    // Checks belong to a commit, not to a pull request: a lax branch as base must not turn one green for main.
    if (pull.state !== 'open' || pull.baseRef !== MAIN) return null;
    const base = await this.#tip();
    const gates = await this.#runGates(pull, base);
    if (gates[FINAL_GATE] !== 'success')
      return { number, head: pull.headSha, gates, mergeCommit: null, sentence: 'Not every gate passed.' };
    const mergeCommit = pull.author === botLogin ? await this.#mergeByPolicy(pull, base) : null;
    const sentence =
      mergeCommit === null ? 'All gates passed; a person decides.' : `All gates passed; ${AUTONOMY_PATH} lets the bot merge it.`;
    return { number, head: pull.headSha, gates, mergeCommit, sentence };
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
    if (gates[FINAL_GATE] === 'success') this.#proven.add(`${pull.headSha} ${base}`);
    return gates;
  }

  #write(head: string, result: GateResult): Promise<void> {
    return this.#options.api.writeCheck(result.gate, head, { status: 'completed', conclusion: result.conclusion }, result);
  }

  async #mergeByPolicy(pull: PullRequest, base: CommitHash): Promise<string | null> {
    const { repository, forge, progress } = this.#options;
    const autonomy = parsePolicy(AUTONOMY_PATH, await readText(repository, base, AUTONOMY_PATH), AutonomyPolicy);
    const stages = await this.#stagesOf(pull, base);
    const mayMerge = stages.every((stage) =>
      autonomy.merge.some((rule) => rule.forge === forge && rule.stage === stage && rule.by === 'bot'),
    );
    if (stages.length === 0 || !mayMerge) return null;
    const mergeCommit = await this.merge(
      pull.number,
      pull.headSha,
      `Merged by policy: ${AUTONOMY_PATH} at ${base.slice(0, 12)}.`,
    );
    progress({ kind: 'done', phase: 'merge', message: `#${pull.number} as ${mergeCommit.slice(0, 8)}` });
    return mergeCommit;
  }

  /**
   * Squashes the pull request at exactly `head` into main and removes its branch. What was proven against an older main is
   * proven against the present one first.
   * @throws RatchetError `life/not-proven`, `life/other-base`, or what `RepositoryApi.merge` throws
   */
  async merge(number: number, head: string, note: string): Promise<string> {
    const { api } = this.#options;
    const pull = await api.pullRequest(number);
    if (pull.baseRef !== MAIN) {
      throw new RatchetError(
        'life/other-base',
        `Pull request #${number} goes into ${pull.baseRef}.`,
        `Only what goes into ${MAIN} is proven and merged here.`,
      );
    }
    const base = await this.#tip();
    if (pull.headSha === head && !this.#proven.has(`${head} ${base}`)) await this.#runGates(pull, base);
    if (!this.#proven.has(`${head} ${base}`)) {
      throw new RatchetError(
        'life/not-proven',
        `Not every gate has passed for ${head.slice(0, 12)} on ${base.slice(0, 12)}.`,
        'See its checks; nothing was merged.',
      );
    }
    const mergeCommit = await api.merge(number, head, `${pull.title} (#${number})`, note);
    await api.deleteBranch(pull.headRef);
    return mergeCommit;
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
