import { describe, expect, it } from 'vitest';
import { bounded } from '#bot/github/issues-api.ts';

describe('a text too long for GitHub', () => {
  const mark = '\n\n<!-- ratchet:answer:7 -->';

  it('is cut at a line, says so, and keeps the mark by which it is found again', () => {
    const cut = bounded(`${'a line of text\n'.repeat(10_000)}${mark}`);
    expect(cut.length).toBeLessThanOrEqual(60_000);
    expect(cut.endsWith(`a line of text\n\n… The rest is too long for a comment.${mark}`)).toBe(true);
  });

  it('is left as it is when it fits', () => {
    expect(bounded(`short${mark}`)).toBe(`short${mark}`);
  });

  it('without a single line end is cut all the same', () => {
    expect(bounded('x'.repeat(100_000))).toHaveLength(60_000);
  });
});
