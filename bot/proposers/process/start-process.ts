import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface ProcessOptions {
  /** Packages with native code: they cannot be bundled, are read from disk, and their folders are all the process may read. */
  readonly readFromDisk: readonly string[];
  /** Node says no to it only from version 25 on; before, this has no effect. */
  readonly mayUseNetwork: boolean;
  readonly memoryMb: number;
  /** `advanced` lets maps through, `json` is what it says. */
  readonly serialization: 'json' | 'advanced';
}

/** One script out of a few lines of TypeScript and all they import, made in memory: nothing is kept on disk that somebody could change. */
export async function bundled(entry: string, readFromDisk: readonly string[]): Promise<string> {
  const result = await build({
    stdin: { contents: entry, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: [...readFromDisk],
    legalComments: 'none',
    logLevel: 'silent',
  });
  return result.outputFiles[0]!.text;
}

/**
 * Starts a script in a process that holds nothing but what it is told: its environment is empty, no file but those named can be
 * opened in it, it starts no process and no thread. Messages go over its channel; standard error is the caller's to read.
 */
export function startProcess(
  code: string,
  { readFromDisk, mayUseNetwork, memoryMb, serialization }: ProcessOptions,
): ChildProcess {
  const known = process.allowedNodeEnvironmentFlags;
  const flags = [
    known.has('--permission') ? '--permission' : '--experimental-permission',
    ...readFromDisk.map((name) => `--allow-fs-read=${ROOT}node_modules/${name}/`),
    ...(readFromDisk.length > 0 && known.has('--allow-addons') ? ['--allow-addons'] : []),
    ...(mayUseNetwork && known.has('--allow-net') ? ['--allow-net'] : []),
    '--no-warnings',
    `--max-old-space-size=${memoryMb}`,
  ];
  // The program goes in at standard input: as an argument it would be too long, and a file could be changed.
  const child = spawn(process.execPath, [...flags, '-'], {
    cwd: ROOT,
    env: {},
    stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    serialization,
  });
  // A broken pipe is news of the death that 'close' reports with its cause.
  child.stdin?.on('error', () => undefined).end(code);
  return child;
}
