import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { keptNight, keptNights, removeNight, removePastNights, rescueNight } from '#bot/orchestrator/night-work/kept-nights.ts';
import { NightWork } from '#bot/orchestrator/night-work.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { type RemoteFixture, remoteFixture } from '../../engine/repository/remote-fixture.ts';

const DAY_MS = 86_400_000;
const began = Date.UTC(2026, 2, 1, 2, 30);
const Record = z.strictObject({ kind: z.string() });
let remote: RemoteFixture;
let repository: Repository;
let base: CommitHash;
let folders = 0;
let dir: string;
let now: number;

beforeAll(async () => {
  remote = await remoteFixture();
  base = await remote.commit('main', { 'strategies/a/strategy.ts': 'one\n' });
  repository = await remote.mirror('mirror');
  await repository.fetch();
});
afterAll(() => remote.dispose());
beforeEach(() => {
  folders += 1;
  dir = join(remote.root, `worktrees-${folders}`);
  now = began;
});

const kept = () => ({ dir, days: 14, clock: () => now });
/** Its cycle is its own: the tests share a mirror. */
const cycleOf = (number: number) => `202603${String(folders).padStart(2, '0')}-${number}`;
const hold = (number: number) =>
  NightWork.open({
    repository,
    dir,
    cycle: cycleOf(number),
    strategy: 'a',
    base,
    author: { name: 'Ratchet', email: 'ratchet@example.com' },
    clock: () => now,
  });

describe('the nights that are kept', () => {
  it('say how far each has come, and until when it is kept', async () => {
    const first = await hold(1);
    now += 60_000;
    await first.stage('observe', Record, async () => ({ record: { kind: 'calm' } }));
    await first.end({ decision: 'NO_CHANGE', reason: 'All is well.' });
    await hold(2);
    const { nights, unreadable } = await keptNights(kept());
    expect(unreadable).toEqual([]);
    expect(nights).toMatchObject([
      {
        cycle: cycleOf(1),
        strategy: 'a',
        stage: 'observe',
        beganAt: began,
        end: { decision: 'NO_CHANGE', reason: 'All is well.', at: began + 60_000 },
        keptUntil: began + 60_000 + 14 * DAY_MS,
        rescuedAs: [],
      },
      { cycle: cycleOf(2), stage: null, end: null, keptUntil: began + 60_000 + 14 * DAY_MS },
    ]);
  });

  it('go when their term is over, ended or not, but for the one that goes on', async () => {
    await (await hold(1)).end({ decision: 'NO_CHANGE', reason: 'All is well.' });
    await hold(2);
    await hold(3);
    now += 14 * DAY_MS - 1;
    expect(await removePastNights(kept(), null)).toEqual([]);
    now += 1;
    expect(await removePastNights(kept(), cycleOf(3))).toEqual([cycleOf(1), cycleOf(2)]);
    expect((await keptNights(kept())).nights.map(({ cycle }) => cycle)).toEqual([cycleOf(3)]);
    expect(existsSync(join(dir, cycleOf(1)))).toBe(false);
    expect(await repository.resolve(`ratchet/night/${cycleOf(1)}`)).toBeNull();
  });

  it('take their trials with them, and nobody else’s', async () => {
    const trials = (number: number) => join(dirname(dir), 'trials', cycleOf(number));
    for (const number of [1, 2, 3]) {
      await hold(number);
      mkdirSync(trials(number), { recursive: true });
      writeFileSync(join(trials(number), 'one.json'), '{}');
    }
    await removeNight(kept(), cycleOf(1), true);
    expect([1, 2, 3].map((number) => existsSync(trials(number)))).toEqual([false, true, true]);
    now += 14 * DAY_MS;
    await removePastNights(kept(), cycleOf(3));
    expect([2, 3].map((number) => existsSync(trials(number)))).toEqual([false, true]);
  });

  it('leave nothing of a removal that was killed between the branch and the folder', async () => {
    await hold(1);
    remote.git('--git-dir', repository.dir, 'update-ref', '-d', `refs/heads/ratchet/night/${cycleOf(1)}`);
    expect(await removePastNights(kept(), null)).toEqual([cycleOf(1)]);
    expect(existsSync(join(dir, cycleOf(1)))).toBe(false);
  });

  it('stay as a branch of the mirror when they are rescued, through their term and every fetch', async () => {
    const night = await hold(1);
    await night.stage('create', Record, async () => ({ record: { kind: 'NEW' } }));
    expect(await rescueNight(dir, cycleOf(1), 'a-good-idea')).toBe('ratchet/rescue/a-good-idea');
    expect((await keptNight(kept(), cycleOf(1))).rescuedAs).toEqual(['ratchet/rescue/a-good-idea']);
    now += 20 * DAY_MS;
    await removePastNights(kept(), null);
    await repository.fetch();
    const tip = await repository.require('ratchet/rescue/a-good-idea');
    expect(Buffer.from((await repository.readFile(tip, '.ratchet/create.json'))!).toString()).toBe('{"kind":"NEW"}\n');
    await hold(2);
    await expect(rescueNight(dir, cycleOf(2), 'a-good-idea')).rejects.toMatchObject({ code: 'repository/exists' });
    await expect(rescueNight(dir, cycleOf(2), 'a-good-idea/of-two')).rejects.toMatchObject({ code: 'repository/exists' });
  });

  it('are not rescued under a name that git has no branches by', async () => {
    await hold(1);
    for (const name of ['x.lock/y', 'x.lock', 'x.', 'x..y', 'x y', '.x', 'x/'])
      await expect(rescueNight(dir, cycleOf(1), name), name).rejects.toMatchObject({ code: 'repository/bad-name' });
  });

  it('are not removed before their end, but by force', async () => {
    await hold(1);
    await expect(removeNight(kept(), cycleOf(1), false)).rejects.toMatchObject({ code: 'worktrees/unfinished' });
    await removeNight(kept(), cycleOf(1), true);
    await expect(keptNight(kept(), cycleOf(1))).rejects.toMatchObject({ code: 'worktrees/unknown' });
    await expect(removeNight(kept(), '../mirror', true)).rejects.toMatchObject({ code: 'worktrees/unknown' });
  });

  it('say which of them cannot be read, and lose none of those', async () => {
    const night = await hold(1);
    rmSync(join(dir, cycleOf(1)), { recursive: true });
    writeFileSync(join(dir, cycleOf(1)), 'in the way');
    await expect(night.stage('observe', Record, async () => ({ record: { kind: 'calm' } }))).resolves.toEqual({ kind: 'calm' });
    const tree = { parent: await repository.require(`ratchet/night/${cycleOf(1)}`), message: 'Break it' };
    const broken = await repository.commit({
      ...tree,
      changes: new Map([['.ratchet/night.json', Buffer.from('{')]]),
      author: { name: 'Test', email: 'test@example.com' },
      date: new Date(now),
    });
    remote.git('--git-dir', repository.dir, 'update-ref', `refs/heads/ratchet/night/${cycleOf(1)}`, broken);
    now += 30 * DAY_MS;
    expect(await removePastNights(kept(), null)).toEqual([]);
    const { nights, unreadable } = await keptNights(kept());
    expect(nights).toEqual([]);
    expect(unreadable).toMatchObject([{ cycle: cycleOf(1), problem: expect.stringContaining('.ratchet/night.json') }]);
  });
});
