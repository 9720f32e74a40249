import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NightWork } from '#bot/orchestrator/night-work.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { type RemoteFixture, remoteFixture } from '../../engine/repository/remote-fixture.ts';

const Record = z.strictObject({ kind: z.string() });
let remote: RemoteFixture;
let repository: Repository;
let base: CommitHash;
/** A night of its own for every test. */
let cycle: string;
let nights = 0;
const now = Date.UTC(2026, 2, 1, 2, 30);

beforeAll(async () => {
  remote = await remoteFixture();
  base = await remote.commit('main', { 'strategies/a/strategy.ts': 'one\n' });
  repository = await remote.mirror('mirror');
  await repository.fetch();
});
afterAll(() => remote.dispose());
beforeEach(() => {
  nights += 1;
  cycle = `20260301-${nights}`;
});

const dir = () => join(remote.root, 'worktrees');
const open = (more: Partial<Parameters<typeof NightWork.open>[0]> = {}) =>
  NightWork.open({
    repository,
    dir: dir(),
    cycle,
    strategy: 'a',
    base,
    author: { name: 'Ratchet', email: 'ratchet@example.com' },
    clock: () => now,
    ...more,
  });
const inWorktree = (path: string) => readFileSync(join(dir(), cycle, path), 'utf8');
const never = () => Promise.reject(new Error('done before'));

describe("a night's work", () => {
  it('does a stage once, and commits its record and its files together', async () => {
    const work = await open();
    const files = new Map([['strategies/a/strategy.ts', 'two\n']]);
    const made = await work.stage('create', Record, async () => ({ record: { kind: 'TWEAK' }, files }));
    expect(made).toEqual({ kind: 'TWEAK' });
    expect(inWorktree('strategies/a/strategy.ts')).toBe('two\n');
    expect(inWorktree('.ratchet/create.json')).toBe('{"kind":"TWEAK"}\n');
    const tip = (await repository.resolve(`ratchet/night/${cycle}`))!;
    const log = await repository.firstParentLog(base, tip);
    expect(log.map(({ message }) => message)).toEqual([`Begin night ${cycle} for a`, `Night ${cycle}: create`]);
    expect((await repository.diff(log[0]!.commit, tip)).map(({ path }) => path)).toEqual([
      '.ratchet/create.json',
      '.ratchet/night.json',
      'strategies/a/strategy.ts',
    ]);
    expect(await work.stage('create', Record, never)).toEqual({ kind: 'TWEAK' });
  });

  it('goes on after a kill with the stages it had, on the main it began with', async () => {
    const first = await open();
    await first.stage('observe', Record, async () => ({ record: { kind: 'drought' } }));
    await expect(first.stage('decide', Record, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    const moved = await remote.commit('main', { 'a.txt': 'later' });
    await repository.fetch();
    const second = await open({ base: moved });
    expect(second.base).toBe(base);
    expect(await second.stage('observe', Record, never)).toEqual({ kind: 'drought' });
    expect(await second.stage('decide', Record, async () => ({ record: { kind: 'TWEAK' } }))).toEqual({ kind: 'TWEAK' });
  });

  it('discards what was written and not committed', async () => {
    await open();
    writeFileSync(join(dir(), cycle, 'strategies/a/strategy.ts'), 'half');
    writeFileSync(join(dir(), cycle, '.ratchet/decide.json'), '{"kind":');
    const work = await open();
    expect(inWorktree('strategies/a/strategy.ts')).toBe('one\n');
    expect(existsSync(join(dir(), cycle, '.ratchet/decide.json'))).toBe(false);
    expect(await work.stage('decide', Record, async () => ({ record: { kind: 'NO_CHANGE' } }))).toEqual({ kind: 'NO_CHANGE' });
  });

  it('goes on past the lock of a git that was killed while it moved the branch', async () => {
    await open();
    const branch = join(repository.dir, 'refs/heads/ratchet/night', cycle);
    writeFileSync(`${branch}.lock`, '');
    const work = await open();
    expect(await work.stage('observe', Record, async () => ({ record: { kind: 'calm' } }))).toEqual({ kind: 'calm' });
  });

  it('is not lost with its folder', async () => {
    const work = await open();
    await work.stage('observe', Record, async () => ({ record: { kind: 'calm' } }));
    rmSync(dir(), { recursive: true });
    await work.stage('decide', Record, async () => ({ record: { kind: 'TWEAK' } }));
    expect(inWorktree('.ratchet/decide.json')).toBe('{"kind":"TWEAK"}\n');
    rmSync(dir(), { recursive: true });
    expect(await (await open()).stage('observe', Record, never)).toEqual({ kind: 'calm' });
  });

  it('names the file of a record that does not fit, and does not do the stage anew', async () => {
    await (await open()).stage('decide', Record, async () => ({ record: { kind: 'TWEAK' } }));
    const Newer = z.strictObject({ kind: z.string(), riskTier: z.number() });
    await expect((await open()).stage('decide', Newer, never)).rejects.toMatchObject({
      code: 'night/work-record',
      message: expect.stringMatching(/^\.ratchet\/decide\.json in .*20260301-\d+ does not fit: riskTier: /),
    });
  });

  it('takes no record from main', async () => {
    const records = { '.ratchet/decide.json': '{"kind":"RETIRE"}', '.ratchet/night.json': '{}' };
    const spoken = await remote.commit('spoken', records);
    await repository.fetch();
    const work = await open({ base: spoken });
    expect(existsSync(join(dir(), cycle, '.ratchet/decide.json'))).toBe(false);
    expect(await work.stage('decide', Record, async () => ({ record: { kind: 'NO_CHANGE' } }))).toEqual({ kind: 'NO_CHANGE' });
  });

  it('goes on in another mirror of the same workspace', async () => {
    await (await open()).stage('observe', Record, async () => ({ record: { kind: 'calm' } }));
    const other = await remote.mirror('other');
    await other.fetch();
    const there = await open({ repository: other });
    expect(await there.stage('observe', Record, never)).toEqual({ kind: 'calm' });
    await there.stage('decide', Record, async () => ({ record: { kind: 'TWEAK' } }));
    const back = await open();
    expect(await back.stage('decide', Record, never)).toEqual({ kind: 'TWEAK' });
    await back.stage('create', Record, async () => ({ record: { kind: 'none' } }));
    rmSync(other.dir, { recursive: true });
    expect(await (await open()).stage('create', Record, never)).toEqual({ kind: 'none' });
  });

  it('gives an answer that was paid for again, also when its stage was not finished', async () => {
    const question = 'sha256:1';
    const asking = async (times: number): Promise<string[]> => {
      const answers: string[] = [];
      const work = await open();
      const stage = work.stage('decide', Record, async (journal) => {
        for (let put = 1; put <= 3; put += 1) {
          const known = journal.replay(question, z.string());
          if (known === null && put > times) throw new Error('killed');
          if (known === null) await journal.record(question, `answer ${put}`);
          answers.push(known === null ? 'asked' : known);
        }
        return { record: { kind: 'TWEAK' } };
      });
      await stage.catch((error: Error) => answers.push(error.message));
      return answers;
    };
    expect(await asking(1)).toEqual(['asked', 'killed']);
    expect(await asking(2)).toEqual(['answer 1', 'asked', 'killed']);
    expect(await asking(3)).toEqual(['answer 1', 'answer 2', 'asked']);
    expect(inWorktree('.ratchet/answers/decide/3.json')).toBe(
      '{"answer":"answer 3","question":"sha256:1","schema":"ratchet/answer/1"}\n',
    );
  });

  it('stays through a fetch, and reaches no remote', async () => {
    await open();
    await repository.fetch();
    await repository.fetch(['+refs/heads/ratchet/*:refs/heads/ratchet/*']);
    expect(await repository.resolve(`ratchet/night/${cycle}`)).not.toBeNull();
    expect(remote.git('for-each-ref', '--format=%(refname)')).not.toContain('ratchet/');
  });
});
