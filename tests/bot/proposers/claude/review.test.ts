import { readFileSync, rmSync } from 'node:fs';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Review, Reviewed } from '#bot/proposers/author.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import { reviewer } from '#bot/proposers/claude/review.ts';
import { type ModelReply, type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

const folder = temporaryFolder('review');
const CYCLE = '20260302-1';
const SOURCE = readFileSync('strategies/ema-cross/strategy.ts', 'utf8');
const MANIFEST = readFileSync('strategies/ema-cross/manifest.yaml', 'utf8');
const PARENT = new Map([
  ['strategy.ts', SOURCE],
  ['manifest.yaml', MANIFEST],
]);
const CANDIDATE = new Map([...PARENT, ['manifest.yaml', MANIFEST.replace('fast: 9', 'fast: 14')]]);
const HYPOTHESIS = 'Slower averages trade less often.';
const REVIEWED: Reviewed = {
  strategy: 'ema-cross',
  parent: PARENT,
  candidate: CANDIDATE,
  pack: samplePack(({ proposal }) => Object.assign(proposal, { hypothesis: HYPOTHESIS, changes: ['fast: nine to fourteen'] })),
};

let server: ModelServer;

beforeAll(async () => {
  server = await startModelServer();
});
beforeEach(() => rmSync(folder.path, { recursive: true, force: true }));
afterAll(async () => {
  await server?.close();
  folder.remove();
});

async function review(replies: readonly ModelReply[], reviewed = REVIEWED): Promise<Review> {
  server.reply(...replies);
  const access = server.access({ reviewModel: 'claude-other-1' });
  const model = Model.open({ access, dir: folder.path, clock: () => Date.UTC(2026, 2, 2), log: pino({ level: 'silent' }) });
  try {
    return await reviewer({ say: (prompt) => model.say(prompt), cycle: CYCLE }).review(reviewed);
  } finally {
    model.close();
  }
}

const says = (answer: unknown): ModelReply => ({
  kind: 'text',
  text: typeof answer === 'string' ? answer : JSON.stringify(answer),
});
const finding = (changes: object = {}) => ({ severity: 'major', file: 'strategy.ts', line: 44, what: 'It is late.', ...changes });
const told = (...findings: readonly object[]) => says({ change: 'It slows the fast average.', findings });

describe('a reviewer', () => {
  it('says what it found, and where', async () => {
    const answer = await review([
      told(finding(), finding({ severity: 'blocker', file: 'manifest.yaml', line: null, what: 'No.' })),
    ]);
    expect(answer).toEqual({
      kind: 'reviewed',
      findings: [
        { severity: 'major', file: 'strategy.ts', what: 'Line 44: It is late.' },
        { severity: 'blocker', file: 'manifest.yaml', what: 'No.' },
      ],
    });
  });

  it('is the other model, where one is configured', async () => {
    await review([told()]);
    expect(server.asked[0]!.body.model).toBe('claude-other-1');
  });

  it('sees contract, diff, files and numbers, and nothing that the author gave as reason', async () => {
    await review([told()]);
    const { system, messages } = server.asked[0]!.body;
    const all = [...system.map(({ text }) => text), ...messages.map(({ content }) => content)].join('\n');
    expect(all).toContain('export interface StrategyDefinition');
    expect(all).toContain('-  fast: 9\n+  fast: 14');
    expect(all).toContain('1: import { defineStrategy, ema, rsi, sma }');
    expect(all).toContain('| Net return |');
    expect(all).not.toContain(HYPOTHESIS);
    expect(all).not.toContain('nine to fourteen');
  });
});
