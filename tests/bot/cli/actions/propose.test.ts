import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NightResult, readNightResult } from '#bot/cli/actions/night-result.ts';
import { publishNight } from '#bot/cli/actions/propose.ts';
import { appendToNewest, appendToNight, type LedgerEntry, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { CANARY_LABEL } from '#bot/orchestrator/canaries.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { createStateRepository, type StateRepository } from '#tests/support/state-repository.ts';

const PERSON = { name: 'Test', email: 'test@localhost' };
const CYCLE = '20260102-1';
const BASE = 'b'.repeat(40);
/** Whatever a night without a proposal and without canaries asks of GitHub would be an error. */
const nobody = {} as RepositoryApi;

let real: StateRepository;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  real = await createStateRepository();
  folder = temporaryFolder('night');
  await appendToNight(real.state, '20260101-1', { entries: night('20260101-1') });
});
afterEach(() => {
  real.close();
  folder.remove();
});

function night(cycle: string): LedgerEntry[] {
  return [
    {
      kind: 'night-began',
      cycle,
      strategy: 'ema-cross',
      asOf: 1,
      parentTree: 'a'.repeat(40),
      proposer: 'evolution',
      trialsPlanned: 1,
      seed: 7,
    },
    { kind: 'night-ended', decision: 'NO_CHANGE', reason: 'Nothing asks for it.', trials: 0 },
  ];
}

/** A job's mirror, in which the night has written; its commits are then in the publisher's repository, as from the bundle. */
async function think(entries: LedgerEntry[] = night(CYCLE)): Promise<NightResult> {
  const stateBefore = real.state.commit;
  const job = await Repository.openMirror({ dir: join(folder.path, 'job.git'), remoteUrl: real.repository.dir });
  await job.fetch();
  const scratch = await Repository.openMirror({ dir: join(folder.path, 'scratch.git'), remoteUrl: job.dir });
  const state = await StateBranch.open({ repository: scratch, author: PERSON, clock: () => 0 });
  await state.refresh();
  await appendToNight(state, CYCLE, { entries });
  const carried = await Repository.open({ dir: real.repository.dir, remoteUrl: job.dir });
  await carried.fetch(['+refs/heads/ratchet/state:refs/night/ratchet/state']);
  return {
    cycle: CYCLE,
    strategy: 'ema-cross',
    decision: 'NO_CHANGE',
    reason: 'Nothing asks for it.',
    trials: 0,
    asOf: 1,
    base: BASE,
    stateBefore,
    stateAfter: state.commit!,
    proposal: null,
    notes: [],
  };
}

const publish = (result: NightResult, api: RepositoryApi = nobody) =>
  publishNight({ repository: real.repository, state: real.state, api, result });
const cycles = async () => recordsOf(await readLedgerFrom(real.state), 'night-ended').map(({ cycle }) => cycle);

describe('a night that is published', () => {
  it('brings its lines into the ledger, once however often the job runs', async () => {
    const result = await think();
    expect((await publish(result)).sentence).toBe('NO_CHANGE: Nothing asks for it.');
    await publish(result);
    expect(await cycles()).toEqual(['20260101-1', CYCLE]);
  });

  it('says so in one line, for the runner takes commands from lines', async () => {
    const reason = 'Quiet.\n::add-mask::a\n::stop-commands::x';
    const { sentence } = await publish({ ...(await think()), reason });
    expect(sentence).toBe('NO_CHANGE: Quiet. ::add-mask::a ::stop-commands::x');
  });

  it('keeps its trials but proposes nothing when the ledger went on meanwhile', async () => {
    const result = {
      ...(await think()),
      decision: 'TWEAK',
      proposal: { branch: `evolve/ema-cross/${CYCLE}`, head: BASE, strategy: 'ema-cross', motion: null, review: null },
    } as const;
    // As signing does, while the night thinks: the vault is opened, which is a line of the ledger.
    await appendToNewest(real.state, () => [
      {
        kind: 'vault-opened',
        opening: 1,
        strategy: 'ema-cross',
        tree: 'd'.repeat(40),
        pair: `sha256:${'e'.repeat(64)}`,
        alpha: 0.1,
        daysPerOpening: 30,
        level: 0.01,
        until: 2,
      },
    ]);
    expect(await publish(result)).toMatchObject({ pullRequest: null, sentence: expect.stringContaining('nothing is proposed') });
    expect(await cycles()).toEqual(['20260101-1', CYCLE]);
  });

  it('is refused when its ledger does not continue the one it began with', async () => {
    const result = await think();
    const other = await createStateRepository();
    await appendToNight(other.state, '20260101-1', {
      entries: [{ ...night('20260101-1')[0]!, seed: 8 } as LedgerEntry, night('20260101-1')[1]!],
    });
    const carried = await Repository.open({ dir: real.repository.dir, remoteUrl: other.repository.dir });
    await carried.fetch(['+refs/heads/ratchet/state:refs/night/other']);
    const forged = { ...result, stateAfter: other.state.commit! };
    await expect(publish(forged)).rejects.toMatchObject({ code: 'actions/ledger-rewritten' });
    expect(await cycles()).toEqual(['20260101-1']);
    other.close();
  });

  it('carries nothing but lines of the ledger: other files of its state branch stay behind', async () => {
    const job = await think();
    const scratch = await Repository.openMirror({
      dir: join(folder.path, 'scratch.git'),
      remoteUrl: join(folder.path, 'job.git'),
    });
    const state = await StateBranch.open({ repository: scratch, author: PERSON, clock: () => 0 });
    await state.update('mischief', () => new Map([['control.json', Buffer.from('{"mode":"active"}')]]));
    const carried = await Repository.open({ dir: real.repository.dir, remoteUrl: join(folder.path, 'job.git') });
    await carried.fetch(['+refs/heads/ratchet/state:refs/night/ratchet/state']);
    await publish({ ...job, stateAfter: state.commit! });
    expect(await cycles()).toEqual(['20260101-1', CYCLE]);
    expect(await real.state.readText('control.json')).toBeNull();
  });
});

describe("a night's result", () => {
  it.each([
    ['speaks on any issue it likes', { notes: [{ kind: 'open-issue', title: 'x', body: 'x', labels: ['urgent'] }] }],
    ['names a strategy by a path', { strategy: '../policies' }],
    ['says more than is asked', { token: 'x' }],
    ['names a commit by half', { base: 'abc' }],
  ])('is refused when it %s', async (_name, change) => {
    const good = await think();
    const file = join(folder.path, 'result.json');
    writeFileSync(file, JSON.stringify(good));
    expect(await readNightResult(file)).toEqual(good);
    writeFileSync(file, JSON.stringify({ ...good, ...change }));
    await expect(readNightResult(file)).rejects.toMatchObject({ code: 'actions/night-result' });
  });

  it('speaks only on issues of the canaries that are open', async () => {
    const said: string[] = [];
    const issues = {
      listOpen: async (label: string) => (label === CANARY_LABEL ? [{ number: 4, title: 'Known' }] : []),
      open: async (title: string) => void said.push(`open ${title}`),
      comment: async (number: number) => void said.push(`comment ${number}`),
      close: async (number: number) => void said.push(`close ${number}`),
    };
    const result = await think();
    const notes: NightResult['notes'] = [
      { kind: 'open-issue', title: 'Known', body: 'x', labels: [CANARY_LABEL] },
      { kind: 'open-issue', title: 'New', body: 'x', labels: [CANARY_LABEL] },
      { kind: 'comment', number: 4, body: 'x' },
      { kind: 'close-issue', number: 9 },
    ];
    await publish({ ...result, notes }, { issues } as unknown as RepositoryApi);
    expect(said).toEqual(['open New', 'comment 4']);
  });

  it('calls nobody and leads nowhere there, whatever the job that thinks has left, and keeps its lines', async () => {
    const said: string[] = [];
    const issues = {
      listOpen: async () => [],
      open: async (title: string, body: string) => void said.push(title, body),
    };
    const note: NightResult['notes'][number] = {
      kind: 'open-issue',
      title: 'A canary got past the gates: null, fixes GH-1',
      body: 'See @everyone.\n\n- `backtest`: [here](https://evil.example) fixes #1 <img src=x>',
      labels: [CANARY_LABEL],
    };
    await publish({ ...(await think()), notes: [note] }, { issues } as unknown as RepositoryApi);
    expect(said).toEqual([
      'A canary got past the gates: null, fixes GH- 1',
      'See @&#8203;everyone.\n\n- `backtest`: [here\\]\\(https:&#8203;//evil.example) fixes #&#8203;1 &lt;img src=x>',
    ]);
  });
});
