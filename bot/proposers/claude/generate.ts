import { readFileSync } from 'node:fs';
import type { Candidate, ProposerTask } from '#bot/proposers/proposer.ts';
import { applyAnswer } from './apply-answer.ts';
import { type Fact, quotedFacts } from './ask.ts';
import { type GeneratorAnswer, readGeneratorAnswer } from './generator-answer.ts';
import type { Exchange, Prompt } from './model.ts';
import { sentenceFor } from './outcome.ts';

/** So often a model hears what is wrong with its answer. */
const CORRECTIONS_MAX = 2;

export type Change = Exclude<GeneratorAnswer, { kind: 'NO_CHANGE' }>;

/** What a model made of a task: one change that did better on the development data, or why there is none. */
export type Generation =
  | { readonly kind: 'candidate'; readonly candidate: Candidate; readonly change: Change }
  | { readonly kind: 'nothing'; readonly reason: string };

export interface GenerateOptions {
  /** Asks the model; budget and record are its business. */
  readonly say: (prompt: Prompt) => Promise<Pick<Exchange, 'outcome'>>;
  /** What the program knows besides the incumbent and its result. */
  readonly facts: readonly Fact[];
  /** New for every task, and not to be guessed. */
  readonly nonce: string;
}

/**
 * Lets a model write one change, and tells it at most twice what is wrong with what it wrote: a form nobody can read, an edit that does
 * not fit, a version that the walls or the sandbox refuse. A result is never told: a change that did no better ends it.
 */
export async function generate(task: ProposerTask, { say, facts, nonce }: GenerateOptions): Promise<Generation> {
  const { metrics } = task.incumbentResult;
  const files = [...task.incumbent].map(([path, text]) => ({ title: `file ${path}`, text }));
  const development = { title: 'the version that runs, on the development data', text: JSON.stringify(metrics) };
  const content = [...quotedFacts([...files, development, ...facts], nonce), 'Answer with one JSON object.'].join('\n\n');
  const messages: Prompt['messages'] = [{ role: 'user', content }];
  let trials = 0;
  for (let corrections = 0; ; corrections += 1) {
    const { outcome } = await say({ purpose: 'generate', by: 'night', system: systemPrompt(), messages: [...messages] });
    if (outcome.kind !== 'answered') return nothing(sentenceFor(outcome));
    const read = readGeneratorAnswer(outcome.text);
    let why: string;
    if (read.kind === 'unreadable') why = read.why;
    else if (read.answer.kind === 'NO_CHANGE') return nothing(`The model would change nothing: ${read.answer.reason}`);
    else {
      const applied = applyAnswer(task.incumbent, read.answer);
      if (applied.kind === 'unfit') why = applied.why;
      else if (trials === task.trials) return nothing('There are no trials left for another version.');
      else {
        trials += 1;
        const { kind, hypothesis, changes } = read.answer;
        const evaluation = await task.evaluate(applied.files, changes.join(', '));
        if (evaluation.outcome === 'scored') {
          if (evaluation.result.metrics.netReturn <= metrics.netReturn)
            return nothing("The model's change did no better on the development data than the version that runs.");
          const claim = { kind, hypothesis, changes, proposer: 'claude' as const };
          return { kind: 'candidate', candidate: { files: applied.files, claim }, change: read.answer };
        }
        why = evaluation.reason;
      }
    }
    if (corrections === CORRECTIONS_MAX)
      return nothing(`The model's change is unusable after ${corrections} corrections: ${why}`);
    // What the walls say may quote the model's own text: data, like all the rest.
    const told = [...quotedFacts([{ title: 'what is wrong', text: why }], nonce), 'Answer again, whole.'].join('\n\n');
    messages.push({ role: 'assistant', content: outcome.text }, { role: 'user', content: told });
  }
}

function nothing(reason: string): Generation {
  return { kind: 'nothing', reason };
}

function systemPrompt(): string {
  return readFileSync(new URL('./prompts/generator.md', import.meta.url), 'utf8');
}
