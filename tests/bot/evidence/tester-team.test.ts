import { describe, expect, it } from 'vitest';
import { TesterTeam } from '#bot/evidence/tester-team.ts';
import type { Backtester } from '#engine/backtest/backtester.ts';

function counting() {
  const counts = { open: 0, opened: 0, most: 0 };
  const open = async () => {
    counts.open += 1;
    counts.opened += 1;
    counts.most = Math.max(counts.most, counts.open);
    return {
      close: async () => {
        counts.open -= 1;
      },
    } as Backtester;
  };
  return { counts, open };
}

describe('a team of sandboxes', () => {
  it('opens no more than its size, and answers in the order of the questions', async () => {
    const { counts, open } = counting();
    const team = new TesterTeam(open, 2);
    const answers = await team.map([3, 1, 2, 0], async (_, item) => {
      for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
      return item * 10;
    });
    expect(answers).toEqual([30, 10, 20, 0]);
    expect(counts).toMatchObject({ opened: 2, most: 2 });
    await team.close();
    expect(counts.open).toBe(0);
  });

  it('uses no sandbox again in which something failed', async () => {
    const { counts, open } = counting();
    const team = new TesterTeam(open, 1);
    const failing = team.use(async () => {
      throw new Error('it fails');
    });
    const next = team.use(async () => 'goes on');
    await expect(failing).rejects.toThrow('it fails');
    expect(await next).toBe('goes on');
    expect(counts).toMatchObject({ opened: 2, most: 1 });
    await team.close();
    expect(counts.open).toBe(0);
  });

  it('fails where no sandbox can be opened, for all who wait', async () => {
    const team = new TesterTeam(() => Promise.reject(new Error('no sandbox')), 1);
    const both = await Promise.allSettled([team.use(async () => 1), team.use(async () => 2)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
