import { shortened } from '#bot/evidence/markdown.ts';
import type { Reviewed } from '#bot/proposers/author.ts';
import { converse } from '../converse.ts';
import type { Mask } from '../mask.ts';
import type { Say } from '../say.ts';
import { type PlacedFinding, unmasked } from './answer.ts';
import { reviewPrompt } from './review-prompt.ts';

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
  const read = await converse(say, prompt, (answer) => ({ kind: 'good', made: answer }));
  if (read.kind === 'nothing') return { kind: 'unread', reason: shortened(read.reason, REASON_LENGTH_MAX) };
  return { kind: 'looked', findings: read.made.findings.map((finding) => unmasked(finding, mask)), record: read.record };
}
