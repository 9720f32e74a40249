import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLog } from '#engine/log.ts';
import { StateBranch, stateRef } from '#engine/repository/state-branch.ts';
import { initialControl } from '#engine/runtime/control.ts';
import { RemoteWatch } from '#engine/runtime/remote-watch.ts';
import { type EngineReport, reportPath } from '#engine/runtime/report.ts';
import { type EngineStatus, statusPath } from '#engine/runtime/status.ts';
import { type RemoteFixture, remoteFixture } from '../repository/remote-fixture.ts';
import { until } from './engine-fixture.ts';

let remote: RemoteFixture;
let watch: RemoteWatch | null = null;
beforeEach(async () => {
  remote = await remoteFixture();
});
afterEach(async () => {
  await watch?.stop();
  vi.restoreAllMocks();
  remote.dispose();
});

const strategy = {
  id: 'trend',
  status: 'Synced',
  code: 'running',
  reason: '',
  tree: 'a'.repeat(40),
  commit: 'b'.repeat(40),
  stage: 'paper',
  desiredTree: 'a'.repeat(40),
  positions: 0,
} as const;
const halted = { mode: 'halted', by: 'alice', at: '2026-01-01T00:00:00.000Z', reason: 'looks odd' } as const;
const status: EngineStatus = {
  schema: 'ratchet/engine-status/2',
  status: 'Synced',
  reason: '',
  commit: 'b'.repeat(40),
  control: initialControl,
  mode: 'active',
  feed: 'catching-up',
  strategies: [strategy],
};
/** The same as far as anyone deploys: bars have passed. */
const later: EngineStatus = { ...status, feed: 'running', strategies: [{ ...strategy, positions: 2 }] };

/** A watch that has started, and a way to wait until it has been around once more, published included. */
async function start(name: string, { publishes = true, log = createLog('silent') } = {}) {
  const repository = await remote.mirror(name);
  const state = await StateBranch.open({ repository, author: { name: 'engine', email: 'e@example.com' }, clock: Date.now });
  let news = 0;
  const started = new RemoteWatch({
    repository,
    state,
    pollMs: 10,
    publishes,
    log,
    onNews: () => {
      news += 1;
    },
    onTrouble: () => {},
  });
  watch = started;
  started.start();
  let commits = 0;
  const look = async () => {
    const before = news;
    commits += 1;
    await remote.commit('main', { 'a.txt': `${name} ${commits}` });
    await until('a look', () => news > before);
  };
  // News is told at the beginning of a round: the second one says that the first is over.
  const round = async () => {
    await look();
    await look();
  };
  return { watch: started, round };
}

const published = () => Number(remote.git('rev-list', '--count', stateRef));
const text = () => remote.git('show', `${stateRef}:${statusPath}`);

it('makes a commit when what runs has changed, not when bars have passed', async () => {
  const { watch: first, round } = await start('one');
  first.publish(status, true);
  await round();
  expect(published()).toBe(1);
  first.publish(later, true);
  await round();
  expect(published()).toBe(1);
  first.publish({ ...later, control: halted, mode: 'halted' }, true);
  await round();
  expect(published()).toBe(2);
  expect(JSON.parse(text())).toEqual({ ...later, control: halted, mode: 'halted' });
  first.publish({ ...later, control: halted, mode: 'halted', strategies: [{ ...strategy, tree: 'c'.repeat(40) }] }, false);
  await round();
  expect(published()).toBe(3);
});

it('puts the report beside the status: in one commit where both are new, alone where it alone is', async () => {
  const { watch: first, round } = await start('one');
  const report: EngineReport = {
    schema: 'ratchet/engine-report/1',
    asOf: 1,
    control: initialControl,
    strategies: [],
    strategiesOmitted: 0,
    risk: [],
  };
  const changed = () => remote.git('show', '--name-only', '--format=%s', stateRef).split('\n').filter(Boolean);
  const title = (kind: string) => `${kind}: Synced at ${'b'.repeat(12)}`;
  first.offerReport(report);
  await round();
  // Not before there is a status: main has not been looked at.
  expect(remote.git('for-each-ref', `refs/heads/${stateRef}`)).toBe('');
  first.publish(status, true);
  await round();
  expect(published()).toBe(1);
  expect(changed()).toEqual([title('status'), reportPath, statusPath]);
  first.offerReport({ ...report, asOf: 2 });
  await round();
  expect(published()).toBe(2);
  expect(changed()).toEqual([title('report'), reportPath]);
  first.offerReport({ ...report, asOf: 2 });
  await round();
  expect(published()).toBe(2);
});

it('says nothing new after a restart at which nothing is new, and mends what cannot be read', async () => {
  const { watch: first, round } = await start('one');
  first.publish(status, true);
  await round();
  await first.stop();
  const second = await start('two');
  second.watch.publish(later, true);
  await second.round();
  expect(published()).toBe(1);
  await second.watch.stop();
  await remote.commit(stateRef, { [statusPath]: 'rubbish' });
  const third = await start('three');
  third.watch.publish(later, true);
  await third.round();
  expect(published()).toBe(3);
  expect(JSON.parse(text())).toEqual(later);
});

it('publishes nothing of a rehearsal, and looks at main all the same', async () => {
  const { watch: first, round } = await start('one', { publishes: false });
  first.publish(status, true);
  await round();
  expect(remote.git('for-each-ref', `refs/heads/${stateRef}`)).toBe('');
});

it('asks less and less often where it may not write, says why once, and publishes when it may', async () => {
  let isDenied = true;
  let tries = 0;
  const update = StateBranch.prototype.update;
  vi.spyOn(StateBranch.prototype, 'update').mockImplementation(function (this: StateBranch, ...args) {
    tries += 1;
    return isDenied ? Promise.reject(new Error('no')) : update.apply(this, args);
  });
  const log = createLog('silent');
  const warned = vi.spyOn(log, 'warn');
  const { watch: first, round } = await start('one', { log });
  first.publish(status, true);
  // Of the looks the first, second, fourth, eighth, … try.
  for (let rounds = 0; rounds < 3; rounds += 1) await round();
  expect(tries).toBeGreaterThanOrEqual(2);
  expect(tries).toBeLessThan(8);
  expect(warned).toHaveBeenCalledTimes(1);
  isDenied = false;
  await until('a commit', async () => remote.git('for-each-ref', `refs/heads/${stateRef}`) !== '');
});
