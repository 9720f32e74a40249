import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { success } from '#bot/gates/outcome.ts';
import { runGate } from '#bot/gates/run-gates.ts';
import { inspectAnalysis } from '#bot/gates/sandbox/inspect-analysis.ts';
import { mayMerge } from '#bot/orchestrator/autonomy.ts';
import { stagesOf } from '#bot/orchestrator/life/stages-of.ts';
import { ANALYSIS_LIMITS } from '#engine/analysis/analyse.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { createChanges, type Files } from '#tests/support/change.ts';
import { gateTools } from '#tests/support/gate-tools.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const MARKET = 'strategies/analysis/market.ts';
const TRADES = 'strategies/analysis/trades.ts';
const module = (body: string) =>
  `import { defineAnalysis } from 'ratchet/contract';\nexport default defineAnalysis({\n  description: 'x',\n  analyze(query, schema) {\n    ${body}\n  },\n});\n`;

let changes: Awaited<ReturnType<typeof createChanges>>;
const SHIPPED: Files = {
  [MARKET]: read(MARKET),
  [TRADES]: read(TRADES),
  'strategies/ema-cross/strategy.ts': read('strategies/ema-cross/strategy.ts'),
  'strategies/ema-cross/manifest.yaml': read('strategies/ema-cross/manifest.yaml'),
  'policies/gates.yaml': read('policies/gates.yaml'),
  'policies/paths.yaml': read('policies/paths.yaml'),
  'policies/risk.yaml': read('policies/risk.yaml'),
};
let shipped: CommitHash;
/** The same with a module that answers at once in the place of the longer one. */
let brief: CommitHash;
const changeOf = async (files: Files, author: 'bot' | 'person' = 'bot') =>
  changes.between(shipped, await changes.commit(shipped, files), author);
/** With a second for a loop. */
const inspected = async (files: Files) =>
  inspectAnalysis(await changes.between(brief, await changes.commit(brief, files), 'bot'), { ...ANALYSIS_LIMITS, stepMs: 1_000 });
const complaint = async (files: Files) =>
  (await inspected(files))?.annotations.map(({ path, startLine, message }) => [path, startLine, message]);

beforeAll(async () => {
  changes = await createChanges();
  shipped = await changes.commit(null, SHIPPED);
  brief = await changes.commit(null, { ...SHIPPED, [MARKET]: module('return 1;') });
});
afterAll(() => changes.close());

describe('the sandbox gate, of a change to an analysis module', () => {
  it('runs both modules over its own record, and says which answered', async () => {
    const context = await changeOf({ [MARKET]: `${read(MARKET)}\n// Read again.\n` });
    expect(await runGate('sandbox', context, [], gateTools)).toMatchObject({
      conclusion: 'success',
      title: '1 of 1 strategies load inside the sandbox; analysis: market and trades',
    });
  });

  it('does not run them when nothing of them changed', async () => {
    expect(await inspected({ 'docs/x.md': '# X\n' })).toBeNull();
  });

  it.each([
    ['loops', 'for (;;) {}', 1, 'The module computes for more than 1000 ms'],
    ['throws', `throw new RangeError('why');`, 5, 'The module failed at line 5: RangeError: why'],
    ['gives NaN', 'return { mean: 0 / 0 };', 1, 'answer.mean is NaN'],
    ['gives too much', `return 'x'.repeat(100000000);`, 1, 'a text of 100000000 characters'],
    ['writes', `return query('DELETE FROM trades').length;`, 1, 'The statement is refused'],
    ['attaches', `return query("ATTACH '/tmp/x' AS x").length;`, 1, 'The statement is refused'],
    ['reaches out', `return fetch('x');`, 5, 'no input or output'],
    ['only works when there was a trade', 'return query("SELECT 1 AS one FROM trades LIMIT 1")[0].one;', 5, 'undefined'],
  ])('fails a module that %s, at its line', async (_what, body, line, message) => {
    expect(await complaint({ [TRADES]: module(body) })).toEqual([[TRADES, line, expect.stringContaining(message)]]);
  });

  it('refuses other files beside them, and one module without the other', async () => {
    expect(await complaint({ 'strategies/analysis/manifest.yaml': 'id: analysis\n' })).toEqual([
      ['strategies/analysis/manifest.yaml', 1, expect.stringContaining('holds market.ts and trades.ts and no other file')],
    ]);
    expect(await complaint({ [MARKET]: null })).toEqual([[MARKET, 1, expect.stringContaining('is missing')]]);
    expect(await complaint({ [MARKET]: null, [TRADES]: null })).toEqual([]);
  });
});

describe('the other gates', () => {
  const edit = { [TRADES]: `${read(TRADES)}\n// Read again.\n` };
  const passed = [success('sandbox', 'All answered', 'All.')];

  it('have no evidence to make again: it is no strategy', async () => {
    expect(await runGate('backtest', await changeOf(edit), [], gateTools)).toMatchObject({
      conclusion: 'success',
      title: 'No strategy changed, so there is nothing to re-execute',
    });
  });

  it('ask policy, which wants an answer in the sandbox, and the bot to bring nothing beside it', async () => {
    const judged = async (files: Files, author: 'bot' | 'person') =>
      runGate('policy', await changeOf(files, author), passed, gateTools);
    expect(await judged(edit, 'bot')).toMatchObject({ conclusion: 'success' });
    expect(await judged(edit, 'person')).toMatchObject({ conclusion: 'success' });
    expect(await judged({ ...edit, 'docs/x.md': '# Other\n' }, 'bot')).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('in two pull requests'),
    });
    expect(await runGate('policy', await changeOf(edit), [], gateTools)).toMatchObject({ conclusion: 'failure' });
  });

  it('let the bot bring one', async () => {
    expect(await runGate('guard', await changeOf(edit), [], gateTools)).toMatchObject({ conclusion: 'success' });
  });
});

describe('who merges it', () => {
  it.each([
    ['alone', { [TRADES]: `${read(TRADES)}\n// Read again.\n` }],
    [
      'with a strategy on paper',
      { [TRADES]: 'x', 'strategies/ema-cross/manifest.yaml': `${read('strategies/ema-cross/manifest.yaml')}\n` },
    ],
    [
      'a strategy on paper that is new',
      {
        'strategies/another/manifest.yaml': read('strategies/ema-cross/manifest.yaml').replace('id: ema-cross', 'id: another'),
      },
    ],
    [
      'a strategy on paper that is retired',
      { 'strategies/ema-cross/manifest.yaml': null, 'strategies/ema-cross/strategy.ts': null },
    ],
  ])('is a person, at every level of autonomy: %s', async (_what, files) => {
    const { base, head, repository } = await changeOf(files);
    const stages = await stagesOf({ headSha: head } as never, base, { repository });
    expect(mayMerge('merge-paper', stages)).toBe(false);
  });
});
