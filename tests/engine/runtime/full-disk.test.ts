import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayMount, type SmallDisk, smallDisk } from '#tests/support/small-disk.ts';
import {
  type EngineFixture,
  engineFixture,
  hourMs,
  read,
  replayFrom,
  startEngine,
  strategyText,
  until,
} from './engine-fixture.ts';

describe.skipIf(!mayMount)('an engine whose disk is full (a filesystem of its own, to be mounted by root)', () => {
  let fixture: EngineFixture;
  let disk: SmallDisk;
  beforeAll(async () => {
    fixture = await engineFixture();
    disk = smallDisk(16)!;
  });
  afterAll(() => {
    fixture.dispose();
    disk.remove();
  });

  it('decides nothing and says why, loses nothing, and goes on when there is room', async () => {
    await fixture.deploy({ often: strategyText() });
    const running = await startEngine(fixture.options({ dir: disk.path, paceMs: 5 }));
    const bars = () => running.events.filter(({ kind }) => kind === 'bar').length;
    await until('some bars', () => bars() > 5);
    disk.fill();
    const said = await until('what it says', () =>
      running.events.find((event) => event.kind === 'status' && event.status.reason.includes('is full')),
    );
    expect(said).toMatchObject({
      status: { status: 'Degraded', reason: expect.stringMatching(/nothing is decided until it takes/) },
    });
    const whenFull = bars();
    expect(bars()).toBe(whenFull);
    disk.makeRoom();
    await until('more bars', () => bars() > whenFull + 20);
    await running.stop();
    const { equity, decisions } = read(disk.path, (reader) => ({
      equity: reader.equitySeries().map(({ instant }) => instant),
      decisions: reader.counts().decisions,
    }));
    // Every bar once.
    expect(equity).toEqual(equity.map((_, at) => replayFrom + (at + 1) * hourMs));
    expect(decisions).toBe(2 * equity.length);
  });
});
