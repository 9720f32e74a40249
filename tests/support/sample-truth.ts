import type { Truth } from '#engine/store/truth/truth.ts';

/** The truth of a version that has only just been loaded, but for what is given. */
export function sampleTruth(part: Partial<Truth> = {}): Truth {
  return {
    version: 't1',
    trades: 0,
    wins: 0,
    winRate: null,
    grossResult: 0,
    netResult: 0,
    fees: 0,
    expectancy: null,
    profitFactor: null,
    lossesInARow: 0,
    worstLossesInARow: 0,
    drawdownNow: null,
    drawdownWorst: null,
    exposure: null,
    decisions: 0,
    holds: 0,
    signals: 0,
    acted: 0,
    refused: 0,
    refusals: {},
    scansExpected: 0,
    scansMade: 0,
    daysSinceSignal: 0,
    daysSinceTrade: 0,
    dataAge: null,
    uptime: null,
    age: 0,
    versions: 1,
    ...part,
  };
}
