import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { laneOf, startBot } from '#bot/cli/start-bot.ts';
import type { NightRequest } from '#bot/commands/command.ts';
import { JobQueue } from '#bot/github/job-queue.ts';
import { lastDue } from '#bot/orchestrator/night-schedule.ts';
import { createWorld, owner, repo, type World, webhookSecret } from '#tests/bot/forge/forge-under-test.ts';

const schedule = { at: '0 * * * *', timeZone: 'Europe/Berlin' };
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** The bot from its start until nothing is left to do, and the nights it was asked for meanwhile. */
async function nightsOf(dir: string, strategy: () => Promise<string>): Promise<readonly Omit<NightRequest, 'say'>[]> {
  const nights: Omit<NightRequest, 'say'>[] = [];
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
    gateKey: join(dir, 'gate.pem'),
    port: 0,
    log: pino({ level: 'silent' }),
    progress: () => {},
    onSettled: () => {},
    nightly: { schedule, strategy },
    night: async (_parts, { say: _say, ...request }) => {
      nights.push(request);
      return {
        cycle: '20260301-1',
        decision: 'NO_CHANGE',
        reason: 'All is well.',
        made: null,
        trials: 0,
        pullRequest: null,
        canaries: [],
      };
    },
  });
  try {
    await bot.idle();
    return nights;
  } finally {
    await bot.close();
  }
}

describe('a bot whose nights have a time', () => {
  it('does them in the lane of nights', () => {
    expect(laneOf({ kind: 'night', at: 0 })).toBe('nights');
  });

  it('holds one for all that were missed while it was down, about the strategy whose turn it is', async () => {
    const dir = join(world.dir, 'bot');
    mkdirSync(dir);
    const last = lastDue(schedule, Date.now() - 30 * 86_400_000)!;
    const queue = JobQueue.open(join(dir, 'queue.sqlite'));
    queue.note({ key: 'nights', state: JSON.stringify({ schedule, due: last }) });
    // One that it was in the middle of when it was killed: it is overtaken.
    queue.add({ kind: 'night', at: last });
    queue.take();
    queue.close();
    const began = lastDue(schedule, Date.now())!;
    const nights = await nightsOf(dir, async () => 'ema-cross');
    expect(nights).toEqual([{ strategy: 'ema-cross', hint: null, askedIn: { schedule: expect.any(Number) } }]);
    // The hour may strike while the bot starts.
    expect([began, began + 3_600_000]).toContainEqual((nights[0]!.askedIn as { schedule: number }).schedule);
    expect(await nightsOf(dir, () => Promise.reject(new Error('no night is due')))).toEqual([]);
  });
});
