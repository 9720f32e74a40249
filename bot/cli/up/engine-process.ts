import { type ChildProcess, spawn } from 'node:child_process';
import { RatchetError } from '#engine/errors.ts';
import { type Logger, RUN_VARIABLE, runId } from '#engine/log.ts';
import { EngineEvent } from '#engine/runtime/events.ts';
import type { EngineOptionsInput } from '#engine/runtime/options.ts';

/** An engine that dies is started again after this long, and after twice as long the next time. */
const RESTART_DELAY_MS = 500;
const RESTART_DELAY_MS_MAX = 30_000;

/** Whoever waits for an engine that dies this often at its start waits in vain. */
const DEATHS_MAX = 3;

/**
 * The engine as a process of its own: it trades on while the bot thinks, and what happens to the one does not happen to the
 * other. It is started again when it dies, and ends when this process does.
 */
export class EngineProcess {
  readonly #command: readonly string[];
  readonly #options: EngineOptionsInput;
  readonly #log: Logger;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #child: ChildProcess | null = null;
  readonly #waiting = new Set<(why: string) => void>();
  #isStopping = false;
  /** How often in a row it died without having said anything. */
  #deaths = 0;
  #delayMs = RESTART_DELAY_MS;
  #lastWords = '';

  constructor(options: { command: readonly string[]; options: EngineOptionsInput; log: Logger }) {
    this.#command = options.command;
    this.#options = options.options;
    this.#log = options.log.child({ room: 'engine-process' });
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    const [node, ...prefix] = this.#command;
    const child = spawn(node!, [...prefix, 'engine', 'run', '--options-from-parent'], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        RATCHET_LOG_LEVEL: this.#log.level,
        [RUN_VARIABLE]: runId,
      },
    });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-1_000);
    });
    child.on('message', (message) => {
      const event = EngineEvent.parse(message);
      this.#delayMs = RESTART_DELAY_MS;
      this.#deaths = 0;
      for (const listener of this.#listeners) listener(event);
    });
    child.once('exit', (code, signal) => this.#ended(code, signal));
    child.send({ kind: 'options', options: this.#options });
  }

  /** Waits until it has taken in the past, and gives the market time it stands at. */
  async caughtUp(timeoutMs: number): Promise<number> {
    const event = await this.waitFor('caught up', (candidate) => candidate.kind === 'caught-up', timeoutMs);
    if (event.kind !== 'caught-up') throw new Error(`An event of kind ${event.kind} is not the one waited for.`);
    return event.time;
  }

  /**
   * Waits for an event.
   * @throws RatchetError `up/engine-silent` when it has not come within `timeoutMs`
   */
  waitFor(what: string, isIt: (event: EngineEvent) => boolean, timeoutMs: number): Promise<EngineEvent> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        stop();
        this.#waiting.delete(giveUp);
      };
      const stop = this.onEvent((event) => {
        if (!isIt(event)) return;
        settle();
        resolve(event);
      });
      const giveUp = (why: string): void => {
        settle();
        const words = this.#lastWords.trim().split('\n').at(-1) ?? '';
        reject(new RatchetError('up/engine-silent', `The engine ${why}. ${words}`.trim(), 'See ratchet status.'));
      };
      const timer = setTimeout(() => giveUp(`did not say "${what}" within ${timeoutMs / 1000} s`), timeoutMs);
      this.#waiting.add(giveUp);
    });
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }

  #ended(code: number | null, signal: string | null): void {
    if (this.#isStopping) return;
    this.#deaths += 1;
    if (this.#deaths >= DEATHS_MAX)
      for (const giveUp of [...this.#waiting]) giveUp(`died ${this.#deaths} times before it said anything`);
    this.#log.warn({ code, signal, lastWords: this.#lastWords.trim() }, 'The engine ended by itself; it is started again.');
    setTimeout(() => {
      if (!this.#isStopping) this.start();
    }, this.#delayMs).unref();
    this.#delayMs = Math.min(this.#delayMs * 2, RESTART_DELAY_MS_MAX);
  }
}
