import { describe, expect, it } from 'vitest';
import { decide } from '#bot/orchestrator/decide.ts';
import { benchmarks, type Observation, type PaperRecord } from '#bot/orchestrator/observe.ts';

const DAY = 86_400_000;
const asOf = Date.UTC(2026, 0, 31);

function observation(
  change: Partial<PaperRecord> & { development?: { netReturn: number; trades: number }; openProposal?: number } = {},
): Observation {
  const record: PaperRecord = {
    trades: [{ netResult: 12, fees: 2, exitTime: asOf - DAY }],
    decisionCounts: [
      { action: 'hold', count: 300 },
      { action: 'target', count: 4 },
    ],
    lastBarTime: asOf,
    ...change,
  };
  return {
    strategy: 'ema-cross',
    asOf,
    paper: benchmarks(record),
    development: change.development ?? { netReturn: 0.2, trades: 400 },
    openProposal: change.openProposal ?? null,
  };
}

describe('the decision of a night', () => {
  it('leaves a version alone that earns and trades', () => {
    expect(decide(observation())).toMatchObject({
      kind: 'NO_CHANGE',
      reason: expect.stringContaining('nothing asks for a change'),
    });
  });

  it('waits while a proposal for the strategy is open', () => {
    expect(decide(observation({ openProposal: 12 }))).toMatchObject({
      kind: 'NO_CHANGE',
      reason: expect.stringContaining('#12'),
    });
  });

  it('searches when paper trading loses, and says how much of it was fees', () => {
    const losing = observation({ trades: [{ netResult: -30, fees: 25, exitTime: asOf - DAY }] });
    expect(decide(losing)).toEqual({ kind: 'SEARCH', reason: 'ema-cross lost 30.00 in 1 paper trades, 25.00 of it fees.' });
  });

  it('searches in a drought', () => {
    const dry = observation({ trades: [{ netResult: 5, fees: 1, exitTime: asOf - 20 * DAY }] });
    expect(decide(dry)).toMatchObject({ kind: 'SEARCH', reason: expect.stringContaining('20 days') });
  });

  it('searches when the version loses on the development data', () => {
    expect(decide(observation({ development: { netReturn: -0.4, trades: 900 } }))).toMatchObject({
      kind: 'SEARCH',
      reason: expect.stringContaining('−40.0 %'),
    });
  });
});

describe('truth benchmarks', () => {
  it('are sums over the rows', () => {
    expect(
      benchmarks({
        trades: [
          { netResult: 10, fees: 1, exitTime: 5 },
          { netResult: -4, fees: 2, exitTime: 9 },
        ],
        decisionCounts: [
          { action: 'hold', count: 7 },
          { action: 'target', count: 2 },
        ],
        lastBarTime: 11,
      }),
    ).toEqual({ trades: 2, wins: 1, netResult: 6, fees: 3, decisions: 9, holds: 7, lastTradeTime: 9, lastBarTime: 11 });
  });

  it('of nothing are zeros and nulls', () => {
    expect(benchmarks({ trades: [], decisionCounts: [], lastBarTime: null })).toMatchObject({
      trades: 0,
      netResult: 0,
      lastTradeTime: null,
      lastBarTime: null,
    });
  });
});
