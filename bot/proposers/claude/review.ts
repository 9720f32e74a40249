import type { Review, Reviewed } from '#bot/proposers/author.ts';
import { asFinding } from './review/answer.ts';
import { look, type Say } from './review/look.ts';

export interface ReviewerOptions {
  readonly say: Say;
  readonly cycle: string;
}

export interface Reviewer {
  review(reviewed: Reviewed): Promise<Review>;
}

/**
 * A model that reads a change without its author's reasons: it sees the contract, the diff, the files and the numbers. What a docstring
 * claims it sees too, since that is merged with the rest.
 */
export function reviewer({ say, cycle }: ReviewerOptions): Reviewer {
  return {
    async review(reviewed) {
      const seen = await look(reviewed, cycle, say);
      if (seen.kind === 'unread') return { kind: 'nothing', reason: `The reviewing model has not looked at it. ${seen.reason}` };
      return { kind: 'reviewed', findings: seen.findings.map(asFinding) };
    },
  };
}
