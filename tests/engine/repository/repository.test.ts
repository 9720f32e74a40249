import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explain } from '#engine/errors.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { type RemoteFixture, remoteFixture } from './remote-fixture.ts';

let remote: RemoteFixture;
beforeEach(async () => {
  remote = await remoteFixture();
});
afterEach(() => remote.dispose());

const author = { name: 'Ratchet', email: 'ratchet@example.com' };
const bytes = (text: string) => Buffer.from(text);

describe('a mirror', () => {
  it('follows the branches of its remote, and forgets those that are gone', async () => {
    const first = await remote.commit('main', { 'a.txt': 'one' });
    await remote.commit('topic', { 'b.txt': 'two' });
    const mirror = await remote.mirror('mirror');
    expect(await mirror.resolve('main')).toBeNull();
    await mirror.fetch();
    expect(await mirror.resolve('main')).toBe(first);
    expect(await mirror.resolve('topic')).not.toBeNull();
    remote.git('update-ref', '-d', 'refs/heads/topic');
    await mirror.fetch();
    expect(await mirror.resolve('topic')).toBeNull();
  });

  it.each([
    ['the name of its branch', (dir: string) => writeFileSync(join(dir, 'HEAD'), '')],
    ['its settings', (dir: string) => writeFileSync(join(dir, 'config'), '')],
    ['its objects', (dir: string) => rmSync(join(dir, 'objects'), { recursive: true })],
  ])('that lost %s with the power is put aside, and fetched anew', async (_, lose) => {
    const commit = await remote.commit('main', { 'a.txt': 'one' });
    const { dir } = await remote.mirror('mirror');
    lose(dir);
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    expect(await mirror.resolve('main')).toBe(commit);
    expect(readdirSync(remote.root).filter((name) => name.startsWith('mirror.damaged-'))).toHaveLength(1);
  });

  it('reads files, trees and listings out of any commit', async () => {
    const commit = await remote.commit('main', {
      'strategies/x/strategy.ts': 'code',
      'strategies/x/manifest.yaml': 'id: x',
      'ä ö.txt': 'ü',
    });
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    expect(Buffer.from((await mirror.readFile(commit, 'ä ö.txt'))!).toString()).toBe('ü');
    expect(await mirror.readFile(commit, 'strategies')).toBeNull();
    expect(await mirror.readFile(commit, 'absent')).toBeNull();
    expect(await mirror.treeOf(commit, 'strategies/x')).toBe(remote.git('rev-parse', 'main:strategies/x'));
    expect(await mirror.treeOf(commit, 'ä ö.txt')).toBeNull();
    expect(await mirror.treeOf(commit, '')).toBe(remote.git('rev-parse', 'main^{tree}'));
    expect((await mirror.listFiles(commit, 'strategies/x')).map(({ path, mode, size }) => ({ path, mode, size }))).toEqual([
      { path: 'strategies/x/manifest.yaml', mode: '100644', size: 5 },
      { path: 'strategies/x/strategy.ts', mode: '100644', size: 4 },
    ]);
  });

  it('refuses names git could read as something else', async () => {
    const commit = await remote.commit('main', { 'a.txt': 'one' });
    const mirror = await remote.mirror('mirror');
    for (const path of ['../a', '/a', 'a//b', './a', 'a\nb', '.git/config']) {
      await expect(mirror.readFile(commit, path)).rejects.toMatchObject({ code: 'repository/bad-name' });
    }
    for (const ref of ['--all', 'a..b', 'main^', 'x y', 'a:b', '@{u}']) {
      await expect(mirror.resolve(ref)).rejects.toMatchObject({ code: 'repository/bad-name' });
    }
  });
});

describe('history', () => {
  it('knows ancestors and the first-parent line', async () => {
    const one = await remote.commit('main', { a: '1' }, 'One');
    const two = await remote.commit('main', { a: '2' }, 'Two\n\nwith a body');
    remote.git('update-ref', 'refs/heads/topic', one);
    const side = await remote.commit('topic', { b: '1' }, 'Side');
    const merge = remote.git('commit-tree', '-p', two, '-p', side, '-m', 'Merge', remote.git('rev-parse', `${two}^{tree}`));
    remote.git('update-ref', 'refs/heads/main', merge);
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    const tip = (await mirror.resolve('main'))!;
    expect((await mirror.firstParentLog(null, tip)).map(({ message }) => message)).toEqual([
      'One',
      'Two\n\nwith a body',
      'Merge',
    ]);
    expect((await mirror.firstParentLog(one, tip)).map(({ commit }) => commit)).toEqual([two, tip]);
    expect(await mirror.isAncestor(side, tip)).toBe(true);
    expect(await mirror.isOnFirstParentLine(side, tip)).toBe(false);
    expect(await mirror.isOnFirstParentLine(one, tip)).toBe(true);
    expect(await mirror.isAncestor(tip, one)).toBe(false);
    expect(await mirror.mergeBase(two, side)).toBe(one);
    const orphan = await remote.commit('other', { z: '1' });
    await mirror.fetch();
    expect(await mirror.mergeBase(orphan, tip)).toBeNull();
  });

  it('lists what changed: renames, deletions, binaries, links', async () => {
    const base = await remote.commit('main', { 'old.txt': 'one\ntwo\nthree\n', 'gone.txt': 'x\n', 'edit.txt': 'a\nb\n' });
    const head = await remote.commit('main', {
      'old.txt': null,
      'new.txt': 'one\ntwo\nthree\n',
      'gone.txt': null,
      'edit.txt': 'a\nc\nd\n',
      'data.bin': '\0\x01\x02',
    });
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    expect(await mirror.diff(base, head)).toEqual([
      {
        path: 'data.bin',
        status: 'added',
        mode: '100644',
        isBinary: true,
        isSymlink: false,
        additions: 0,
        deletions: 0,
        size: 3,
      },
      {
        path: 'edit.txt',
        status: 'modified',
        mode: '100644',
        isBinary: false,
        isSymlink: false,
        additions: 2,
        deletions: 1,
        size: 6,
      },
      {
        path: 'gone.txt',
        status: 'deleted',
        mode: '100644',
        isBinary: false,
        isSymlink: false,
        additions: 0,
        deletions: 1,
        size: 0,
      },
      {
        path: 'new.txt',
        previousPath: 'old.txt',
        status: 'renamed',
        mode: '100644',
        isBinary: false,
        isSymlink: false,
        additions: 0,
        deletions: 0,
        size: 14,
      },
    ]);
    expect(await mirror.diff(head, head)).toEqual([]);
  });

  it('shows a link as a link', async () => {
    const base = await remote.commit('main', { a: '1' });
    const blob = remote.git('hash-object', '-w', join(remote.url, 'HEAD'));
    remote.git('read-tree', base);
    remote.git('update-index', '--add', '--cacheinfo', `120000,${blob},link`);
    const head = remote.git('commit-tree', '-p', base, '-m', 'Link', remote.git('write-tree'));
    remote.git('update-ref', 'refs/heads/main', head);
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    const [change] = await mirror.diff(base, (await mirror.resolve('main'))!);
    expect(change).toMatchObject({ path: 'link', status: 'added', mode: '120000', isSymlink: true });
  });
});

describe('a push', () => {
  const next = async (mirror: Repository, parent: Awaited<ReturnType<Repository['resolve']>>, text: string) =>
    mirror.commit({ parent, changes: new Map([['a', bytes(text)]]), message: text, author, date: new Date(0) });

  it('moves the branch only from where it was expected', async () => {
    const first = await remote.commit('main', { a: '1' });
    const [left, right] = [await remote.mirror('left'), await remote.mirror('right')];
    await left.fetch();
    await right.fetch();
    await left.push('main', await next(left, first, 'left'), { expect: first });
    const late = await next(right, first, 'right');
    await expect(right.push('main', late, { expect: first })).rejects.toMatchObject({ code: 'repository/moved' });
    await expect(right.push('main', late)).rejects.toMatchObject({ code: 'repository/moved' });
    await expect(right.push('fresh', late, { expect: first })).rejects.toMatchObject({ code: 'repository/moved' });
    await right.push('fresh', late, { expect: null });
    await expect(left.push('fresh', first, { expect: null })).rejects.toMatchObject({ code: 'repository/moved' });
    expect(remote.git('rev-parse', 'fresh')).toBe(late);
  });

  it('says denied when the other side refuses, and never repeats the token', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(403).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const authorization = basicAuthorization('x-access-token', 'very-secret-token');
      const remoteUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x/y.git`;
      const mirror = await Repository.openMirror({
        dir: join(remote.root, 'http'),
        remoteUrl,
        authorization: () => authorization,
      });
      const error = await mirror.fetch().then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: 'repository/denied' });
      expect(seen).toContain(authorization);
      expect(explain(error)).not.toMatch(/very-secret|Basic/);
      expect(JSON.stringify(error)).not.toContain(authorization);
    } finally {
      server.close();
    }
  });

  it('gives up on a silent remote after its time limit', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const remoteUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`;
      const mirror = await Repository.openMirror({ dir: join(remote.root, 'http'), remoteUrl, remoteTimeoutMs: 500 });
      await expect(mirror.fetch()).rejects.toMatchObject({ code: 'repository/unreachable' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('overwrites no branch of a clone that a person works in', async () => {
    await remote.commit('main', { a: '1' });
    const clone = await Repository.open({ dir: remote.url, remoteUrl: remote.url });
    await expect(clone.fetch()).rejects.toMatchObject({ code: 'repository/no-mirror' });
    await clone.fetch(['+refs/heads/main:refs/remotes/origin/main']);
    expect(await clone.resolve('refs/remotes/origin/main')).toBe(await clone.resolve('main'));
  });

  it('says unreachable when there is nothing there, and refuses a token in the address', async () => {
    const mirror = await Repository.openMirror({ dir: join(remote.root, 'm'), remoteUrl: join(remote.root, 'absent.git') });
    await expect(mirror.fetch()).rejects.toMatchObject({ code: 'repository/unreachable' });
    await expect(
      Repository.openMirror({ dir: join(remote.root, 'n'), remoteUrl: 'https://user:pw@example.com/x.git' }),
    ).rejects.toMatchObject({
      code: 'repository/token-in-url',
    });
    await expect(Repository.open({ dir: remote.root })).rejects.toMatchObject({ code: 'repository/absent' });
  });
});

describe('several refs in one step', () => {
  it('move all together or not at all, each only from where it was expected', async () => {
    const first = await remote.commit('main', { 'a.txt': 'one' });
    const work = await remote.commit('topic', { 'b.txt': 'two' });
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    const archive = 'refs/archive/topic';
    const moves = (expect: typeof work) => [
      { ref: archive, to: work, expect: null },
      { ref: 'topic', to: null, expect },
    ];
    await expect(mirror.pushTogether(moves(first))).rejects.toMatchObject({ code: 'repository/moved' });
    expect(remote.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\nrefs/heads/topic');
    await mirror.pushTogether(moves(work));
    expect(remote.git('for-each-ref', '--format=%(refname)')).toBe(`${archive}\nrefs/heads/main`);
    expect(await mirror.branches()).toEqual([{ name: 'main', tip: first }]);
  });
});

describe('the log', () => {
  it('tells what a branch has that main has not, merged lines included, and one commit by itself', async () => {
    const first = await remote.commit('main', { 'a.txt': 'one' }, 'First');
    remote.git('update-ref', 'refs/heads/topic', first);
    const work = await remote.commit('topic', { 'b.txt': 'two' }, 'Work');
    await remote.commit('main', { 'a.txt': 'three' }, 'Main goes on');
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    const main = (await mirror.resolve('main'))!;
    expect((await mirror.commitsSince(main, work)).map(({ message }) => message)).toEqual(['Work']);
    expect(await mirror.logged(first)).toMatchObject({ message: 'First', parents: [], author: { name: 'Test' } });
  });

  it('tells what became of one file, commit by commit, and of no other', async () => {
    const first = await remote.commit('main', { 'a.txt': 'one', 'b.txt': 'x' });
    await remote.commit('main', { 'b.txt': 'y' });
    const second = await remote.commit('main', { 'a.txt': 'two' });
    const gone = await remote.commit('main', { 'a.txt': null });
    const mirror = await remote.mirror('mirror');
    await mirror.fetch();
    const versions = await mirror.history(gone, 'a.txt');
    expect(versions.map(({ commit }) => commit)).toEqual([first, second, gone]);
    expect(versions[0]!.committedAt).toBeLessThan(versions[1]!.committedAt);
    expect(versions[2]!.blob).toBeNull();
    const contents = await mirror.readBlobs(versions.flatMap(({ blob }) => blob ?? []));
    expect(contents.map((content) => Buffer.from(content).toString())).toEqual(['one', 'two']);
    expect(await mirror.history(gone, 'never.txt')).toEqual([]);
  });
});
