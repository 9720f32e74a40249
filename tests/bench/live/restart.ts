import type { EngineEvent } from '#engine/runtime/events.ts';
import type { EngineOptionsInput } from '#engine/runtime/options.ts';
import {
  engineFixture,
  exitOf,
  type ForkedEngine,
  forkEngine,
  strategyText,
  until,
} from '#tests/engine/runtime/engine-fixture.ts';

/** Longer than any start may take that is measured here. */
const patienceMs = 150_000;

export interface StartedEngine extends ForkedEngine {
  /** Milliseconds from starting its process until what was waited for. */
  readonly tookMs: number;
}

/** Starts an engine's process and waits until it has told of all these. @throws Error when it ends before */
export async function startUntil(options: EngineOptionsInput, kinds: readonly EngineEvent['kind'][]): Promise<StartedEngine> {
  const began = performance.now();
  const forked = forkEngine(options);
  const { child, events, stderr } = forked;
  let tookMs: number | null = null;
  child.on('message', () => {
    if (kinds.every((kind) => events.some((event) => event.kind === kind))) tookMs ??= performance.now() - began;
  });
  const told = (): number | null => {
    if (child.exitCode !== null) throw new Error(`The engine ended: ${stderr()}`);
    return tookMs;
  };
  try {
    return { ...forked, tookMs: await until(kinds.join(' and '), told, patienceMs) };
  } catch (error) {
    await kill(forked);
    throw error;
  }
}

export async function kill({ child }: ForkedEngine): Promise<void> {
  child.kill('SIGKILL');
  await exitOf(child);
}

/** Milliseconds from starting an engine's process to its saying that everything main asks for runs, after a kill each time; in rising order. */
export async function restarts(count: number): Promise<number[]> {
  const fixture = await engineFixture();
  try {
    await fixture.deploy({ trend: strategyText() });
    const options = fixture.options({ catchUpBars: 300, paceMs: 1_000 });
    const took: number[] = [];
    // The first one begins from nothing: it is not counted.
    for (let each = 0; each <= count; each += 1) {
      const engine = await startUntil(options, ['synced']);
      await kill(engine);
      if (each > 0) took.push(engine.tookMs);
    }
    return took.sort((one, other) => one - other);
  } finally {
    fixture.dispose();
  }
}
