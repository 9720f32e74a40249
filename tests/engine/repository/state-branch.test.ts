import { afterEach, beforeEach, expect, it } from 'vitest';
import { StateBranch, stateRef } from '#engine/repository/state-branch.ts';
import { type RemoteFixture, remoteFixture } from './remote-fixture.ts';

let remote: RemoteFixture;
beforeEach(async () => {
  remote = await remoteFixture();
});
afterEach(() => remote.dispose());

const author = { name: 'Ratchet', email: 'ratchet@example.com' };
const open = async (name: string) =>
  StateBranch.open({ repository: await remote.mirror(name), author, clock: () => 1_700_000_000_000 });

it('starts as a history of its own when the branch is missing', async () => {
  await remote.commit('main', { a: '1' });
  const state = await open('one');
  expect(await state.refresh()).toBeNull();
  expect(await state.read('control.json')).toBeNull();
  expect(await state.list('')).toEqual([]);
  await state.update('Begin', () => new Map([['control.json', Buffer.from('{}')]]));
  expect(await state.readText('control.json')).toBe('{}');
  expect(remote.git('rev-list', '--parents', stateRef).split('\n')).toHaveLength(1);
});

it('loses no update when many write at once', async () => {
  const writers = await Promise.all([1, 2, 3, 4].map((number) => open(`writer-${number}`)));
  const add = (current: { readText(path: string): Promise<string | null> }, line: string) =>
    current.readText('log').then((text) => new Map([['log', Buffer.from(`${text ?? ''}${line}\n`)]]));
  await Promise.all(writers.map((state, index) => state.update(`Add ${index}`, (current) => add(current, `line ${index}`))));
  const reader = await open('reader');
  await reader.refresh();
  expect((await reader.readText('log'))!.trim().split('\n').sort()).toEqual(['line 0', 'line 1', 'line 2', 'line 3']);
  expect(remote.git('rev-list', '--count', stateRef)).toBe('4');
});

it('makes no commit when nothing changes, and removes what is set to null', async () => {
  const state = await open('one');
  await state.update(
    'Begin',
    () =>
      new Map([
        ['a/b', Buffer.from('1')],
        ['a/c', Buffer.from('2')],
      ]),
  );
  const before = state.commit;
  expect(await state.update('Nothing', () => new Map())).toBe(before);
  await state.update('Remove', () => new Map([['a/b', null]]));
  expect(await state.list('a')).toEqual(['a/c']);
});
