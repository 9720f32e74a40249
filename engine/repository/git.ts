import { simpleGit } from 'simple-git';
import { RatchetError } from '#engine/errors.ts';

/** One git command, given as data so that nothing passes through a shell. */
export interface GitCommand {
  /** Where it runs: a bare repository or a clone. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly input?: Uint8Array;
  /** Extra environment, `GIT_*` only. */
  readonly env?: Readonly<Record<string, string>>;
  /** Configuration for this command alone. It travels in the environment, so secrets in it never show in a process list. */
  readonly config?: Readonly<Record<string, string>>;
  /** The whole command's limit, whatever it prints meanwhile. */
  readonly timeoutMs: number;
}

/** What git said when it failed; `text` is its standard error, for the caller to classify and never to show with a token in it. */
export class GitFailure extends Error {
  readonly text: string;
  readonly hasTimedOut: boolean;
  constructor(text: string, hasTimedOut: boolean) {
    super(text);
    this.name = 'GitFailure';
    this.text = text;
    this.hasTimedOut = hasTimedOut;
  }
}

/** The user's own configuration, hooks, replacements and prompts play no part: the same command gives the same result everywhere. */
const baseEnvironment: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  LC_ALL: 'C',
};

/** What git needs from outside to find itself and to reach a remote behind a proxy. */
const inherited = [
  'PATH',
  'SYSTEMROOT',
  'TMPDIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

const baseConfig: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.quotePath': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.ext.allow': 'never',
};

/** Runs git and gives its standard output. Throws `GitFailure` on a non-zero exit or when the time limit passes. */
export async function runGit(command: GitCommand): Promise<Buffer> {
  const env = environment(command);
  const abort = new AbortController();
  let hasTimedOut = false;
  const timer = setTimeout(() => {
    hasTimedOut = true;
    abort.abort();
  }, command.timeoutMs);
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  try {
    const git = simpleGit({
      baseDir: command.dir,
      abort: abort.signal,
      allowEnvironment: Object.keys(env),
      // Always an answer, if an empty one: otherwise standard input stays open and git waits on it.
      input: () => (command.input?.byteLength ? Buffer.from(command.input) : Buffer.from('\n')),
      errors: (error, { exitCode }) => (exitCode === 0 ? undefined : (error ?? new Error(`git left with ${exitCode}`))),
      unsafe: {
        // The keys below come from the constants above and from this room, never from outside.
        allowUnsafeConfigPaths: true,
        allowUnsafeConfigEnvCount: true,
        allowUnsafeHooksPath: true,
        allowUnsafeProtocolOverride: true,
      },
    })
      .env(env)
      .outputHandler((_command, stdout, stderr) => {
        stdout.on('data', (chunk: Buffer) => output.push(chunk));
        stderr.on('data', (chunk: Buffer) => errors.push(chunk));
      });
    await git.raw([...command.args]);
    return Buffer.concat(output);
  } catch (error) {
    const text =
      Buffer.concat([...output, ...errors]).toString('utf8') || (error instanceof Error ? error.message : String(error));
    if (/ENOENT/.test(text) && /spawn/.test(text)) throw gitMissing();
    throw new GitFailure(text.trim(), hasTimedOut);
  } finally {
    clearTimeout(timer);
  }
}

/** Git in one repository on this disk, and with nobody else. @throws GitFailure */
export type LocalGit = (args: readonly string[], options?: Pick<GitCommand, 'input' | 'env'>) => Promise<Buffer>;

export function gitIn(dir: string, timeoutMs: number): LocalGit {
  return (args, options) => runGit({ dir, args, timeoutMs, ...options });
}

/** What commands read that take one item a line. */
export function inputLines(items: readonly string[]): Uint8Array {
  return Buffer.from(`${items.join('\n')}\n`, 'utf8');
}

function environment(command: GitCommand): Record<string, string> {
  const env: Record<string, string> = { ...baseEnvironment, ...command.env };
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const config = Object.entries({ ...baseConfig, 'safe.directory': command.dir, ...command.config });
  env.GIT_CONFIG_COUNT = String(config.length);
  for (const [index, [key, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

function gitMissing(): RatchetError {
  return new RatchetError('repository/no-git', 'The program git was not found.', 'Install git 2.38 or newer and start again.');
}
