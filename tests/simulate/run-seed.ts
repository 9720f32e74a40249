import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cut } from './life.ts';
import { drawRunPlan } from './run-plan.ts';
import type { Sabotage } from './sabotage.ts';
import type { SeedResult } from './seed-result.ts';
import { Tally } from './tally.ts';
import { Trace } from './trace.ts';
import { World } from './world.ts';

/** Memory of this machine as a disk, where it has one: what is on disk survives a crash of the engine there as well. */
const memoryDisk = '/dev/shm';

export interface RunSeedOptions {
  readonly sabotage?: Sabotage;
  /** The one invariant that is asked, and nothing else minded; undefined asks all. */
  readonly only?: string;
  /** Cuts the run short. */
  readonly barsMax?: number;
  readonly onEvent?: (line: string) => void;
}

/** A whole run of everything that trades, decided by its seed to the last digit. */
export async function runSeed(seed: number, { sabotage = {}, only, barsMax, onEvent }: RunSeedOptions = {}): Promise<SeedResult> {
  const dir = mkdtempSync(join(existsSync(memoryDisk) ? memoryDisk : tmpdir(), 'ratchet-simulate-'));
  const trace = new Trace(onEvent);
  const tally = new Tally();
  const plan = drawRunPlan(seed, barsMax);
  const world = new World({ plan, dir, trace, tally, sabotage, only });
  const strays: unknown[] = [];
  const onStray = (error: unknown): void => {
    if (!(error instanceof Cut)) strays.push(error);
  };
  process.on('unhandledRejection', onStray);
  try {
    let found = await world.run().catch((error: unknown) => ({ invariant: 'no unexpected error', message: textOf(error) }));
    if (found === null && strays.length > 0 && only === undefined)
      found = { invariant: 'no unexpected error', message: textOf(strays[0]) };
    const violation = found === null ? null : { ...found, step: trace.steps, lastEvents: trace.lastLines() };
    return { seed, digest: trace.digest(), steps: trace.steps, counts: tally.toJSON(), violation };
  } finally {
    process.off('unhandledRejection', onStray);
    world.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
