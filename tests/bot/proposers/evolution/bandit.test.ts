import { describe, expect, it } from 'vitest';
import { Bandit } from '#bot/proposers/evolution/bandit.ts';

/** Pulls so often; an arm pays in every n-th of its own pulls. */
function play(every: Readonly<Record<string, number>>, pulls: number): Record<string, number> {
  const bandit = new Bandit(Object.keys(every));
  const counts: Record<string, number> = {};
  for (let pull = 0; pull < pulls; pull += 1) {
    const arm = bandit.pull();
    counts[arm] = (counts[arm] ?? 0) + 1;
    if (counts[arm]! % every[arm]! === 0) bandit.reward(arm, 1);
  }
  return counts;
}

describe('the choice of moves', () => {
  it('tries each once, in order, before any twice', () => {
    const bandit = new Bandit(['a', 'b', 'c']);
    expect([bandit.pull(), bandit.pull(), bandit.pull()]).toEqual(['a', 'b', 'c']);
  });

  it('comes to make mostly the move that pays, and never gives the others up', () => {
    const counts = play({ rarely: 20, often: 2, sometimes: 5 }, 600);
    expect(counts.often).toBeGreaterThan(counts.sometimes! + counts.rarely!);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(20);
  });

  it('spreads the pulls of a batch that nobody has judged yet', () => {
    const bandit = new Bandit(['a', 'b']);
    const batch = Array.from({ length: 6 }, () => bandit.pull());
    expect(batch.filter((arm) => arm === 'a')).toHaveLength(3);
  });

  it('weighs means and counts as the bound says', () => {
    const bandit = new Bandit(['a', 'b']);
    bandit.reward(bandit.pull(), 1);
    bandit.pull();
    // a: 1 + √(2 ln 2 / 1) against b: 0 + the same
    expect(bandit.pull()).toBe('a');
    // a: 1/2 + √(2 ln 3 / 2) = 1.548, b: √(2 ln 3) = 1.482
    expect(bandit.pull()).toBe('a');
    // a: 1/3 + √(2 ln 4 / 3) = 1.295, b: √(2 ln 4) = 1.665
    expect(bandit.pull()).toBe('b');
  });
});
