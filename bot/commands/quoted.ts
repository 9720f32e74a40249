import { shortened, text } from '#bot/evidence/markdown.ts';

/** Enough to recognise one's own word by. */
const LENGTH_MAX = 60;

/** A word of a comment as an answer repeats it: shown, and nothing else. Markdown. */
export function quoted(word: string): string {
  return `"${text(shortened(word, LENGTH_MAX))}"`;
}
