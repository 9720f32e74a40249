import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelCost } from '#bot/orchestrator/dashboard/model-cost.ts';
import { costSection } from '#bot/orchestrator/dashboard/sections/cost.ts';
import { type Allowance, Budget } from '#bot/proposers/claude/budget.ts';
import type { Purpose } from '#bot/proposers/claude/purpose.ts';

const ALLOWANCE: Allowance = { dailyTokens: 10_000, dailyMoney: 2_000_000, currency: 'USD' };
const TODAY = Date.UTC(2026, 0, 10, 12);
const DAY_MS = 86_400_000;
const NO_NIGHTS = { ok: true, value: [] } as const;

let root = '';
let dir = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ratchet-model-cost-'));
  dir = mkdtempSync(join(root, 'bot-'));
  spend(TODAY - 10 * DAY_MS, 'decide', 900, 9_000_000);
  spend(TODAY - 5 * DAY_MS, 'decide', 600, 300_000);
  spend(TODAY, 'decide', 400, 250_000);
  spend(TODAY, 'review', 100, 50_000);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function spend(at: number, purpose: Purpose, tokens: number, money: number, allowance = ALLOWANCE): void {
  const daily = { ...allowance, dailyMoney: null };
  const budget = Budget.open(join(dir, 'model.sqlite'), daily, () => at);
  const taken = budget.reserve({ tokens, money }, { purpose, model: 'some-model' });
  if (taken.kind === 'granted') budget.settle(taken.id, { tokens, money });
  budget.close();
}

const section = (allowance: Allowance | null, now = TODAY, of = dir) =>
  costSection({ nights: NO_NIGHTS, models: { ok: true, value: modelCost(of, allowance, now) } });

describe('what models cost, on the dashboard', () => {
  it('is told by purpose, of the day and of its month, and last year’s calls are not of this month', () => {
    const text = section(ALLOWANCE);
    expect(text).toContain('| Model | For | On 2026-01-10 | In 2026-01 |');
    expect(text).toContain('| `some-model` | decide | 1 call, 400 tokens, 0.25 USD | 2 calls, 1,000 tokens, 0.55 USD |');
    expect(text).toContain('| `some-model` | review | 1 call, 100 tokens, 0.05 USD | 1 call, 100 tokens, 0.05 USD |');
    expect(text).toContain('| all |  | 2 calls, 500 tokens, 0.30 USD | 3 calls, 1,100 tokens, 0.60 USD |');
  });

  it('says what is left of the day, as the budget itself would, and that a new day is whole', () => {
    const budget = Budget.open(join(dir, 'model.sqlite'), ALLOWANCE, () => TODAY);
    const left = budget.left();
    budget.close();
    expect(modelCost(dir, ALLOWANCE, TODAY).budget?.left).toEqual(left);
    expect(section(ALLOWANCE)).toContain('Left of the budget of 2026-01-10: 9,500 of 10,000 tokens and 1.70 of 2.00 USD.');
    const next = section(ALLOWANCE, TODAY + DAY_MS);
    expect(next).toContain('Left of the budget of 2026-01-11: 10,000 of 10,000 tokens and 2.00 of 2.00 USD.');
    expect(next).toContain('| `some-model` | review | nothing | 1 call');
    expect(section({ ...ALLOWANCE, dailyMoney: null })).toContain('9,500 of 10,000 tokens; money has no limit.');
  });

  it('is one sentence where no model is configured, and what was spent before stands all the same', () => {
    const none = mkdtempSync(join(root, 'none-'));
    expect(section(null, TODAY, none)).toBe('## Cost\n\nNo model is configured, so nothing is spent on one.');
    expect(section(ALLOWANCE, TODAY, none)).toContain('No model was asked anything in 2026-01.');
    expect(section(null)).toMatch(/^## Cost\n\nNo model is configured, so nothing is spent on one\.\n\n\| Model /);
  });

  it('never adds up two currencies, and takes the limit from its own alone', () => {
    const tomorrow = TODAY + DAY_MS;
    spend(tomorrow, 'decide', 10, 1_000_000);
    spend(tomorrow, 'decide', 20, 7_000_000, { ...ALLOWANCE, currency: 'EUR' });
    const text = section(ALLOWANCE, tomorrow);
    expect(text).toContain('| all |  | 2 calls, 30 tokens, 7.00 EUR and 1.00 USD |');
    expect(text).toContain('9,970 of 10,000 tokens and 1.00 of 2.00 USD.');
  });

  it('names a file that is no budget, and hides no night for it', () => {
    const broken = mkdtempSync(join(root, 'broken-'));
    writeFileSync(join(broken, 'model.sqlite'), 'no database at all');
    expect(() => modelCost(broken, ALLOWANCE, TODAY)).toThrow(expect.objectContaining({ code: 'model/bad-spending' }));
    const models = { ok: false, why: 'model.sqlite does not say what models cost.' } as const;
    expect(costSection({ nights: NO_NIGHTS, models })).toContain('does not say what models cost');
    expect(costSection({ nights: NO_NIGHTS, models: null })).toBe('');
  });
});
