import { describe, expect, it } from 'vitest';
import {
  type Addition,
  chain,
  EMPTY_LEDGER,
  type LedgerReading,
  ledgerPath,
  type PlannedTrial,
  readLedger,
} from '#bot/evidence/ledger.ts';
import type { TrialOutcome } from '#bot/orchestrator/create.ts';
import { TrialRecord } from '#bot/orchestrator/trial-record.ts';
import { digest, someReturns } from '#tests/bot/evidence/ledger/sample-nights.ts';

const CYCLE = '20260105-1';
const plan = (trial: number, label = `try ${trial}`): PlannedTrial => ({ trial, label, configuration: digest('c') });
const outcome = (trial: number, netReturn = 0.01): TrialOutcome => ({
  kind: 'trial',
  trial,
  outcome: 'scored',
  resultId: digest('b'),
  netReturn,
  reason: null,
});

/** A night's search over what an earlier run has left; gives what this one adds. */
async function run(known: LedgerReading, work: (record: TrialRecord) => Promise<void>): Promise<readonly Addition[]> {
  const added: Addition[] = [];
  await work(new TrialRecord(CYCLE, known, async (addition) => void added.push(addition)));
  return added.filter(({ entries }) => entries.length > 0);
}

const nothing: LedgerReading = readLedger(new Map());

async function whole(record: TrialRecord): Promise<void> {
  await record.plan([plan(1), plan(2)]);
  await record.complete([outcome(1), outcome(2)]);
  await record.plan([plan(3)]);
  await record.complete([outcome(3)]);
  await record.end(3, someReturns(3));
}

describe('the record of a night’s trials', () => {
  it('is written in as many steps as there are plans, and one for the end', async () => {
    const added = await run(nothing, whole);
    expect(added.map(({ entries }) => entries.map(({ kind }) => kind))).toEqual([
      ['trials-planned'],
      ['trial', 'trial', 'trials-planned'],
      ['trial', 'search-ended'],
    ]);
    expect(added.map(({ returns }) => returns !== undefined)).toEqual([false, false, true]);
  });

  it('is the same in the end, wherever the first run was killed', async () => {
    const complete = (await run(nothing, whole)).flatMap(({ entries }) => entries);
    for (const kept of [1, 4, 6]) {
      const left = chain(EMPTY_LEDGER, complete.slice(0, kept)).text;
      const again = await run(readLedger(new Map([[ledgerPath(CYCLE), left]])), whole);
      expect([...complete.slice(0, kept), ...again.flatMap(({ entries }) => entries)]).toEqual(complete);
    }
  });

  it('does not go on where trials come out differently, or are fewer than they were', async () => {
    const complete = (await run(nothing, whole)).flatMap(({ entries }) => entries);
    const left = readLedger(new Map([[ledgerPath(CYCLE), chain(EMPTY_LEDGER, complete.slice(0, 4)).text]]));
    const otherPlan = run(left, (record) => record.plan([plan(1, 'something else')]));
    await expect(otherPlan).rejects.toMatchObject({ code: 'night/not-repeatable' });
    const otherResult = run(left, async (record) => {
      await record.plan([plan(1), plan(2)]);
      await record.complete([outcome(1, 0.02)]);
    });
    await expect(otherResult).rejects.toMatchObject({ code: 'night/not-repeatable' });
    await expect(run(left, (record) => record.end(0, null))).rejects.toMatchObject({ code: 'night/not-repeatable' });
  });

  it('tells what stands ahead of it: plans to be met again, the end of the search, or nothing', async () => {
    const complete = (await run(nothing, whole)).flatMap(({ entries }) => entries);
    const seen: string[] = [];
    const ahead = (kept: number) => {
      const left = readLedger(new Map([[ledgerPath(CYCLE), chain(EMPTY_LEDGER, complete.slice(0, kept)).text]]));
      return run(left, async (record) => {
        seen.push(record.ahead());
        await record.plan([plan(1), plan(2)]);
        await record.complete([outcome(1), outcome(2)]);
        seen.push(record.ahead());
        await record.plan([plan(3)]);
        await record.complete([outcome(3)]);
        seen.push(record.ahead());
        await record.end(3, someReturns(3));
      });
    };
    await ahead(complete.length);
    await ahead(3);
    expect(seen).toEqual(['plan', 'plan', 'end', 'plan', 'nothing', 'nothing']);
  });

  it('knows the lines of its own night only', async () => {
    const complete = (await run(nothing, whole)).flatMap(({ entries }) => entries);
    const other = readLedger(new Map([[ledgerPath('20260104-1'), chain(EMPTY_LEDGER, complete).text]]));
    expect((await run(other, whole)).flatMap(({ entries }) => entries)).toEqual(complete);
  });
});
