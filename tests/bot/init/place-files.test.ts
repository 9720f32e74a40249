import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeFiles } from '#bot/init/place-files.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const files = new Map([
  ['a.txt', Buffer.from('a')],
  ['deep/er/b.txt', Buffer.from('b')],
]);
const never = () => false;
const always = () => true;

describe('writing into a working tree', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder('place');
  });
  afterEach(() => folder.remove());
  const read = (path: string): string => readFileSync(join(folder.path, path), 'utf8');

  it('makes what lacks, and a second time nothing', () => {
    expect(placeFiles(folder.path, files, never)).toEqual({ written: ['a.txt', 'deep/er/b.txt'], same: [], left: [] });
    expect(placeFiles(folder.path, files, never)).toEqual({ written: [], same: ['a.txt', 'deep/er/b.txt'], left: [] });
    expect(read('deep/er/b.txt')).toBe('b');
  });

  it('leaves what differs, until it is told to write over it', () => {
    writeFileSync(join(folder.path, 'a.txt'), 'mine');
    expect(placeFiles(folder.path, files, never)).toMatchObject({ written: ['deep/er/b.txt'], left: ['a.txt'] });
    expect(read('a.txt')).toBe('mine');
    expect(placeFiles(folder.path, files, always)).toMatchObject({ written: ['a.txt'], left: [] });
    expect(read('a.txt')).toBe('a');
  });

  it.each([
    ['a link for a folder', () => symlinkSync('/tmp', join(folder.path, 'deep'))],
    ['a link for a file', () => symlinkSync('/tmp/elsewhere', join(folder.path, 'a.txt'))],
    ['a file for a folder', () => writeFileSync(join(folder.path, 'deep'), '')],
    ['a folder for a file', () => mkdirSync(join(folder.path, 'a.txt'))],
  ])('refuses %s before it writes anything', (_what, spoil) => {
    spoil();
    const before = readdirSync(folder.path);
    expect(() => placeFiles(folder.path, files, always)).toThrow(/is not the (file|folder)/);
    expect(readdirSync(folder.path)).toEqual(before);
  });

  it('touches nothing beside what it writes, and follows no link that stands there', () => {
    const outside = temporaryFolder('outside');
    const victim = join(outside.path, 'profile');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(folder.path, 'a.txt.new'));
    mkdirSync(join(folder.path, 'deep/er'), { recursive: true });
    writeFileSync(join(folder.path, 'deep/er/b.txt.new'), 'a draft of mine');
    placeFiles(folder.path, files, never);
    expect([readFileSync(victim, 'utf8'), read('deep/er/b.txt.new')]).toEqual(['mine', 'a draft of mine']);
    expect(readdirSync(folder.path).toSorted()).toEqual(['a.txt', 'a.txt.new', 'deep']);
    outside.remove();
  });
});
