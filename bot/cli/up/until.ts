import { setTimeout as delay } from 'node:timers/promises';
import { RatchetError } from '#engine/errors.ts';
import { type EngineStatus, readLocalStatus } from '#engine/runtime/status.ts';

const LOOK_EVERY_MS = 100;

/** Waits until the engine agrees with main, or says why it cannot. */
export function untilSynced(engineDir: string, timeoutMs: number): Promise<EngineStatus> {
  return until(engineDir, timeoutMs, 'agree with main', (status) => status.status !== 'OutOfSync' && status.commit !== null);
}

/** Waits until the engine runs what is on `commit`: Synced there, with the new version past its first decision. */
export function untilRunning(engineDir: string, commit: string, timeoutMs: number): Promise<EngineStatus> {
  return until(
    engineDir,
    timeoutMs,
    `take up ${commit.slice(0, 8)}`,
    (status) => status.commit === commit && status.status !== 'OutOfSync',
  );
}

async function until(
  engineDir: string,
  timeoutMs: number,
  what: string,
  isIt: (status: EngineStatus) => boolean,
): Promise<EngineStatus> {
  const deadline = Date.now() + timeoutMs;
  let status = readLocalStatus(engineDir);
  while (status === null || !isIt(status)) {
    if (Date.now() > deadline) {
      const words =
        status === null
          ? 'It has not said anything.'
          : `It is ${status.status} at ${status.commit?.slice(0, 8) ?? 'nothing'}. ${status.reason}`;
      throw new RatchetError(
        'up/engine-late',
        `The engine did not ${what} within ${timeoutMs / 1000} s. ${words}`,
        'See ratchet status.',
      );
    }
    await delay(LOOK_EVERY_MS);
    status = readLocalStatus(engineDir);
  }
  return status;
}
