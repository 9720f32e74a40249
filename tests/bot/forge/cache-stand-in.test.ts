import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunnerHost } from '#bot/forge/actions/runner-host.ts';
import { standIn } from '#bot/forge/actions/stand-ins.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('cache');
afterAll(() => folder.remove());
const host = { cacheDir: join(folder.path, 'cache') } as RunnerHost;

async function cache(action: string, inputs: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const outputs: Record<string, string> = {};
  const quiet = { workspace: folder.path, artefacts: folder.path, say: () => {}, hide: () => {}, afterJob: () => {} };
  await standIn({ action: `actions/cache/${action}`, inputs, outputs, ...quiet }, host);
  return outputs;
}

/** A run that saves what it says, at that second. */
async function save(key: string, said: string, second: number): Promise<void> {
  const path = join(folder.path, key);
  mkdirSync(path);
  writeFileSync(join(path, 'said'), said);
  await cache('save', { path, key });
  const name = createHash('sha256').update(key).digest('hex');
  utimesSync(join(host.cacheDir, `${name}.key`), second, second);
}

describe('a cache that each run saves under a key of its own', () => {
  it('is taken up where the newest run left it, by how its key begins', async () => {
    await save('model-9-1', 'first', 100);
    await save('model-10-1', 'second', 200);
    await save('other-11-1', 'another', 300);
    const path = join(folder.path, 'restored');
    const outputs = await cache('restore', { path, key: 'model-12-1', 'restore-keys': 'model-' });
    expect(readFileSync(join(path, 'said'), 'utf8')).toBe('second');
    expect(outputs).toEqual({ 'cache-hit': 'false' });
  });

  it('is found by its very key first, and not at all by another beginning', async () => {
    const [exact, none] = [join(folder.path, 'exact'), join(folder.path, 'none')];
    expect(await cache('restore', { path: exact, key: 'model-9-1', 'restore-keys': 'model-' })).toEqual({ 'cache-hit': 'true' });
    expect(readFileSync(join(exact, 'said'), 'utf8')).toBe('first');
    expect(await cache('restore', { path: none, key: 'm-1', 'restore-keys': 'm-' })).toEqual({ 'cache-hit': 'false' });
    expect(() => readFileSync(join(none, 'said'))).toThrow('ENOENT');
  });
});
