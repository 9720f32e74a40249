import { shortened } from '#bot/evidence/markdown.ts';
import type { Nothing } from '#bot/proposers/author.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Prompt } from './model.ts';
import { sentenceFor } from './outcome.ts';
import { quoted } from './quoted.ts';
import type { Say } from './say.ts';

/** So often a model hears what is wrong with its answer: its form, or what it says. */
const CORRECTIONS_MAX = 2;
/** A person reads it, and what the model was told stands in its thoughts. */
const REASON_LENGTH_MAX = 1_000;
const USELESS = 'What the model wrote was of no use, also after it was told what is wrong:';

/** What is made of an answer that has its form. */
export type Judgement<R> =
  | { readonly kind: 'good'; readonly made: R }
  /** `what` is told to the model. */
  | { readonly kind: 'wrong'; readonly what: string }
  /** No other answer would help. */
  | Nothing;

/** What was made of a good answer, and the name it is kept by in `thoughts/`. */
export interface Made<R> {
  readonly kind: 'good';
  readonly made: R;
  readonly record: string | null;
}

/**
 * Asks, tells at most twice what is wrong, and gives what was made of a good answer, or why there is none. Whatever goes wrong with the
 * model is an answer, and so it is when its words cannot be kept: a night has to do without a model then, and not without its end.
 */
export async function converse<T, R>(
  say: Say,
  first: Prompt<T>,
  judge: (value: T) => Judgement<R> | Promise<Judgement<R>>,
): Promise<Made<R> | Nothing> {
  let prompt = first;
  for (let corrections = 0; ; corrections += 1) {
    const exchange = await heard(say(prompt));
    if ('kind' in exchange) return exchange;
    const { outcome, record } = exchange;
    let what: string;
    let sentence: string;
    if (outcome.kind === 'answered') {
      const judgement = await judge(outcome.value);
      if (judgement.kind === 'good') return { ...judgement, record };
      if (judgement.kind === 'nothing') return judgement;
      [what, sentence] = [judgement.what, judgement.what.replaceAll(/\n+/g, ' ')];
    } else if (outcome.kind === 'no-json' || outcome.kind === 'unfit') {
      [what, sentence] = [outcome.what, sentenceFor(outcome)];
    } else {
      return { kind: 'nothing', reason: `The model was asked in vain. ${sentenceFor(outcome)}` };
    }
    if (corrections === CORRECTIONS_MAX)
      return { kind: 'nothing', reason: shortened(`${USELESS} ${sentence}`, REASON_LENGTH_MAX) };
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

/** An exchange, or why there is none: a disk that keeps no thoughts makes no call, and ends no night. */
async function heard<T extends object>(exchange: Promise<T>): Promise<T | Nothing> {
  try {
    return await exchange;
  } catch (error) {
    if (error instanceof RatchetError && error.code === 'claude/thoughts')
      return { kind: 'nothing', reason: `${error.message} ${error.remedy}` };
    throw error;
  }
}
