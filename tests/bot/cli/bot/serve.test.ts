import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { JobQueue } from '#bot/github/job-queue.ts';
import { webhookSecret } from '#tests/bot/forge/forge-under-test.ts';
import { itLong } from '#tests/support/long.ts';
import { eventually, type RatchetProcess, runRatchet } from '#tests/support/ratchet-process.ts';
import { type BotWorld, createBotWorld, policyFiles } from './bot-under-test.ts';

const policies = policyFiles(readFileSync('policies/autonomy.yaml', 'utf8'));

describe('ratchet bot serve', () => {
  let bot: BotWorld;
  let running: RatchetProcess | null = null;
  let webhookUrl = '';
  const start = async (...flags: readonly string[]): Promise<void> => {
    ({ process: running, webhookUrl } = await bot.serve(...flags));
  };
  const answered = (count: number) =>
    eventually(`${count} answers`, async () => {
      const answers = await bot.answers(1);
      return answers.length >= count && answers;
    });
  beforeAll(async () => {
    bot = await createBotWorld(policies);
  });
  afterEach(async () => {
    await running?.kill('SIGKILL');
    running = null;
  });
  afterAll(() => bot.close());

  it('answers a comment without a single webhook, and ends when it is told to', async () => {
    await start('--poll', '1');
    await bot.say(1, '/help');
    const [answer] = await answered(1);
    expect(answer).toContain('| `/status`');
    const ended = await running!.kill('SIGTERM');
    expect(ended.code).toBe(0);
  }, 90_000);

  itLong(
    'loses nothing and repeats nothing when it is killed, and deliveries come again',
    async () => {
      await start('--poll', '0');
      bot.connect(webhookUrl);
      const before = (await bot.answers(1)).length;
      const permission = bot.line.hold(/GET .*\/collaborators\/octo\/permission/);
      const help = await bot.say(1, '/help');
      await permission.held;
      // Taken and begun, not answered.
      await running!.kill('SIGKILL');
      permission.release();
      expect(await bot.answers(1)).toHaveLength(before);
      // Written while nobody is there: the forge keeps it until somebody is.
      const status = await bot.say(1, '/status');
      await start('--poll', '0');
      bot.connect(webhookUrl);
      await redeliverAll();
      await answered(before + 2);
      await redeliverAll();
      const nonsense = await bot.say(1, '/nonsense');
      const answers = await answered(before + 3);
      const answeredIds = answers.slice(before).map((text) => Number(text.match(/ratchet:answer:(\d+)/)?.[1]));
      expect(answeredIds.toSorted()).toEqual([help.id, status.id, nonsense.id].toSorted());
    },
    90_000,
  );

  /** Sends every delivery the App ever had once more, under the same names. */
  async function redeliverAll(): Promise<void> {
    const app = bot.world.jwt();
    const { data } = await app.rest.apps.listWebhookDeliveries({ per_page: 100 });
    for (const { id } of data) await app.rest.apps.redeliverWebhookDelivery({ delivery_id: id });
  }

  it('checks the signature first, and remembers nothing of what it refuses', async () => {
    await start('--poll', '0');
    const body = JSON.stringify({ action: 'created' });
    const post = (delivery: string, signature: string) =>
      fetch(webhookUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-github-event': 'star',
          'x-github-delivery': delivery,
          'x-hub-signature-256': signature,
        },
        body,
      });
    const genuine = `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`;
    const forged = `sha256=${createHmac('sha256', 'development').update(body).digest('hex')}`;
    expect((await post('forged', forged)).status).toBeGreaterThanOrEqual(400);
    expect((await post('genuine', genuine)).status).toBe(200);
    await running!.kill('SIGTERM');
    const queue = JobQueue.open(join(bot.workspace, 'bot', 'queue.sqlite'));
    expect(queue.accept('genuine', 'push', [{ job: { kind: 'main-moved' } }])).toBe(false);
    expect(queue.accept('forged', 'push', [{ job: { kind: 'main-moved' } }])).toBe(true);
    queue.finish(queue.take()!.id);
    queue.close();
  }, 90_000);

  /** What a request is answered of which nothing is sent but its head, and `body`. */
  function statusOf(headers: Record<string, string>, body = ''): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const sent = request(webhookUrl, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.flushHeaders();
      if (body !== '') sent.end(body);
    });
  }

  it('tells how it is, lets no second one at its queue, and no secret into its log', async () => {
    await start('--poll', '1');
    const health = await eventually('a look', async () => {
      const answer = (await (await fetch(new URL('/health', webhookUrl))).json()) as { polling: { lastLookAt: number | null } };
      return answer.polling.lastLookAt !== null && answer;
    });
    expect(health).toMatchObject({ ok: true, jobs: { failed: 0 } });
    const about = ['--repository', 'octo/strategies', '--workspace', bot.workspace, '--api-url', bot.line.apiUrl];
    const second = await runRatchet('bot', 'serve', ...about);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/runs|lock/i) });
    expect(await statusOf({ 'transfer-encoding': 'chunked' })).toBe(413);
    expect(await statusOf({ 'content-length': String(25 * 1024 * 1024 + 1) })).toBe(413);
    // A short one whose length is told is read, and refused for another reason: it brings no signature.
    expect(await statusOf({ 'content-type': 'application/json', 'content-length': '2' }, '{}')).toBe(400);
    const { stderr, stdout } = await running!.kill('SIGTERM');
    const key = bot.world.app.privateKeyPem.split('\n')[5]!;
    for (const secret of [webhookSecret, key, 'ghs_']) expect(stderr + stdout).not.toContain(secret);
  }, 90_000);
});
