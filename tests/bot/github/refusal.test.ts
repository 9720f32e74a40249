import { describe, expect, it } from 'vitest';
import { comeBackAt, statusBehind } from '#bot/github/refusal.ts';
import { RatchetError } from '#engine/errors.ts';

const NOW = Date.UTC(2026, 0, 1);

function answer(status: number, headers: Record<string, string> = {}, message = 'No'): Error {
  return Object.assign(new Error(message), { status, response: { headers } });
}

describe('when GitHub says to come back', () => {
  it.each<[string, Error, number | null]>([
    ['after retry-after', answer(429, { 'retry-after': '30' }), 30_000],
    ['after retry-after of a secondary limit', answer(403, { 'retry-after': '90' }), 90_000],
    [
      'when the primary limit is lifted, and a second later',
      answer(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 600) }),
      601_000,
    ],
    ['in a minute, when a secondary limit does not say', answer(403, {}, 'You have exceeded a secondary rate limit'), 60_000],
    ['in a minute, when 429 does not say', answer(429), 60_000],
    ['within the hour, whatever a header says', answer(429, { 'retry-after': '999999' }), 3_600_000],
    ['not at all, when it is forbidden', answer(403, { 'x-ratelimit-remaining': '4999' }), null],
    ['not at all, when it stumbled', answer(502), null],
    ['not at all, when nothing answered', new Error('connect ECONNREFUSED'), null],
    [
      'wherever the answer stands among the causes',
      new RatchetError('life/x', 'It failed.', 'Wait.', {}, answer(429, { 'retry-after': '5' })),
      5_000,
    ],
    ['in a minute, when the header makes no sense', answer(429, { 'retry-after': 'soon' }), 60_000],
  ])('%s', (_what, error, waitMs) => {
    expect(comeBackAt(error, NOW)).toBe(waitMs === null ? null : NOW + waitMs);
  });

  it('knows the status behind an error, and that a failure without one has none', () => {
    expect(statusBehind(new Error('outer', { cause: answer(422) }))).toBe(422);
    expect(statusBehind(new Error('nothing'))).toBeNull();
    expect(statusBehind('text')).toBeNull();
  });
});
