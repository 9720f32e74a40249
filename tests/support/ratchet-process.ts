import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const RATCHET = resolve('bot/cli/ratchet.js');
/** What a forge in that process says is held against GitHub's contract: see contract-everywhere.ts. */
const OVERHEAR = `--import=${pathToFileURL(resolve('tests/support/overhear-process.mjs')).href}`;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `ratchet` as a process, as people run it. */
export class RatchetProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;

  /** @param env what its environment has beside this process's */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [OVERHEAR, RATCHET, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((done) => {
      this.child.once('close', (code) => done({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Waits until standard error says something; gives the match. */
  async says(pattern: RegExp, timeoutMs: number): Promise<RegExpMatchArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = this.stderr.match(pattern);
      if (match !== null) return match;
      const { exitCode } = this.child;
      const end = exitCode === null ? `within ${timeoutMs / 1_000} s` : `before it ended with ${exitCode}`;
      if (exitCode !== null || Date.now() > deadline)
        throw new Error(`It did not say ${pattern} ${end}:\n${this.stderr}\n${this.stdout}`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

export function runRatchet(...args: string[]): Promise<Ended> {
  return new RatchetProcess(args).ended;
}

/** A folder that goes away again. */
export function temporaryFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `ratchet-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Asks again until it is so; a bounded number of times. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Not so within ${timeoutMs} ms: ${what}.`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}
