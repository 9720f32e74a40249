import { execFile } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface NodeBinary {
  readonly path: string;
  /** `v22.12.0` */
  readonly version: string;
}

/** Where version managers keep a folder a version, and the binary within it. */
function managers(env: Readonly<Record<string, string | undefined>>, home: string): readonly (readonly [string, string])[] {
  const data = env.XDG_DATA_HOME ?? join(home, '.local', 'share');
  return [
    [join(env.NVM_DIR ?? join(home, '.nvm'), 'versions', 'node'), 'bin/node'],
    [join(env.FNM_DIR ?? join(data, 'fnm'), 'node-versions'), 'installation/bin/node'],
    [join(env.VOLTA_HOME ?? join(home, '.volta'), 'tools', 'image', 'node'), 'bin/node'],
    [join(env.ASDF_DATA_DIR ?? join(home, '.asdf'), 'installs', 'nodejs'), 'bin/node'],
    [join(data, 'mise', 'installs', 'node'), 'bin/node'],
    [join(env.N_PREFIX ?? '/usr/local', 'n', 'versions', 'node'), 'bin/node'],
    [join(env.RUNNER_TOOL_CACHE ?? '/opt/hostedtoolcache', 'node'), `${process.arch}/bin/node`],
  ];
}

/**
 * The Node binaries of this machine from 20.19 on, the newest of each major version, this process's own version left out:
 * those on the path (`node`, `nodejs`, `node22`) and those of the common version managers.
 */
export async function findNodes(env: Readonly<Record<string, string | undefined>>, home: string): Promise<NodeBinary[]> {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = folders.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => /^node(js)?(-?\d+)?$/.test(name))
      .map((name) => join(folder, name)),
  );
  const managed = managers(env, home).flatMap(([folder, binary]) => namesIn(folder).map((name) => join(folder, name, binary)));
  const byMajor = new Map<number, NodeBinary>();
  for (const path of new Set([...onPath, ...managed].flatMap(realPath))) {
    const version = await versionOf(path);
    if (version === null || version === process.version || !isServed(version)) continue;
    const [major] = numbersOf(version);
    const known = byMajor.get(major);
    if (known === undefined || isNewer(version, known.version)) byMajor.set(major, { path, version });
  }
  return [...byMajor.values()].sort((left, right) => numbersOf(left.version)[0] - numbersOf(right.version)[0]);
}

/** What a binary says it is; null when it cannot be run or says nothing of the kind. */
export async function versionOf(path: string): Promise<string | null> {
  try {
    const { stdout } = await run(path, ['-v'], { timeout: 10_000 });
    return /^v\d+\.\d+\.\d+$/.test(stdout.trim()) ? stdout.trim() : null;
  } catch {
    // Not a Node, or not for this machine: there is nothing to run with it.
    return null;
  }
}

function isServed(version: string): boolean {
  const [major, minor] = numbersOf(version);
  return major > 20 || (major === 20 && minor >= 19);
}

function isNewer(version: string, other: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(other)];
  const at = left.findIndex((value, index) => value !== right[index]);
  return at >= 0 && left[at]! > right[at]!;
}

function numbersOf(version: string): [number, number, number] {
  const [major, minor, patch] = version.slice(1).split('.').map(Number);
  return [major!, minor!, patch!];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // A folder that is not there holds no Node.
    return [];
  }
}

function realPath(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    // A link to nowhere.
    return [];
  }
}
