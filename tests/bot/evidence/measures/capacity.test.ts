import { describe, expect, it } from 'vitest';
import { capacity } from '#bot/evidence/measures/capacity.ts';
import { subjectWith } from './landscape.ts';

const scale = { capital: 1_000, multiples: [10, 100, 1_000] };

describe('capacity', () => {
  it('is the largest capital up to which half of the net return remains', async () => {
    const subject = subjectWith(({ capital }) => 0.2 - capital! / 2_000_000);
    expect(await capacity(subject, 0.2, scale)).toEqual({
      rows: [
        { capital: 1_000, netReturn: 0.2 },
        { capital: 10_000, netReturn: 0.195 },
        { capital: 100_000, netReturn: 0.15000000000000002 },
        { capital: 1_000_000, netReturn: -0.3 },
      ],
      holdsUpTo: 100_000,
    });
  });

  it('ends at the first capital that has lost half, even where a larger one does better', async () => {
    const subject = subjectWith(({ capital }) => (capital === 10_000 ? 0.01 : 0.2));
    expect((await capacity(subject, 0.2, scale)).holdsUpTo).toBe(1_000);
  });

  it('is the largest that was tried where nothing decays', async () => {
    expect(
      (
        await capacity(
          subjectWith(() => 0.2),
          0.2,
          scale,
        )
      ).holdsUpTo,
    ).toBe(1_000_000);
  });

  it('means nothing where nothing is earned', async () => {
    expect(
      (
        await capacity(
          subjectWith(() => -0.1),
          -0.1,
          scale,
        )
      ).holdsUpTo,
    ).toBeNull();
    expect(
      (
        await capacity(
          subjectWith(() => 0),
          0,
          scale,
        )
      ).holdsUpTo,
    ).toBeNull();
  });
});
