import { describe, expect, it } from 'vitest';
import { encodeHead } from '#engine/sandbox/frame.ts';
import { type Frame, FrameReader } from '#engine/sandbox/frame-reader.ts';
import { jsonExcess } from '#engine/sandbox/json-excess.ts';
import fc from '#tests/support/properties.ts';

const limits = { textBytesMax: 10_000, arrayCountMax: 10, arrayBytesMax: 10_000 };

function encoded({ id, kind, text, arrays }: Frame): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const lengths = arrays.map((array) => array.length);
  return Buffer.concat([encodeHead(id, kind, bytes.length, lengths), bytes, ...arrays.map((array) => Buffer.from(array.buffer))]);
}

const frame = fc.record({
  id: fc.nat(4294967295),
  kind: fc.nat(4),
  text: fc.string({ unit: 'grapheme', maxLength: 50 }),
  arrays: fc.array(fc.float64Array({ maxLength: 20 }), { maxLength: 4 }),
});

describe('FrameReader', () => {
  it('gives back what was sent, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (frames, cuts) => {
          const bytes = Buffer.concat(frames.map(encoded));
          const reader = new FrameReader(limits);
          const received: Frame[] = [];
          for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
            const until = from + cuts[turn % cuts.length]!;
            const result = reader.push(bytes.subarray(from, until));
            if ('violation' in result) throw new Error(result.violation);
            received.push(...result.frames);
            from = until;
          }
          expect(received).toEqual(frames);
          expect(reader.isInsideFrame).toBe(false);
        },
      ),
    );
  });

  it('takes no bytes that are no frame, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 200 }), (bytes) => {
        bytes[0] = 0;
        expect(new FrameReader(limits).push(Buffer.from(bytes))).toEqual({ violation: 'bytes that are no frame' });
      }),
    );
  });
});

describe('jsonExcess', () => {
  const everything = Number.POSITIVE_INFINITY;

  it('counts levels as JSON has them, whatever stands in strings', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const depth = depthOf(value);
        expect(jsonExcess(JSON.stringify(value), depth, everything)).toBeUndefined();
        if (depth > 0) expect(jsonExcess(JSON.stringify(value), depth - 1, everything)).toBe('levels');
      }),
    );
    expect(jsonExcess(JSON.stringify(['[[[[\\"[[', '{{"']), 1, everything)).toBeUndefined();
  });

  it('never counts fewer values than there are', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(jsonExcess(JSON.stringify(value), everything, valuesIn(value) - 1)).toBe('values');
      }),
    );
    expect(jsonExcess(JSON.stringify(['a,[{', 'b,,,,']), everything, 3)).toBeUndefined();
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, item) => sum + valuesIn(item), 1);
}
