import { expect, it } from 'vitest';
import { RatchetError } from '#engine/errors.ts';
import { Ending, isInterruption } from '#engine/runtime/ending.ts';
import type { LoadedVersion } from '#engine/runtime/loaded-version.ts';

const outside = new RatchetError('sandbox/interrupted', 'The sandbox process was ended from outside (SIGINT).', 'Start another.');
const crash = new RatchetError('sandbox/crashed', 'The sandbox process ended by itself (SIGKILL).', 'Start another.');
const loop = new RatchetError('sandbox/timeout', 'It took longer than 5000 ms.', 'Look for a loop.');
const goneBefore = new RatchetError('sandbox/dead', 'The sandbox is gone.', 'Start another.', {}, outside);

/** What a decision fails with, of a version whose process ends of `death`. */
async function failure(ending: Ending, death: RatchetError): Promise<unknown> {
  const live = { stateFate: 'kept', step: () => Promise.reject(death), close: () => Promise.resolve() };
  const version = await ending.guard(async () => ({ live }) as unknown as LoadedVersion)({} as never);
  return version.live.step({ bars: [], positions: [] }).catch((error: unknown) => error);
}

it.each([
  ['from outside', outside],
  ['of whatever crashes it', crash],
  ['before it was asked', goneBefore],
])('once the engine was told to end, a process that ends %s has ended with it', async (_how, death) => {
  const ending = new Ending();
  ending.begin();
  expect(isInterruption(await failure(ending, death))).toBe(true);
});

it.each([
  ['from outside', outside],
  ['from outside before it was asked', goneBefore],
])('a process that ends %s may hear of the end before the engine does', async (_how, death) => {
  const ending = new Ending();
  const failed = failure(ending, death);
  ending.begin();
  expect(isInterruption(await failed)).toBe(true);
});

it('a process that ends from outside while the engine goes on has failed', async () => {
  expect(await failure(new Ending(), outside)).toBe(outside);
});

it('a process that crashes while the engine goes on has failed, and is not waited with', async () => {
  const ending = new Ending();
  const failed = failure(ending, crash);
  await Promise.race([failed, new Promise((_, reject) => setTimeout(() => reject(new Error('it waits')), 500))]);
  expect(await failed).toBe(crash);
});

it('what a strategy does wrong at the end stays its own fault', async () => {
  const ending = new Ending();
  ending.begin();
  expect(await failure(ending, loop)).toBe(loop);
});

it('a version that is being loaded meanwhile is guarded as well', async () => {
  const ending = new Ending();
  ending.begin();
  const loaded = ending.guard(() => Promise.reject(crash))({} as never);
  expect(isInterruption(await loaded.catch((error: unknown) => error))).toBe(true);
});
