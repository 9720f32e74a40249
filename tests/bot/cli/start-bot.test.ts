import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { laneOf, startBot } from '#bot/cli/start-bot.ts';
import { JobQueue } from '#bot/github/job-queue.ts';
import { mergeLogPath } from '#bot/orchestrator/life/merge-log.ts';
import { createWorld, owner, repo, seed, type World, webhookSecret } from '#tests/bot/forge/forge-under-test.ts';

describe('the lanes', () => {
  it('do whatever runs gates in one, and let nothing else wait for it', () => {
    const comment = { number: 1, commentId: 1, author: 'octo', body: '/retest', isPullRequest: true };
    expect(laneOf({ kind: 'gates', number: 1 })).toBe('proofs');
    expect(laneOf({ kind: 'main-moved' })).toBe('proofs');
    expect(laneOf({ kind: 'command', ...comment })).toBe('proofs');
    expect(laneOf({ kind: 'command', ...comment, body: '/evolve calmer' })).toBe('nights');
    expect(laneOf({ kind: 'comment', ...comment })).toBe('answers');
    expect(laneOf({ kind: 'state-moved' })).toBe('answers');
  });
});

describe('a bot that starts again', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(async () => {
    await world.close();
  });

  it('settles its own pull requests that are green and open, ends merges, and says which jobs were given up', async () => {
    const { heads } = await seed(world, { mine: { 'm.txt': 'm' }, theirs: { 't.txt': 't' }, merged: { 'd.txt': 'd' } });
    const open = async (octokit: ReturnType<World['bot']>, head: string) => {
      const { data } = await octokit.rest.pulls.create({ owner, repo, title: head, head, base: 'main' });
      await world.bot().rest.checks.create({
        owner,
        repo,
        name: 'gate',
        head_sha: heads[head]!,
        status: 'completed',
        conclusion: 'success',
      });
      return data.number;
    };
    const mine = await open(world.bot(), 'mine');
    await open(world.as('owner'), 'theirs');
    const merged = await open(world.bot(), 'merged');
    await world.bot().rest.pulls.merge({ owner, repo, pull_number: merged });

    const dir = join(world.dir, 'bot');
    mkdirSync(dir);
    const queue = JobQueue.open(join(dir, 'queue.sqlite'), { pausesMs: [0, 0] });
    queue.add({ kind: 'gates', number: 99 });
    for (const _attempt of [1, 2, 3]) queue.fail(queue.take()!.id, 'the forge was away');
    queue.close();
    const gateKey = join(dir, 'gate.pem');
    writeFileSync(gateKey, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });

    const lines: string[] = [];
    const settled: number[] = [];
    const bot = await startBot({
      identity: {
        apiUrl: `${world.forge.url}/api/v3`,
        appId: world.app.appId,
        privateKey: world.app.privateKeyPem,
        webhookSecret,
      },
      repositoryName: { owner, name: repo },
      remoteUrl: `${world.forge.url}/${owner}/${repo}.git`,
      forge: 'embedded',
      dir,
      candlesDir: join(world.dir, 'candles'),
      gateKey,
      port: 0,
      log: pino({ level: 'warn' }, { write: (line: string) => lines.push(line) }),
      progress: () => {},
      onSettled: ({ number }) => settled.push(number),
    });
    try {
      await bot.catchUp();
      await bot.idle();
      expect(settled).toEqual([mine]);
      expect(await bot.state.readText(mergeLogPath(merged))).not.toBeNull();
      const { data: branches } = await world.as('owner').rest.repos.listBranches({ owner, repo });
      expect(branches.map(({ name }) => name)).not.toContain('merged');
      expect(lines.filter((line) => line.includes('given up'))).toMatchObject([expect.stringContaining('the forge was away')]);
    } finally {
      await bot.close();
    }
  });
});
