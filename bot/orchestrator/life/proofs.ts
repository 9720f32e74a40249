import type { GateResult } from '#bot/evidence/gate-result.ts';
import type { AuthorClass } from '#bot/gates/author-class.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { type ProofInputs, proofInputs, verdictStaleness } from '#bot/gates/staleness.ts';
import type { CheckOutput, PullRequest } from '#bot/github/repository-api.ts';
import { explain } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { runGateProgram } from '../gate-program.ts';
import type { LifeOptions } from './life-options.ts';

/** Conclusions by gate, the final one among them. */
export type Gates = Readonly<Record<string, string>>;

/** Every gate passed on a head, and what they read from the base then. */
interface Proof {
  readonly base: CommitHash;
  readonly inputs: ProofInputs;
  readonly gates: Gates;
  /** Whose rules it was held to: one commit may stand in pull requests of several. */
  readonly author: AuthorClass;
}

type ProofOptions = Pick<LifeOptions, 'api' | 'repository' | 'program' | 'progress'>;

/** What the gates said of which head, shown as checks. A restart proves again rather than believe a page. */
export class Proofs {
  readonly #options: ProofOptions;
  /** By head: only those whose gates all passed, in this process. */
  readonly #proven = new Map<string, Proof>();

  constructor(options: ProofOptions) {
    this.#options = options;
  }

  /** What the gates said of this head by the rules for its author, while it holds for this base; null when they must be asked. */
  async standing(pull: PullRequest, base: CommitHash, author: AuthorClass): Promise<Gates | null> {
    const proof = this.#proven.get(pull.headSha);
    if (proof === undefined || proof.author !== author) return null;
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
    this.#proven.set(pull.headSha, { ...proof, base, inputs });
    return proof.gates;
  }

  /** Forgets what is known of a head, and shows in the final check why it stands in the way. */
  async refuse(head: string, sentence: string): Promise<Gates> {
    this.#proven.delete(head);
    await this.#write(head, { gate: FINAL_GATE, conclusion: 'failure', title: sentence, summary: sentence, annotations: [] });
    return { [FINAL_GATE]: 'failure' };
  }

  /**
   * Runs every gate and shows each as a check as it ends; the final one last.
   * @param author whose rules the change is held to
   */
  async run(pull: PullRequest, base: CommitHash, author: AuthorClass): Promise<Gates> {
    const { api, program, progress } = this.#options;
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
      if (gates[name] !== undefined) continue;
      gates[name] = 'failure';
      const summary = 'The gate program ended before this gate.';
      await this.#write(pull.headSha, { gate: name, conclusion: 'failure', title: 'Did not run', summary, annotations: [] });
    }
    if (final !== null) await this.#write(pull.headSha, final);
    this.#proven.delete(pull.headSha);
    if (gates[FINAL_GATE] === 'success')
      this.#proven.set(pull.headSha, { base, inputs: await this.#inputs(pull.headSha, base), gates, author });
    return gates;
  }

  async #inputs(headSha: string, base: CommitHash): Promise<ProofInputs> {
    const { repository } = this.#options;
    return proofInputs(repository, base, await repository.require(headSha));
  }

  #write(head: string, result: GateResult): Promise<void> {
    return this.#options.api.writeCheck(result.gate, head, { status: 'completed', conclusion: result.conclusion }, result);
  }
}
