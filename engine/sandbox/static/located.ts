import type { Finding } from '#engine/sandbox/finding.ts';

/** Without what would move a terminal's cursor, forge a line or hide: escaped as a source would write it. */
export function escaped(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** Turns offsets in one text into findings with line and column, both from 1. */
export class Located {
  readonly #file: string;
  readonly #starts: number[];

  constructor(file: string, text: string) {
    this.#file = file;
    this.#starts = [0];
    for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) this.#starts.push(index + 1);
  }

  finding(rule: string, message: string, offset: number): Finding {
    const line = this.lineOf(offset);
    return {
      rule: `sandbox/${rule}`,
      message: escaped(message),
      file: this.#file,
      line,
      column: offset - this.#starts[line - 1]! + 1,
    };
  }

  /** The line of an offset, from 1. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }
}
