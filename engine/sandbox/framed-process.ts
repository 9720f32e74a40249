import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { RatchetError } from '#engine/errors.ts';
import { encodeHead } from './frame.ts';
import { type Frame, type FrameLimits, FrameReader } from './frame-reader.ts';
import type { Launch } from './launch.ts';

const STDERR_CHARACTERS_MAX = 16_384;

/** What a terminal or a supervisor ends a whole program with; the exit codes are bubblewrap's, when that is what its child ended of. */
const ENDS_PROGRAMS: ReadonlySet<NodeJS.Signals | number | null> = new Set(['SIGHUP', 129, 'SIGINT', 130, 'SIGTERM', 143]);

/** What Node says on its way out when the heap, or the limit the system sets, is used up. */
const OUT_OF_MEMORY = /out of memory|allocation failed|bad_alloc|cannot allocate memory|ENOMEM/i;

interface Waiting {
  readonly id: number;
  readonly what: string;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: RatchetError) => void;
}

/**
 * A process that answers one frame to each frame it is sent. Whatever else it does (speak unasked, answer late, too much or
 * malformed, end by itself) is its death, and `death` says of what.
 */
export class FramedProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #frames: FrameReader;
  #waiting: Waiting | undefined;
  #death: RatchetError | undefined;
  #stderr = '';

  /** Resolves when the operating system says that the process is gone. */
  readonly exited: Promise<void>;

  constructor(launch: Launch, limits: FrameLimits) {
    this.#frames = new FrameReader(limits);
    this.#child = spawn(launch.command, [...launch.args], {
      env: {},
      cwd: '/',
      stdio: 'pipe',
      // Ctrl-C is for this process, which then ends its children in its own order.
      detached: launch.endsWithParent,
    });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      if (this.#stderr.length < STDERR_CHARACTERS_MAX) this.#stderr += chunk.toString('latin1');
    });
    // A broken pipe is news of the death that 'close' reports with its cause.
    this.#child.stdin.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.kill(crashed(`The sandbox process cannot be started: ${error.message}.`));
        resolve();
      });
      this.#child.once('close', (exitCode, signal) => {
        this.kill(this.#causeOfDeath(exitCode, signal));
        resolve();
      });
    });
  }

  get death(): RatchetError | undefined {
    return this.#death;
  }

  /** Sends a frame and waits for its answer. Not to be called again before that. Rejects with what the process died of. */
  exchange(kind: number, what: string, text: string, arrays: readonly Float64Array[], timeoutMs: number): Promise<Frame> {
    if (this.#death !== undefined) return Promise.reject(dead(`The sandbox is gone: ${this.#death.message}`, this.#death));
    // By chance, so that an answer cannot be prepared before the question is known.
    const id = randomInt(2 ** 32);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.kill(timedOut(what, timeoutMs)), timeoutMs);
      this.#waiting = { id, what, timer, resolve, reject };
      this.#send(id, kind, text, arrays);
    });
  }

  /** Ends the process at once; an exchange under way rejects with `cause`. The first cause stays. */
  kill(cause: RatchetError): void {
    if (this.#death !== undefined) return;
    this.#death = cause;
    this.#child.kill('SIGKILL');
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    waiting.reject(cause);
  }

  #send(id: number, kind: number, text: string, arrays: readonly Float64Array[]): void {
    const textBytes = Buffer.from(text, 'utf8');
    const lengths = arrays.map((array) => array.length);
    this.#child.stdin.write(Buffer.concat([encodeHead(id, kind, textBytes.byteLength, lengths), textBytes]));
    for (const array of arrays) this.#child.stdin.write(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  }

  #receive(chunk: Buffer): void {
    if (this.#death !== undefined) return;
    const result = this.#waiting === undefined ? { violation: 'bytes nobody asked for' } : this.#frames.push(chunk);
    if ('violation' in result) this.kill(violation(`it sent ${result.violation}`));
    else for (const frame of result.frames) this.#answer(frame);
  }

  #answer(frame: Frame): void {
    const waiting = this.#waiting;
    if (waiting === undefined || frame.id !== waiting.id || this.#frames.isInsideFrame) {
      this.kill(violation('it sent a frame nobody asked for'));
      return;
    }
    this.#waiting = undefined;
    clearTimeout(waiting.timer);
    waiting.resolve(frame);
  }

  #causeOfDeath(exitCode: number | null, signal: NodeJS.Signals | null): RatchetError {
    if (OUT_OF_MEMORY.test(this.#stderr)) {
      return new RatchetError(
        'sandbox/memory',
        `The sandbox process ran out of memory${this.#waiting === undefined ? '' : ` in '${this.#waiting.what}'`}.`,
        'Let the strategy keep less, or give the sandbox more memory.',
      );
    }
    if (ENDS_PROGRAMS.has(signal ?? exitCode)) {
      return new RatchetError(
        'sandbox/interrupted',
        `The sandbox process was ended from outside (${signal ?? `exit ${exitCode}`}).`,
        'Start another sandbox; look what else was told to end.',
      );
    }
    const said = printable(this.#stderr).slice(0, 300);
    return crashed(`The sandbox process ended by itself (${signal ?? `exit ${exitCode}`})${said === '' ? '' : `: ${said}`}.`);
  }
}

export function violation(what: string): RatchetError {
  return new RatchetError(
    'sandbox/protocol',
    `The sandbox process was ended: ${what}.`,
    'Treat the strategy that ran in it as hostile.',
  );
}

export function dead(message: string, cause?: RatchetError): RatchetError {
  return new RatchetError('sandbox/dead', message, 'Start another sandbox.', {}, cause);
}

/** Without control characters, line breaks and everything else that could forge a log line or a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

function timedOut(what: string, timeoutMs: number): RatchetError {
  return new RatchetError(
    'sandbox/timeout',
    `The sandbox process was ended: '${what}' took longer than ${timeoutMs} ms.`,
    'Look for a loop without end, or allow more time.',
    { timeoutMs },
  );
}

function crashed(message: string): RatchetError {
  return new RatchetError('sandbox/crashed', message, 'Start another sandbox; `ratchet doctor` shows what this machine offers.');
}
