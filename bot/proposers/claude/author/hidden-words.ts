import { firstHidden } from '#bot/gates/guard/hidden-characters.ts';

/**
 * Which of a model's own words hold what nobody sees or what turns them around, a line each; null when none does. People decide by these
 * words, and they stand in pull requests, commits and comments.
 * @param words by what they are called where they are told
 */
export function hiddenWords(words: Readonly<Record<string, string>>): string | null {
  const lines = Object.entries(words).flatMap(([name, text]) => {
    const hidden = firstHidden(text);
    return hidden === null ? [] : [`${name}: ${hidden} is hidden here: take it out.`];
  });
  return lines.length === 0 ? null : lines.join('\n');
}
