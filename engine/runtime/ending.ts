import { isWithin, systemClock } from '#engine/clock.ts';
import { RatchetError } from '#engine/errors.ts';
import { diskTrouble } from '#engine/store/disk-trouble.ts';
import { beginAnew } from './engine-end.ts';
import type { LoadedVersion, LoadVersion } from './loaded-version.ts';

const interrupted = 'engine/interrupted';
/** What ends all processes of a program reaches them one after the other, and the strategies' may be first. */
const patienceMs = 1_000;

/** A strategy's process was ended with its engine: the instant under way is as good as never begun, and taken again at the next start. */
export function isInterruption(error: unknown): boolean {
  return error instanceof RatchetError && error.code === interrupted;
}

/** Of the engine, and of no version: nothing of the instant under way may be recorded. */
export function isEngineTrouble(error: unknown): boolean {
  const mustBeginAnew = error instanceof RatchetError && error.code === beginAnew;
  return isInterruption(error) || mustBeginAnew || diskTrouble(error) !== null;
}

/** The end of an engine: whether it was told to, and what then becomes of its strategies' processes, which is no fault of theirs. */
export class Ending {
  #hasBegun = false;
  #tell = (): void => undefined;
  readonly #told = new Promise<void>((resolve) => {
    this.#tell = resolve;
  });

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  begin(): void {
    this.#hasBegun = true;
    this.#tell();
  }

  /** Versions whose processes may end with the engine: what they reject with then is an interruption. */
  guard(load: LoadVersion): LoadVersion {
    return async (request) => {
      const version = await load(request).catch((error: unknown) => this.#judge(error));
      return { ...version, live: this.#guarded(version.live) };
    };
  }

  #guarded(live: LoadedVersion['live']): LoadedVersion['live'] {
    return {
      stateFate: live.stateFate,
      step: (event) => live.step(event).catch((error: unknown) => this.#judge(error)),
      close: () => live.close(),
    };
  }

  async #judge(error: unknown): Promise<never> {
    const isOver = this.#hasBegun && hasEnded(error);
    if (isOver || (wasEndedFromOutside(error) && (await isWithin(systemClock, this.#told, patienceMs)))) {
      throw new RatchetError(
        interrupted,
        'The process of a strategy was ended while the engine was told to end.',
        'Start the engine again: it takes the bar anew.',
        {},
        error,
      );
    }
    throw error;
  }
}

/** Its process is gone, and not by its own doing. */
function hasEnded(error: unknown): boolean {
  const codes = ['sandbox/crashed', 'sandbox/interrupted', 'sandbox/dead'];
  return error instanceof RatchetError && codes.includes(error.code);
}

function wasEndedFromOutside(error: unknown): boolean {
  if (!(error instanceof RatchetError)) return false;
  return error.code === 'sandbox/interrupted' || wasEndedFromOutside(error.cause);
}
