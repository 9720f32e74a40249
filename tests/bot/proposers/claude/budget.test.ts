import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Allowance, Budget } from '#bot/proposers/claude/budget.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('model-budget');
const path = join(folder.path, 'model.sqlite');
const NOON = Date.UTC(2026, 2, 2, 12);
const CALL = { purpose: 'write', model: 'claude-test-1' } as const;
const ALLOWANCE: Allowance = { dailyTokens: 10_000, dailyMoney: 500_000, currency: 'USD' };
let now = NOON;

beforeEach(() => {
  now = NOON;
  rmSync(folder.path, { recursive: true, force: true });
  mkdirSync(folder.path);
});
afterAll(() => folder.remove());

/** What `work` comes to on a budget that is opened for it, as after a restart. */
function opened<T>(work: (budget: Budget) => T, allowance: Partial<Allowance> = {}): T {
  const budget = Budget.open(path, { ...ALLOWANCE, ...allowance }, () => now);
  try {
    return work(budget);
  } finally {
    budget.close();
  }
}

const take = (tokens: number, money: number | null) => (budget: Budget) => budget.reserve({ tokens, money }, CALL);
const left = (budget: Budget) => budget.left();

describe("a day's budget", () => {
  it('takes the most a call may cost, and gives back what it did not need', () => {
    opened((budget) => {
      const reservation = budget.reserve({ tokens: 6_000, money: 400_000 }, CALL);
      expect(budget.left()).toEqual({ tokens: 4_000, money: 100_000 });
      if (reservation.kind !== 'granted') throw new Error('It was not.');
      budget.settle(reservation.id, { tokens: 1_000, money: 30_000 });
      expect(budget.left()).toEqual({ tokens: 9_000, money: 470_000 });
    });
  });

  it('keeps over a restart what was taken by a call that never ended', () => {
    opened(take(6_000, 400_000));
    expect(opened(left)).toEqual({ tokens: 4_000, money: 100_000 });
  });

  it.each([
    ['tokens', 5_000, 1],
    ['money', 1, 200_000],
  ] as const)('gives nothing when there are too few %s, and says until when', (what, tokens, money) => {
    opened(take(6_000, 400_000));
    expect(opened(take(tokens, money))).toEqual({
      kind: 'spent',
      what,
      left: { tokens: 4_000, money: 100_000 },
      backAt: Date.UTC(2026, 2, 3),
    });
    expect(opened(left)).toEqual({ tokens: 4_000, money: 100_000 });
    now = Date.UTC(2026, 2, 3);
    expect(opened(take(tokens, money)).kind).toBe('granted');
  });

  it('counts money that has no limit, so that a limit set later in the day knows of it', () => {
    opened(take(100, 450_000), { dailyMoney: null });
    expect(opened(left, { dailyMoney: null })).toEqual({ tokens: 9_900, money: null });
    expect(opened(left)).toEqual({ tokens: 9_900, money: 50_000 });
  });

  it('adds up no two currencies', () => {
    opened(take(100, 450_000), { currency: 'EUR' });
    expect(opened(left)).toEqual({ tokens: 9_900, money: 500_000 });
  });

  it('is never less than nothing, when it was lowered', () => {
    opened(take(6_000, 400_000));
    expect(opened(left, { dailyTokens: 1_000, dailyMoney: 1 })).toEqual({ tokens: 0, money: 0 });
  });

  it('that cannot be read is an error, and no new one', () => {
    writeFileSync(path, 'This is no database, and nobody knows what was spent.'.repeat(40));
    expect(() => opened(left)).toThrow(expect.objectContaining({ code: 'model/bad-budget' }));
    expect(readFileSync(path, 'utf8')).toContain('no database');
  });

  it('of a file from before money was counted has its tokens still', () => {
    const db = new Database(path);
    db.exec(`
      CREATE TABLE calls (
        id INTEGER PRIMARY KEY, day TEXT NOT NULL, purpose TEXT NOT NULL, model TEXT NOT NULL, reserved INTEGER NOT NULL, spent INTEGER
      ) STRICT;
      CREATE INDEX calls_by_day ON calls (day);
      INSERT INTO calls (day, purpose, model, reserved, spent) VALUES ('2026-03-02', 'ask', 'claude-test-1', 5000, 1200), ('2026-03-02', 'ask', 'claude-test-1', 800, NULL);
    `);
    db.close();
    expect(opened(left)).toEqual({ tokens: 8_000, money: 500_000 });
    opened(take(1_000, 100_000));
    expect(opened(left)).toEqual({ tokens: 7_000, money: 400_000 });
  });
});
