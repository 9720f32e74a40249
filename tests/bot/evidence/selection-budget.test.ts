import { describe, expect, it } from 'vitest';
import { chain, EMPTY_LEDGER, type LedgerEntry, type LedgerReading, readLedger } from '#bot/evidence/ledger.ts';
import { askSelection, type SelectionNoise, selectionBudget, selectionLead } from '#bot/evidence/selection-budget.ts';
import { digest } from './ledger/sample-nights.ts';

const DAY_MS = 86_400_000;
const NOISE: SelectionNoise = {
  policy: { threshold: 0.05, noise: 0.02, answers: 3, daysPerAnswer: 30 },
  seed: 7,
  dataset: digest('d'),
};
const span = (days: number) => ({ from: 0, to: days * DAY_MS });

function ledgerOf(...questions: readonly { answer: 'above' | 'below' | null; day?: number }[]): LedgerReading {
  const entries = questions.flatMap(({ answer, day = 300 }, index): LedgerEntry[] => [
    { kind: 'selection-asked', question: index + 1, candidate: digest('c'), until: day * DAY_MS },
    ...(answer === null ? [] : [{ kind: 'selection-answered' as const, question: index + 1, answer }]),
  ]);
  const text = chain(EMPTY_LEDGER, entries).text;
  return readLedger(text === '' ? new Map() : new Map([['ledger/20260105-1.jsonl', text]]));
}

describe('the lead on the selection data', () => {
  it('is the mean daily difference, as a ratio a year', () => {
    expect(selectionLead(Float64Array.of(0.01, 0, 0.02), Float64Array.of(0, 0.01, 0.01))).toBeCloseTo((0.01 / 3) * 365, 10);
    expect(selectionLead(new Float64Array(0), new Float64Array(0))).toBe(0);
  });

  it('moves by no more than 5 % either way for any one day, so that no day can be read out of the answers', () => {
    const quiet = new Float64Array(100);
    const lucky = Float64Array.from(quiet);
    lucky[50] = 3;
    expect(selectionLead(lucky, quiet)).toBeCloseTo((0.05 * 365) / 100, 10);
    expect(selectionLead(quiet, lucky)).toBeCloseTo((-0.05 * 365) / 100, 10);
  });
});

describe('the budget of answers', () => {
  it('is spent by every yes, and by no no', () => {
    expect(selectionBudget(ledgerOf(), NOISE, span(300))).toMatchObject({ left: 3, asked: 0, daysToRefill: null });
    const ledger = ledgerOf({ answer: 'above' }, { answer: 'below' }, { answer: 'below' });
    expect(selectionBudget(ledger, NOISE, span(300))).toMatchObject({ left: 2, asked: 3, daysToRefill: 30 });
  });

  it('counts a question that was never answered as answered with yes: somebody may have seen it', () => {
    expect(selectionBudget(ledgerOf({ answer: null }), NOISE, span(300)).left).toBe(2);
  });

  it('is empty after the last yes, and then nobody is answered', () => {
    const budget = selectionBudget(ledgerOf({ answer: 'above' }, { answer: 'above' }, { answer: 'above' }), NOISE, span(310));
    expect(budget).toMatchObject({ left: 0, daysToRefill: 20 });
    expect(() => askSelection(budget, 99, NOISE)).toThrow('no answer left');
  });

  it('gets one answer back for every thirty new days, and no more than it had', () => {
    const spent = ledgerOf({ answer: 'above' }, { answer: 'above' }, { answer: 'above' });
    expect(selectionBudget(spent, NOISE, span(329)).left).toBe(0);
    expect(selectionBudget(spent, NOISE, span(330))).toMatchObject({ left: 1, daysToRefill: 30 });
    expect(selectionBudget(spent, NOISE, span(5_000))).toMatchObject({ left: 3, daysToRefill: null });
    // Days between two questions refill as well, and days of a budget that was full are not saved up.
    const slow = ledgerOf({ answer: 'below' }, { answer: 'above', day: 390 }, { answer: 'above', day: 420 });
    expect(selectionBudget(slow, NOISE, span(420)).left).toBe(2);
  });
});

describe('a question', () => {
  it('is answered through noise, and the same one always alike', () => {
    const answers = Array.from({ length: 40 }, (_, seed) => {
      const noise = { ...NOISE, seed };
      const budget = selectionBudget(ledgerOf(), noise, span(300));
      expect(askSelection(budget, 0.05, noise)).toBe(askSelection(budget, 0.05, noise));
      return askSelection(budget, 0.05, noise);
    });
    expect(new Set(answers)).toEqual(new Set(['above', 'below']));
    for (const seed of [1, 2, 3, 4, 5]) {
      const noise = { ...NOISE, seed };
      const budget = selectionBudget(ledgerOf(), noise, span(300));
      expect(askSelection(budget, 3, noise)).toBe('above');
      expect(askSelection(budget, -3, noise)).toBe('below');
    }
  });

  it('has noise of its own, drawn from what no proposer has: the same lead is not always answered alike', () => {
    const answers = Array.from({ length: 40 }, (_, earlier) => {
      const ledger = ledgerOf(...Array.from({ length: earlier }, () => ({ answer: 'below' as const })));
      return askSelection(selectionBudget(ledger, NOISE, span(300)), 0.05, NOISE);
    });
    expect(new Set(answers)).toEqual(new Set(['above', 'below']));
    const other = { ...NOISE, dataset: digest('e') };
    const thresholds = [NOISE, other].map((noise) => selectionBudget(ledgerOf(), noise, span(300)).thresholdout.noisyThreshold);
    expect(thresholds[0]).not.toBe(thresholds[1]);
  });
});
