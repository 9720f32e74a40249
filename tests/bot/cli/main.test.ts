import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RatchetProcess, temporaryFolder } from '#tests/support/ratchet-process.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder('main');
});
afterEach(() => folder.remove());

it('says which version it is', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await new RatchetProcess(['--version']).ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

describe('a reader that has seen enough, such as head', () => {
  it('ends the program without a word, and not as if it had succeeded', async () => {
    const listing = new RatchetProcess(['data', 'list', '--json', '--store', join(folder.path, 'none')]);
    listing.child.stdout!.destroy();
    expect(await listing.ended).toEqual({ code: 141, stdout: '', stderr: '' });
    expect(readdirSync(folder.path)).toEqual([]);
  }, 60_000);
});

describe('an error that quotes somebody', () => {
  it('is one line, which begins no other and hides nothing', async () => {
    const words = 'a\n::add-mask::b\u001b[2J';
    const { code, stderr } = await new RatchetProcess(['worktrees', 'show', words, '--workspace', folder.path]).ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^ratchet: No night a ::add-mask::b\[U\+001B\]\[2J has [^\n]*\n$/)]);
  });
});

describe('an output that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))(
    'is one line of error, as of a full disk',
    async () => {
      const full = openSync('/dev/full', 'w');
      const args = [resolve('bot/cli/ratchet.js'), 'data', 'list', '--store', join(folder.path, 'none')];
      const listing = spawn(process.execPath, args, { stdio: ['ignore', full, 'pipe'] });
      closeSync(full);
      let stderr = '';
      listing.stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      const code = await new Promise((done) => listing.once('close', done));
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^ratchet: The output could not be written: ENOSPC[^\n]*\n$/)]);
    },
    60_000,
  );
});
