import { shortened, text } from '#bot/evidence/markdown.ts';

const LENGTH_MAX = 160;

/** Somebody's words in a line of the dashboard: shown, cut, and without effect. Markdown. */
export function shortenedText(raw: string): string {
  return text(shortened(raw, LENGTH_MAX));
}
