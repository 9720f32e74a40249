import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { z } from 'zod';
import { launchOf, launchPlan } from './launch.ts';

const run = promisify(execFile);
const PROBE_MEMORY_MB = 64;
/** Past what a process capped at PROBE_MEMORY_MB is given, its overhead included. */
const PROBE_ARRAYS_MB = 512;
const PROBE_TIMEOUT_MS = 20_000;

/** One thing the sandbox process must not be able to do, tried on this machine. */
export interface WallReport {
  readonly wall: 'files' | 'processes' | 'threads' | 'environment' | 'memory' | 'network' | 'signals' | 'orphans';
  readonly holds: boolean;
  /** What stopped it, or what is missing. */
  readonly detail: string;
}

const Attempts = z.strictObject({
  files: z.string(),
  processes: z.string(),
  threads: z.string(),
  environment: z.string(),
  memory: z.string(),
  network: z.string(),
  signals: z.string(),
});

let report: Promise<readonly WallReport[]> | undefined;

/** Which walls of the sandbox process hold here, found out by attacking them. Looked up once per process. */
export function probePlatform(): Promise<readonly WallReport[]> {
  report ??= probe();
  return report;
}

async function probe(): Promise<readonly WallReport[]> {
  const plan = await launchPlan();
  const server = await listening();
  try {
    const { port } = server.address() as { port: number };
    const { command, args } = launchOf(plan, attack(port), PROBE_MEMORY_MB);
    const { stdout } = await run(command, [...args], { env: {}, cwd: '/', timeout: PROBE_TIMEOUT_MS, killSignal: 'SIGKILL' });
    const attempts = Attempts.parse(JSON.parse(stdout));
    const missing = 'why' in plan.bubblewrap ? plan.bubblewrap.why : 'bubblewrap did not help';
    return [
      ...Object.entries(attempts).map(([wall, outcome]) => ({
        wall: wall as WallReport['wall'],
        holds: outcome !== 'open',
        detail: outcome === 'open' ? (wall === 'memory' ? 'the system enforces no data limit' : missing) : outcome,
      })),
      orphans('path' in plan.bubblewrap, plan.setpriv !== undefined),
    ];
  } finally {
    server.close();
  }
}

function orphans(hasBubblewrap: boolean, hasSetpriv: boolean): WallReport {
  if (hasBubblewrap) return { wall: 'orphans', holds: true, detail: 'bubblewrap ends the process with its parent' };
  if (hasSetpriv) return { wall: 'orphans', holds: true, detail: 'setpriv asks for a signal when the parent dies' };
  return {
    wall: 'orphans',
    holds: false,
    detail: 'a process in an endless loop outlives a killed engine: neither bwrap nor setpriv is here',
  };
}

/** Tries everything, and prints for each what stopped it, or `open`. */
function attack(port: number): string {
  return `
const outcome = {};
const attempt = (name, act) => { try { act(); outcome[name] = 'open'; } catch (error) { outcome[name] = String(error.code ?? error.name); } };
attempt('files', () => require('node:fs').readFileSync(process.execPath, { flag: 'r' }).length);
attempt('processes', () => { const { error } = require('node:child_process').spawnSync(process.execPath, ['-v']); if (error) throw error; });
attempt('threads', () => new (require('node:worker_threads').Worker)('0', { eval: true }));
outcome.environment = Object.keys(process.env).every((name) => name === 'PWD') ? 'empty' : 'open';
const kept = [];
attempt('memory', () => { for (let mb = 0; mb < ${PROBE_ARRAYS_MB}; mb += 16) kept.push(new Uint8Array(16 * 1048576)); });
kept.length = 0;
attempt('signals', () => process.kill(${process.pid}, 0));
const done = (how) => { outcome.network = how; process.stdout.write(JSON.stringify(outcome), () => process.exit(0)); };
try {
  require('node:net').connect(${port}, '127.0.0.1').on('connect', () => done('open')).on('error', (error) => done(String(error.code)));
} catch (error) { done(String(error.code)); }
`;
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
