import { describe, expect, it } from 'vitest';
import { dailyReturns, forwardFigures } from '#engine/runtime/forward/forward-figures.ts';
import { dailyHealth } from '#engine/runtime/forward/shadow-health.ts';
import { closesOf, DAY, decisionAt, equityAt, HOUR, recordOf, replayOf, rowOf, SINCE, tradeAt } from './record-of-days.ts';

const ok = (replay: ReturnType<typeof replayOf>) => ({ ok: true, replay }) as const;

describe('what a version did', () => {
  it('is counted in bars due and bars decided on, symbol by symbol', () => {
    const decisions = closesOf(3).filter((_, bar) => bar !== 5 && bar !== 30);
    const record = recordOf(3, { decided: decisions.map((instant) => decisionAt(instant)) });
    expect(forwardFigures(record, ok(replayOf(3))).decisions).toEqual({ due: 72, made: 70 });
    expect(forwardFigures(record, ok(replayOf(3)), SINCE + DAY).decisions).toEqual({ due: 24, made: 23 });
  });

  it('shows a weekend without the engine as bars it was due on and never decided on', () => {
    const weekday = (instant: number): boolean => ![0, 6].includes(new Date(instant - 1).getUTCDay());
    const decisions = closesOf(7).filter(weekday);
    const record = recordOf(7, { decided: decisions.map((instant) => decisionAt(instant)), uptime: 5 / 7 });
    const figures = forwardFigures(record, ok(replayOf(7)));
    expect(figures.decisions).toEqual({ due: 168, made: 120 });
    // The market did not rest: its candles are all there.
    expect(figures.data).toMatchObject({ expected: 168, present: 168, longestGap: 0, age: 0 });
  });

  it('finds the longest gap in the candles, and the age of the newest', () => {
    const due = new Map([
      ['BTC/USDT', closesOf(2)],
      ['ETH/USDT', closesOf(2).filter((_, bar) => (bar < 10 || bar >= 14) && bar < 45)],
    ]);
    expect(forwardFigures(recordOf(2), ok(replayOf(2, { due }))).data).toEqual({
      expected: 96,
      present: 89,
      longestGap: 4,
      age: 3,
      corrections: 0,
    });
  });

  it('counts faults, and apart from them the bars that the venue told differently later', () => {
    const fault = { at: 0, strategy: 'ema-cross', treeHash: null, code: 'sandbox/timeout', message: '' };
    const faults = [SINCE + HOUR, SINCE + 2 * DAY].map((instant) => ({ ...fault, instant }));
    const figures = (asOf: number) =>
      forwardFigures(recordOf(2, { faults }), ok(replayOf(2, { corrected: [SINCE + 1, SINCE + 1, SINCE + DAY + 1] })), asOf);
    expect([figures(SINCE + DAY).faults, figures(SINCE + DAY).data?.corrections]).toEqual([1, 2]);
    expect([figures(SINCE + 2 * DAY).faults, figures(SINCE + 2 * DAY).data?.corrections]).toEqual([2, 3]);
  });

  it('is a result of the account, from what it was worth when the version was loaded', () => {
    const equity = closesOf(2).map((instant, bar) => equityAt(instant, bar < 24 ? 1_100 : 990));
    const trades = [rowOf(tradeAt(SINCE, SINCE + HOUR)), rowOf(tradeAt(SINCE + DAY, SINCE + DAY + HOUR, { netResult: -1 }))];
    const { result } = forwardFigures(recordOf(2, { equity, trades }), ok(replayOf(2)));
    expect(result).toMatchObject({ isHypothetical: false, trades: 2, winRate: 0.5, maxDrawdown: 1 - 990 / 1_100 });
    expect(result!.netReturn).toBeCloseTo(-0.01, 12);
    expect(result!.daily).toEqual([expect.closeTo(0.1, 12), expect.closeTo(-0.1, 12)]);
  });

  it('is the same where old bars stand in runs', () => {
    const run = { ...equityAt(SINCE + DAY, 1_050), first: SINCE + HOUR, high: 1_100, low: 880, fall: 0.2 };
    const decided = [decisionAt(SINCE + DAY, { first: SINCE + HOUR, times: 24 })];
    const figures = forwardFigures(recordOf(1, { equity: [run], decided }), ok(replayOf(1)));
    expect(figures.decisions).toEqual({ due: 24, made: 24 });
    expect(figures.result).toMatchObject({ maxDrawdown: 0.2, netReturn: expect.closeTo(0.05, 12) });
    expect(dailyHealth(recordOf(1, { decided }), ok(replayOf(1)), 1)).toMatchObject([{ made: 24 }]);
  });

  it('is, in shadow, what the backtester makes of the same days, and said to be', () => {
    const equity = { time: [SINCE + DAY, SINCE + 2 * DAY], value: [1_020, 969] };
    const replay = replayOf(2, { equity, trades: [tradeAt(SINCE, SINCE + HOUR)] });
    const { result } = forwardFigures(recordOf(2, { stage: 'shadow' }), ok(replay));
    expect(result).toMatchObject({ isHypothetical: true, trades: 1, maxDrawdown: expect.closeTo(0.05, 12) });
    expect(result!.netReturn).toBeCloseTo(-0.031, 12);
  });

  it('is unknown where its days cannot be replayed, but for what the record alone says', () => {
    const cannot = { ok: false, why: 'the candles are gone' } as const;
    const figures = forwardFigures(recordOf(2), cannot);
    expect(figures).toMatchObject({ decisions: null, data: null, result: { trades: 0 }, parity: { state: 'cannot' } });
    expect(forwardFigures(recordOf(2, { stage: 'shadow' }), cannot).result).toBeNull();
  });

  it('is nothing before the first bar, and one bar is one bar', () => {
    expect(forwardFigures(recordOf(0), ok(replayOf(0)))).toMatchObject({
      days: 0,
      decisions: { due: 0, made: 0 },
      data: { expected: 0, present: 0, age: 0 },
      result: { trades: 0, netReturn: 0, daily: [] },
    });
    expect(forwardFigures(recordOf(1 / 24), ok(replayOf(1 / 24)))).toMatchObject({
      decisions: { due: 1, made: 1 },
      data: { expected: 1, present: 1 },
      result: { daily: [0] },
    });
  });
});

describe('daily returns', () => {
  it('end with the UTC day, and a close at midnight ends the day before', () => {
    expect(
      dailyReturns(
        [
          [SINCE + DAY, 110],
          [SINCE + DAY + HOUR, 110],
          [SINCE + 2 * DAY, 99],
        ],
        100,
      ),
    ).toEqual([expect.closeTo(0.1, 12), expect.closeTo(-0.1, 12)]);
  });

  it('have a day of nothing for each day without a bar', () => {
    expect(
      dailyReturns(
        [
          [SINCE + HOUR, 100],
          [SINCE + 3 * DAY + HOUR, 101],
        ],
        100,
      ),
    ).toEqual([0, 0, 0, expect.closeTo(0.01, 12)]);
  });
});

describe('the daily health', () => {
  it('tells whole days only, the newest last, and none from before it was loaded', () => {
    const signal = decisionAt(SINCE + 30 * HOUR, { action: 'target', outcome: 'denied:no-free-cash' });
    const decided = recordOf(2.5).decided.map((one) => (one.instant === signal.instant ? signal : one));
    const faults = [
      { at: 0, strategy: 'ema-cross', treeHash: null, code: 'sandbox/timeout', message: '', instant: SINCE + HOUR },
    ];
    const record = recordOf(2.5, { decided, faults, trades: [rowOf(tradeAt(SINCE, SINCE + HOUR))] });
    expect(dailyHealth(record, ok(replayOf(2.5)), 14)).toEqual([
      { day: '2026-01-05', due: 24, made: 24, signals: 0, refused: 0, faults: 1, netResult: 0.8 },
      { day: '2026-01-06', due: 24, made: 24, signals: 1, refused: 1, faults: 0, netResult: 0 },
    ]);
    expect(dailyHealth(record, ok(replayOf(2.5)), 1)).toHaveLength(1);
    expect(dailyHealth(recordOf(0.5), ok(replayOf(0.5)), 14)).toEqual([]);
  });

  it('of a shadow is what its hypothetical trades would have brought', () => {
    const replay = replayOf(1, { trades: [tradeAt(SINCE, SINCE + HOUR, { netResult: 5 })] });
    expect(dailyHealth(recordOf(1, { stage: 'shadow' }), ok(replay), 14)).toMatchObject([{ netResult: 5 }]);
  });
});
