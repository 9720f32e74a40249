/** What a model is asked for: a person's question, what a night decides, a change, its correction, a review of it. */
export const PURPOSES = ['ask', 'decide', 'write', 'correct', 'review'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** A whole module and the thinking before it are long; an answer in a comment is not. */
export const OUTPUT_TOKENS: Readonly<Record<Purpose, number>> = {
  ask: 4_000,
  decide: 16_000,
  write: 32_000,
  correct: 32_000,
  review: 16_000,
};

const START_MS = 20_000;
const TOKEN_MS = 25;

/** How long an answer of so many tokens may take, in milliseconds: it comes as a stream, at forty tokens a second or more. */
export function deadlineFor(maxTokens: number): number {
  return START_MS + maxTokens * TOKEN_MS;
}
