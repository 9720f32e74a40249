import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { appendToNight, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { openContext } from '#bot/gates/context.ts';
import { couldNotLookAt, FINAL_GATE, type GateName, success } from '#bot/gates/outcome.ts';
import { finalGate, runAllGates } from '#bot/gates/run-gates.ts';
import type { Issue } from '#bot/github/issues-api.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { CHEAT_NAMES, cheatOf } from '#bot/orchestrator/canaries/cheats.ts';
import { uncaughtCanaries } from '#bot/orchestrator/canaries/uncaught.ts';
import {
  CANARY_LABEL,
  type CanaryChange,
  type CanaryReport,
  type CanaryTask,
  describeCanary,
  type Flown,
  flyCanaries,
  type IssueBook,
} from '#bot/orchestrator/canaries.ts';
import { runNight } from '#bot/orchestrator/night.ts';
import { recordCanaries } from '#bot/orchestrator/night-ledger.ts';
import { RatchetError } from '#engine/errors.ts';
import { canaryNight } from '#tests/support/canary-night.ts';
import { createDeployment, type Deployment } from '#tests/support/deployment.ts';
import { gateTools } from '#tests/support/gate-tools.ts';
import { itLong } from '#tests/support/long.ts';

const log = pino({ level: 'silent' });
const PERSON = { name: 'Test', email: 'test@localhost' };
const AS_OF = Date.UTC(2026, 0, 1);

let deployment: Deployment;
beforeAll(async () => {
  deployment = await createDeployment();
  // What is thrown away is made where temporary files go: here, where nobody else makes any.
  vi.stubEnv('TMPDIR', deployment.root);
}, 120_000);
afterAll(() => {
  vi.unstubAllEnvs();
  deployment.close();
});

/** Issues as GitHub keeps them, as far as an alarm goes. */
function issueBook() {
  const written: (Issue & { readonly labels: readonly string[]; state: Issue['state']; readonly comments: string[] })[] = [];
  const issues: IssueBook = {
    listOpen: async (label) => written.filter(({ state, labels }) => state === 'open' && labels.includes(label)),
    open: async (title, body, labels) => {
      const number = written.length + 1;
      written.push({ number, url: `issue ${number}`, title, body, author: 'ratchet[bot]', labels, state: 'open', comments: [] });
      return written.at(-1)!;
    },
    comment: async (number, body) => {
      const { comments, author, url } = written[number - 1]!;
      const id = comments.push(body);
      return { id, number, url, author, isBot: true, body, createdAt: '', updatedAt: '' };
    },
    close: async (number) => {
      written[number - 1]!.state = 'closed';
    },
  };
  return { written, issues };
}

const realGates = async (change: CanaryChange) => runAllGates(await openContext({ ...change, log }), () => {}, gateTools);

/** The same gates, but for some that wave everything through. */
function wavingThrough(...waved: readonly GateName[]) {
  return async (change: CanaryChange): Promise<readonly GateResult[]> => {
    const results = (await realGates(change)).filter(({ gate }) => gate !== FINAL_GATE);
    const weak = results.map((result) =>
      waved.some((name) => name === result.gate) ? success(result.gate, 'fine', 'fine') : result,
    );
    return [...weak, finalGate(weak)];
  };
}

function task(cycle: string, more: Partial<CanaryTask> = {}): CanaryTask {
  const { repository, candles, base } = deployment;
  const { issues } = issueBook();
  return {
    repository,
    issues,
    candles,
    base,
    strategy: 'ema-cross',
    cycle,
    asOf: AS_OF,
    author: PERSON,
    recorded: [],
    uncaught: [],
    prove: realGates,
    ...more,
  };
}

function sentenceOf({ stops }: CanaryReport, gate: string): string | undefined {
  return stops.find((stop) => stop.gate === gate)?.sentence;
}

/** A cycle whose turn a cheat has. */
function cycleOf(name: (typeof CHEAT_NAMES)[number]): string {
  return [1, 2, 3, 4, 5].map((number) => `20260101-${number}`).find((cycle) => cheatOf(cycle) === name)!;
}

const EXPECTED: readonly (readonly [(typeof CHEAT_NAMES)[number], Partial<Record<GateName, string>>])[] = [
  ['forges-metrics', { backtest: '$.' }],
  ['looks-ahead', { backtest: 'ago' }],
  ['edits-evaluator', { guard: 'bot/gates/backtest.ts' }],
  ['reaches-network', { sandbox: 'fetch' }],
  ['writes-outside', { guard: '.github/workflows/canary.yml', sandbox: 'node:fs' }],
];

describe('canaries before the gates as they are', () => {
  /** All cheats in one night: its own, and four that are owed. */
  let flown: Flown;
  const { issues, written } = issueBook();
  let before: readonly unknown[];
  const heads = async () => {
    const { repository, state, remote } = deployment;
    return [await repository.resolve('main'), await state.refresh(), readdirSync(`${remote}/refs/heads`)];
  };
  beforeAll(async () => {
    for (const name of CHEAT_NAMES) await issues.open(`A canary got past the gates: ${name}`, '', [CANARY_LABEL]);
    before = await heads();
    flown = await flyCanaries(task('20260101-1', { issues, uncaught: CHEAT_NAMES }));
  }, 240_000);

  it('a null strategy is stopped by its honest numbers', () => {
    expect(flown.canaries[0]).toMatchObject({ canary: 'null', outcome: 'stopped' });
    expect(sentenceOf(flown.canaries[0]!, 'policy')).toContain('does not earn more');
  });

  it.each(EXPECTED)('one that %s is stopped by the gates that are there for it', (name, by) => {
    const cheat = flown.canaries.find(({ canary }) => canary === name);
    expect(cheat).toMatchObject({ outcome: 'stopped' });
    for (const [gate, said] of Object.entries(by)) expect(sentenceOf(cheat!, gate)).toContain(said);
  });

  it('begin with the null strategy and the cheat whose turn it is', () => {
    expect(flown.canaries.map(({ canary }) => canary).slice(0, 2)).toEqual(['null', cheatOf('20260101-1')]);
    expect(flown.canaries).toHaveLength(1 + CHEAT_NAMES.length);
  });

  it('settle what was owed', () => {
    expect(flown.alarm).toBeNull();
    expect(written.filter(({ state }) => state === 'open')).toEqual([]);
    expect(written.every(({ comments }) => comments.length === 1 && comments[0]!.includes('stopped again'))).toBe(true);
  });

  it('leave no trace: no commit, no line of the ledger, no opening of the vault, no folder', async () => {
    expect(await heads()).toEqual(before);
    expect(tmpdir()).toBe(deployment.root);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('ratchet-canary-'))).toEqual([]);
  });
});

describe('gates that have become weak', () => {
  itLong(
    'let a forger through everything, and the alarm rings, with one issue however often it does',
    async () => {
      const { issues, written } = issueBook();
      const weak = await flyCanaries(task(cycleOf('forges-metrics'), { issues, prove: wavingThrough('backtest', 'policy') }));
      expect(weak.canaries).toMatchObject([
        { canary: 'null', outcome: 'slipped' },
        { canary: 'forges-metrics', outcome: 'slipped', sentence: 'It passed every gate.' },
      ]);
      expect(weak.alarm).toContain('nothing is proposed');
      expect(written.map(({ title, labels, state }) => ({ title, labels, state }))).toEqual([
        { title: 'A canary got past the gates: null', labels: [CANARY_LABEL], state: 'open' },
        { title: 'A canary got past the gates: forges-metrics', labels: [CANARY_LABEL], state: 'open' },
      ]);

      const again = await flyCanaries(task(cycleOf('forges-metrics'), { issues, prove: wavingThrough('backtest', 'policy') }));
      expect(again.alarm).toContain('forges-metrics');
      expect(written).toHaveLength(2);
    },
    240_000,
  );

  it('ring the alarm for one wall that is down though another one holds', async () => {
    const { alarm, canaries } = await flyCanaries(task(cycleOf('writes-outside'), { prove: wavingThrough('guard') }));
    expect(canaries[1]).toMatchObject({ outcome: 'slipped', sentence: expect.stringContaining('It got past guard; only') });
    expect(alarm).toContain('writes-outside');
  }, 120_000);

  itLong(
    'are not believed strong because they could not look',
    async () => {
      const blind = async (change: CanaryChange) => {
        const results = await realGates(change);
        return results.map((result) => (result.gate === 'sandbox' ? couldNotLookAt('sandbox', 'no sandbox', 'none') : result));
      };
      const { alarm, canaries } = await flyCanaries(task(cycleOf('reaches-network'), { prove: blind }));
      expect(canaries[1]).toMatchObject({ outcome: 'not-judged', sentence: expect.stringContaining('no sandbox') });
      expect(alarm).toBeNull();
      expect(describeCanary(canaries[1]!)).toContain('NOT JUDGED');
    },
    120_000,
  );

  it('leave an alarm standing that nobody could judge again', async () => {
    const uncaught = ['forges-metrics'];
    const failing = async () => {
      throw new RatchetError('gates/broken', 'The gates do not start.', 'Start them.');
    };
    const { alarm, canaries } = await flyCanaries(task(cycleOf('reaches-network'), { uncaught, prove: failing }));
    expect(canaries.map(({ outcome }) => outcome)).toEqual(['not-judged', 'not-judged', 'not-judged']);
    expect(alarm).toContain('forges-metrics');
  }, 120_000);
});

describe('a night whose alarm rings', () => {
  itLong(
    'looks for nothing, proposes nothing, says why, and has it all in the ledger',
    async () => {
      const { repository, state, candles } = deployment;
      const { issues, written } = issueBook();
      await canaryNight(state, '20251231-1', 'forges-metrics', 'slipped');
      const report = await runNight({
        strategy: 'ema-cross',
        asOf: AS_OF,
        seed: 7,
        trials: 3,
        workers: 1,
        hint: { by: 'octo', text: 'trade less' },
        thinkers: {
          name: 'evolution',
          search: { name: 'evolution', propose: () => Promise.reject(new Error('Nobody may look for anything.')) },
          mind: null,
        },
        worktrees: join(deployment.root, 'worktrees'),
        repository,
        state,
        api: { issues } as unknown as RepositoryApi,
        candles,
        truth: () => expect.fail('Nobody may look at anything.'),
        record: null,
        author: PERSON,
        prove: wavingThrough('backtest', 'policy'),
        forge: 'embedded',
        commands: [],
        progress: () => {},
      });
      expect(report).toMatchObject({ decision: 'NO_CHANGE', trials: 0, pullRequest: null });
      expect(report.reason).toContain('nothing is proposed');
      const ledger = await readLedgerFrom(state);
      const lines = recordsOf(ledger, 'canary').map(({ entry }) => `${entry.canary} ${entry.outcome}`);
      expect(lines.slice(1)).toEqual(report.canaries.map(({ canary, outcome }) => `${canary} ${outcome}`));
      expect(uncaughtCanaries(ledger)).toContain('forges-metrics');
      expect(written.map(({ title }) => title)).toContain('A canary got past the gates: forges-metrics');
      expect(lines).toContain('forges-metrics slipped');
      expect(recordsOf(ledger, 'night-ended').at(-1)?.entry.reason).toBe(report.reason);
      expect(recordsOf(ledger, 'night-began').at(-1)?.entry.hint).toEqual({ by: 'octo', text: 'trade less' });
    },
    120_000,
  );

  it('has one line a canary, also when it is run again', async () => {
    const { state } = deployment;
    const cycle = '20260102-1';
    await appendToNight(state, cycle, {
      entries: [
        {
          kind: 'night-began',
          cycle,
          strategy: 'ema-cross',
          asOf: AS_OF,
          parentTree: '',
          proposer: 'evolution',
          trialsPlanned: 0,
          seed: 1,
        },
      ],
    });
    const one = { canary: 'null', outcome: 'stopped', stops: [], sentence: 'It was.' } as const;
    await recordCanaries(state, cycle, [one]);
    await recordCanaries(state, cycle, [one, { ...one, canary: 'looks-ahead' }]);
    const own = recordsOf(await readLedgerFrom(state), 'canary').filter((record) => record.cycle === cycle);
    expect(own.map(({ entry }) => entry.canary)).toEqual(['null', 'looks-ahead']);
    await appendToNight(state, cycle, { entries: [own[0]!.entry] });
    await expect(readLedgerFrom(state)).rejects.toThrow('canary null flew twice');
  });
});

describe('a night that is run again', () => {
  const stopped = { canary: 'null', outcome: 'stopped', stops: [], sentence: 'It was.' } as const;
  const prove = () => expect.fail('They are not sent again.');

  it('does not send again what was stopped', async () => {
    const { canaries, alarm } = await flyCanaries(task(cycleOf('looks-ahead'), { recorded: [stopped], prove }));
    expect(canaries).toEqual([stopped]);
    expect(alarm).toBeNull();
  });

  itLong(
    'sends again what was not judged',
    async () => {
      const recorded = [{ ...stopped, outcome: 'not-judged' as const }];
      const { canaries } = await flyCanaries(task(cycleOf('looks-ahead'), { recorded }));
      expect(canaries.map(({ canary, outcome }) => `${canary} ${outcome}`)).toEqual(['null stopped', 'looks-ahead stopped']);
    },
    120_000,
  );
});

describe('the cheat of a night', () => {
  it('is another one from night to night and from day to day, until each had its turn', () => {
    const days = ['20260227-1', '20260228-1', '20260301-1', '20260302-1', '20260303-1'];
    expect(new Set(days.map(cheatOf))).toEqual(new Set(CHEAT_NAMES));
    expect(cheatOf('20260227-2')).toBe(cheatOf('20260228-1'));
  });
});
