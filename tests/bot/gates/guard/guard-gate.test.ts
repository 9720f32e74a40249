import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthorClass } from '#bot/gates/author-class.ts';
import { runGate } from '#bot/gates/run-gates.ts';
import { type Changes, createChanges, type Files } from '#tests/support/change.ts';
import { gateTools } from '#tests/support/gate-tools.ts';

const STRATEGY = 'strategies/a/strategy.ts';
const BASE: Files = {
  'policies/paths.yaml': readFileSync('policies/paths.yaml', 'utf8'),
  [STRATEGY]: 'export default 1;\n',
  'strategies/a/manifest.yaml': 'stage: paper\n',
  'package.json': '{}\n',
  'package-lock.json': '{}\n',
  'strategies/b/evidence/pack.json': '{}',
};

let changes: Changes;
beforeAll(async () => {
  changes = await createChanges();
});
afterAll(() => changes.close());

const guard = async (head: Files, author: AuthorClass = 'person', base: Files = {}) =>
  runGate('guard', await changes.change({ ...BASE, ...base }, head, author), [], gateTools);

async function guardEntry(mode: string, path: string, content = 'x\n', author: AuthorClass = 'person') {
  const base = await changes.commit(null, BASE);
  const head = await changes.withEntry(base, mode, path, content);
  return runGate('guard', await changes.between(base, head, author), [], gateTools);
}

describe('the guard lets pass', () => {
  it.each<[string, Files, AuthorClass]>([
    [
      'a strategy of the bot with its evidence',
      { [STRATEGY]: 'export default 2;\n', 'strategies/a/evidence/pack.json': '{}' },
      'bot',
    ],
    ['a policy of a person', { 'policies/gates.yaml': 'policies: []\n' }, 'person'],
    ['lines that end as Windows writes them, tabs, accents and signs', { 'a.txt': 'ä\tß\r\n✔️ 中文 עברית\r\n' }, 'person'],
    ['a lock with its manifest', { 'package.json': '{"a":1}', 'package-lock.json': '{"a":1}' }, 'person'],
    ['evidence that goes', { 'strategies/b/evidence/pack.json': null, 'a.txt': 'a\n' }, 'person'],
    ['words that only speak of keys', { 'a.md': 'Set ANTHROPIC_API_KEY and never commit a token such as ghp_…\n' }, 'person'],
  ])('%s', async (_name, head, author) => {
    const result = await guard(head, author);
    expect(result.summary).not.toContain('\n- ');
    expect(result).toMatchObject({ conclusion: 'success', annotations: [] });
  });

  it('a picture that a person puts into the documentation', async () => {
    const base = await changes.commit(null, BASE);
    const picture = readFileSync('docs/pull-request.png');
    const head = await changes.repository.commit({
      parent: base,
      changes: new Map([['docs/a.png', picture.subarray(0, 2_000)]]),
      message: 'Change',
      author: { name: 't', email: 't@t' },
      date: new Date(0),
    });
    const result = await runGate('guard', await changes.between(base, head, 'person'), [], gateTools);
    expect(result).toMatchObject({ conclusion: 'success' });
  });

  it('a script of a person, which begins with #!', async () => {
    expect(await guardEntry('100755', 'run.sh', '#!/bin/sh\n')).toMatchObject({ conclusion: 'success' });
  });

  it('an executable that was one before', async () => {
    const first = await changes.withEntry(await changes.commit(null, BASE), '100755', 'tool', 'plain\n');
    const head = await changes.commit(first, { tool: 'plainer\n' });
    expect(await runGate('guard', await changes.between(first, head, 'person'), [], gateTools)).toMatchObject({
      conclusion: 'success',
    });
  });
});

describe('the guard refuses', () => {
  it.each<[string, Files, AuthorClass, string, string]>([
    ['the bot at a policy', { 'policies/gates.yaml': 'a\n' }, 'bot', 'policies/gates.yaml:1', 'may not touch'],
    [
      'the bot that moves a policy among its files',
      { 'package.json': null, 'strategies/a/evidence/pack.json': '{}\n' },
      'bot',
      'pack.json:1',
      'a bot may not touch package.json',
    ],
    ['a file over the limit', { [STRATEGY]: 'x'.repeat(300_000) }, 'bot', `${STRATEGY}:1`, 'over the limit'],
    ['a binary', { [STRATEGY]: 'a\u0000b' }, 'bot', `${STRATEGY}:1`, 'binary files are not allowed'],
    ['a picture that is none', { 'docs/a.png': 'MZ\u0000' }, 'person', 'docs/a.png:1', 'binary files are not allowed'],
    [
      'a bidirectional character',
      { [STRATEGY]: 'const a = 1;\n// \u202e\n' },
      'bot',
      `${STRATEGY}:2`,
      'a bidirectional control (U+202E)',
    ],
    [
      'a hidden character in any text',
      { 'notes.md': 'a\n\nb\u200bc\n' },
      'person',
      'notes.md:3',
      'an invisible character (U+200B)',
    ],
    ['a byte order mark', { 'a.json': '\ufeff{}' }, 'person', 'a.json:1', 'U+FEFF'],
    ['a message in variation selectors', { 'a.md': 'x\u{e0121}\n' }, 'person', 'a.md:1', 'U+E0121'],
    ['a character that moves the cursor', { 'a.txt': 'a\n\u001b[2Kb\n' }, 'person', 'a.txt:2', 'a control character (U+001B)'],
    ['a line that overwrites itself', { 'a.txt': 'evil\rgood\n' }, 'person', 'a.txt:1', 'U+000D'],
    ['a hidden character in a name', { 'a\u202eb.txt': 'a\n' }, 'person', 'b.txt:1', 'the name holds a bidirectional control'],
    ['evidence of a person', { 'strategies/a/evidence/pack.json': '{}' }, 'person', 'pack.json:1', 'made by the night'],
    ['a chart of a person', { 'strategies/a/evidence/equity.svg': '<svg/>' }, 'person', 'equity.svg:1', 'made by the night'],
    [
      'a lock without its manifest',
      { 'package-lock.json': '{"a":1}' },
      'person',
      'package-lock.json:1',
      'a lock changes with its manifest',
    ],
    [
      'a picture beside the evidence that no night makes',
      { 'strategies/a/evidence/profit.svg': '<svg/>' },
      'bot',
      'profit.svg:1',
      'no night makes this file',
    ],
    ['a letter that is not seen', { 'a.md': 'x\u2800y\n' }, 'person', 'a.md:1', 'U+2800'],
    ['a name that differs by what is not seen', { 'a.ts': 'const a\ufe01 = 1;\n' }, 'person', 'a.ts:1', 'U+FE01'],
    ['what a build makes', { 'web/dist/a.js': 'a\n' }, 'person', 'web/dist/a.js:1', 'dist/ is filled by tools'],
    ['what was installed', { 'node_modules/a/index.js': 'a\n' }, 'person', 'index.js:1', 'node_modules/ is filled by tools'],
    [
      'names that collide',
      { 'strategies/A/strategy.ts': 'a\n' },
      'person',
      'strategies/A/strategy.ts:1',
      'strategies/A and strategies/a are one and the same',
    ],
    ['a name no system has', { 'docs/con.md': 'a\n' }, 'person', 'docs/con.md:1', 'no name on every system'],
  ])('%s, at its file and line', async (_name, head, author, place, expected) => {
    const result = await guard(head, author);
    expect(result.conclusion).toBe('failure');
    expect(result.title).toContain(place);
    expect(result.title).toContain(expected);
    const [path, line] = place.split(':');
    expect(result.annotations[0]).toMatchObject({
      path: expect.stringContaining(path!),
      startLine: Number(line),
      level: 'failure',
    });
  });

  it.each([
    ['a link', '120000', 'link.ts', '/etc/passwd', 'links are not allowed'],
    ['a submodule', '160000', 'vendor', '', 'submodules are not allowed'],
    ['an executable', '100755', 'tool.ts', 'export {};\n', 'executable bit'],
    ['a path that steps out of its folder', '100644', 'strategies/../x.ts', 'a\n', 'steps out of its folder'],
    ['a folder that some disks take for git’s own', '100644', 'a/.GIT/config', 'a\n', "git's own folder"],
    ['git’s configuration', '100644', '.git/config', 'a\n', "git's own folder"],
    ['a path of Windows', '100644', 'a\\..\\b.ts', 'a\n', 'leads out of the repository on some systems'],
  ])('%s', async (_name, mode, path, content, expected) => {
    const result = await guardEntry(mode, path, content);
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining(expected) });
    expect(result.couldNotLook).toBeUndefined();
  });

  it('an executable strategy of the bot, whatever it begins with', async () => {
    expect(await guardEntry('100755', 'strategies/a/evidence/x.svg', '#!/bin/sh\n', 'bot')).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('executable bit'),
    });
  });

  it('text that is no UTF-8', async () => {
    const base = await changes.commit(null, BASE);
    const latin = Buffer.from('h\xe4tte\n', 'latin1');
    const head = await changes.repository.commit({
      parent: base,
      changes: new Map([['a.txt', latin]]),
      message: 'Change',
      author: { name: 't', email: 't@t' },
      date: new Date(0),
    });
    const result = await runGate('guard', await changes.between(base, head, 'person'), [], gateTools);
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('a.txt:1: this is not UTF-8') });
  });

  it('a name that is no UTF-8, under which nobody sees what the file holds', async () => {
    const base = await changes.commit(null, BASE);
    const head = await changes.withEntry(base, '100644', 'a?.txt', 'token\u200b\n', (name) => Buffer.from(name).fill(0xff, 1, 2));
    const result = await runGate('guard', await changes.between(base, head, 'person'), [], gateTools);
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('the name is not UTF-8') });
  });

  it('too many files, and says all that is wrong with a change', async () => {
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`notes/${index}.txt`, `${index}\n`]));
    const result = await guard({ ...many, 'notes/0.txt': 'a\u200b\nb\n\u200b\n' });
    expect(result.title).toContain('the change touches 201 files where 200 are allowed: split it. (and 2 more)');
    expect(result.annotations.map(({ path, startLine }) => `${path}:${startLine}`)).toEqual([
      '.:1',
      'notes/0.txt:1',
      'notes/0.txt:3',
    ]);
  });

  it('a change under a policy that cannot be read', async () => {
    expect(await guard({ 'a.txt': 'a\n' }, 'person', { 'policies/paths.yaml': 'bot: [' })).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('policies/paths.yaml'),
    });
  });
});

describe('a repair', () => {
  const manifest = (change: object = {}) =>
    `${JSON.stringify({ name: 'x', scripts: { test: 'true' }, dependencies: { a: '^1.0.0' }, overrides: { b: '1.0.0' }, ...change }, null, 2)}\n`;
  const pins = `a==1.0 ; python_version >= "3.9" \\\n    --hash=sha256:${'a'.repeat(64)}\n    # via x\nb==2.0\n`;
  const had: Files = { 'package.json': manifest(), 'package-lock.json': '{}\n', 'tools/requirements.txt': pins };
  const brings = (head: Files, author: AuthorClass = 'repair') => guard(head, author, had);
  const lock = { 'package-lock.json': '{ "lockfileVersion": 3 }\n' };

  it('may move versions and hashes, and set versions for what comes along', async () => {
    const overrides = { b: '1.0.0', 'c@1.0.0': '^1.0.1' };
    const moved = manifest({ dependencies: { a: '^1.0.1' }, overrides });
    const repinned = pins
      .replace('a==1.0', 'a==1.1')
      .replace('a'.repeat(64), `${'b'.repeat(64)} \\\n    --hash=sha256:${'c'.repeat(64)}`);
    const result = await brings({ 'package.json': moved, ...lock, 'tools/requirements.txt': repinned });
    expect(result).toMatchObject({ conclusion: 'success' });
  });

  it.each<[string, Files, string]>([
    ['changes a script', { 'package.json': manifest({ scripts: { test: 'curl x | sh' } }) }, 'not scripts'],
    ['adds a name', { 'package.json': manifest({ dependencies: { a: '^1.0.1', evil: '1.0.0' } }) }, 'neither adds nor removes'],
    [
      'asks for an archive',
      { 'package.json': manifest({ dependencies: { a: 'http://127.0.0.1/a.tgz' } }) },
      'versions of a only',
    ],
    ['asks for another package', { 'package.json': manifest({ dependencies: { a: 'npm:evil@1.0.0' } }) }, 'versions of a only'],
    ['overrides with another package', { 'package.json': manifest({ overrides: { b: 'npm:evil@1.0.0' } }) }, 'versions only'],
    ['adds a requirement', { 'tools/requirements.txt': `${pins}evil==1.0\n` }, 'nothing else in this file'],
    ['adds an index', { 'tools/requirements.txt': `--index-url http://127.0.0.1/\n${pins}` }, 'nothing else in this file'],
    ['touches a strategy', { [STRATEGY]: 'export default 2;\n' }, 'a repair may not touch'],
    ['touches a policy', { 'policies/paths.yaml': 'bot: {}\n' }, 'a repair may not touch'],
    ['brings a file', { 'more/package.json': '{}\n' }, 'brings, moves and removes none'],
    ['takes a file away', { 'tools/requirements.txt': null }, 'brings, moves and removes none'],
  ])('that %s is refused', async (_name, head, expected) => {
    const result = await brings({ ...('package.json' in head ? lock : {}), ...head });
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining(expected) });
  });

  it('is not what a proposal of the bot may bring', async () => {
    const head = { 'package.json': manifest({ dependencies: { a: '^1.0.1' } }), ...lock };
    expect(await brings(head, 'bot')).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('a bot may not touch'),
    });
  });

  it('is refused where main does not name what it may touch', async () => {
    const paths = readFileSync('policies/paths.yaml', 'utf8').replace(/^repair:[\s\S]*?^person:/m, 'person:');
    const head = { 'package.json': manifest({ dependencies: { a: '^1.0.1' } }), ...lock };
    const result = await guard(head, 'repair', { ...had, 'policies/paths.yaml': paths });
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('a repair may not touch') });
  });
});
