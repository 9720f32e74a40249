import { describe, expect, it } from 'vitest';
import { parityOf } from '#engine/runtime/forward/parity.ts';
import { decisionAt, HOUR, recordOf, replayOf, rowOf, SINCE, tradeAt } from './record-of-days.ts';

const first = tradeAt(SINCE + HOUR, SINCE + 4 * HOUR);
const second = tradeAt(SINCE + 10 * HOUR, SINCE + 14 * HOUR, { entryPrice: 99.5, quantity: 0.3 });

describe('the parity of a version on paper', () => {
  it('is every number of every closed trade, and zero differences are said as a number', () => {
    const record = recordOf(2, { trades: [rowOf(first), rowOf(second)] });
    expect(parityOf(record, replayOf(2, { trades: [first, second] }))).toEqual({
      state: 'compared',
      what: 'trades',
      compared: 2,
      differences: 0,
      first: null,
    });
  });

  it('notices the last digit of one number, and shows the trade', () => {
    const record = recordOf(2, { trades: [rowOf(first), rowOf(second)] });
    const other = { ...second, entryPrice: 99.50000000000001 };
    const parity = parityOf(record, replayOf(2, { trades: [first, other] }));
    expect(parity).toMatchObject({ compared: 2, differences: 1, first: expect.stringContaining('99.5') });
  });

  it('notices a trade that only one of them has', () => {
    const one = recordOf(2, { trades: [rowOf(first)] });
    expect(parityOf(one, replayOf(2, { trades: [first, second] }))).toMatchObject({ differences: 1, compared: 2 });
    const both = recordOf(2, { trades: [rowOf(first), rowOf(first)] });
    expect(parityOf(both, replayOf(2, { trades: [first] }))).toMatchObject({ differences: 1, compared: 2 });
  });

  it('looks no further than the market time that is asked for', () => {
    const record = recordOf(2, { trades: [rowOf(first), rowOf(second)] });
    expect(parityOf(record, replayOf(2, { trades: [first] }), SINCE + 5 * HOUR)).toMatchObject({ compared: 1, differences: 0 });
  });

  it('ends where a person held the engine back, which no backtest knows of', () => {
    const decided = [decisionAt(SINCE + 8 * HOUR, { action: 'target', outcome: 'denied:paused' })];
    const record = recordOf(2, { trades: [rowOf(first)], decided });
    expect(parityOf(record, replayOf(2, { trades: [first, second] }))).toMatchObject({ compared: 1, differences: 0 });
  });

  it('cannot be told where positions or a state were taken over', () => {
    expect(parityOf(recordOf(2, { beganFlat: false }), replayOf(2))).toMatchObject({ state: 'cannot' });
    expect(parityOf(recordOf(2, { hasPredecessor: true }), replayOf(2, { hasState: true }))).toMatchObject({ state: 'cannot' });
    expect(parityOf(recordOf(2, { hasPredecessor: true }), replayOf(2))).toMatchObject({ state: 'compared' });
  });
});

describe('the parity of a version that is not on paper', () => {
  const signal = { instant: SINCE + HOUR, symbol: 'BTC/USDT', action: 'target', reason: 'up' };
  const later = { instant: SINCE + 5 * HOUR, symbol: 'BTC/USDT', action: 'exit', reason: 'down' };
  const decided = [decisionAt(signal.instant, { action: 'target', reason: 'up', outcome: 'shadow' })];

  it('is, in shadow, each decision up to the bar from which the backtester would hold something', () => {
    const replay = replayOf(2, { signals: [signal, later], firstHeldAt: SINCE + 2 * HOUR });
    expect(parityOf(recordOf(2, { stage: 'shadow', decided }), replay)).toMatchObject({
      what: 'decisions',
      compared: 1,
      differences: 0,
    });
    const other = [decisionAt(signal.instant, { action: 'target', reason: 'no trend', outcome: 'shadow' })];
    expect(parityOf(recordOf(2, { stage: 'shadow', decided: other }), replay)).toMatchObject({ differences: 1 });
  });

  it('reads a run of the same decision as one at each of its bars, and begins after one with gaps in it', () => {
    const signals = [1, 2, 3, 5].map((hour) => ({ ...signal, instant: SINCE + hour * HOUR }));
    const run = (change: object) =>
      decisionAt(SINCE + 3 * HOUR, { first: SINCE + HOUR, action: 'target', reason: 'up', outcome: 'shadow', ...change });
    const last = decisionAt(SINCE + 5 * HOUR, { action: 'target', reason: 'up', outcome: 'shadow' });
    const shadow = (times: number) => recordOf(2, { stage: 'shadow', decided: [run({ times }), last] });
    expect(parityOf(shadow(3), replayOf(2, { signals }))).toMatchObject({ compared: 4, differences: 0 });
    expect(parityOf(shadow(2), replayOf(2, { signals }))).toMatchObject({ compared: 1, differences: 0 });
  });

  it('is, at a venue, what was decided at which bar, whatever was filled', () => {
    const replay = replayOf(2, { signals: [signal, later], firstHeldAt: SINCE + 2 * HOUR });
    const record = recordOf(2, {
      stage: 'canary',
      decided: [decisionAt(signal.instant, { action: 'target', reason: 'other' })],
    });
    expect(parityOf(record, replay)).toMatchObject({ compared: 2, differences: 1, first: expect.stringContaining('exit') });
  });

  it('compares nothing before the first bar', () => {
    expect(parityOf(recordOf(0, { stage: 'shadow' }), replayOf(0))).toMatchObject({ compared: 0, differences: 0 });
  });
});
