import { spawn } from 'node:child_process';

/** More than that no scanner has to say. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What a scanner needs from outside to find itself and to reach its source behind a proxy. Tokens of the bot are not among it. */
const INHERITED =
  /^(?:PATH|HOME|TMPDIR|SYSTEMROOT|LANG|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|REQUESTS_CA_BUNDLE|npm_config_(?:registry|cafile|ca|strict_ssl|proxy|https_proxy|noproxy|userconfig))$/i;

export type ToolRun =
  | { readonly kind: 'ended'; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'failed'; readonly why: string };

/** Runs a scanner in a folder and gives what it printed, whatever its exit code: those of scanners say too little. */
export function runTool(
  program: string,
  args: readonly string[],
  dir: string,
  timeoutMs: number,
  settings: 'configured' | 'as-shipped' = 'configured',
): Promise<ToolRun> {
  return new Promise((resolve) => {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => INHERITED.test(name) && (settings === 'configured' || !/^npm_config_/i.test(name)),
      ),
    );
    // A group of its own: what a wrapper script has started ends with it.
    const child = spawn(program, [...args], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    let why: string | null = null;
    const stop = (reason: string): void => {
      why ??= reason;
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It has ended by itself meanwhile.
      }
    };
    const timer = setTimeout(() => stop(`it had not answered after ${Math.round(timeoutMs / 1000)} s`), timeoutMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > OUTPUT_BYTES_MAX) stop('it printed without end');
        else output[name].push(chunk);
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ kind: 'failed', why: error.code === 'ENOENT' ? 'it is not installed' : error.message });
    });
    child.once('close', () => {
      clearTimeout(timer);
      const text = (name: 'stdout' | 'stderr') => Buffer.concat(output[name]).toString('utf8');
      resolve(why === null ? { kind: 'ended', stdout: text('stdout'), stderr: text('stderr') } : { kind: 'failed', why });
    });
  });
}
