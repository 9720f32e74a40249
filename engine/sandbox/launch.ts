import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** For stacks, code and buffers, on top of what an idle Node process and the strategy's own memory come to. */
const SLACK_MB = 80;
/** Where the system does not tell: enough for every Node. */
const IDLE_MB_UNKNOWN = 640;
const PROBE_TIMEOUT_MS = 10_000;

/** What the shell ignores is ignored by bubblewrap after it. Node listens again to all signals when it begins, so it is told itself. */
const DEAF_NODE = `for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => undefined);`;

/** How a sandbox process is started here; which of the walls around it this platform offers. */
export interface LaunchPlan {
  /** Limits of the system, set by a shell that then replaces itself; undefined where it knows none. */
  readonly limits: { readonly idleMb: number } | undefined;
  /** Namespaces through bubblewrap, or why not. */
  readonly bubblewrap: { readonly path: string; readonly args: readonly string[] } | { readonly why: string };
  /** Ends the child with its parent where bubblewrap cannot. */
  readonly setpriv: string | undefined;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /**
   * The system ends it with the process that starts it, whatever that one ends of. Only then may it stand outside its process group, and
   * be deaf to what a terminal or a supervisor ends a whole program with: nobody else would end it.
   */
  readonly endsWithParent: boolean;
}

let plan: Promise<LaunchPlan> | undefined;

/** Looked up once per process. */
export function launchPlan(): Promise<LaunchPlan> {
  plan ??= makePlan();
  return plan;
}

/** The command line for a Node process behind every wall of the plan, evaluating `code`. */
export function launchOf(chosen: LaunchPlan, code: string, memoryMb: number): Launch {
  const endsWithParent = 'path' in chosen.bubblewrap || chosen.setpriv !== undefined;
  const program = endsWithParent ? `${DEAF_NODE}${code}` : code;
  // Traces are the one file that Node opens past its permission model.
  const node = [process.execPath, ...nodeFlags(memoryMb), '--trace-event-file-pattern=/dev/null', '-e', program];
  const isolated =
    'path' in chosen.bubblewrap ? [chosen.bubblewrap.path, ...chosen.bubblewrap.args, ...node] : pinned(chosen, node);
  if (chosen.limits === undefined) return { command: isolated[0]!, args: isolated.slice(1), endsWithParent };
  const dataKb = Math.ceil(chosen.limits.idleMb + memoryMb + SLACK_MB) * 1024;
  // No core files, no byte into any file, few descriptors, and a cap on memory that also counts ArrayBuffers.
  // dash takes one limit a command.
  const limits = `ulimit -c 0 && ulimit -f 0 && ulimit -n 128 && ulimit -d ${dataKb} && exec "$@"`;
  const script = endsWithParent ? `trap '' HUP INT TERM && ${limits}` : limits;
  return { command: '/bin/sh', args: ['-c', script, 'sh', ...isolated], endsWithParent };
}

/** Node's own walls. Flags that this Node does not know are left out: it would refuse to start. */
export function nodeFlags(memoryMb: number): string[] {
  const known = process.allowedNodeEnvironmentFlags;
  const flags = [
    known.has('--permission') ? '--permission' : '--experimental-permission',
    '--no-warnings',
    '--no-addons',
    '--no-deprecation',
    '--disable-proto=delete',
    `--max-old-space-size=${memoryMb}`,
    '--v8-pool-size=1',
    // The bar loop is one hot function that calls small ones: with V8's own limit the last of them stay calls, a tenth of a run.
    '--max-inlined-bytecode-size-cumulative=2500',
  ];
  if (known.has('--experimental-sqlite')) flags.push('--no-experimental-sqlite');
  if (known.has('--disable-sigusr1')) flags.push('--disable-sigusr1');
  return flags;
}

function pinned(chosen: LaunchPlan, node: string[]): string[] {
  return chosen.setpriv === undefined ? node : [chosen.setpriv, '--pdeathsig', 'KILL', '--no-new-privs', ...node];
}

async function makePlan(): Promise<LaunchPlan> {
  const [limits, bubblewrap, setpriv] = await Promise.all([probeLimits(), probeBubblewrap(), probeSetpriv()]);
  return { limits, bubblewrap, setpriv };
}

async function probeLimits(): Promise<LaunchPlan['limits']> {
  const script = 'ulimit -c 0 && ulimit -f 0 && ulimit -n 128 && ulimit -d 4000000';
  if (!existsSync('/bin/sh') || !(await succeeds('/bin/sh', ['-c', script]))) return undefined;
  return { idleMb: await idleDataMb() };
}

/**
 * What the system counts for a Node process that does nothing: 50 MB on Node 20 and 22; 560 MB from 24 on, where it includes
 * the address range reserved for compiled code.
 */
async function idleDataMb(): Promise<number> {
  const code = `process.stdout.write(require('node:fs').readFileSync('/proc/self/status', 'latin1'))`;
  try {
    const { stdout } = await run(process.execPath, ['-e', code], { env: {}, timeout: PROBE_TIMEOUT_MS });
    const kilobytes = Number(/^VmData:\s+(\d+) kB$/m.exec(stdout)?.[1]);
    return Number.isFinite(kilobytes) ? kilobytes / 1024 : IDLE_MB_UNKNOWN;
  } catch {
    return IDLE_MB_UNKNOWN;
  }
}

async function probeSetpriv(): Promise<string | undefined> {
  const path = executable('setpriv');
  if (path === undefined) return undefined;
  return (await succeeds(path, ['--pdeathsig', 'KILL', '--no-new-privs', process.execPath, '-v'])) ? path : undefined;
}

async function probeBubblewrap(): Promise<LaunchPlan['bubblewrap']> {
  if (process.platform !== 'linux') return { why: `namespaces are a Linux feature, this is ${process.platform}` };
  const path = executable('bwrap');
  if (path === undefined) return { why: 'bubblewrap (bwrap) is not installed' };
  let why = '';
  for (const binds of [exactBinds(), systemBinds()]) {
    const args = [...NAMESPACES, ...binds, '--'];
    try {
      await run(path, [...args, process.execPath, '-e', '0'], { env: {}, timeout: PROBE_TIMEOUT_MS });
      return { path, args };
    } catch (error) {
      why =
        String((error as { stderr?: string }).stderr ?? error)
          .trim()
          .split('\n')[0] ?? '';
    }
  }
  return { why: `bubblewrap cannot make namespaces here: ${why.slice(0, 200)}` };
}

const NAMESPACES = [
  '--unshare-all',
  '--unshare-user',
  '--die-with-parent',
  '--new-session',
  '--clearenv',
  ...['--uid', '65534', '--gid', '65534'],
  ...['--hostname', 'sandbox'],
  ...['--cap-drop', 'ALL'],
];

/** The Node binary and the libraries it has loaded, and no other file. */
function exactBinds(): string[] {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const excluded = report.excludeNetwork;
  report.excludeNetwork = true;
  const { sharedObjects } = report.getReport() as unknown as { sharedObjects: string[] };
  report.excludeNetwork = excluded ?? false;
  const libraries = sharedObjects.filter((path) => path.startsWith('/') && !path.endsWith('.node') && existsSync(path));
  return [process.execPath, ...libraries].flatMap((path) => ['--ro-bind', path, path]).concat(['--chdir', '/']);
}

/** Where the libraries cannot be told one by one: the system's, read-only. */
function systemBinds(): string[] {
  const folders = ['/usr', '/lib', '/lib64'].filter((path) => existsSync(path));
  return [...folders, process.execPath].flatMap((path) => ['--ro-bind', path, path]).concat(['--chdir', '/']);
}

function executable(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return [...folders, '/usr/bin', '/bin']
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function succeeds(command: string, args: string[]): Promise<boolean> {
  try {
    await run(command, args, { env: {}, timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}
