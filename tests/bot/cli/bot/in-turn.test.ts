import { describe, expect, it } from 'vitest';
import { inTurn } from '#bot/cli/bot/in-turn.ts';

describe('steps taken in turn', () => {
  const world = () => {
    const taken: string[] = [];
    const told: [string, unknown][] = [];
    const step = (name: string, error?: Error) => ({
      name,
      take: async () => {
        taken.push(name);
        if (error !== undefined) throw error;
      },
    });
    return { taken, told, step, tell: (name: string, error: unknown) => void told.push([name, error]) };
  };

  it('are all taken in their order, also after one that fails, whose error is thrown as it is', async () => {
    const { taken, told, step, tell } = world();
    const error = new Error('429');
    await expect(inTurn([step('a'), step('b', error), step('c')], tell)).rejects.toBe(error);
    expect(taken).toEqual(['a', 'b', 'c']);
    expect(told).toEqual([['b', error]]);
  });

  it('each tell of their failure, though only the first is thrown', async () => {
    const { told, step, tell } = world();
    const [first, second] = [new Error('first'), new Error('second')];
    await expect(inTurn([step('a', first), step('b', second)], tell)).rejects.toBe(first);
    expect(told).toEqual([
      ['a', first],
      ['b', second],
    ]);
  });

  it('that throw before they wait are steps that failed too', async () => {
    const { taken, step } = world();
    const rash = {
      name: 'rash',
      take: (): Promise<void> => {
        throw new Error('at once');
      },
    };
    await expect(inTurn([rash, step('after')])).rejects.toThrow('at once');
    expect(taken).toEqual(['after']);
  });

  it('never overlap, and when none fails nothing is told', async () => {
    const { told, tell } = world();
    let running = 0;
    let most = 0;
    const slow = {
      name: 'slow',
      take: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      },
    };
    await inTurn([slow, slow, slow], tell);
    expect([most, told]).toEqual([1, []]);
  });
});
