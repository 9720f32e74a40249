import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { EVALUATION_PATH, Evaluation } from '#bot/evidence/evaluation.ts';
import { type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { eventually } from '#tests/support/ratchet-process.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { type BotWorld, createBotWorld } from './bot-under-test.ts';

/** The whole way of a question: the bot as people run it, its model's key in a file, the API on this machine. */
let bot: BotWorld;
let server: ModelServer;

beforeAll(async () => {
  const { dataset, spans, markets, capital, seed } = samplePack();
  const vault = { from: spans.selection.to, to: spans.selection.to + 30 * 86_400_000 };
  const evaluation = Evaluation.parse({ dataset, spans: { ...spans, vault }, markets, capital, seed });
  bot = await createBotWorld(
    new Map([
      ...['policies/autonomy.yaml', 'policies/held-out.yaml'].map((path) => [path, readFileSync(path, 'utf8')] as const),
      [EVALUATION_PATH, stringify(evaluation)],
      ['strategies/mine/manifest.yaml', 'id: mine\ndescription: for the test\nstage: paper\nentry: strategy.ts\n'],
      ['strategies/mine/strategy.ts', 'export default 1;\n'],
    ]),
  );
  server = await startModelServer();
}, 60_000);
afterAll(async () => {
  await bot?.close();
  await server?.close();
});

describe('ratchet bot serve with a model', () => {
  it('puts a question to it and posts the answer; the key is in no log and in nothing it keeps but its own file', async () => {
    const keyFile = join(bot.world.dir, 'model-key');
    writeFileSync(keyFile, `${server.key}\n`, { mode: 0o600 });
    const config = join(bot.world.dir, 'ratchet.yaml');
    writeFileSync(
      config,
      stringify({ model: 'claude-test-1', modelBaseUrl: server.url, modelKeyFile: keyFile, logLevel: 'trace' }),
    );
    server.reply({ kind: 'text', text: 'Nothing runs yet.' });
    const { process: running } = await bot.serve('--poll', '1', '--config', config);
    await bot.say(1, '/ask what runs?');
    const answer = await eventually('an answer', async () =>
      (await bot.answers(1)).find((body) => body.includes('The words of a model')),
    );
    const { code, stderr } = await running.kill('SIGTERM');
    expect(code).toBe(0);
    expect(answer).toContain('> Nothing runs yet.');
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]!.body.messages[0]!.content).toContain('title="strategies/mine/strategy.ts"');
    expect(stderr).toContain('A model was asked.');
    expect(stderr).not.toContain(server.key);
    const dir = join(bot.workspace, 'bot');
    expect(readdirSync(join(dir, 'thoughts'))).toHaveLength(1);
    const kept = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of kept) expect(readFileSync(join(parentPath, name)).includes(server.key)).toBe(false);
  }, 90_000);
});
