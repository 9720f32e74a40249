import { describe, expect, it } from 'vitest';
import { decide } from '#bot/orchestrator/decide.ts';
import { type Observation, publishedTruth } from '#bot/orchestrator/observe.ts';
import type { Truth } from '#engine/store/truth/truth.ts';

const earning = { trades: 1, netResult: 12, fees: 2, daysSinceTrade: 1 };

function observation(
  change: Partial<Truth> & { development?: { netReturn: number; trades: number }; openProposal?: number } = {},
): Observation {
  const { development = { netReturn: 0.2, trades: 400 }, openProposal = null, ...truth } = change;
  // What the decision looks at; the rest of the truth is not asked.
  const analysis = { problem: 'Nobody was asked.' };
  return {
    strategy: 'ema-cross',
    asOf: 0,
    truth: { ...earning, ...truth } as Truth,
    development,
    analysis,
    openProposal,
    memory: [],
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
    const losing = observation({ netResult: -30, fees: 25 });
    expect(decide(losing)).toEqual({ kind: 'SEARCH', reason: 'ema-cross lost 30.00 in 1 paper trades, 25.00 of it fees.' });
  });

  it('searches in a drought', () => {
    const dry = observation({ daysSinceTrade: 20.4 });
    expect(decide(dry)).toMatchObject({ kind: 'SEARCH', reason: expect.stringContaining('20 days') });
  });

  it('searches when the version loses on the development data', () => {
    expect(decide(observation({ development: { netReturn: -0.4, trades: 900 } }))).toMatchObject({
      kind: 'SEARCH',
      reason: expect.stringContaining('−40.0 %'),
    });
  });
});

describe('a version no engine has told of', () => {
  it('is judged by the development data alone', () => {
    expect(publishedTruth(null, 'ema-cross', 't1')).toBeNull();
    const unheard = { ...observation(), truth: null };
    expect(decide(unheard)).toMatchObject({ kind: 'NO_CHANGE' });
    expect(decide({ ...unheard, development: { netReturn: -0.4, trades: 900 } })).toMatchObject({ kind: 'SEARCH' });
  });
});
