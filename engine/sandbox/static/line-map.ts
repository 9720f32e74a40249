const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * For each line of the generated text the line of the source it came from (from 1; 0 where none), out of the `mappings` of a
 * source map with one source (Source Map Revision 3: segments of base-64 VLQ, fields relative to the segment before).
 */
export function sourceLines(mappings: string): number[] {
  let sourceLine = 0;
  return mappings.split(';').map((line) => {
    let first: number | undefined;
    for (const segment of line.split(',')) {
      const fields = vlq(segment);
      if (fields.length < 4) continue;
      sourceLine += fields[2]!;
      first ??= sourceLine + 1;
    }
    return first ?? 0;
  });
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
