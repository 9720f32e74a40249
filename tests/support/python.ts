import { spawnSync } from 'node:child_process';

function answers(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, [...args], { stdio: 'ignore' }).status === 0;
}

/** Tests that need these are skipped, visibly, where they are absent; `.ci/run` installs them. */
export const hasPipAudit = answers('pip-audit', '--version');
export const hasNumpy = answers('python3', '-c', 'import numpy');
