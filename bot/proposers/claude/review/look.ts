import { shortened } from '#bot/evidence/markdown.ts';
import type { Reviewed } from '#bot/proposers/author.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Mask } from '../mask.ts';
import { sentenceFor } from '../outcome.ts';
import { quoted } from '../quoted.ts';
import type { Say } from '../say.ts';
import { type PlacedFinding, unmasked } from './answer.ts';
import { reviewPrompt } from './review-prompt.ts';

/** So often a reviewer is told that its answer has not the form it was asked for. */
const CORRECTIONS_MAX = 2;
/** A text longer than that is not read in part: who has seen half of a change has not seen it. */
const SHOWN_LENGTH_MAX = 300_000;
const REASON_LENGTH_MAX = 2_000;

/** One change, read once. */
export type Look =
  | {
      readonly kind: 'looked';
      readonly findings: readonly PlacedFinding[];
      readonly record: string | null;
    }
  /** Nobody looked, and why: Markdown. */
  | { readonly kind: 'unread'; readonly reason: string };

/** Shows a change to a model through a mask, and hears its findings under real names. Whatever goes wrong with the model is an answer. */
export async function look(reviewed: Reviewed, by: string, say: Say, mask: Mask): Promise<Look> {
  const prompt = reviewPrompt(reviewed, by, mask);
  const length = prompt.messages.reduce((sum, { content }) => sum + content.length, 0);
  if (length > SHOWN_LENGTH_MAX)
    return {
      kind: 'unread',
      reason: `The change has ${length} characters with its evidence, and a reviewer is shown ${SHOWN_LENGTH_MAX} at most.`,
    };
  let messages = prompt.messages;
  for (let corrections = 0; ; corrections += 1) {
    const exchange = await heard(say({ ...prompt, messages }));
    if (typeof exchange === 'string') return { kind: 'unread', reason: exchange };
    const { outcome, record } = exchange;
    if (outcome.kind === 'answered')
      return { kind: 'looked', findings: outcome.value.findings.map((one) => unmasked(one, mask)), record };
    if ((outcome.kind !== 'no-json' && outcome.kind !== 'unfit') || corrections === CORRECTIONS_MAX)
      return { kind: 'unread', reason: shortened(sentenceFor(outcome), REASON_LENGTH_MAX) };
    messages = [...messages, { role: 'assistant', content: outcome.text }, { role: 'user', content: correction(outcome.what) }];
  }
}

/** An exchange, or why there is none: a disk that keeps no thoughts ends a review and not the night that has its candidate already. */
async function heard<T>(exchange: Promise<T>): Promise<T | string> {
  try {
    return await exchange;
  } catch (error) {
    if (error instanceof RatchetError && error.code === 'claude/thoughts') return `${error.message} ${error.remedy}`;
    throw error;
  }
}

/** The fault may name what the answer said, and the answer what the change said: so it is data too. */
function correction(what: string): string {
  const fault = quoted([{ title: 'what does not fit', text: what }]);
  return [fault, 'Your answer has not the form it was asked for. Give the whole of it again, as JSON of that form.'].join('\n\n');
}
