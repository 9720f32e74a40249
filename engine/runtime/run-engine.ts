import { systemClock } from '#engine/clock.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import { Bell } from './bell.ts';
import { Engine } from './engine.ts';
import { beginAnew } from './engine-end.ts';
import { type EngineEvent, EngineRequest } from './events.ts';
import { clockOf } from './kept-pace.ts';
import { type EngineOptions, parseOptions } from './options.ts';
import { RestartPause } from './restart-pause.ts';
import { keysOf } from './venue-desk.ts';

const optionsTimeoutMs = 10_000;

/**
 * Runs an engine as the work of this process, until SIGINT, SIGTERM, a request to stop, or the end of the parent it has an
 * IPC channel to. Progress goes to the parent, and to `onEvent`.
 */
export async function runEngine(
  options: EngineOptions,
  log: Logger,
  onEvent: (event: EngineEvent) => void = () => undefined,
): Promise<void> {
  let engine: Engine | null = null;
  let token = options.token;
  // A request to stop may come while the engine is opening.
  let isStopping = false;
  const bell = new Bell();
  const pause = new RestartPause();
  const stop = () => {
    isStopping = true;
    bell.ring();
    engine?.stop();
  };
  const listen = (message: unknown) => {
    const request = EngineRequest.safeParse(message);
    if (!request.success) return log.warn('The parent asked for something this engine does not know.');
    switch (request.data.kind) {
      case 'token':
        token = request.data.token;
        return engine?.setToken(token);
      case 'poll':
        return engine?.poll();
      case 'stop':
        return stop();
      case 'options':
        return log.warn('The engine already runs; its options stay as they are.');
    }
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('disconnect', stop).on('message', listen);
  try {
    const venueKeys = options.venue === undefined ? undefined : keysOf(options.venue);
    for (let mustRun = true; mustRun; ) {
      engine = await Engine.open(token === undefined ? options : { ...options, token }, {
        clock: clockOf(options.market),
        log,
        venueKeys,
        onEvent: (event) => {
          tellParent(event);
          onEvent(event);
        },
      });
      if (isStopping) engine.stop();
      const began = systemClock.now();
      mustRun = await engine.run().then(
        () => false,
        (error) => {
          if (isStopping || !(error instanceof RatchetError) || error.code !== beginAnew) throw error;
          log.warn({ error: explain(error) }, 'The engine begins anew.');
          return true;
        },
      );
      if (!mustRun) break;
      await bell.wait(pause.after(systemClock.now() - began));
      mustRun = !isStopping;
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop).off('disconnect', stop).off('message', listen);
    if (process.connected) process.disconnect();
  }
}

/** Waits for the parent to say what to run: a token then stands in no command line and no environment. */
export function optionsFromParent(): Promise<EngineOptions> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) {
      reject(
        new RatchetError('engine/no-parent', 'There is no parent process to take options from.', 'Give --workspace instead.'),
      );
      return;
    }
    const fail = () => {
      process.off('message', listen);
      reject(new RatchetError('engine/no-options', 'The parent process sent no options.', 'Start the engine again.'));
    };
    const timer = setTimeout(fail, optionsTimeoutMs);
    const listen = (message: unknown) => {
      const request = EngineRequest.safeParse(message);
      if (!request.success || request.data.kind !== 'options') return;
      clearTimeout(timer);
      process.off('message', listen).off('disconnect', fail);
      try {
        resolve(parseOptions(request.data.options));
      } catch (error) {
        reject(error);
      }
    };
    process.on('message', listen).once('disconnect', fail);
  });
}

function tellParent(event: EngineEvent): void {
  // A channel that closes meanwhile is told of by 'disconnect', which stops the engine.
  if (process.connected) process.send?.(event, undefined, undefined, () => undefined);
}
