import { engineFixture, exitOf, forkEngine, strategyText, until } from '#tests/engine/runtime/engine-fixture.ts';

/** Milliseconds from starting an engine's process to its saying that everything main asks for runs, after a kill each time; in rising order. */
export async function restarts(count: number): Promise<number[]> {
  const fixture = await engineFixture();
  try {
    await fixture.deploy({ trend: strategyText() });
    const options = fixture.options({ catchUpBars: 300, paceMs: 1_000 });
    const took: number[] = [];
    // The first one begins from nothing: it is not counted.
    for (let each = 0; each <= count; each += 1) {
      const began = performance.now();
      const { child, events, stderr } = forkEngine(options);
      try {
        await until(
          'Synced',
          () => {
            if (child.exitCode !== null) throw new Error(`The engine ended: ${stderr()}`);
            return events.some(({ kind }) => kind === 'synced');
          },
          60_000,
        );
        if (each > 0) took.push(performance.now() - began);
      } finally {
        child.kill('SIGKILL');
        await exitOf(child);
      }
    }
    return took.sort((one, other) => one - other);
  } finally {
    fixture.dispose();
  }
}
