import { visible } from '#bot/evidence/markdown.ts';

/**
 * Rows under a header, each column as wide as its widest cell. A cell is one line, and what hides in it is named.
 * @param rightAligned indices of the columns that hold numbers
 */
export function columned(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): string {
  const shown = rows.map((row) => row.map(visible));
  const widths = header.map((title, column) => Math.max(title.length, ...shown.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (rightAligned.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [header, ...shown].map(line).join('\n');
}
