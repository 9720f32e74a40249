import { spawn, spawnSync } from 'node:child_process';
import { LRUCache } from 'lru-cache';
import { RatchetError } from '#engine/errors.ts';

export interface GitOutput {
  exitCode: number;
  stdout: Buffer;
  stderr: string;
}

export interface GitCall {
  input?: string | Buffer;
  env?: Readonly<Record<string, string>>;
}

/** The server's git sees no one's settings: the result depends on the repository alone. */
export function gitEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of ['PATH', 'SystemRoot', 'TMPDIR', 'TEMP', 'TMP']) {
    const value = process.env[name];
    if (value !== undefined) inherited[name] = value;
  }
  return {
    ...inherited,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    ...extra,
  };
}

/** Runs git in a bare repository and gives its output whatever the exit code; throws only when git cannot be started. */
export function tryGit(gitDir: string, args: readonly string[], call: GitCall = {}): Promise<GitOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [`--git-dir=${gitDir}`, ...args], {
      env: gitEnvironment(call.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (cause) => reject(noGit(cause)));
    child.on('close', (code) =>
      resolve({ exitCode: code ?? 128, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }),
    );
    // Git may end before it has read everything (an early error); its exit code tells, the broken pipe does not matter.
    child.stdin.on('error', () => undefined);
    child.stdin.end(call.input ?? '');
  });
}

/** Runs git and gives its standard output; a non-zero exit is an error. */
export async function git(gitDir: string, args: readonly string[], call: GitCall = {}): Promise<Buffer> {
  const output = await tryGit(gitDir, args, call);
  if (output.exitCode !== 0) throw gitFailed(args, output);
  return output.stdout;
}

const wholeHash = /^[0-9a-f]{40}$/;

/** Counted in bytes of standard output. */
const lasting = new LRUCache<string, GitOutput>({ maxSize: 8_000_000, sizeCalculation: ({ stdout }) => 500 + stdout.length });

/**
 * Like {@link tryGit}, for questions about nothing but the objects in `names`. Where all are whole hashes the answer is the same for
 * ever, and git is asked once: a push, its pull request and its checks ask again and again. `settled` are the exit codes that are an
 * answer; any other may be for want of an object that is still to come.
 */
export async function askOnce(
  gitDir: string,
  args: readonly string[],
  names: readonly string[],
  settled: readonly number[] = [0],
): Promise<GitOutput> {
  if (!names.every((name) => wholeHash.test(name))) return tryGit(gitDir, args);
  const key = [gitDir, ...args].join('\0');
  const known = lasting.get(key);
  if (known !== undefined) return known;
  const output = await tryGit(gitDir, args);
  if (settled.includes(output.exitCode)) lasting.set(key, output);
  return output;
}

/** Like {@link git}, holding everything else up: only for what an administrator does before requests come. */
export function gitNow(gitDir: string, args: readonly string[]): void {
  const outcome = spawnSync('git', [`--git-dir=${gitDir}`, ...args], { env: gitEnvironment() });
  if (outcome.error !== undefined) throw noGit(outcome.error);
  if (outcome.status === 0) return;
  throw gitFailed(args, { exitCode: outcome.status ?? 128, stdout: outcome.stdout, stderr: outcome.stderr.toString('utf8') });
}

/** The output as one trimmed line of text. */
export async function gitLine(gitDir: string, args: readonly string[], call: GitCall = {}): Promise<string> {
  return (await git(gitDir, args, call)).toString('utf8').trim();
}

export function gitFailed(args: readonly string[], output: GitOutput): RatchetError {
  return new RatchetError(
    'forge/git-failed',
    `git ${args[0]} ended with ${output.exitCode}: ${output.stderr.trim()}`,
    'The repository was left as it was.',
    { args, exitCode: output.exitCode },
  );
}

function noGit(cause: Error): RatchetError {
  return new RatchetError('forge/no-git', `git could not be started: ${cause.message}.`, 'Install git 2.38 or newer.', {}, cause);
}
