import { describe, expect, it } from 'vitest';
import { MANIFEST_PATH, readIncumbent } from '#bot/proposers/evolution/incumbent.ts';

describe('an incumbent', () => {
  it.each([
    ['is missing', undefined, /it is missing/],
    ['is nested so deep that a YAML parser would end the night', '{a: '.repeat(4_000), /opens more than 100 brackets/],
    ['is no manifest', 'id: x\n', /: id: /],
  ])('is not started from when its manifest %s, and the message says why', (_name, text, message) => {
    const files = new Map(text === undefined ? [] : [[MANIFEST_PATH, text]]);
    expect(() => readIncumbent(files)).toThrow(
      expect.objectContaining({ code: 'evolution/no-manifest', message: expect.stringMatching(message) }),
    );
  });
});
