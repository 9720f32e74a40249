import { RatchetError } from '#engine/errors.ts';

/** The house's line width, as in biome.json. */
export const LINE_WIDTH = 130;

/** A string literal in the house's quotes. */
export function quoted(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}

export function indented(lines: readonly string[], levels = 1): string[] {
  return lines.map((line) => (line === '' ? '' : '  '.repeat(levels) + line));
}

/** `a, b and c`, or with another last word */
export function listed(items: readonly string[], word: 'and' | 'or' = 'and'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`;
}

/** Words filled into lines of at most `width` characters. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Joins lines into a file, and holds the printer to its promise that nothing is left for a formatter to fold. */
export function fileOf(lines: readonly string[]): string {
  const tooLong = lines.find((line) => line.length > LINE_WIDTH);
  if (tooLong !== undefined) {
    throw new RatchetError(
      'evolution/line-too-long',
      `A printed line is ${tooLong.length} characters long: ${tooLong.trim().slice(0, 60)}…`,
      'Shorten the block it comes from; the printer does not fold expressions.',
    );
  }
  return `${lines.join('\n')}\n`;
}
