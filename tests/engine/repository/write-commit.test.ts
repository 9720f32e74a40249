import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RemoteFixture, remoteFixture } from './remote-fixture.ts';

let remote: RemoteFixture;
beforeEach(async () => {
  remote = await remoteFixture();
});
afterEach(() => remote.dispose());

const author = { name: 'Ratchet', email: 'ratchet@example.com' };
const bytes = (text: string) => Buffer.from(text);

describe('a commit', () => {
  it('has the same hash for the same inputs, whoever writes it', async () => {
    const [left, right] = [await remote.mirror('left'), await remote.mirror('right')];
    const change = {
      parent: null,
      changes: new Map([['a/b.txt', bytes('hello')]]),
      message: 'Say hello',
      author,
      date: new Date(1_700_000_000_123),
    };
    expect(await left.commit(change)).toBe(await right.commit(change));
  });

  it('touches only the paths it names and keeps executable bits', async () => {
    const blob = remote.git('hash-object', '-w', join(remote.url, 'HEAD'));
    remote.git(
      'update-index',
      '--add',
      '--cacheinfo',
      `100755,${blob},run.sh`,
      '--cacheinfo',
      `100644,${blob},stay.txt`,
      '--cacheinfo',
      `100644,${blob},drop.txt`,
    );
    const root = remote.git('commit-tree', '-m', 'Root', remote.git('write-tree'));
    remote.git('update-ref', 'refs/heads/main', root);
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    const parent = await mirror.resolve('main');
    const changes = new Map<string, Uint8Array | null>([
      ['run.sh', bytes('new')],
      ['drop.txt', null],
      ['add/ed.txt', bytes('')],
    ]);
    const commit = await mirror.commit({ parent, changes, message: 'Edit', author, date: new Date(0) });
    expect((await mirror.listFiles(commit, '')).map(({ path, mode }) => `${mode} ${path}`)).toEqual([
      '100644 add/ed.txt',
      '100755 run.sh',
      '100644 stay.txt',
    ]);
  });
});
