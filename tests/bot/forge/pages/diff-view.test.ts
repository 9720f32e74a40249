import { describe, expect, it } from 'vitest';
import { diffLines, diffView } from '#bot/forge/pages/views/diff-view.ts';

const patch = ['@@ -1,3 +1,3 @@ head', ' same', '-old', '+new', '\\ No newline at end of file'].join('\n');

describe('a difference', () => {
  it('numbers its lines before and after', () => {
    expect(diffLines(patch)).toEqual([
      { kind: 'hunk', before: null, after: null, text: '@@ -1,3 +1,3 @@ head' },
      { kind: 'same', before: 1, after: 1, text: 'same' },
      { kind: 'removed', before: 2, after: null, text: 'old' },
      { kind: 'added', before: null, after: 2, text: 'new' },
      { kind: 'note', before: null, after: null, text: 'No newline at end of file' },
    ]);
  });

  const file = {
    sha: 'a'.repeat(40),
    path: 'a b.ts',
    previousPath: null,
    status: 'modified',
    additions: 1,
    deletions: 1,
    patch,
  } as const;
  const place = { home: '/you/strategies', ref: 'b'.repeat(40) };

  it('escapes what files say and links what is left of them', async () => {
    const html = String(await diffView([{ ...file, patch: '@@ -1 +1 @@\n+<script>&' }], place));
    expect(html).toContain('&lt;script&gt;&amp;');
    expect(html).toContain(`href="/you/strategies/blob/${'b'.repeat(40)}/a%20b.ts"`);
  });

  it('puts what a check says under its line', async () => {
    const annotation = {
      id: 1,
      check_run_id: 1,
      path: 'a b.ts',
      start_line: 2,
      end_line: 2,
      start_column: null,
      end_column: null,
      level: 'failure',
      message: 'two imports',
      title: null,
      raw_details: null,
    };
    const html = String(await diffView([file], place, [annotation]));
    expect(html).toMatch(/new<\/td><\/tr><tr class="annotation failure">.*two imports/);
  });

  it('folds long lines, and says when there is nothing to show', async () => {
    const long = String(await diffView([{ ...file, patch: `@@ -0,0 +1 @@\n+${'x'.repeat(3_000)}` }], place));
    expect(long).toContain('<details><summary>Long: open to read its lines</summary>');
    const binary = String(await diffView([{ ...file, patch: null }], place));
    expect(binary).toContain('A binary file, or one too long to show.');
  });
});
