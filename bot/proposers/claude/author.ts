import type { z } from 'zod';
import type { Author, Nothing, Work } from '#bot/proposers/author.ts';
import { type AnalysisDecision, Decision, type VersionDecision } from '#bot/proposers/decision.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { ProposerTask } from '#bot/proposers/proposer.ts';
import { applyWriting } from './author/apply-writing.ts';
import { faultsOf } from './author/faults.ts';
import { hiddenWords } from './author/hidden-words.ts';
import { SOURCE, WrittenEdits, WrittenFiles, WrittenModule } from './author/written-version.ts';
import { converse, type Judgement } from './converse.ts';
import { systemFor, type TaskName } from './layers.ts';
import type { Prompt } from './model.ts';
import type { Purpose } from './purpose.ts';
import { quoted } from './quoted.ts';
import type { Say } from './say.ts';

export interface AuthorOptions {
  readonly say: Say;
  /** A night's cycle. */
  readonly by: string;
  /** Up to when the model has read of the world, UTC milliseconds; null when nobody has said. */
  readonly knownUntil: number | null;
}

/** A model as author: it decides from facts, writes what was decided, and is told at most twice what is wrong with what it wrote. */
export function author({ say, by, knownUntil }: AuthorOptions): Author {
  const prompt = <T>(
    purpose: Purpose,
    task: TaskName,
    { facts, ask, answer }: { facts: readonly Fact[]; ask: string; answer: z.ZodType<T> },
  ): Prompt<T> => {
    const content = `${quoted(facts)}\n\n${ask}`;
    return { purpose, by, system: systemFor(task), messages: [{ role: 'user', content }], answer };
  };
  return {
    async decide(facts) {
      const ask = 'From the facts above: should anything change tonight?';
      const decided = await converse(say, prompt('decide', 'decide', { facts, ask, answer: Decision }), (decision) => {
        const { reason } = decision;
        const what = hiddenWords('hypothesis' in decision ? { reason, hypothesis: decision.hypothesis } : { reason });
        return what === null ? { kind: 'good', made: decision } : { kind: 'wrong', what };
      });
      return decided.kind === 'nothing' ? decided : { kind: 'decided', decision: decided.made };
    },

    async write(decision, facts, task) {
      const told = [...facts, { title: 'the decision to carry out', text: JSON.stringify(decision) }];
      const ask = 'From the facts above: write the version that was decided on.';
      const judge = tried(decision, task, knownUntil);
      const made =
        decision.kind === 'TWEAK'
          ? await converse(say, prompt('write', 'write', { facts: told, ask, answer: WrittenEdits }), judge)
          : await converse(say, prompt('write', 'write', { facts: told, ask, answer: WrittenFiles }), judge);
      return made.kind === 'nothing' ? made : made.made;
    },

    async writeModule(decision: AnalysisDecision, facts, current, check) {
      const told = [
        ...facts,
        { title: `strategies/analysis/${decision.module}.ts as it stands`, text: current },
        { title: 'the decision to carry out', text: JSON.stringify(decision) },
      ];
      const ask = 'From the facts above: write the module that was decided on.';
      const written = await converse(
        say,
        prompt('write', 'module', { facts: told, ask, answer: WrittenModule }),
        async (answer) => {
          if (answer.text === current) return { kind: 'wrong', what: 'The module is as it was.' };
          const file = `${decision.module}.ts`;
          const seen = await faultsOf(new Map([[file, answer.text]]), file);
          if (seen.kind === 'nothing') return seen;
          const words = hiddenChanges(answer.changes);
          if (seen.what !== null || words !== null) return wrong(seen.what, words);
          const what = await check(answer.text);
          return what === null ? { kind: 'good', made: answer } : { kind: 'wrong', what };
        },
      );
      return written.kind === 'nothing' ? written : { kind: 'module', ...written.made };
    },
  };
}

/**
 * Looks at what was written, and tries it on the development data when nothing is to be seen in it: that is a trial. What runs ends the
 * conversation, whatever comes of it, and no result is told.
 */
function tried(decision: VersionDecision, task: ProposerTask, knownUntil: number | null) {
  let trials = 0;
  return async (written: WrittenEdits | WrittenFiles): Promise<Judgement<Work>> => {
    const { kind, hypothesis, riskTier, forecast, killRule } = decision;
    const applied = applyWriting(kind, task.incumbent, written);
    const words = hiddenChanges(written.changes);
    if (applied.kind === 'wrong') {
      const source = applied.files === null ? null : await faultsOf(applied.files, SOURCE);
      return wrong(applied.what, source?.kind === 'looked' ? source.what : null, words);
    }
    if (trials === task.trials) return nothing('There were no trials left for what the model wrote.');
    const { files, manifest } = applied;
    const seen = await faultsOf(files, manifest.entry);
    if (seen.kind === 'nothing') return seen;
    if (seen.what !== null || words !== null) return wrong(seen.what, words);
    const isNew = kind === 'NEW';
    const evaluation = await task.evaluate(files, written.changes.join(', '), ...(isNew ? [manifest.id] : []));
    trials += 1;
    if (evaluation.outcome === 'rejected') return { kind: 'wrong', what: evaluation.reason };
    const { netReturn, trades } = evaluation.result.metrics;
    if (trades === 0) return nothing('What the model wrote never trades on the development data.');
    if (netReturn <= task.incumbentResult.metrics.netReturn)
      return nothing("The model's change did no better on the development data than the version that runs.");
    const claim = {
      kind,
      hypothesis,
      changes: written.changes,
      proposer: 'claude' as const,
      riskTier,
      forecast,
      killRule,
      knownUntil,
    };
    const candidate = { files, claim, ...(isNew ? { strategy: manifest.id } : {}) };
    return { kind: 'good', made: { kind: 'candidate', candidate } };
  };
}

/** What is hidden in the clauses that say what differs; null when nothing is. */
function hiddenChanges(changes: readonly string[]): string | null {
  return hiddenWords(Object.fromEntries(changes.map((change, index) => [`changes ${index + 1}`, change])));
}

/** All of it at once: an author hears only twice what is wrong. */
function wrong(...parts: readonly (string | null)[]): { readonly kind: 'wrong'; readonly what: string } {
  return { kind: 'wrong', what: parts.filter((part) => part !== null).join('\n\n') };
}

function nothing(reason: string): Nothing {
  return { kind: 'nothing', reason };
}
