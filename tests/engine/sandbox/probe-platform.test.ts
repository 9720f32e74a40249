import { execFileSync, spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { launchOf, launchPlan } from '#engine/sandbox/launch.ts';
import { probePlatform } from '#engine/sandbox/probe-platform.ts';

describe('probePlatform', () => {
  it('says of every wall of the process whether it holds, and why', async () => {
    const report = await probePlatform();
    expect(report.map((item) => item.wall).sort()).toEqual([
      'environment',
      'files',
      'memory',
      'network',
      'orphans',
      'processes',
      'signals',
      'threads',
    ]);
    for (const { detail } of report) expect(detail).not.toBe('');
    const holding = new Set(report.filter((item) => item.holds).map((item) => item.wall));
    for (const wall of ['files', 'processes', 'threads', 'environment'] as const) expect(holding).toContain(wall);
    const plan = await launchPlan();
    if ('path' in plan.bubblewrap) for (const wall of ['network', 'signals', 'orphans'] as const) expect(holding).toContain(wall);
  });
});

describe('a sandbox process whose parent is killed', () => {
  // bubblewrap asks to die with its parent a moment after it has started its child: on a busy machine the parent can be killed in between.
  // Started as a strategy's is, outside its parent's process group.
  it.each([['bubblewrap'], ['setpriv']])('ends, even in an endless loop, by %s', { retry: 2 }, async (by) => {
    const found = await launchPlan();
    const plan = by === 'setpriv' ? { ...found, bubblewrap: { why: 'switched off' } } : found;
    if (by === 'setpriv' ? plan.setpriv === undefined : !('path' in plan.bubblewrap)) return;
    const marker = `ratchet-orphan-${by}-${process.pid}`;
    const { command, args } = launchOf(plan, `/* ${marker} */ for (;;);`, 64);
    const parentCode = `require('node:child_process').spawn(${JSON.stringify(command)}, ${JSON.stringify(args)}, { stdio: 'ignore', env: {}, detached: true }); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', parentCode], { stdio: 'ignore' });
    const processes = () => running(marker, parent.pid!);
    // Until Node itself runs: before that the child has been told nothing, and ends when its input does.
    await until(() => processes().some((args) => args.startsWith(process.execPath)));
    parent.kill('SIGKILL');
    await until(() => processes().length === 0);
    expect(processes()).toEqual([]);
  });
});

/** The command lines, but the parent's, that have the text in them. */
function running(text: string, parent: number): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');
  return lines
    .filter((line) => line.includes(text) && Number.parseInt(line, 10) !== parent)
    .map((line) => line.trim().replace(/^\d+ /, ''));
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('it did not come about in 15 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
