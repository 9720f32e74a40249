import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkspace } from '#bot/cli/up/open-workspace.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder('workspace');
});
afterEach(() => folder.remove());

const clock = (): number => 0;
const at = (...names: string[]): string => join(folder.path, ...names);

function put(...names: string[]): void {
  mkdirSync(at(...names.slice(0, -1)), { recursive: true });
  writeFileSync(at(...names), 'mine');
}

describe('a workspace that got no market', () => {
  it('is gone when it is closed, with the folders above it that were made for it', () => {
    const open = openWorkspace(at('some', 'where', 'var'), clock);
    expect(readdirSync(at('some', 'where', 'var'))).toEqual([
      'bot',
      'candles',
      'engine',
      'engine.lock',
      'engine.lock-journal',
      'engine.pid',
      'forge',
      'keys',
    ]);
    CandleStore.open(open.workspace.candles).close();
    open.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('leaves what was there before: the folder, a candle store, what came in from elsewhere meanwhile', () => {
    CandleStore.open(at('var', 'candles')).close();
    const open = openWorkspace(at('var'), clock);
    put('var', 'letter.txt');
    open.close();
    expect(readdirSync(at('var'))).toEqual(['candles', 'letter.txt']);
    expect(existsSync(at('var', 'candles', 'catalogue.sqlite'))).toBe(true);
  });

  it('is taken up when a kill left it half made', () => {
    openWorkspace(at('var'), clock);
    for (const name of ['bot', 'candles', 'engine', 'forge', 'keys']) mkdirSync(at('half', name), { recursive: true });
    put('half', 'engine.lock');
    writeFileSync(at('half', 'engine.lock'), '');
    put('half', 'engine.lock-journal');
    put('half', 'engine.pid');
    put('half', 'market.json.new');
    openWorkspace(at('half'), clock).close();
    expect(existsSync(at('half', 'keys'))).toBe(true);
  });
});

describe('a workspace with a market', () => {
  it('stays when it is closed, and its lock is free', () => {
    const open = openWorkspace(at('var'), clock);
    put('var', 'market.json');
    open.close();
    expect(readdirSync(at('var'))).toContain('market.json');
    expect(lockHolder(at('var'))).toBeNull();
    openWorkspace(at('var'), clock).close();
    expect(readdirSync(at('var'))).toContain('keys');
  });

  it('may come out of a backup without its candles and market', () => {
    put('var', 'forge', 'forge.sqlite');
    put('var', 'bot', 'queue.sqlite');
    put('var', 'keys', 'gate.pem');
    openWorkspace(at('var'), clock).close();
    expect(readdirSync(at('var'))).toEqual(['bot', 'forge', 'keys']);
  });
});

describe('a folder that is no workspace', () => {
  it.each([
    ['a file', ['var', 'thesis.txt']],
    ['a folder', ['var', 'photos', 'cat.jpg']],
    ['a folder named as one of ours', ['var', 'engine', 'motor.c']],
    ['a file named as a folder of ours', ['var', 'keys']],
  ])('because of %s in it, is refused and left as it is', (_name, path) => {
    put(...path);
    expect(() => openWorkspace(at('var'), clock)).toThrow(expect.objectContaining({ code: 'up/not-a-workspace' }));
    expect(readdirSync(at('var'))).toEqual([path[1]]);
  });

  it('because it is a file, or stands below one, is refused', () => {
    put('letter');
    for (const path of [at('letter'), at('letter', 'var')])
      expect(() => openWorkspace(path, clock)).toThrow(expect.objectContaining({ code: 'up/no-folder' }));
  });

  it('because its lock is something else, is refused and left as it is', () => {
    put('var', 'engine.lock');
    writeFileSync(at('var', 'engine.lock'), 'no database'.repeat(1_000));
    expect(() => openWorkspace(at('var'), clock)).toThrow(expect.objectContaining({ code: 'engine/no-lock' }));
    expect(readdirSync(at('var'))).toEqual(['engine.lock']);
  });

  it('because another start works in it, keeps all of that one', () => {
    const first = openWorkspace(at('var'), clock);
    expect(() => openWorkspace(at('var'), clock)).toThrow(expect.objectContaining({ code: 'engine/locked' }));
    expect(readdirSync(at('var'))).toContain('keys');
    first.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
