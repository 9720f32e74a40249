import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NightWork } from '#bot/orchestrator/night-work.ts';
import { acquireLock } from '#engine/runtime/lock.ts';
import { type RemoteFixture, remoteFixture } from '#tests/engine/repository/remote-fixture.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

const HOUR_MS = 3_600_000;
const Record = z.strictObject({ kind: z.string() });
let remote: RemoteFixture;
let workspace: string;

/** One night that ended three hours ago, and one that was killed after it had decided. */
beforeAll(async () => {
  remote = await remoteFixture();
  workspace = join(remote.root, 'workspace');
  const base = await remote.commit('main', { 'strategies/a/strategy.ts': 'one\n' });
  const repository = await remote.mirror('mirror');
  await repository.fetch();
  const open = (cycle: string) =>
    NightWork.open({
      repository,
      dir: join(workspace, 'night', 'worktrees'),
      cycle,
      strategy: 'a',
      base,
      author: { name: 'Ratchet', email: 'ratchet@example.com' },
      clock: () => Date.now() - 3 * HOUR_MS,
    });
  const ended = await open('20260301-1');
  await ended.end({ decision: 'NO_CHANGE', reason: 'All is well.' });
  const killed = await open('20260302-1');
  await killed.stage('observe', Record, async () => ({ record: { kind: 'drought' } }));
  await killed.stage('decide', Record, async () => ({ record: { kind: 'TWEAK' } }));
});
afterAll(() => remote.dispose());

const worktrees = (...args: string[]) => ratchetHere('worktrees', ...args, '--workspace', workspace);
const json = async (...args: string[]): Promise<unknown> => JSON.parse((await worktrees(...args, '--json')).stdout);

describe('ratchet worktrees', () => {
  it('lists how far each night has come, and how long it is kept', async () => {
    const { stdout } = await worktrees('list');
    expect(stdout).toMatch(/^20260301-1 +a +begun +3 h +NO_CHANGE +20\d\d-\d\d-\d\d$/m);
    expect(stdout).toMatch(/^20260302-1 +a +decide +3 h +not ended +20\d\d-\d\d-\d\d$/m);
    expect(await json('list')).toMatchObject({
      nights: [
        { cycle: '20260301-1', stage: null, end: { decision: 'NO_CHANGE' } },
        { cycle: '20260302-1', stage: 'decide', end: null },
      ],
      unreadable: [],
    });
    expect((await ratchetHere('worktrees', 'list', '--workspace', join(remote.root, 'none'))).stdout).toBe(
      'No night has a worktree.\n',
    );
  });

  it('shows one, stage by stage', async () => {
    const { stdout } = await worktrees('show', '20260302-1');
    expect(stdout).toMatch(/^Night 20260302-1 for a began 3 h ago\.\n {2}\S+Z {2}observe\n {2}\S+Z {2}decide\nIt has not ended/);
    expect((await worktrees('show', '20260302-1')).stdout).toContain('as ratchet/night/20260302-1 of ');
    expect(await worktrees('show', '20260303-1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[worktrees/unknown]'),
    });
  });

  it('rescues one as a branch, and says where', async () => {
    expect(await json('rescue', '20260302-1')).toMatchObject({ branch: 'ratchet/rescue/20260302-1' });
    expect((await worktrees('show', '20260302-1')).stdout).toContain('It stays as ratchet/rescue/20260302-1.');
  });

  it('removes what has ended, and what has not by force, but not under a night that runs', async () => {
    expect(await json('remove', '20260301-1')).toEqual({ cycle: '20260301-1', removed: true });
    expect(await worktrees('remove', '20260302-1')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has come as far as decide.*\[worktrees\/unfinished\]/),
    });
    mkdirSync(join(workspace, 'night'), { recursive: true });
    const lock = acquireLock(join(workspace, 'night'), Date.now);
    try {
      expect(await worktrees('remove', '20260302-1', '--force')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[worktrees/busy]'),
      });
    } finally {
      lock.release();
    }
    expect(await json('remove', '20260302-1', '--force')).toMatchObject({ removed: true });
    expect(await json('list')).toEqual({ nights: [], unreadable: [] });
  });
});
