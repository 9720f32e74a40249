import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChanges } from '#tests/support/change.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

describe('ratchet gate, where nobody has brought candles', () => {
  let changes: Awaited<ReturnType<typeof createChanges>>;
  let folder: ReturnType<typeof temporaryFolder>;
  let range: readonly string[];
  beforeAll(async () => {
    changes = await createChanges();
    folder = temporaryFolder('gate');
    const base = await changes.commit(null, { 'README.md': '# Here\n' });
    const head = await changes.commit(base, { 'README.md': '# There\n' });
    range = ['--base', base, '--head', head, '--repository', changes.dir, '--workspace', join(folder.path, 'var')];
  });
  afterAll(() => {
    changes.close();
    folder.remove();
  });

  it.each(['docs', 'backtest'])('proves what needs none, and leaves nothing behind: %s', async (gate) => {
    const ended = await ratchetHere('gate', gate, ...range);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining(`✔ ${gate}`) });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('takes a slip of the pen for what it is', async () => {
    const misspelt = join(folder.path, 'candels');
    const ended = await ratchetHere('gate', 'docs', ...range, '--candles', misspelt);
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no candle store in') });
    expect(existsSync(misspelt)).toBe(false);
  });
});
