import { finding, type GuardFinding } from './finding.ts';

interface Kind {
  readonly ranges: readonly (readonly [number, number])[];
  readonly name: string;
}

/** Characters that make a text read differently from what it is, or not be seen at all. */
const KINDS: readonly Kind[] = [
  {
    name: 'a bidirectional control',
    ranges: [
      [0x61c, 0x61c],
      [0x200e, 0x200f],
      [0x202a, 0x202e],
      [0x2066, 0x2069],
    ],
  },
  // A tab is text, and a carriage return at the end of a line; what else is below a space moves a terminal's cursor or paints over lines.
  {
    name: 'a control character',
    ranges: [
      [0x00, 0x08],
      [0x0b, 0x1f],
      [0x7f, 0x9f],
    ],
  },
  { name: 'half a character', ranges: [[0xd800, 0xdfff]] },
  { name: 'a line separator that editors do not show', ranges: [[0x2028, 0x2029]] },
  {
    name: 'an invisible character',
    ranges: [
      [0xad, 0xad],
      [0x34f, 0x34f],
      [0x115f, 0x1160],
      [0x17b4, 0x17b5],
      [0x180b, 0x180f],
      [0x200b, 0x200d],
      [0x2060, 0x2065],
      [0x206a, 0x206f],
      // Braille without a dot.
      [0x2800, 0x2800],
      [0x3164, 0x3164],
      // Variation selectors, but for the two that choose between a sign and its picture.
      [0xfe00, 0xfe0d],
      [0xfeff, 0xfeff],
      [0xffa0, 0xffa0],
      [0xfff0, 0xfffb],
      [0x1bca0, 0x1bca3],
      [0x1d159, 0x1d159],
      [0x1d173, 0x1d17a],
      // Tags and the variation selectors behind them: a whole message fits into one of them a letter.
      [0xe0000, 0xe0fff],
    ],
  },
];

/** How many lines of one file are named; the rest is counted. */
const LINES_MAX = 10;

/** What hides in a text, line by line. */
export function hiddenCharacters(path: string, text: string): readonly GuardFinding[] {
  const found: GuardFinding[] = [];
  let more = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const hidden = firstHidden(line.replace(/\r$/, ''));
    if (hidden === null) continue;
    if (found.length < LINES_MAX)
      found.push(finding(path, `${hidden} is hidden here: take it out, or write it as an escape.`, index + 1));
    else more += 1;
  }
  if (more > 0) found.push(finding(path, `${more} more lines hold hidden characters: take them out.`));
  return found;
}

/** The first hidden character of a text in words, `a bidirectional control (U+202E)`; null when there is none. */
export function firstHidden(text: string): string | null {
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const kind = KINDS.find(({ ranges }) => ranges.some(([first, last]) => point >= first && point <= last));
    if (kind !== undefined) return `${kind.name} (U+${point.toString(16).toUpperCase().padStart(4, '0')})`;
  }
  return null;
}
