import { describe, expect, it } from 'vitest';
import {
  chain,
  EMPTY_LEDGER,
  effectiveNumber,
  harsherTrials,
  ideasOf,
  type LedgerEntry,
  ledgerPath,
  type NightIdeas,
  readLedger,
  requireIdeas,
  searchOf,
  trialReturns,
} from '#bot/evidence/ledger.ts';
import { varianceOf } from '#engine/statistics/moments.ts';
import { sharpeRatio } from '#engine/statistics/sharpe-ratio.ts';
import { nightOf, someReturns } from './sample-nights.ts';

/** Three ideas, each tried a few times with other numbers. */
function threeIdeas(each: number, options: { firstDay?: number; seed?: number } = {}): NightIdeas {
  const { firstDay = 19_000, seed = 1 } = options;
  const ideas = [1, 2, 3].map((idea) => someReturns(each, { firstDay, seed: 10 * seed + idea, own: 0.001 }));
  const returns = {
    ...ideas[0]!,
    trials: Array.from({ length: 3 * each }, (_, index) => index + 1),
    series: ideas.flatMap(({ series }) => series),
  };
  return { ...returns, ideas: ideasOf(returns) };
}

describe('the effective number of trials', () => {
  it('counts variations of an idea once', () => {
    expect(effectiveNumber([threeIdeas(8)]).count).toBe(3);
  });

  it('knows an idea again that an earlier night has tried', () => {
    const night = threeIdeas(5);
    expect(effectiveNumber([night, night]).count).toBe(3);
    expect(effectiveNumber([night, threeIdeas(5, { seed: 2 })]).count).toBe(6);
  });

  it('compares nights on the days they share, and counts apart those that share too few', () => {
    const night = threeIdeas(5);
    const monthLater: NightIdeas = { ...night, firstDay: night.firstDay + 30, series: night.series.map(shiftedBy(30)) };
    expect(effectiveNumber([night, monthLater]).count).toBe(3);
    const yearLater: NightIdeas = { ...night, firstDay: night.firstDay + 365 };
    expect(effectiveNumber([night, yearLater]).count).toBe(6);
  });

  it('takes older nights by their ideas where all trials are too many, and never loses one', () => {
    const nights = [1, 2, 3].map((seed) => threeIdeas(6, { seed }));
    expect(effectiveNumber(nights).count).toBe(9);
    expect(effectiveNumber(nights, 30).count).toBe(9);
    // Not even their ideas fit in: they are counted on top.
    expect(effectiveNumber(nights, 18).count).toBe(9);
  });

  it('says nothing of no trial, and one of one', () => {
    expect(effectiveNumber([])).toEqual({ count: 0, sharpeVariance: null });
    expect(effectiveNumber([someReturns(1)])).toEqual({ count: 1, sharpeVariance: null });
  });
});

describe('what a night’s evidence says of its search', () => {
  const [one, two] = [threeIdeas(4), threeIdeas(5, { seed: 2 })];
  const first = nightOf('20260105-1', one);
  const second = nightOf('20260106-1', two);
  const opening = chain(EMPTY_LEDGER, first.entries);
  const ledger = readLedger(
    new Map([
      [ledgerPath('20260105-1'), opening.text],
      [ledgerPath('20260106-1'), chain(opening.head, second.entries).text],
    ]),
    new Map([
      ['20260105-1', first.returns!],
      ['20260106-1', second.returns!],
    ]),
  );

  it('counts every trial up to its own, raw and as ideas, and names the line its search ended with', () => {
    const search = searchOf(ledger, '20260106-1')!;
    expect(search).toMatchObject({ trials: 15, trialsEver: 27, trialsEffective: 6 });
    const closing = ledger.entries.findLast(({ entry }) => entry.kind === 'search-ended');
    expect(search.ledgerHead).toBe(closing!.hash);
    expect(searchOf(ledger, '20260105-1')).toMatchObject({ trials: 12, trialsEver: 12, trialsEffective: 3 });
    expect(searchOf(ledger, '20260107-1')).toBeNull();
  });

  it('does not change when later nights come', () => {
    const alone = readLedger(new Map([[ledgerPath('20260105-1'), opening.text]]), new Map([['20260105-1', first.returns!]]));
    expect(searchOf(alone, '20260105-1')).toEqual(searchOf(ledger, '20260105-1'));
  });

  it('has the variance of the Sharpe ratios of all trials, and of the ideas', () => {
    const search = searchOf(ledger, '20260106-1')!;
    const kept = ['20260105-1', '20260106-1'].flatMap((cycle) =>
      trialReturns(ledger, cycle).map((series) => sharpeRatio(series)!),
    );
    expect(kept).toHaveLength(27);
    expect(search.sharpeVariance).toBeCloseTo(varianceOf(kept)!, 12);
    expect(search.sharpeVarianceEffective).toBeGreaterThan(0);
  });

  it('hands out the very returns that the ledger keeps, in the order of the trials', () => {
    const series = trialReturns(ledger, '20260105-1');
    expect(series).toHaveLength(12);
    for (const [index, kept] of series.entries())
      for (const [day, value] of kept.entries()) expect(Math.abs(value - one.series[index]![day]!)).toBeLessThanOrEqual(5.1e-7);
    expect(trialReturns(ledger, '20260107-1')).toEqual([]);
  });
});

describe('the ideas a search ended with', () => {
  it('are those its returns give, and a line that says otherwise is found', () => {
    const night = nightOf('20260105-1', threeIdeas(3));
    const read = (entries: readonly LedgerEntry[]) =>
      readLedger(
        new Map([[ledgerPath('20260105-1'), chain(EMPTY_LEDGER, entries).text]]),
        new Map([['20260105-1', night.returns!]]),
      );
    expect(() => requireIdeas(read(night.entries))).not.toThrow();
    const lumped = night.entries.map((entry) =>
      entry.kind === 'search-ended' ? { ...entry, ideas: entry.ideas.map(() => 0) } : entry,
    );
    expect(() => requireIdeas(read(lumped))).toThrow('ledger/20260105-1.jsonl:12: its trials amount to other ideas than it says');
  });
});

describe('the harsher count', () => {
  const counts = { trialsEver: 100, trialsEffective: 4, sharpeVariance: 0.001, sharpeVarianceEffective: 0.001 };

  it('is the raw one where ideas differ no more than trials do', () => {
    expect(harsherTrials(counts)).toEqual({ trials: 100, sharpeVariance: 0.001, counted: 'raw' });
  });

  it('is the clustered one where a hundred trials were four ideas that differ much', () => {
    const apart = { ...counts, sharpeVarianceEffective: 0.02 };
    expect(harsherTrials(apart)).toEqual({ trials: 4, sharpeVariance: 0.02, counted: 'clustered' });
  });

  it('is never the one whose variance is unknown while the other’s is not', () => {
    expect(harsherTrials({ ...counts, sharpeVarianceEffective: null }).counted).toBe('raw');
    expect(harsherTrials({ ...counts, sharpeVariance: null }).counted).toBe('clustered');
  });
});

/** What a series that began earlier looks like to a night that begins `days` later, with something new at its end. */
function shiftedBy(days: number): (series: Float64Array) => Float64Array {
  return (series) => Float64Array.from({ length: series.length }, (_, day) => series[day + days] ?? series[day % 7]!);
}
