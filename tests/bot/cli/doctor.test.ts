import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Check } from '#bot/cli/doctor/check.ts';
import {
  judgeDisk,
  judgeGit,
  judgeLock,
  judgeNode,
  judgeNpm,
  judgePipAudit,
  judgeSqlite,
  judgeWritable,
  NODE_LEAST,
} from '#bot/cli/doctor/judge-machine.ts';
import { judgeBubblewrap, judgeWall } from '#bot/cli/doctor/judge-walls.ts';
import { describeChecks, doctorCommand } from '#bot/cli/doctor.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const MB = 1024 * 1024;

describe('ratchet doctor finds', () => {
  it.each([
    ['v20.19.0', 'good'],
    ['v26.0.0', 'good'],
    ['v20.18.3', 'missing'],
    ['v18.20.8', 'missing'],
  ])('Node %s %s', (version, status) => {
    expect(judgeNode(version).status).toBe(status);
  });

  it('too old what package.json finds too old', () => {
    expect(packageJson.engines.node).toBe(`>=${NODE_LEAST.join('.')}`);
  });

  it.each([
    ['git version 2.38.0', 'good'],
    ['git version 2.39.5 (Apple Git-154)', 'good'],
    ['git version 2.51.0.windows.1', 'good'],
    ['git version 3.0.0', 'good'],
    ['git version 2.37.9', 'missing'],
    ['git version 1.99.0', 'missing'],
    ['what?', 'missing'],
    [null, 'missing'],
  ])('%s %s', (text, status) => {
    expect(judgeGit(text).status).toBe(status);
  });

  it.each([
    [5000 * MB, 'good'],
    [500 * MB, 'weak'],
    [5 * MB, 'missing'],
  ])('%s free bytes %s', (bytes, status) => {
    expect(judgeDisk(bytes).status).toBe(status);
  });

  it('scanners that the audit gate asks, or what that gate cannot look at without them', () => {
    expect(judgeNpm('10.9.0').status).toBe('good');
    expect(judgeNpm('6.14.18').status).toBe('weak');
    expect(judgePipAudit('pip-audit 2.10.1').status).toBe('good');
    for (const { status, mend } of [judgeNpm(null), judgePipAudit(null)]) {
      expect(status).toBe('weak');
      expect(mend).toContain('audit gate cannot look');
    }
  });

  it('no fault in an engine that runs, and none in one that does not', () => {
    expect(judgeLock('engine', null).status).toBe('note');
    expect(judgeLock('engine', 'unknown').status).toBe('note');
    expect(judgeLock('engine', { pid: 7, since: 'noon' })).toMatchObject({
      status: 'note',
      found: 'runs as process 7 since noon',
    });
  });

  it('a machine unfit where hostile code could read files, weaker where it could reach the network', () => {
    expect(judgeWall({ wall: 'files', holds: false, detail: 'open' }).status).toBe('missing');
    expect(judgeWall({ wall: 'network', holds: false, detail: 'open' }).status).toBe('weak');
    expect(judgeWall({ wall: 'network', holds: true, detail: 'ECONNREFUSED' }).status).toBe('good');
    expect(judgeBubblewrap(null, 'it is not installed')).toMatchObject({ status: 'weak', found: 'it is not installed' });
  });

  it('a way to mend whatever is not good', () => {
    const walls = ['files', 'processes', 'threads', 'environment', 'memory', 'network', 'signals', 'orphans'] as const;
    const checks = [
      judgeNode('v18.0.0'),
      judgeGit(null),
      judgeSqlite('it does not load'),
      judgeWritable('var', 'EROFS'),
      judgeDisk(0),
      judgeBubblewrap(null, 'absent'),
      judgePipAudit(null),
      ...walls.map((wall) => judgeWall({ wall, holds: false, detail: 'open' })),
    ];
    for (const { status, mend } of checks) {
      expect(status).not.toBe('good');
      expect(mend).toMatch(/\w{3,}/);
    }
  });
});

describe('its table', () => {
  const good: Check = { name: 'node', status: 'good', found: 'v20.19.0', mend: null };
  const lacking: Check = { name: 'git', status: 'missing', found: 'not found', mend: 'Install git.' };
  const less: Check = { name: 'bubblewrap', status: 'weak', found: 'absent', mend: 'Install it.' };

  it('says below each line how to mend it, and at the end what it comes to', () => {
    expect(describeChecks([good, lacking]).split('\n')).toEqual([
      '✔ node  v20.19.0',
      '✘ git   not found',
      '        → Install git.',
      '',
      'Ratchet cannot work here: git.',
    ]);
    expect(describeChecks([good, less])).toMatch(/\nRatchet works here, with less behind it: bubblewrap\.$/);
    expect(describeChecks([good])).toMatch(/\nAll that Ratchet uses is here\.$/);
  });
});

describe('ratchet doctor, on this machine', () => {
  let folder: string;
  let lines: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ratchet-doctor-'));
    lines = [];
    vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
    rmSync(folder, { recursive: true });
  });

  async function doctor(workspace: string): Promise<{ ok: boolean; checks: Check[]; exitCode: unknown }> {
    await doctorCommand().exitOverride().parseAsync(['--workspace', workspace, '--json'], { from: 'user' });
    const { exitCode } = process;
    process.exitCode = undefined;
    expect(lines).toHaveLength(1);
    return { ...JSON.parse(lines.pop()!), exitCode };
  }

  it('finds everything these tests need themselves, and leaves nothing behind', async () => {
    const { ok, checks, exitCode } = await doctor(join(folder, 'not', 'there'));
    expect(checks.filter(({ status }) => status === 'missing')).toEqual([]);
    expect([ok, exitCode]).toEqual([true, 0]);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'node',
        'git',
        'better-sqlite3',
        'workspace',
        'disk',
        'sandbox',
        'wall: files',
        'bubblewrap',
        'engine',
        'npm',
        'pip-audit',
      ]),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names the process that holds the engine’s lock', async () => {
    const lock = acquireLock(join(folder, 'engine'), () => 0);
    try {
      const { checks } = await doctor(folder);
      expect(checks.find(({ name }) => name === 'engine')?.found).toBe(
        `runs as process ${process.pid} since 1970-01-01T00:00:00.000Z`,
      );
    } finally {
      lock.release();
    }
    const { checks } = await doctor(folder);
    expect(checks.find(({ name }) => name === 'engine')?.found).toBe('does not run on this workspace');
  });

  it('exits 1 where the workspace cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { ok, checks, exitCode } = await doctor(file);
    expect([ok, exitCode]).toEqual([false, 1]);
    expect(checks.find(({ name }) => name === 'workspace')?.status).toBe('missing');
  });
});
