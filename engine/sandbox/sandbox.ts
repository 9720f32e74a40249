import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { childBundle, realmBundle } from './bundle.ts';
import { encodeHead, FRAME_KIND } from './frame.ts';
import { type Frame, FrameReader } from './frame-reader.ts';
import { nestsDeeperThan } from './json-depth.ts';
import { launchOf, launchPlan } from './launch.ts';
import type { Json } from './realm-api.ts';

const MEMORY_MB = 512;
const CALL_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 20_000;
const TEXT_BYTES_MAX = 64 * 1024 * 1024;
const ARRAY_COUNT_MAX = 4096;
const JSON_DEPTH_MAX = 64;
const STDERR_BYTES_MAX = 16_384;

/** What Node says on its way out when the heap, or the limit the system sets, is used up. */
const OUT_OF_MEMORY = /out of memory|allocation failed|bad_alloc|cannot allocate memory|ENOMEM/i;

const Fault = z.object({ message: z.string(), line: z.number().int().positive().optional() });

export interface SandboxOptions {
  /** Path of the TypeScript module whose default export is a RealmProgram. */
  readonly program: string;
  /** For the program's heap and arrays together; the system enforces it. Default 512. */
  readonly memoryMb?: number;
  /** Deadline of a call that names none. Default 60 s. */
  readonly callTimeoutMs?: number;
  readonly startTimeoutMs?: number;
}

export interface SandboxAnswer {
  readonly output: Json;
  readonly arrays: Float64Array[];
}

interface Waiting {
  readonly id: number;
  readonly what: string;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: SandboxAnswer) => void;
  readonly reject: (error: RatchetError) => void;
}

/**
 * One operating-system process around one sandbox program. Calls are answered one after the other.
 *
 * A fault thrown by a handler rejects with `sandbox/strategy-fault` and the process lives on. After `sandbox/timeout`,
 * `sandbox/memory`, `sandbox/crashed` and `sandbox/protocol` the process is gone and every later call rejects with
 * `sandbox/dead`: start another one.
 */
export class Sandbox {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #callTimeoutMs: number;
  readonly #frames: FrameReader;
  readonly #exited: Promise<void>;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | undefined;
  #death: RatchetError | undefined;
  #stderr = '';
  #nextId = 1;

  /** Rejects with `sandbox/program` when the program cannot be bundled, or as a call does. */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const memoryMb = options.memoryMb ?? MEMORY_MB;
    const [plan, code, realm] = await Promise.all([launchPlan(), childBundle(), realmBundle(options.program)]);
    const { command, args } = launchOf(plan, code, memoryMb);
    const sandbox = new Sandbox(command, args, memoryMb, options.callTimeoutMs ?? CALL_TIMEOUT_MS);
    await sandbox.#send(FRAME_KIND.start, 'start', realm, [], options.startTimeoutMs ?? START_TIMEOUT_MS);
    return sandbox;
  }

  private constructor(command: string, args: readonly string[], memoryMb: number, callTimeoutMs: number) {
    this.#callTimeoutMs = callTimeoutMs;
    this.#frames = new FrameReader({
      textBytesMax: TEXT_BYTES_MAX,
      arrayCountMax: ARRAY_COUNT_MAX,
      arrayBytesMax: memoryMb * 1024 * 1024,
    });
    this.#child = spawn(command, [...args], { env: {}, cwd: '/', stdio: 'pipe' });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      if (this.#stderr.length < STDERR_BYTES_MAX) this.#stderr += chunk.toString('latin1');
    });
    // A broken pipe is news of the death that 'close' reports with its cause.
    this.#child.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#die(crashed(`The sandbox process cannot be started: ${error.message}.`));
        resolve();
      });
      this.#child.once('close', (exitCode, signal) => {
        this.#die(this.#causeOfDeath(exitCode, signal));
        resolve();
      });
    });
  }

  get isAlive(): boolean {
    return this.#death === undefined;
  }

  /**
   * Calls a handler of the program. The arrays are copied into the process.
   * Rejects with `sandbox/strategy-fault` (details: `line`, where known), `sandbox/timeout`, `sandbox/memory`,
   * `sandbox/crashed`, `sandbox/protocol` or `sandbox/dead`.
   */
  call(
    method: string,
    input: Json,
    arrays: readonly Float64Array[] = [],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<SandboxAnswer> {
    const turn = this.#queue.then(() =>
      this.#send(
        FRAME_KIND.call,
        method,
        `${method}\n${JSON.stringify(input)}`,
        arrays,
        options.timeoutMs ?? this.#callTimeoutMs,
      ),
    );
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the process; a call under way rejects with `sandbox/dead`. */
  async close(): Promise<void> {
    this.#die(dead('The sandbox was closed.'));
    await this.#exited;
  }

  #send(kind: number, what: string, text: string, arrays: readonly Float64Array[], timeoutMs: number): Promise<SandboxAnswer> {
    if (this.#death !== undefined) return Promise.reject(dead(`The sandbox is gone: ${this.#death.message}`, this.#death));
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#die(timedOut(what, timeoutMs)), timeoutMs);
      this.#waiting = { id, what, timer, resolve, reject };
      const textBytes = Buffer.from(text, 'utf8');
      const head = encodeHead(
        id,
        kind,
        textBytes.byteLength,
        arrays.map((array) => array.length),
      );
      this.#child.stdin.write(Buffer.concat([head, textBytes]));
      for (const array of arrays) this.#child.stdin.write(Buffer.from(array.buffer, array.byteOffset, array.byteLength));
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#death !== undefined) return;
    if (this.#waiting === undefined) return this.#die(violation('it sent bytes nobody asked for'));
    const result = this.#frames.push(chunk);
    if ('violation' in result) return this.#die(violation(`it sent ${result.violation}`));
    for (const frame of result.frames) this.#answer(frame);
  }

  #answer(frame: Frame): void {
    const waiting = this.#waiting;
    if (waiting === undefined || frame.id !== waiting.id || this.#frames.isInsideFrame) {
      return this.#die(violation('it sent a frame nobody asked for'));
    }
    const answer = answerOf(frame);
    if (answer instanceof RatchetError && answer.code !== 'sandbox/strategy-fault') return this.#die(answer);
    this.#waiting = undefined;
    clearTimeout(waiting.timer);
    if (answer instanceof RatchetError) waiting.reject(answer);
    else waiting.resolve(answer);
  }

  #die(cause: RatchetError): void {
    if (this.#death !== undefined) return;
    this.#death = cause;
    this.#child.kill('SIGKILL');
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    waiting.reject(cause);
  }

  #causeOfDeath(exitCode: number | null, signal: NodeJS.Signals | null): RatchetError {
    const said = printable(this.#stderr).slice(0, 300);
    if (OUT_OF_MEMORY.test(this.#stderr)) {
      return new RatchetError(
        'sandbox/memory',
        `The sandbox process ran out of memory${this.#waiting === undefined ? '' : ` in '${this.#waiting.what}'`}.`,
        'Let the strategy keep less, or give the sandbox more memory.',
      );
    }
    return crashed(`The sandbox process ended by itself (${signal ?? `exit ${exitCode}`})${said === '' ? '' : `: ${said}`}.`);
  }
}

function answerOf(frame: Frame): SandboxAnswer | RatchetError {
  if (frame.kind === FRAME_KIND.ready) return { output: null, arrays: [] };
  if (frame.kind !== FRAME_KIND.output && frame.kind !== FRAME_KIND.fault)
    return violation(`it sent a frame of kind ${frame.kind}`);
  if (nestsDeeperThan(frame.text, JSON_DEPTH_MAX)) {
    return strategyFault({ message: `What came back nests deeper than ${JSON_DEPTH_MAX} levels.` });
  }
  let value: unknown;
  try {
    value = JSON.parse(frame.text);
  } catch {
    return violation('it sent a text that is no JSON');
  }
  if (frame.kind === FRAME_KIND.output) return { output: value as Json, arrays: frame.arrays };
  const fault = Fault.safeParse(value);
  return fault.success ? strategyFault(fault.data) : violation('it sent a fault that is none');
}

function strategyFault(fault: z.infer<typeof Fault>): RatchetError {
  const message = printable(fault.message).slice(0, 500);
  return new RatchetError(
    'sandbox/strategy-fault',
    fault.line === undefined ? `The strategy failed: ${message}` : `The strategy failed at line ${fault.line}: ${message}`,
    'Correct the strategy; the version that ran before is untouched.',
    { message, ...(fault.line === undefined ? {} : { line: fault.line }) },
  );
}

function timedOut(what: string, timeoutMs: number): RatchetError {
  return new RatchetError(
    'sandbox/timeout',
    `The sandbox process was ended: '${what}' took longer than ${timeoutMs} ms.`,
    'Look for a loop without end, or allow more time.',
    { timeoutMs },
  );
}

function violation(what: string): RatchetError {
  return new RatchetError(
    'sandbox/protocol',
    `The sandbox process was ended: ${what}.`,
    'Treat the strategy that ran in it as hostile.',
  );
}

function crashed(message: string): RatchetError {
  return new RatchetError('sandbox/crashed', message, 'Start another sandbox; `ratchet doctor` shows what this machine offers.');
}

function dead(message: string, cause?: RatchetError): RatchetError {
  return new RatchetError('sandbox/dead', message, 'Start another sandbox.', {}, cause);
}

/** Without control characters, line breaks and everything else that could forge a log line or a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}
