import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesBelow } from '#tests/support/processes-below.ts';
import {
  type EngineFixture,
  engineFixture,
  exitOf,
  type ForkedEngine,
  ForkedEngines,
  hourMs,
  read,
  strategyText,
  until,
  untilOf,
} from './engine-fixture.ts';

let fixture: EngineFixture;
const engines = new ForkedEngines();
const { run } = engines;
beforeEach(async () => {
  fixture = await engineFixture();
});
afterEach(async () => {
  await engines.end();
  fixture.dispose();
});

describe('an engine that is ended together with all its processes', () => {
  const sandboxes = '--trace-event-file-pattern';
  const recordOf = (dir: string) =>
    read(dir, (reader) => ({
      faults: reader.faults(100).map(({ code }) => code),
      memories: reader.accounts().map(({ memory }) => {
        const { restartsLeft, heldReason } = JSON.parse(memory);
        return { restartsLeft, heldReason };
      }),
    }));
  const untouched = { faults: [], memories: [{ restartsLeft: 1, heldReason: null }] };
  const bars = ({ events }: ForkedEngine) => events.filter(({ kind }) => kind === 'bar').length;

  it('by Ctrl-C, or by a supervisor that signals each of them, finds no fault in its strategies, however often', async () => {
    await fixture.deploy({ trend: strategyText() });
    const options = fixture.options({ paceMs: 3 });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) {
      const engine = run(options, { detached: true });
      await untilOf(engine, 'some bars', () => bars(engine) > 5);
      const pid = engine.child.pid!;
      const below = processesBelow(pid, sandboxes);
      expect(below.length).toBeGreaterThan(0);
      if (signal === 'SIGTERM') for (const one of below.filter(isThere)) process.kill(one, signal);
      process.kill(-pid, signal);
      expect(await exitOf(engine.child)).toBe(0);
      expect(recordOf(options.dir)).toEqual(untouched);
      expect(below.filter(isThere)).toEqual([]);
    }
  }, 120_000);

  it('abandons the bar under way when a process is killed meanwhile, and decides it at the next start', async () => {
    // Each decision takes some tenths of a second.
    await fixture.deploy({ trend: strategyText({ onBar: 'for (let turn = 0; turn < 3e8; turn += 1) state.bars += 0;' }) });
    const options = fixture.options({ catchUpBars: 0, paceMs: 1 });
    const engine = run(options);
    await untilOf(engine, 'some bars', () => bars(engine) > 3);
    const below = processesBelow(engine.child.pid!, sandboxes);
    engine.child.kill('SIGTERM');
    // Those further below may have ended with the one above them.
    for (const one of below.filter(isThere)) process.kill(one, 'SIGKILL');
    expect(await exitOf(engine.child)).toBe(0);
    expect(recordOf(options.dir)).toEqual(untouched);
    const count = (dir: string) => {
      const decided = read(dir, (reader) => reader.decisions(10_000).map(({ instant }) => instant));
      return { decided: new Set(decided).size, from: Math.min(...decided), to: Math.max(...decided) };
    };
    const before = count(options.dir);
    const again = run(options);
    await untilOf(again, 'more bars', () => bars(again) > 1);
    again.child.kill('SIGTERM');
    await exitOf(again.child);
    const { decided, from, to } = count(options.dir);
    expect(to).toBeGreaterThan(before.to);
    expect(decided).toBe((to - from) / hourMs + 1);
  }, 120_000);

  it('takes all of them with it when it is killed itself', async () => {
    await fixture.deploy({ trend: strategyText() });
    const engine = run(fixture.options({ catchUpBars: 20, paceMs: 3_600_000 }));
    await untilOf(engine, 'caught up', () => engine.events.some(({ kind }) => kind === 'caught-up'));
    const below = processesBelow(engine.child.pid!, sandboxes);
    expect(below.length).toBeGreaterThan(0);
    engine.child.kill('SIGKILL');
    await exitOf(engine.child);
    await until('the end of its processes', () => !below.some(isThere));
  }, 120_000);
});

/** A process that runs; one that has ended and that nobody has asked for its end yet does not. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
