import { expect, it } from 'vitest';
import { LimitGuard } from '#engine/runtime/limit-guard.ts';

const hour = 3_600_000;
const version = { tree: 'a'.repeat(40), stage: 'live' } as const;

it('counts no money that came or went, and every loss', () => {
  const guard = new LimitGuard(() => 0);
  guard.follow(version, { instant: hour, equity: 1_000 });
  expect(guard.setPolicy({ stages: { live: { maxDrawdown: 0.2, dailyLoss: 0.1 } } })).toBeNull();
  // The share is halved: what is left is a half, and nothing is lost.
  guard.shift(-500);
  expect(guard.mark({ instant: 2 * hour, equity: 500 })).toBeNull();
  // And doubled again: the highest equity is the one it would have been.
  guard.shift(500);
  expect(guard.mark({ instant: 3 * hour, equity: 1_000 })).toBeNull();
  expect(guard.mark({ instant: 4 * hour, equity: 890 })).toMatchObject({ kind: 'daily-loss', from: 1_000, equity: 890 });
});

it('finds no greater part lost because the share was made smaller after a loss', () => {
  const guard = new LimitGuard(() => 0);
  guard.follow(version, { instant: hour, equity: 1_000 });
  guard.setPolicy({ stages: { live: { maxDrawdown: 0.2, dailyLoss: 0.15 } } });
  expect(guard.mark({ instant: 2 * hour, equity: 900 })).toBeNull();
  // Of a share of 400 there are 300, as of one of 1,000 there were 900.
  guard.shift(-600);
  expect(guard.mark({ instant: 3 * hour, equity: 300 })).toBeNull();
  expect(guard.watch).toMatchObject({ peak: expect.closeTo(1_000 / 3, 9), equity: 300 });
  expect(guard.mark({ instant: 4 * hour, equity: 280 })).toMatchObject({ kind: 'daily-loss' });
});
