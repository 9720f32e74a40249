import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { explain } from '#engine/errors.ts';
import { runGit } from '#engine/repository/git.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { checkStrategy } from '#engine/sandbox/check-strategy.ts';
import { launchPlan } from '#engine/sandbox/launch.ts';
import { probePlatform } from '#engine/sandbox/probe-platform.ts';
import { type Check, good, missing } from './check.ts';
import {
  judgeDisk,
  judgeGit,
  judgeLock,
  judgeNode,
  judgeNpm,
  judgePipAudit,
  judgeSqlite,
  judgeWritable,
} from './judge-machine.ts';
import { judgeBubblewrap, judgeWall } from './judge-walls.ts';

const run = promisify(execFile);
const ASK_TIMEOUT_MS = 10_000;
/** Ships with Ratchet, so it must pass and load wherever the sandbox works. */
const KNOWN_STRATEGY = fileURLToPath(new URL('../../../strategies/ema-cross', import.meta.url));

/** Looks at this machine and at a workspace, which need not exist and is left as it is. */
export async function look(workspace: string): Promise<readonly Check[]> {
  const root = resolve(workspace);
  const folder = nearestExisting(root);
  const sqliteTrouble = sqlite();
  const [git, walls, sandbox, bubblewrap, npm, pipAudit] = await Promise.all([
    askGit(),
    probeWalls(),
    trySandbox(),
    askBubblewrap(),
    askVersion('npm'),
    askVersion(process.env.RATCHET_PIP_AUDIT ?? 'pip-audit'),
  ]);
  return [
    judgeNode(process.version),
    judgeGit(git),
    judgeSqlite(sqliteTrouble),
    judgeWritable(root, writeTrouble(folder)),
    judgeDisk(freeBytes(folder)),
    sandbox,
    ...walls,
    bubblewrap,
    ...(sqliteTrouble === null ? [askLock('ratchet up', root), askLock('engine', join(root, 'engine'))] : []),
    judgeNpm(npm),
    judgePipAudit(pipAudit),
  ];
}

async function askGit(): Promise<string | null> {
  try {
    return (await runGit({ dir: tmpdir(), args: ['--version'], timeoutMs: ASK_TIMEOUT_MS })).toString('utf8').trim();
  } catch {
    // Whatever keeps git from telling its version keeps it from everything else.
    return null;
  }
}

function sqlite(): string | null {
  try {
    new Database(':memory:').close();
    return null;
  } catch (error) {
    return oneLine(error);
  }
}

async function trySandbox(): Promise<Check> {
  const mend = 'Run npm ci again for this machine; a sandbox that does not start runs no strategy.';
  try {
    const verdict = await checkStrategy(KNOWN_STRATEGY);
    if (verdict.ok) return good('sandbox', 'a strategy passes the static wall and loads');
    return missing('sandbox', `strategies/ema-cross is refused: ${verdict.findings[0]?.message}`, mend);
  } catch (error) {
    return missing('sandbox', oneLine(error), mend);
  }
}

async function probeWalls(): Promise<readonly Check[]> {
  try {
    return (await probePlatform()).map(judgeWall);
  } catch (error) {
    const mend = 'The probe starts a sandbox process and attacks it; without that nothing is known of the walls.';
    return [missing('walls', `they could not be probed: ${oneLine(error)}`, mend)];
  }
}

async function askBubblewrap(): Promise<Check> {
  const { bubblewrap } = await launchPlan();
  return 'path' in bubblewrap ? judgeBubblewrap(bubblewrap.path, '') : judgeBubblewrap(null, bubblewrap.why);
}

async function askVersion(program: string): Promise<string | null> {
  try {
    return (await run(program, ['--version'], { timeout: ASK_TIMEOUT_MS })).stdout.trim();
  } catch {
    // Not there, or not working: to us the same.
    return null;
  }
}

function askLock(name: string, dir: string): Check {
  try {
    return judgeLock(name, lockHolder(dir));
  } catch (error) {
    return missing(
      name,
      `its lock cannot be read: ${oneLine(error)}`,
      `Look at engine.lock in ${dir}; remove it while nothing runs.`,
    );
  }
}

function nearestExisting(path: string): string {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/** Writes and removes a folder: on some disks that is refused whatever the permissions say. */
function writeTrouble(folder: string): string | null {
  try {
    rmSync(mkdtempSync(join(folder, '.ratchet-doctor-')), { recursive: true });
    return null;
  } catch (error) {
    return oneLine(error);
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function oneLine(error: unknown): string {
  return explain(error).replace(/\s+/g, ' ').slice(0, 300);
}
