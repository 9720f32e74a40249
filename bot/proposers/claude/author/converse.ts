import type { Nothing } from '#bot/proposers/author.ts';
import type { Prompt } from '../model.ts';
import { sentenceFor } from '../outcome.ts';
import { quoted } from '../quoted.ts';
import type { Say } from '../say.ts';

/** So often a model hears what is wrong with its answer: its form, or what it says. */
const CORRECTIONS_MAX = 2;

/** What is made of an answer that has its form. */
export type Judgement<R> =
  | { readonly kind: 'good'; readonly made: R }
  /** `what` is told to the model. */
  | { readonly kind: 'wrong'; readonly what: string }
  /** No other answer would help. */
  | Nothing;

/** Asks, tells at most twice what is wrong, and gives what was made of a good answer, or why there is none. */
export async function converse<T, R>(
  say: Say,
  first: Prompt<T>,
  judge: (value: T) => Judgement<R> | Promise<Judgement<R>>,
): Promise<{ readonly kind: 'good'; readonly made: R } | Nothing> {
  let prompt = first;
  for (let corrections = 0; ; corrections += 1) {
    const { outcome } = await say(prompt);
    let what: string;
    if (outcome.kind === 'answered') {
      const judgement = await judge(outcome.value);
      if (judgement.kind !== 'wrong') return judgement;
      what = judgement.what;
    } else if (outcome.kind === 'no-json' || outcome.kind === 'unfit') {
      what = outcome.what;
    } else {
      return { kind: 'nothing', reason: `The model was asked in vain. ${sentenceFor(outcome)}` };
    }
    if (corrections === CORRECTIONS_MAX)
      return { kind: 'nothing', reason: `What the model wrote was of no use, also after it was told what is wrong: ${what}` };
    // What is wrong may quote what the model itself wrote: data, like all the rest.
    const told = `${quoted([{ title: 'what is wrong', text: what }])}\n\nGive your whole answer again, in the form it was asked for.`;
    const said = [
      { role: 'assistant' as const, content: outcome.text },
      { role: 'user' as const, content: told },
    ];
    const purpose = first.purpose === 'write' ? 'correct' : first.purpose;
    prompt = { ...prompt, purpose, messages: [...prompt.messages, ...said] };
  }
}
