import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AskedIn, appendToNight, type LedgerEntry, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { runNight } from '#bot/orchestrator/night.ts';
import { type Beginning, beginNight, endNight, recordCanaries } from '#bot/orchestrator/night-ledger.ts';
import type { NightOptions } from '#bot/orchestrator/night-options.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { shippedFiles } from '#tests/support/deployment.ts';
import { createStateRepository, type StateRepository } from '#tests/support/state-repository.ts';

/** What asks for a night is a job like any other: it may be killed anywhere and is then begun again. The ledger says whether it has had its night. */

const TREES = ['a'.repeat(40), 'b'.repeat(40)] as const;

/** What asks for the nights of a test. */
let asking: AskedIn;
let real: StateRepository;
beforeEach(async () => {
  real = await createStateRepository();
});
afterEach(() => real.close());

const api = { findPullRequest: async () => null } as unknown as RepositoryApi;

function begin(
  state: StateBranch,
  { askedIn = asking as AskedIn | null, parentTree = TREES[0] as string, from = api, wish = 'trade less' } = {},
) {
  const plan = { strategy: 'ema-cross', asOf: Date.UTC(2026, 2, 2), parentTree, proposer: 'evolution', trials: 3, seed: 7 };
  return beginNight(state, from, { ...plan, hint: { by: 'octo', text: wish, isTold: true }, askedIn });
}

/** A night as the ledger sees it: begun or taken up, its canaries, its end. */
async function night(state: StateBranch): Promise<Beginning> {
  const beginning = await begin(state);
  if (beginning.state === 'ended') return beginning;
  const { cycle } = beginning.night;
  await recordCanaries(state, cycle, [{ canary: 'null', outcome: 'stopped', stops: [], sentence: 'Stopped.' }]);
  await endNight(state, cycle, { decision: 'NO_CHANGE', reason: 'Nothing was better.' });
  return beginning;
}

/** The state branch of a process that is killed at its nth write: just before it, or when it is done and before anybody is told. */
function killedAt(state: StateBranch, writes: number, isDone: boolean): StateBranch {
  let left = writes;
  return new Proxy(state, {
    get(target, name) {
      if (name === 'update') {
        return async (...args: Parameters<StateBranch['update']>) => {
          left -= 1;
          if (left > 0) return target.update(...args);
          if (isDone) await target.update(...args);
          throw new Error('killed');
        };
      }
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const lines = async (kind: 'night-began' | 'night-asked' | 'night-due' | 'night-ended') => {
  await real.state.refresh();
  return recordsOf(await readLedgerFrom(real.state), kind).map(({ cycle }) => cycle);
};

const DUE = Date.UTC(2026, 2, 3, 2, 30);
type Case = readonly [string, { readonly asked: AskedIn; readonly line: LedgerEntry & { kind: 'night-asked' | 'night-due' } }];
const cases: readonly Case[] = [
  ['a comment', { asked: { comment: 41 }, line: { kind: 'night-asked', comment: 41 } }],
  ['the schedule', { asked: { schedule: DUE }, line: { kind: 'night-due', at: DUE } }],
];

describe.each(cases)('a night that %s asked for', (_name, { asked, line }) => {
  beforeEach(() => {
    asking = asked;
  });

  it.each([
    [1, true],
    [2, true],
    [3, false],
    [3, true],
  ] as const)(
    'is one night when its process is killed at write %i (done: %s), and whenever the job runs again',
    async (write, isDone) => {
      await expect(night(killedAt(real.state, write, isDone))).rejects.toThrow('killed');
      await night(real.state);
      expect(await lines('night-began')).toEqual(['20260302-1']);
      expect(await lines(line.kind)).toEqual(['20260302-1']);
      expect(await lines('night-ended')).toEqual(['20260302-1']);
    },
  );

  it('is asked for once: a ledger in which one that asks has two nights is none', async () => {
    await night(real.state);
    const { night: second } = await begin(real.state, { askedIn: null });
    const askTwice = async () => {
      await appendToNight(real.state, second.cycle, { entries: [line] });
      return readLedgerFrom(real.state);
    };
    await expect(askTwice()).rejects.toMatchObject({ code: 'ledger/broken' });
  });
});

describe('a night that was asked for', () => {
  const other: AskedIn = { comment: 42 };
  beforeEach(() => {
    asking = { comment: 41 };
  });

  it('that has ended is told again as it ended', async () => {
    await night(real.state);
    expect(await begin(real.state)).toEqual({
      state: 'ended',
      night: {
        cycle: '20260302-1',
        strategy: 'ema-cross',
        decision: 'NO_CHANGE',
        reason: 'Nothing was better.',
        trials: 0,
        branch: null,
      },
    });
  });

  it('may be one that was left and is taken up for it, which is then the night it has had', async () => {
    expect(await begin(real.state, { askedIn: null })).toMatchObject({ state: 'goes-on' });
    // Its wish is the one that is written down, whoever takes it up.
    const hint = { by: 'octo', text: 'trade less', isTold: true };
    expect(await begin(real.state, { askedIn: null, wish: 'trade more' })).toMatchObject({ night: { hint } });
    expect(await night(real.state)).toMatchObject({ state: 'goes-on', night: { cycle: '20260302-1' } });
    expect(await night(real.state)).toMatchObject({ state: 'ended', night: { cycle: '20260302-1' } });
    expect(await lines('night-began')).toHaveLength(1);
  });

  it('that cannot go on, since main moved on under it, is ended and no other begun, whatever it had proposed', async () => {
    await begin(real.state);
    const from = { findPullRequest: async () => ({ number: 5 }) } as unknown as RepositoryApi;
    const told = await begin(real.state, { parentTree: TREES[1], from });
    expect(told).toMatchObject({ state: 'ended', night: { decision: 'PROPOSED', reason: expect.stringContaining('#5') } });
    expect(await begin(real.state, { parentTree: TREES[1] })).toEqual(told);
    expect(await lines('night-began')).toHaveLength(1);
  });

  it('is another when another asks, and its end is told though the other has not ended', async () => {
    await night(real.state);
    expect(await begin(real.state, { askedIn: other })).toMatchObject({ state: 'goes-on', night: { cycle: '20260302-2' } });
    expect(await begin(real.state)).toMatchObject({ state: 'ended', night: { cycle: '20260302-1' } });
    expect(await lines('night-ended')).toEqual(['20260302-1']);
  });

  it('is told again by the night itself, with its pull request, and nothing is looked for a second time', async () => {
    const files = [...shippedFiles('ema-cross')].map(([path, text]) => [`strategies/ema-cross/${path}`, text] as const);
    await real.commitToMain(new Map(files));
    const { night: first } = await begin(real.state);
    await recordCanaries(real.state, first.cycle, [{ canary: 'null', outcome: 'stopped', stops: [], sentence: 'Stopped.' }]);
    await endNight(real.state, first.cycle, { decision: 'TWEAK', reason: 'It earns more.' });
    const branches: string[] = [];
    const findPullRequest = async (branch: string) => {
      branches.push(branch);
      return { number: 5 };
    };
    const options = {
      strategy: 'ema-cross',
      asOf: Date.UTC(2026, 2, 9),
      seed: 8,
      trials: 3,
      hint: null,
      askedIn: asking,
      thinkers: {
        name: 'evolution',
        search: { name: 'evolution', propose: () => expect.fail('Nobody may look for anything.') },
        mind: null,
      },
      prove: () => expect.fail('No canary may fly.'),
      repository: real.repository,
      state: real.state,
      api: { findPullRequest },
      progress: () => {},
    };
    expect(await runNight(options as unknown as NightOptions)).toEqual({
      cycle: '20260302-1',
      decision: 'TWEAK',
      reason: 'It earns more.',
      trials: 0,
      pullRequest: { number: 5 },
      made: null,
      canaries: [{ canary: 'null', outcome: 'stopped', stops: [], sentence: 'Stopped.' }],
    });
    expect(branches).toEqual(['evolve/ema-cross/20260302-1']);
    expect(await lines('night-began')).toHaveLength(1);
  });
});
