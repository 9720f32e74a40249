import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Row } from '#engine/contract/analysis.ts';
import { RatchetError } from '#engine/errors.ts';
import { nodeBundle } from '#engine/sandbox/bundle.ts';
import { type Launch, launchPlan } from '#engine/sandbox/launch.ts';
import type { Material, QueryLimits, Question, Reply, Request } from './material.ts';

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));
const FILL_TIMEOUT_MS = 60_000;
/** For stacks, code and buffers of a Node process, on top of what an idle one comes to. */
const SLACK_MB = 80;

const Value = z.union([z.string(), z.number(), z.null()]);
const Answer: z.ZodType<Reply> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('filled') }),
  z.strictObject({ kind: z.literal('rows'), rows: z.array(z.record(z.string(), Value)) }),
  z.strictObject({ kind: z.literal('refused'), code: z.string(), message: z.string(), remedy: z.string() }),
]);

type Command = Pick<Launch, 'command' | 'args'>;

export interface ProcessLimits extends QueryLimits {
  /** Of one statement. */
  readonly timeoutMs: number;
  /** For the rows that can be asked about, and for what statements take to answer. */
  readonly memoryMb: number;
}

/**
 * A process with a database of its own in memory. SQLite cannot be interrupted from JavaScript, so a statement that takes too long is
 * ended with its process, and every later question rejects with `analysis/query-dead`.
 */
export class QueryProcess {
  readonly #child: ChildProcess;
  readonly #limits: ProcessLimits;
  #fail: ((error: RatchetError) => void) | undefined;
  #death: RatchetError | undefined;
  #exited: Promise<void>;

  /** Rejects with what keeps the engine's store from being read: `store/absent`, `store/older`, … */
  static async start(material: Material, limits: ProcessLimits): Promise<QueryProcess> {
    const started = new QueryProcess(await launch(limits.memoryMb), limits);
    try {
      const { rows, bytes } = limits;
      await started.#exchange({ kind: 'fill', material, limits: { rows, bytes } }, FILL_TIMEOUT_MS);
      return started;
    } catch (error) {
      await started.close();
      throw error;
    }
  }

  private constructor({ command, args }: Command, limits: ProcessLimits) {
    this.#limits = limits;
    this.#child = spawn(command, [...args], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('exit', () => resolve());
    });
    void this.#exited.then(() => this.#die(memory(limits.memoryMb)));
  }

  /**
   * The rows that answer a question. One question at a time.
   * Rejects with `analysis/query-refused`, `analysis/query`, `analysis/query-limit`, after which it goes on, or with
   * `analysis/query-timeout`, `analysis/query-memory`, `analysis/query-dead`, after which it does not.
   */
  async ask(question: Question): Promise<readonly Row[]> {
    const reply = await this.#exchange({ kind: 'ask', question }, this.#limits.timeoutMs);
    if (reply.kind === 'rows') return reply.rows;
    throw new Error(`The process answered a question with ${reply.kind}.`);
  }

  async close(): Promise<void> {
    this.#die(new RatchetError('analysis/query-dead', 'The database is closed.', 'Start another one.'));
    await this.#exited;
  }

  async #exchange(request: Request, timeoutMs: number): Promise<Exclude<Reply, { kind: 'refused' }>> {
    if (this.#death !== undefined) throw dead(this.#death);
    const reply = await new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => this.#die(slow(request, timeoutMs)), timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        this.#fail = undefined;
        this.#child.off('message', receive);
      };
      const receive = (message: unknown) => {
        settle();
        resolve(Answer.parse(message));
      };
      this.#fail = (error) => {
        settle();
        reject(error);
      };
      this.#child.once('message', receive);
      this.#child.send(request, (error) => {
        if (error !== null) this.#die(memory(this.#limits.memoryMb));
      });
    });
    if (reply.kind === 'refused') throw new RatchetError(reply.code, reply.message, reply.remedy);
    return reply;
  }

  #die(cause: RatchetError): void {
    if (this.#death !== undefined) return;
    this.#death = cause;
    this.#child.kill('SIGKILL');
    this.#fail?.(cause);
  }
}

/** With a cap on memory where the system knows one: SQLite's own is not counted by Node. And it ends with whoever started it. */
async function launch(memoryMb: number): Promise<Command> {
  const [plan, code] = await Promise.all([launchPlan(), nodeBundle(PROGRAM)]);
  const pinned = plan.setpriv === undefined ? [] : [plan.setpriv, '--pdeathsig', 'KILL', '--no-new-privs'];
  const node = [...pinned, process.execPath, '--no-warnings', `--max-old-space-size=${memoryMb}`, '-e', code];
  if (plan.limits === undefined) return { command: node[0]!, args: node.slice(1) };
  const dataKb = Math.ceil(plan.limits.idleMb + memoryMb + SLACK_MB) * 1024;
  return { command: '/bin/sh', args: ['-c', `ulimit -c 0 && ulimit -d ${dataKb} && exec "$@"`, 'sh', ...node] };
}

function slow(request: Request, timeoutMs: number): RatchetError {
  const what = request.kind === 'fill' ? 'Filling the database' : `The statement ${request.question.sql.slice(0, 120)}`;
  return new RatchetError(
    'analysis/query-timeout',
    `${what} takes longer than ${timeoutMs} ms.`,
    'Ask for less: it was ended with its process, and nothing else was touched.',
    { timeoutMs },
  );
}

function memory(memoryMb: number): RatchetError {
  return new RatchetError(
    'analysis/query-memory',
    `The database's process ended by itself, most likely of the limit of ${memoryMb} MB on its memory.`,
    'Ask for less at once.',
    { memoryMb },
  );
}

function dead(cause: RatchetError): RatchetError {
  return new RatchetError(
    'analysis/query-dead',
    `The database is gone: ${cause.message}`,
    'Start another one.',
    { cause: cause.code },
    cause,
  );
}
