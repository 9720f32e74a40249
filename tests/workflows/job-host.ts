import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RunnerHost } from '#bot/forge/actions/runner-host.ts';

/**
 * A machine for jobs whose program is a clean clone of the last commit here. Two programs are stood in for, because they would
 * download: `npm ci` links what is installed, and a new Python environment links the pip-audit at hand. Everything else is real.
 */
export function jobHost(
  dir: string,
  tokens: RunnerHost['appToken'] = () => Promise.reject(new Error('There is no App here.')),
): RunnerHost {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const real = (name: string): string => execFileSync('bash', ['-c', `command -v ${name} || true`], { encoding: 'utf8' }).trim();
  program(join(bin, 'npm'), [
    'if [ "$1" = ci ]; then',
    `  mkdir node_modules && ln -s '${resolve('node_modules')}'/* '${resolve('node_modules')}'/.bin node_modules/`,
    // What the proposer's process may read stands inside the clone; a link would lead out of it.
    '  for name in oxc-parser @oxc-parser @oxc-project; do',
    `    rm node_modules/$name && cp -RL '${resolve('node_modules')}'/$name node_modules/$name`,
    '  done',
    '  exit 0',
    'fi',
    `exec '${real('npm')}' "$@"`,
  ]);
  program(join(bin, 'python3'), [
    'if [ "$1 $2" != "-m venv" ]; then exit 64; fi',
    'mkdir -p "$3/bin"',
    `printf '#!/bin/sh\\nexit 0\\n' > "$3/bin/pip"`,
    'chmod +x "$3/bin/pip"',
    `ln -s '${real('pip-audit') || '/bin/false'}' "$3/bin/pip-audit"`,
  ]);
  return {
    machine: { PATH: `${bin}:${process.env.PATH}`, ...registry() },
    cacheDir: join(dir, 'cache'),
    checkout: async ({ into }) => {
      execFileSync('git', ['clone', '--quiet', '--shared', '--no-hardlinks', resolve('.'), into], { stdio: 'pipe' });
    },
    appToken: tokens,
    onStop: () => () => {},
  };
}

/** Where this machine finds packages, as its own npm is told. */
function registry(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name, value]) => /^npm_config_registry$/i.test(name) && value !== undefined),
  ) as Record<string, string>;
}

function program(path: string, lines: readonly string[]): void {
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
}
