import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate } from '#bot/proposers/claude/generate.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import type { Evaluation, ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { type ModelReply, type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

/** The SDK itself against a server on this machine; what a version does is decided by its text. */
const folder = temporaryFolder('generate');
const PARENT = new Map([
  ['strategy.ts', 'export const a = 1;\n'],
  ['manifest.yaml', 'fast: 9\n'],
]);
let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(async () => {
  await server?.close();
  folder.remove();
});

const result = (netReturn: number) => ({ metrics: { netReturn } }) as BacktestResult;

function evaluated(files: StrategyFiles): Evaluation {
  const text = [...files.values()].join('');
  if (text.includes('fetch')) return { outcome: 'rejected', reason: 'strategy.ts:1 fetch is not there.' };
  return { outcome: 'scored', result: result(text.includes('fast: 14') ? 0.2 : 0.05) };
}

async function night(dailyTokens: number, ...replies: readonly ModelReply[]) {
  server.reply(...replies);
  const tried: string[] = [];
  const task: ProposerTask = {
    incumbent: PARENT,
    incumbentResult: result(0.1),
    trials: 5,
    seed: 1,
    evaluate: async (files, label) => {
      tried.push(label);
      return evaluated(files);
    },
  };
  const access = { model: 'claude-test-1', key: server.key, baseUrl: server.url, maxOutputTokens: 500, dailyTokens };
  const model = Model.open({ access, dir: folder.path, clock: Date.now, log: pino({ level: 'silent' }), deadlineMs: 2_000 });
  try {
    const options = { say: (prompt: Parameters<Model['say']>[0]) => model.say(prompt), facts: [], nonce: 'n0nce' };
    return { generation: await generate(task, options), tried, asked: server.asked };
  } finally {
    model.close();
  }
}

function tweak(find: string, replace: string, path = 'manifest.yaml'): ModelReply {
  const claim = {
    hypothesis: 'Slower.',
    changes: [`${find} → ${replace}`],
    riskTier: 1,
    prediction: 'Fewer trades.',
    killRule: 'More.',
  };
  return { kind: 'text', text: JSON.stringify({ kind: 'TWEAK', ...claim, edits: [{ path, find, replace }] }) };
}

describe('a change that a model writes', () => {
  it('is a candidate when it does better, with what was said before any result', async () => {
    const { generation, tried } = await night(1_000_000, tweak('fast: 9', 'fast: 14'));
    expect(generation).toMatchObject({
      kind: 'candidate',
      candidate: {
        files: new Map(PARENT).set('manifest.yaml', 'fast: 14\n'),
        claim: { kind: 'TWEAK', hypothesis: 'Slower.', changes: ['fast: 9 → fast: 14'], proposer: 'claude' },
      },
      change: { riskTier: 1, prediction: 'Fewer trades.', killRule: 'More.' },
    });
    expect(tried).toEqual(['fast: 9 → fast: 14']);
  });

  it('comes back with what the sandbox said, and may be right the second time', async () => {
    const { generation, asked } = await night(
      1_000_000,
      tweak('a = 1', 'a = fetch', 'strategy.ts'),
      tweak('fast: 9', 'fast: 14'),
    );
    expect(generation.kind).toBe('candidate');
    expect(asked[1]!.body.messages.at(-1)!.content).toContain('fetch is not there');
    expect(asked.map(({ body }) => body.messages.length)).toEqual([1, 3]);
  });

  it('is given up after two corrections, with the reason', async () => {
    const { generation, tried, asked } = await night(
      1_000_000,
      { kind: 'text', text: '{' },
      tweak('gone', 'x'),
      tweak('a = 1', 'a = fetch', 'strategy.ts'),
    );
    expect(generation).toEqual({ kind: 'nothing', reason: expect.stringMatching(/after 2 corrections: .*fetch is not there/) });
    expect([asked.length, tried.length]).toEqual([3, 1]);
  });

  it('ends without another word when it did no better', async () => {
    const { generation, asked } = await night(1_000_000, tweak('fast: 9', 'fast: 7'));
    expect(generation).toEqual({ kind: 'nothing', reason: expect.stringMatching(/no better/) });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, number, ModelReply, RegExp]>([
    ['refuses', 1_000_000, { kind: 'text', text: 'No.', stopReason: 'refusal' }, /refused to answer/],
    ['has more to say than it may', 1_000_000, { kind: 'text', text: '{"ki', stopReason: 'max_tokens' }, /more to say/],
    ['is cut off', 1_000_000, { kind: 'cut', where: 'midway' }, /broke before/],
    ['would cost more than a day may', 1_000, tweak('fast: 9', 'fast: 14'), /allows 1,000 a day/],
  ])('is none, with the reason, when the model %s', async (_what, dailyTokens, reply, reason) => {
    const { generation, tried } = await night(dailyTokens, reply);
    expect(generation).toEqual({ kind: 'nothing', reason: expect.stringMatching(reason) });
    expect(tried).toEqual([]);
  });
});
