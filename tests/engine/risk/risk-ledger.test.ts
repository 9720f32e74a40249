import { describe, expect, it } from 'vitest';
import {
  type EndedTrade,
  emptyLedger,
  equityMarked,
  fillNoted,
  ledgerAnswered,
  orderNoted,
  RiskLedger,
  standingOf,
  strategyRenewed,
  tradeNoted,
} from '#engine/risk/risk-ledger.ts';
import fc from '#tests/support/properties.ts';
import { limits as fixed } from './order-facts.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const start = Date.UTC(2026, 2, 10, 12);
const limits = {
  ...fixed,
  orderRate: { orders: 3, windowMs: minuteMs },
  turnover: { ratio: 2, windowMs: 24 * hourMs },
  locks: {
    stops: { count: 3, lookbackMs: 48 * hourMs, lockMs: 24 * hourMs },
    lowProfit: { trades: 4, lookbackMs: 100 * hourMs, minReturn: -0.05, lockMs: 12 * hourMs },
    cooldownMs: 0,
  },
};

const marks = (timeZone: string, values: readonly (readonly [time: number, value: number])[]) =>
  values.reduce((ledger, [time, value]) => equityMarked(ledger, { time, value }, { timeZone }), emptyLedger);
const asked = { strategy: 'alpha', symbol: 'BTC/USD', now: start };
const ended = (time: number, netReturn: number, part: Partial<EndedTrade> = {}): EndedTrade => {
  return { time, strategy: 'alpha', symbol: 'BTC/USD', netReturn, isStop: netReturn < 0, ...part };
};
const after = (trades: readonly EndedTrade[], rules = limits.locks) =>
  trades.reduce((ledger, trade) => tradeNoted(ledger, trade, { locks: rules }), emptyLedger);
const lockedUntil = (ledger: RiskLedger, of = asked) => standingOf(ledger, of, limits).lockedUntil;

describe('the highest equity and the day', () => {
  it('are not known before the account was valued, and then nothing can be opened', () => {
    expect(standingOf(emptyLedger, asked, limits)).toMatchObject({ dailyLoss: Number.NaN, drawdown: Number.NaN });
  });

  it('count from the highest value, and from the last one of the day before', () => {
    const day = Date.UTC(2026, 2, 10);
    const ledger = marks('UTC', [
      [day + 20 * hourMs, 1_000],
      [day + 24 * hourMs, 900],
      [day + 25 * hourMs, 810],
    ]);
    expect(standingOf(ledger, asked, limits)).toMatchObject({
      drawdown: expect.closeTo(0.19, 12),
      dailyLoss: expect.closeTo(0.1, 12),
    });
  });

  it('begin their day where the policy says, on a day of 23 hours too', () => {
    const midnight = Date.UTC(2026, 2, 28, 23);
    const values = [
      [midnight - hourMs, 1_000],
      [midnight + hourMs, 900],
      [midnight + 23 * hourMs, 800],
      [midnight + 23 * hourMs + 1, 790],
    ] as const;
    expect(marks('Europe/Berlin', values).equity?.dayOpening).toBe(800);
    expect(marks('Europe/Berlin', values.slice(0, 3)).equity?.dayOpening).toBe(1_000);
    expect(marks('UTC', values).equity?.dayOpening).toBe(900);
  });

  it('hold what was lost over several days without the engine against the day on which it is seen', () => {
    const ledger = marks('UTC', [
      [start, 1_000],
      [start + 5 * 24 * hourMs, 940],
      [start + 5 * 24 * hourMs + hourMs, 930],
    ]);
    expect(ledger.equity).toMatchObject({ peak: 1_000, dayOpening: 1_000 });
    expect(standingOf(ledger, asked, limits).dailyLoss).toBeCloseTo(0.07, 12);
    const next = equityMarked(ledger, { time: start + 6 * 24 * hourMs, value: 930 }, { timeZone: 'UTC' });
    expect(standingOf(next, asked, limits)).toMatchObject({ dailyLoss: 0, drawdown: expect.closeTo(0.07, 12) });
  });

  it('count on after a clock that was days ahead is set back, with the day and the highest value as they were', () => {
    const ahead = [
      [start, 1_000],
      [start + 2 * 24 * hourMs, 1_010],
      [start + 2 * 24 * hourMs + hourMs, 1_020],
    ] as const;
    const setBack = marks('UTC', [...ahead, [start + hourMs, 990]]);
    expect(setBack.equity).toEqual({ time: start + hourMs, value: 990, peak: 1_020, dayOpening: 1_000 });
    expect(standingOf(setBack, asked, limits)).toMatchObject({ dailyLoss: 0.01, drawdown: expect.closeTo(30 / 1_020, 12) });
    const later = marks('UTC', [...ahead, [start + hourMs, 990], [start + 2 * hourMs, 900]]);
    expect(standingOf(later, asked, limits).dailyLoss).toBe(0.1);
    const nextDay = marks('UTC', [...ahead, [start + hourMs, 990], [start + 24 * hourMs + hourMs, 900]]);
    expect(nextDay.equity).toMatchObject({ dayOpening: 990, peak: 1_020 });
  });

  it('survive being written down between any two values', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.double({ min: 0.01, max: 1e6, noNaN: true })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(values, fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'), (steps, timeZone) => {
        const sorted = steps.toSorted(([a], [b]) => a - b).map(([hour, value]) => [start + hour * hourMs, value] as const);
        const kept = sorted.reduce(
          (ledger, [time, value]) =>
            RiskLedger.parse(JSON.parse(JSON.stringify(equityMarked(ledger, { time, value }, { timeZone })))),
          emptyLedger,
        );
        expect(kept).toEqual(marks(timeZone, sorted));
        expect(kept.equity?.peak).toBe(Math.max(...sorted.map(([, value]) => value)));
      }),
    );
  });
});

describe('the windows', () => {
  it('count orders and what was traded, and forget what has left them', () => {
    let ledger = emptyLedger;
    for (const ms of [0, 20_000, 59_999]) ledger = orderNoted(ledger, start + ms, limits);
    ledger = fillNoted(ledger, { time: start, value: 300 }, limits);
    ledger = fillNoted(ledger, { time: start + 23 * hourMs, value: 200 }, limits);
    const at = (now: number) => {
      const { orders, traded } = standingOf(ledger, { ...asked, now }, limits);
      return [orders, traded];
    };
    expect(at(start + 59_999)).toEqual([3, 500]);
    expect(at(start + 60_000)).toEqual([2, 500]);
    expect(at(start + 24 * hourMs)).toEqual([0, 200]);
    expect(orderNoted(ledger, start + 24 * hourMs, limits).orders).toEqual([start + 24 * hourMs]);
    expect(fillNoted(ledger, { time: start + 40 * hourMs, value: 1 }, limits).traded).toHaveLength(2);
  });

  it('never count less than was traded, in whatever order fills come, and stay small', () => {
    const fills = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 * 3_600 }), fc.integer({ min: 1, max: 1_000 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fills, (seconds) => {
        const told = seconds.map(([second, value]) => ({ time: start + second * 1_000, value }));
        const ledger = told.reduce((sum, fill) => fillNoted(sum, fill, limits), emptyLedger);
        const now = Math.max(start, ...told.map(({ time }) => time));
        const within = told.filter(({ time }) => time > now - 24 * hourMs).reduce((sum, { value }) => sum + value, 0);
        const { traded } = standingOf(ledger, { ...asked, now }, limits);
        expect(traded).toBeGreaterThanOrEqual(within);
      }),
    );
    let busy = emptyLedger;
    for (let second = 0; second < 30 * 3_600; second += 20)
      busy = fillNoted(busy, { time: start + second * 1_000, value: 1 }, limits);
    expect(busy.traded.length).toBeLessThanOrEqual(257);
    const { traded } = standingOf(busy, { ...asked, now: start + 30 * hourMs }, limits);
    expect(traded).toBeGreaterThanOrEqual(24 * 180);
    expect(traded).toBeLessThanOrEqual(24 * 180 * (1 + 1 / 256) + 1);
  });
});

describe('losses in a row', () => {
  it('are counted by strategy, over its symbols, and begin anew with a trade that did not lose', () => {
    const trades = [
      ended(start, -0.01),
      ended(start + 1, -0.01, { symbol: 'ETH/USD', isStop: false }),
      ended(start, -0.1, { strategy: 'beta' }),
    ];
    const losses = (ledger: RiskLedger) => standingOf(ledger, asked, limits).consecutiveLosses;
    expect(losses(after(trades))).toBe(2);
    expect(losses(after([...trades, ended(start + 2, 0)]))).toBe(0);
    expect(losses(strategyRenewed(after(trades), 'alpha'))).toBe(0);
    expect(losses(strategyRenewed(after(trades), 'beta'))).toBe(2);
  });
});

describe('a symbol is locked for a strategy', () => {
  it('after so many losing stops in a row, until then', () => {
    const stops = [0, 1, 2].map((hour) => ended(start + hour * hourMs, -0.01));
    expect(lockedUntil(after(stops.slice(1)))['stops-in-a-row']).toBe(0);
    expect(lockedUntil(after(stops))['stops-in-a-row']).toBe(start + 26 * hourMs);
  });

  it.each<[string, EndedTrade[]]>([
    ['one of them earned', [ended(start, -0.01), ended(start + 1, 0.01, { isStop: true }), ended(start + 2, -0.01)]],
    [
      'one of them was an exit of its own',
      [ended(start, -0.01), ended(start + 1, -0.01, { isStop: false }), ended(start + 2, -0.01)],
    ],
    ['one of them is too long ago', [ended(start - 48 * hourMs, -0.01), ended(start - 1, -0.01), ended(start, -0.01)]],
    ['they were in two symbols', [ended(start, -0.01), ended(start + 1, -0.01, { symbol: 'ETH/USD' }), ended(start + 2, -0.01)]],
    [
      'they were of two strategies',
      [ended(start, -0.01), ended(start + 1, -0.01, { strategy: 'beta' }), ended(start + 2, -0.01)],
    ],
  ])('not when %s', (_name, trades) => {
    expect(lockedUntil(after(trades))['stops-in-a-row']).toBe(0);
  });

  it('when its trades of late earned too little together', () => {
    const trades = (last: number) =>
      [0.02, -0.04, -0.02, last].map((netReturn, at) => ended(start + at, netReturn, { isStop: false }));
    expect(lockedUntil(after(trades(-0.0101)))['low-profit']).toBe(start + 3 + 12 * hourMs);
    expect(lockedUntil(after(trades(-0.009)))['low-profit']).toBe(0);
    expect(lockedUntil(after(trades(-0.0101).slice(1)))['low-profit']).toBe(0);
  });

  it('after every exit, where a cooldown is written', () => {
    const rules = { ...limits.locks, cooldownMs: 10 * minuteMs };
    const ledger = after([ended(start, 0.1), ended(start + minuteMs, 0.1, { symbol: 'ETH/USD' })], rules);
    expect(lockedUntil(ledger).cooldown).toBe(start + 10 * minuteMs);
    expect(lockedUntil(ledger, { ...asked, symbol: 'ETH/USD' }).cooldown).toBe(start + 11 * minuteMs);
    expect(lockedUntil(ledger, { ...asked, strategy: 'beta' }).cooldown).toBe(0);
  });

  it('and locks that are over are forgotten, so that the ledger does not grow', () => {
    let ledger = emptyLedger;
    for (let hour = 0; hour < 2_000; hour += 1) ledger = tradeNoted(ledger, ended(start + hour * hourMs, -0.02), limits);
    expect(ledger.trades.length).toBeLessThanOrEqual(100);
    for (let second = 0; second < 500; second += 1)
      ledger = tradeNoted(ledger, ended(start + 2_000 * hourMs + second, -0.02), limits);
    expect(ledger.trades.length).toBe(100);
    expect(ledger.locks.length).toBe(2);
    expect(lockedUntil(ledger)['stops-in-a-row']).toBe(start + (2_000 + 24) * hourMs + 499);
  });
});

it('a person who lets trading go on lets losses, locks and the day begin anew, and leaves the windows', () => {
  let ledger = marks('UTC', [
    [start, 1_000],
    [start + 1, 700],
  ]);
  ledger = fillNoted(orderNoted(ledger, start, limits), { time: start, value: 300 }, limits);
  ledger = [0, 1, 2].reduce((sum, at) => tradeNoted(sum, ended(start + at, -0.01), limits), ledger);
  expect(standingOf(ledgerAnswered(ledger), asked, limits)).toEqual({
    dailyLoss: 0,
    drawdown: 0,
    consecutiveLosses: 0,
    orders: 1,
    traded: 300,
    lockedUntil: { 'stops-in-a-row': 0, 'low-profit': 0, cooldown: 0 },
  });
});
