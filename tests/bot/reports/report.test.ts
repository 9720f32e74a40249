import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Addition, appendToNight, type EntryOf, type LedgerEntry } from '#bot/evidence/ledger.ts';
import { forwardPath, forwardText } from '#bot/gates/forward-evidence.ts';
import { MERGE_LOGS_FOLDER, type MergeRecord } from '#bot/orchestrator/life/merge-log.ts';
import { Budget } from '#bot/proposers/claude/budget.ts';
import { spending } from '#bot/proposers/claude/spending.ts';
import { gatherPeriod } from '#bot/reports/gather-period.ts';
import { periodReport } from '#bot/reports/period.ts';
import { reportBounds, reportPath, reportText } from '#engine/runtime/report.ts';
import { sampleReport } from '#tests/bot/commands/sample-report.ts';
import { nightOf, someReturns } from '#tests/bot/evidence/ledger/sample-nights.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { sampleForward } from '#tests/support/sample-forward.ts';
import { createStateRepository, type StateRepository } from '#tests/support/state-repository.ts';

const DAY_MS = 86_400_000;
/** The market's time and the clock's lie a year apart, as in a replay. */
const AS_OF = Date.UTC(2025, 0, 10, 12);
const NOW = Date.UTC(2026, 0, 10, 12);

let open: StateRepository;
let dir = '';
beforeAll(async () => {
  open = await createStateRepository();
  dir = mkdtempSync(join(tmpdir(), 'ratchet-reports-'));
  const nights = ['20250103-1', '20250104-1', '20250110-1'];
  for (const cycle of nights)
    await appendToNight(open.state, cycle, nightOn(cycle, nightOf(cycle, someReturns(2, { days: 30 }))));
  const [began] = nightOn('20250111-1', nightOf('20250111-1', null)).entries;
  const killed: LedgerEntry = { ...(began as EntryOf<'night-began'>), hint: { by: 'octo', text: 'calmer' } };
  await appendToNight(open.state, '20250111-1', { entries: [killed] });
  const sample = sampleReport();
  const [one] = sample.strategies;
  const trades = [7, 6, 1].map((days, index) => ({
    ...TRADE,
    exitTime: Math.floor(AS_OF / DAY_MS) * DAY_MS - days * DAY_MS,
    netResult: [100, -3, 5][index]!,
  }));
  await open.tamper(
    new Map([
      [
        reportPath,
        reportText({
          ...sample,
          asOf: AS_OF,
          control: { mode: 'paused', by: 'octo', at: '2026-01-10T00:00:00.000Z', reason: 'odd | @everyone' },
          strategies: [
            { ...one!, trades, truth: { ...one!.truth, daysSinceSignal: 3.5, daysSinceTrade: null, age: 10, signals: 4 } },
          ],
        }),
      ],
      [forwardPath('ema-cross'), forwardText(sampleForward())],
      [`${MERGE_LOGS_FOLDER}/3.json`, JSON.stringify(merge(3, NOW - 7 * DAY_MS))],
      [`${MERGE_LOGS_FOLDER}/4.json`, JSON.stringify(merge(4, NOW - 6 * DAY_MS))],
    ]),
  );
});
afterAll(() => {
  open?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** It looked up to the midnight that its day begins with. */
function nightOn(cycle: string, { entries, ...returns }: Addition): Addition {
  const asOf = Date.parse(cycle.replace(/^(\d{4})(\d\d)(\d\d)-\d+$/, '$1-$2-$3'));
  return { ...returns, entries: entries.map((entry) => (entry.kind === 'night-began' ? { ...entry, asOf } : entry)) };
}

const TRADE = {
  symbol: 'BTC/USDT',
  entryTime: AS_OF - 30 * DAY_MS,
  exitTime: AS_OF,
  entryPrice: 100,
  exitPrice: 101,
  quantity: 1,
  fees: 0.25,
  netResult: 1,
  netReturn: 0.01,
  barsHeld: 2,
  entryReason: 'up',
  exitReason: 'down',
  exitCause: 'decision',
};

function merge(number: number, at: number): MergeRecord {
  const instant = new Date(at).toISOString();
  return {
    schema: 'ratchet/merge/1',
    number,
    title: `Change ${number} @everyone`,
    url: 'http://127.0.0.1/',
    author: 'bot',
    head: 'a'.repeat(40),
    base: 'b'.repeat(40),
    commit: 'c'.repeat(40),
    strategies: [],
    by: 'octo',
    right: { kind: 'forge' },
    gates: {},
    approvals: [],
    openedAt: instant,
    mergedAt: instant,
    recordedAt: instant,
  };
}

const NOT_ASKED = { problem: 'nobody named one.' };
const sources = () => ({ repository: open.repository, state: open.state.snapshot(), record: null, dir: null, forge: NOT_ASKED });
const gather = (days: number, asOf: number | null = null) => gatherPeriod(sources(), { days, asOf, now: NOW });

describe('a report of some days', () => {
  it('has the nights of the market’s last days: whole ones up to the very moment, none counted twice', async () => {
    const cycles = async (days: number, asOf: number | null) => (await gather(days, asOf)).nights.map(({ cycle }) => cycle);
    expect(await cycles(1, null)).toEqual(['20250110-1']);
    expect(await cycles(7, null)).toEqual(['20250104-1', '20250110-1']);
    expect(await cycles(7, Date.UTC(2025, 0, 3))).toEqual(['20250103-1']);
    expect(await cycles(1, Date.UTC(2025, 0, 11))).toEqual(['20250111-1']);
  });

  it('adds up the trades that closed in the market’s days, and the merges of the clock’s', async () => {
    const facts = await gather(7);
    expect(facts.trades![0]!.trades.map(({ netResult }) => netResult)).toEqual([-3, 5]);
    expect(facts.pulls!.merged.map(({ number }) => number)).toEqual([4]);
    const said = periodReport(facts);
    expect(said).toContain('closed 2 trades in these days, +2.00 after 0.50 of fees.\n');
    expect(said).toContain('- `#4` Change 4 everyone, by `octo` at 2026-01-04 12:00 UTC');
  });

  it('tells a week what every gate before the next stage saw, and a day how its own work was done', async () => {
    const [week, day] = [periodReport(await gather(7)), periodReport(await gather(1))];
    expect(week).toContain('It is ready for **canary**: 7 of 7 gates pass, all of them 4 of 4 weeks in a row.');
    expect(week).toContain('| Parity | pass | 50.0% | 25.0% | It saw parity. |');
    expect(week).toContain('| 1970-03-30 | 24 | 23 | 0 | 0 | 1 | 0.00 |');
    expect(day).toContain('It is ready for **canary**');
    expect(day).not.toContain('It saw parity.');
    expect(day).toContain('| 1970-03-31 | 24 | 24 | 2 | 0 | 0 | +1.50 |');
    expect(day).not.toContain('1970-03-30');
  });

  it('says when older trades of the period may be missing', async () => {
    const facts = await gather(7);
    const [one] = facts.trades!;
    expect(one!.mayLackOlder).toBe(false);
    expect(periodReport({ ...facts, trades: [{ ...one!, mayLackOlder: true }] })).toContain('At least: the engine publishes');
    const report = facts.report!;
    const full = Array.from({ length: reportBounds.trades }, () => ({ ...TRADE, exitTime: AS_OF }));
    const reader = {
      commit: open.state.commit,
      list: (folder: string) => open.state.list(folder),
      read: (path: string) => open.state.read(path),
      readText: async (path: string) =>
        path === reportPath
          ? reportText({ ...report, strategies: [{ ...report.strategies[0]!, trades: full }] })
          : open.state.readText(path),
    };
    const more = await gatherPeriod({ ...sources(), state: reader }, { days: 1, asOf: null, now: NOW });
    expect(more.trades![0]!.mayLackOlder).toBe(true);
  });

  it('tells droughts and the order in force, and calls nobody', async () => {
    const said = periodReport(await gather(7));
    expect(said).toContain('3.5 days since the last signal, no trade yet; on average a signal every 2.5 days.');
    expect(said).toContain('The order in force is **paused**: odd &#124; @&#8203;everyone');
    expect(said).not.toContain('@everyone');
  });

  it('says what its hours are, by the market and by the clock where they lie apart', async () => {
    const said = periodReport(await gather(7));
    expect(said).toContain('# 7 days up to 2025-01-10 12:00 UTC\n\nThat is the market’s time.');
    expect(said).toContain('of as long up to 2026-01-10 12:00 UTC by the clock on the wall.');
    expect(said).toContain('2 nights took 4 trials, 0 of which were refused before they ran, and 0 questions');
  });

  it('says that no night was held, which is not that there never was one', async () => {
    expect(periodReport(await gather(1, Date.UTC(2025, 0, 20)))).toContain('No night was held in these days.');
  });
});

describe('what models cost', () => {
  it('is what the budget counted, day by day, a killed call with all it took', () => {
    let now = NOW - DAY_MS;
    const budget = Budget.open(join(dir, 'model.sqlite'), { dailyTokens: 1_000, dailyMoney: null, currency: 'USD' }, () => now);
    const call = { purpose: 'decide', model: 'some-model' } as const;
    const take = (tokens: number, money: number | null): number => {
      const taken = budget.reserve({ tokens, money }, call);
      return taken.kind === 'granted' ? taken.id : Number.NaN;
    };
    budget.settle(take(100, 2_000), { tokens: 60, money: 1_500 });
    now = NOW;
    budget.settle(take(100, 2_000), { tokens: 50, money: 1_000 });
    take(30, 500);
    budget.close();
    const row = { purpose: 'decide', model: 'some-model', currency: 'USD' };
    expect(spending(dir, '2026-01-10', '2026-01-10')).toEqual([{ ...row, calls: 2, tokens: 80, money: 1_500 }]);
    expect(spending(dir, '2026-01-09', '2026-01-10')).toEqual([{ ...row, calls: 3, tokens: 140, money: 3_000 }]);
    expect(spending(dir, '2026-01-11', '2026-01-12')).toEqual([]);
  });

  it('stands in the report, in its currency', async () => {
    const facts = await gatherPeriod({ ...sources(), dir }, { days: 1, asOf: null, now: NOW });
    const said = periodReport(facts);
    expect(said).toContain('What models cost from 2026-01-09 to 2026-01-10, whole UTC days:');
    expect(said).toContain('- `some-model` for decide: 3 calls, 140 tokens, 0.003 USD');
  });

  it('is nothing where no model was asked, tokens alone in an older budget, and an error in what is none', () => {
    const [none, older, broken] = ['none', 'older', 'broken'].map((name) => mkdtempSync(join(dir, name)));
    expect(spending(none!, '2026-01-01', '2026-01-31')).toEqual([]);
    const db = new Database(join(older!, 'model.sqlite'));
    db.exec(`CREATE TABLE calls (id INTEGER PRIMARY KEY, day TEXT, purpose TEXT, model TEXT, reserved INTEGER, spent INTEGER);
      INSERT INTO calls VALUES (1, '2026-01-05', 'ask', 'old-model', 9, 4)`);
    db.close();
    const [row] = spending(older!, '2026-01-01', '2026-01-31');
    expect(row).toEqual({ purpose: 'ask', model: 'old-model', calls: 1, tokens: 4, money: null, currency: null });
    writeFileSync(join(broken!, 'model.sqlite'), 'no database at all');
    expect(() => spending(broken!, '2026-01-01', '2026-01-31')).toThrow(expect.objectContaining({ code: 'model/bad-spending' }));
  });
});

describe('ratchet report', () => {
  const report = (...args: readonly string[]) => ratchetHere('report', ...args, '--repository', open.repository.dir);

  it('night sums up the night that is named, or the newest', async () => {
    const { stdout } = await report('night', '20250110-1');
    expect(stdout).toContain('# Night 20250110-1');
    expect(stdout).toContain('2 trials planned, 2 scored, 0 refused.');
    expect(stdout).toContain('| 1 | +1.00% | try 1 |');
    expect((await report('night')).stdout).toContain('# Night 20250111-1\n\n`ema-cross` by `evolution`: **not ended**.');
    expect((await report('night', '20200101-1')).stderr).toContain('The ledger knows no such night.');
  });

  it('day and week read a clone, which knows nothing of cost', async () => {
    const week = JSON.parse((await report('week', '--json')).stdout);
    expect(week).toMatchObject({ days: 7, spent: null });
    expect((await report('day')).stdout).toContain('- `20250110-1`: **`NO_CHANGE`**. nothing');
    expect((await report('day')).stdout).not.toContain('What models cost');
  });
});
