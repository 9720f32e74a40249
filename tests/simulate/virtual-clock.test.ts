import { describe, expect, it } from 'vitest';
import { sleep } from '#engine/clock.ts';
import { Cut, Life } from './life.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('virtual time', () => {
  it('runs timers in the order of their times, those of one instant in the order in which they were set', async () => {
    const clock = new VirtualClock(1_000);
    const seen: string[] = [];
    clock.after(20, () => seen.push(`b ${clock.now()}`));
    clock.after(10, () => {
      seen.push(`a ${clock.now()}`);
      clock.after(10, () => seen.push(`d ${clock.now()}`));
    });
    clock.after(20, () => seen.push(`c ${clock.now()}`));
    const takeBack = clock.after(15, () => seen.push('never'));
    takeBack();
    while (await clock.step(1_500));
    expect(seen).toEqual(['a 1010', 'b 1020', 'c 1020', 'd 1020']);
    expect(clock.now()).toBe(1_500);
  });

  it('lets everything that waits for a promise finish before it goes on', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      for (let round = 0; round < 3; round += 1) {
        await sleep(clock, 5);
        for (let hop = 0; hop < 100; hop += 1) await Promise.resolve();
        seen.push(clock.now());
      }
    };
    void work();
    clock.after(6, () => seen.push(clock.now()));
    while (await clock.step(100));
    expect(seen).toEqual([5, 6, 10, 15]);
  });

  it('refuses to run on and on at one instant', async () => {
    const clock = new VirtualClock(0);
    const again = (): void => void clock.after(0, again);
    again();
    const run = async (): Promise<void> => {
      while (await clock.step(1));
    };
    await expect(run()).rejects.toThrow('without letting time pass');
  });
});

describe('a life of the engine', () => {
  const lifeOf = (gatesLeft: number) => {
    const world = new VirtualClock(0);
    const ends: string[] = [];
    const life = new Life({ number: 1, world, skewMs: () => 50, gatesLeft, onEnd: (_, gate) => ends.push(gate) });
    return { world, ends, life };
  };

  it('ends at the gate it was given, and is answered by nothing after that', () => {
    const { life, ends } = lifeOf(3);
    const written: string[] = [];
    const journal = life.guarded({ write: (what: string) => written.push(what) }, 'journal');
    journal.write('first');
    expect(() => journal.write('second')).toThrow(Cut);
    expect(() => journal.write('third')).toThrow(Cut);
    expect(written).toEqual(['first', 'second']);
    expect(ends).toEqual(['after journal.write']);
  });

  it('has a clock of its own that may be wrong, and no timers once it is over', async () => {
    const { life, world } = lifeOf(10);
    let rings = 0;
    expect(life.clock.now()).toBe(50);
    life.clock.after(10, () => (rings += 1));
    life.clock.after(20, () => (rings += 1));
    await world.step(15);
    life.end('at random');
    while (await world.step(100));
    expect(rings).toBe(1);
  });
});
