const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Where a stretch of a generated line came from. */
export interface Segment {
  /** Its first column in the generated line, from 0. */
  readonly column: number;
  /** The line of the source, from 1. */
  readonly line: number;
}

/**
 * For each line of the generated text its stretches in order, out of the `mappings` of a source map with one source (Source Map
 * Revision 3: segments of base-64 VLQ, fields relative to the segment before, the column to that before in its line).
 */
export function segmentsOf(mappings: string): Segment[][] {
  let sourceLine = 0;
  return mappings.split(';').map((line) => {
    const segments: Segment[] = [];
    let column = 0;
    for (const text of line.split(',')) {
      const fields = vlq(text);
      column += fields[0] ?? 0;
      if (fields.length < 4) continue;
      sourceLine += fields[2]!;
      segments.push({ column, line: sourceLine + 1 });
    }
    return segments;
  });
}

/** The line of the source behind a place in a generated line; 0 where none is known. */
export function lineBehind(segments: readonly Segment[] | undefined, column: number): number {
  return (segments?.findLast((segment) => segment.column <= column) ?? segments?.[0])?.line ?? 0;
}

function vlq(segment: string): number[] {
  const fields: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    fields.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return fields;
}
