import { fileURLToPath } from 'node:url';
import { bundled, startProcess } from '#bot/proposers/process/start-process.ts';
import { CallReport, type ToModelProcess } from './messages.ts';

const SERVE = fileURLToPath(new URL('./serve-model.ts', import.meta.url));
/** Made once, and kept in memory alone. */
let script: Promise<string> | undefined;
const MEMORY_MB = 512;
/** What a process has beyond the call's deadline to start, to tell and to end. */
const GRACE_MS = 10_000;

export interface ModelProcessOptions {
  /** Ends the process at once. */
  readonly signal: AbortSignal;
  /** Told of the process when it has been started. */
  readonly onStart?: (pid: number) => void;
}

/**
 * Makes one call in a process of its own, which holds the model's key and nothing else: its environment is empty, no file can be opened
 * in it, it starts no process, and no token of the forge has ever been in its memory. It is killed when it is done with, or overruns.
 *
 * That it cannot read the disk is Node's permission model, which promises nothing against a program that sets out to break it; what
 * runs there is the vendor's SDK and code of this room.
 * @returns what came of it; a process that says nothing, or what is no report, is an outcome too
 */
export async function callInProcess(call: ToModelProcess, { signal, onStart }: ModelProcessOptions): Promise<CallReport> {
  script ??= bundled(`import { serveModel } from ${JSON.stringify(SERVE)};\nserveModel();`, []);
  const code = await script;
  const child = startProcess(code, { readFromDisk: [], mayUseNetwork: true, memoryMb: MEMORY_MB, serialization: 'json' });
  if (child.pid !== undefined) onStart?.(child.pid);
  // Read, so that it is never full; not told, since nobody knows what a library writes there.
  child.stderr?.resume();
  const done = new AbortController();
  const overrun = AbortSignal.timeout(call.deadlineMs + GRACE_MS);
  try {
    return await new Promise<CallReport>((resolve) => {
      const dead = (what: string): void => resolve(unspoken({ kind: 'died', what }));
      const stop = (): void => dead('the bot was stopped');
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { signal: done.signal });
      overrun.addEventListener('abort', () => resolve(unspoken({ kind: 'timed-out' })), { signal: done.signal });
      child.once('error', ({ message }) => dead(message.slice(0, 300)));
      child.once('exit', (exit, killedBy) => dead(`it ended with ${killedBy ?? `exit ${exit}`}`));
      child.once('message', (raw) => {
        const report = CallReport.safeParse(raw);
        if (report.success) resolve(report.data);
        else dead('it said what is no report');
      });
      child.send(call, () => undefined);
    });
  } finally {
    done.abort();
    child.kill('SIGKILL');
  }
}

/** Of a call that nothing is known of but that it was begun. */
function unspoken(outcome: CallReport['outcome']): CallReport {
  return { outcome, response: null, usage: null, isUsageFinal: false, requestId: null, attempts: null };
}
