import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runGate } from '#bot/gates/run-gates.ts';
import { type Changes, createChanges, type Files } from '#tests/support/change.ts';
import { gateTools } from '#tests/support/gate-tools.ts';

let changes: Changes;
beforeAll(async () => {
  changes = await createChanges();
});
afterAll(() => changes.close());

const docs = async (base: Files, head: Files) => runGate('docs', await changes.change(base, head), [], gateTools);

describe('the docs gate', () => {
  it('passes documents that name what is there', async () => {
    expect(await docs({}, { 'docs/a.md': '[here](../README.md#here), `docs/a.md`, `ratchet doctor`\n' })).toMatchObject({
      conclusion: 'success',
      title: 'Everything that 2 documents name is there',
      annotations: [],
    });
  });

  it('refuses what the change breaks, at its file and line', async () => {
    const result = await docs({}, { 'docs/a.md': '# A\n\n[gone](b.md)\n`ratchet dawn`\n' });
    expect(result).toMatchObject({
      conclusion: 'failure',
      title: 'docs/a.md:3: The link b.md leads to nothing: mend it, or add docs/b.md. (and 1 more)',
    });
    expect(result.annotations.map(({ path, startLine, level }) => [path, startLine, level])).toEqual([
      ['docs/a.md', 3, 'failure'],
      ['docs/a.md', 4, 'failure'],
    ]);
  });

  it('refuses a change that takes away what a document names', async () => {
    const base = { 'docs/a.md': '[b](b.md)\n', 'docs/b.md': '# B\n' };
    expect(await docs(base, { 'docs/b.md': null })).toMatchObject({ conclusion: 'failure' });
  });

  it('does not hold against a change what was broken before, wherever it has moved to', async () => {
    const result = await docs({ 'docs/a.md': '[gone](b.md)\n' }, { 'docs/a.md': '# A\n\n[gone](b.md)\n' });
    expect(result).toMatchObject({ conclusion: 'success', title: 'The change breaks no reference; 1 was broken before' });
    expect(result.annotations).toEqual([expect.objectContaining({ path: 'docs/a.md', startLine: 3, level: 'warning' })]);
  });
});
