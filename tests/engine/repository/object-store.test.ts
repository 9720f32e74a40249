import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitIn, type LocalGit } from '#engine/repository/git.ts';
import { ObjectStore } from '#engine/repository/object-store.ts';
import { type RemoteFixture, remoteFixture } from './remote-fixture.ts';

let remote: RemoteFixture;
beforeEach(async () => {
  remote = await remoteFixture();
});
afterEach(() => remote.dispose());

describe('a question to git', () => {
  it('is asked once where the name means the same for ever, and again where it may come to mean something else', async () => {
    const commit = await remote.commit('main', { 'a.txt': 'one' });
    const asked: string[] = [];
    const git = gitIn(join(remote.root, 'writer'), 30_000);
    const counted: LocalGit = (args, options) => {
      asked.push(...Buffer.from(options!.input!).toString('utf8').trimEnd().split('\n'));
      return git(args, options);
    };
    const store = new ObjectStore(counted);
    const names = [`${commit}:a.txt`, `${commit}:never.txt`, 'refs/heads/main:a.txt'];
    for (const times of [1, 2]) {
      const contents = await store.contents(names);
      expect(contents.map((content) => content?.toString('utf8') ?? null)).toEqual(['one', null, 'one']);
      expect(asked.filter((name) => name === names[0])).toHaveLength(1);
      for (const name of names.slice(1)) expect(asked.filter((each) => each === name)).toHaveLength(times);
    }
    const [found] = await store.inspect([names[0]!]);
    expect(found).toMatchObject({ type: 'blob', size: 3 });
    expect(asked).toHaveLength(5);
  });
});
