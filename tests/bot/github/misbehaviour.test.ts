import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bot, startBot } from '#bot/cli/start-bot.ts';
import { readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { loadCredentials } from '#bot/github/credentials.ts';
import { beginNight, endNight } from '#bot/orchestrator/night-ledger.ts';
import { type BotWorld, createBotWorld, policyFiles } from '#tests/bot/cli/bot/bot-under-test.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { eventually } from '#tests/support/ratchet-process.ts';
import type { Trouble } from '#tests/support/unruly-forge.ts';

/** The bot in this process, over HTTP, against a forge whose API answers as GitHub does on a bad day. */
describe('the bot on a bad day', () => {
  let of: BotWorld;
  let bot: Bot;
  let count = 0;
  /** Those that were had to their end. */
  const nights: string[] = [];
  beforeAll(async () => {
    of = await createBotWorld(
      new Map([
        ...policyFiles(readFileSync('policies/autonomy.yaml', 'utf8')),
        ['strategies/ema-cross/manifest.yaml', 'id: ema-cross\ndescription: a test\nstage: paper\nentry: strategy.ts\n'],
        ['strategies/ema-cross/strategy.ts', 'export default 1;\n'],
      ]),
    );
    const dir = join(of.workspace, 'bot');
    mkdirSync(dir, { recursive: true });
    bot = await startBot({
      identity: { apiUrl: of.line.apiUrl, ...loadCredentials(join(of.workspace, 'github'), {}) },
      repositoryName: { owner, name: repo },
      remoteUrl: `${of.world.forge.url}/${owner}/${repo}.git`,
      forge: 'github',
      dir,
      candlesDir: join(of.workspace, 'candles'),
      gateKey: join(of.workspace, 'keys', 'gate.pem'),
      port: 0,
      pausesMs: [10, 20],
      log: pino({ level: 'silent' }),
      progress: () => {},
      onSettled: () => {},
      night: async ({ state, api }, { strategy, hint, askedIn }) => {
        const plan = { strategy, hint, askedIn, proposer: 'evolution', trials: 1, seed: 7, parentTree: 'a'.repeat(40) };
        const { state: how, night } = await beginNight(state, api, { ...plan, asOf: Date.UTC(2026, 2, 2) });
        if (how === 'ended') return { ...night, pullRequest: null, made: null, canaries: [] };
        const end = { decision: 'NO_CHANGE', reason: 'Nothing was better.' };
        const trials = await endNight(state, night.cycle, end);
        nights.push(night.cycle);
        if (nights.length === 1) throw new Error('killed when the night had ended');
        return { ...end, cycle: night.cycle, trials, pullRequest: null, made: null, canaries: [] };
      },
    });
    of.connect(bot.webhookUrl);
  }, 60_000);
  afterEach(async () => {
    count = (await of.answers(1)).length;
  });
  afterAll(async () => {
    await bot?.close();
    await of?.close();
  });

  const soon = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' };
  const refuse = (status: number, headers: Record<string, string> = {}, message = 'No'): Trouble => ({
    kind: 'refuse',
    status,
    headers,
    message,
  });
  const asks = /GET .*\/collaborators\/octo\/permission/;
  const reacts = /POST .*\/reactions/;
  const writes = /POST .*\/issues\/1\/comments/;

  it.each<[string, RegExp, Trouble]>([
    ['a primary rate limit while it asks who may', asks, refuse(403, soon)],
    [
      'a secondary rate limit while it answers',
      writes,
      refuse(403, { 'retry-after': '1' }, 'You have exceeded a secondary rate limit'),
    ],
    ['429 while it acknowledges', reacts, refuse(429, { 'retry-after': '1' })],
    ['502 while it asks who may', asks, refuse(502)],
    ['502 for an answer that was written all the same', writes, { kind: 'lose-answer' }],
    ['502 for eyes that were given all the same', reacts, { kind: 'lose-answer' }],
    ['500 instead of its answer', writes, refuse(500)],
  ])('gives one answer in the end after %s', async (_what, where, trouble) => {
    of.line.misbehave(where, trouble);
    const { id } = await of.say(1, '/help');
    await eventually('an answer', async () => (await of.answers(1)).length > count);
    await bot.idle();
    const answers = await of.answers(1);
    expect(answers).toHaveLength(count + 1);
    expect(answers.at(-1)).toContain(`ratchet:answer:${id}`);
  });

  it('says so in its answer when it gives up, in words and without a second answer', async () => {
    of.line.misbehave(asks, refuse(500, {}, 'Server [Error](http://x)'), 3);
    const { id } = await of.say(1, '/help');
    await eventually('an answer', async () => (await of.answers(1)).length > count);
    await bot.idle();
    const answers = await of.answers(1);
    expect(answers).toHaveLength(count + 1);
    expect(answers.at(-1)).toMatch(
      /could not be done, and is not tried again: GitHub answered 500 when it was asked to say what a person may do/,
    );
    expect(answers.at(-1)).not.toContain('](http');
    expect(answers.at(-1)).toContain(`ratchet:answer:${id}`);
  });

  it('has one night for one comment, though the first attempt ended before it could tell of it', async () => {
    await of.say(1, '/evolve strategy=ema-cross');
    await eventually('the end of the night', async () => (await of.answers(1)).at(-1)?.includes('Night `20260302-1`') === true);
    await bot.idle();
    expect(nights).toEqual(['20260302-1']);
    await bot.state.refresh();
    const ledger = await readLedgerFrom(bot.state);
    expect(recordsOf(ledger, 'night-began')).toHaveLength(1);
    expect(recordsOf(ledger, 'night-ended')).toHaveLength(1);
    expect(await of.answers(1)).toHaveLength(count + 1);
  });
});
