import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Budget } from '#bot/proposers/claude/budget.ts';
import { requireKept } from '#bot/proposers/claude/require-kept.ts';
import { spending } from '#bot/proposers/claude/spending.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('kept-budget');
const dir = join(folder.path, 'model');
const path = join(dir, 'model.sqlite');
const access = { model: 'claude-test-1', dailyTokens: 10_000, dailyMoney: 500_000, currency: 'USD' };
let now: number;
const clock = () => now;

beforeEach(() => {
  now = Date.UTC(2026, 2, 2, 2, 17);
  rmSync(dir, { recursive: true, force: true });
});
afterAll(() => folder.remove());

function left(): ReturnType<Budget['left']> {
  const budget = Budget.open(path, access, clock);
  try {
    return budget.left();
  } finally {
    budget.close();
  }
}

describe('the budget of a machine that forgets', () => {
  it('begins where no model was ever asked', () => {
    expect(requireKept({ dir, access, clock, wasAsked: false })).toBeNull();
    mkdirSync(dir);
    expect(left()).toEqual({ tokens: 10_000, money: 500_000 });
  });

  it('goes on where it was kept', () => {
    mkdirSync(dir);
    const budget = Budget.open(path, access, clock);
    budget.reserve({ tokens: 4_000, money: 100_000 }, { purpose: 'write', model: access.model });
    budget.close();
    expect(requireKept({ dir, access, clock, wasAsked: true })).toBeNull();
    expect(left()).toEqual({ tokens: 6_000, money: 400_000 });
  });

  it.each([
    ['did not come back', () => {}],
    [
      'came back empty',
      () => {
        mkdirSync(dir);
        writeFileSync(path, '');
      },
    ],
  ])('has nothing left today when it %s, says so once, and has all of it tomorrow', (_how, lose) => {
    lose();
    const today = { dir, access, clock, wasAsked: true };
    expect(requireKept(today)).toContain('counts as spent');
    expect(left()).toEqual({ tokens: 0, money: 0 });
    expect(spending(dir, '2026-03-02', '2026-03-02')).toMatchObject([{ purpose: 'unknown', tokens: 10_000, money: 500_000 }]);
    expect(requireKept(today)).toBeNull();
    now += 86_400_000;
    expect(left()).toEqual({ tokens: 10_000, money: 500_000 });
  });
});
