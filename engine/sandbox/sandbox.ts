import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { childBundle, realmBundle } from './bundle.ts';
import { FRAME_KIND } from './frame.ts';
import type { Frame } from './frame-reader.ts';
import { dead, FramedProcess, printable, violation } from './framed-process.ts';
import { jsonExcess } from './json-excess.ts';
import { launchOf, launchPlan } from './launch.ts';
import type { Json } from './realm-api.ts';

const MEMORY_MB = 512;
const CALL_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 20_000;
const TEXT_BYTES_MAX = 64 * 1024 * 1024;
const ARRAY_COUNT_MAX = 4096;
const JSON_DEPTH_MAX = 64;
/** The states of 64 symbols, each as large as a state may be, and some more. */
const JSON_VALUES_MAX = 1_500_000;
const MESSAGE_CHARACTERS_MAX = 500;

const Fault = z.strictObject({ message: z.string(), line: z.number().int().positive().optional() });

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

/**
 * One operating-system process around one sandbox program. Calls are answered one after the other.
 *
 * A fault thrown by a handler rejects with `sandbox/strategy-fault` and the process lives on. After `sandbox/timeout`,
 * `sandbox/memory`, `sandbox/crashed`, `sandbox/interrupted` and `sandbox/protocol` the process is gone and every later call rejects with
 * `sandbox/dead`: start another one.
 */
export class Sandbox {
  readonly #process: FramedProcess;
  readonly #callTimeoutMs: number;
  #queue: Promise<unknown> = Promise.resolve();

  /** Begins what a first start takes its time for. What cannot be made is made again, and told of, by who starts. */
  static prepare(program: string): void {
    void needed(program).catch(() => undefined);
  }

  /** Rejects with `sandbox/program` when the program cannot be bundled, or as a call does. */
  static async start(options: SandboxOptions): Promise<Sandbox> {
    const memoryMb = options.memoryMb ?? MEMORY_MB;
    const [plan, code, realm] = await needed(options.program);
    const child = new FramedProcess(launchOf(plan, code, memoryMb), {
      textBytesMax: TEXT_BYTES_MAX,
      arrayCountMax: ARRAY_COUNT_MAX,
      arrayBytesMax: memoryMb * 1024 * 1024,
    });
    const ready = await child.exchange(FRAME_KIND.start, 'start', realm, [], options.startTimeoutMs ?? START_TIMEOUT_MS);
    if (ready.kind !== FRAME_KIND.ready) throw killedFor(child, violation(`it sent a frame of kind ${ready.kind}`));
    return new Sandbox(child, options.callTimeoutMs ?? CALL_TIMEOUT_MS);
  }

  private constructor(child: FramedProcess, callTimeoutMs: number) {
    this.#process = child;
    this.#callTimeoutMs = callTimeoutMs;
  }

  get isAlive(): boolean {
    return this.#process.death === undefined;
  }

  /**
   * Calls a handler of the program. The arrays are copied into the process.
   * Rejects with `sandbox/strategy-fault` (details: `message`, and `line` of the source where known), `sandbox/timeout`,
   * `sandbox/memory`, `sandbox/crashed`, `sandbox/interrupted`, `sandbox/protocol` or `sandbox/dead`.
   */
  call(
    method: string,
    input: Json,
    arrays: readonly Float64Array[] = [],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<SandboxAnswer> {
    const text = `${method}\n${JSON.stringify(input)}`;
    const timeoutMs = options.timeoutMs ?? this.#callTimeoutMs;
    const turn = this.#queue.then(async () => {
      const frame = await this.#process.exchange(FRAME_KIND.call, method, text, arrays, timeoutMs);
      const answer = answerOf(frame);
      if (!(answer instanceof RatchetError)) return answer;
      throw answer.code === 'sandbox/protocol' ? killedFor(this.#process, answer) : answer;
    });
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the process; a call under way rejects with `sandbox/dead`. */
  async close(): Promise<void> {
    this.#process.kill(dead('The sandbox was closed.'));
    await this.#process.exited;
  }
}

/** Looked up and made once per process. */
function needed(program: string) {
  return Promise.all([launchPlan(), childBundle(), realmBundle(program)]);
}

function killedFor(child: FramedProcess, cause: RatchetError): RatchetError {
  child.kill(cause);
  return cause;
}

/** What an answer to a call says; every byte of it may be a lie. */
function answerOf(frame: Frame): SandboxAnswer | RatchetError {
  if (frame.kind !== FRAME_KIND.output && frame.kind !== FRAME_KIND.fault)
    return violation(`it sent a frame of kind ${frame.kind}`);
  const excess = jsonExcess(frame.text, JSON_DEPTH_MAX, JSON_VALUES_MAX);
  if (excess === 'levels') return strategyFault({ message: `What came back nests deeper than ${JSON_DEPTH_MAX} levels.` });
  if (excess === 'values') return strategyFault({ message: `What came back holds more than ${JSON_VALUES_MAX} values.` });
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
  const message = printable(fault.message).slice(0, MESSAGE_CHARACTERS_MAX);
  return new RatchetError(
    'sandbox/strategy-fault',
    fault.line === undefined ? `The strategy failed: ${message}` : `The strategy failed at line ${fault.line}: ${message}`,
    'Correct the strategy; the version that ran before is untouched.',
    { message, ...(fault.line === undefined ? {} : { line: fault.line }) },
  );
}
