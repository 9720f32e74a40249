import type { ForwardRecord } from '#engine/runtime/forward/forward-record.ts';
import type { Replay } from '#engine/runtime/forward/replay-forward.ts';
import type { Trade } from '#engine/simulation/types.ts';
import type { DecidedRow, EquitySpan, TradeRow } from '#engine/store/rows.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** A Monday. */
export const SINCE = Date.UTC(2026, 0, 5);
const SYMBOL = 'BTC/USDT';

/** A version on hourly bars of one symbol, loaded at midnight, that has decided to hold on every bar of `days` days. */
export function recordOf(days: number, change: Partial<ForwardRecord> = {}): ForwardRecord {
  const closes = closesOf(days);
  return {
    strategy: 'ema-cross',
    tree: 'a'.repeat(40),
    commit: 'b'.repeat(40),
    stage: 'paper',
    since: SINCE,
    asOf: SINCE + days * DAY,
    barMs: HOUR,
    capital: 1_000,
    beganFlat: true,
    hasPredecessor: false,
    decided: closes.map((instant) => decisionAt(instant)),
    equity: closes.map((instant) => equityAt(instant, 1_000)),
    trades: [],
    faults: [],
    uptime: 1,
    ...change,
  };
}

/** What the backtester makes of the same days. */
export function replayOf(days: number, change: Partial<Replay> = {}): Replay {
  return {
    trades: [],
    signals: [],
    equity: { time: [], value: [] },
    due: new Map([[SYMBOL, closesOf(days)]]),
    corrected: [],
    firstHeldAt: null,
    hasState: false,
    ...change,
  };
}

export function closesOf(days: number): number[] {
  return Array.from({ length: Math.round(days * 24) }, (_, bar) => SINCE + (bar + 1) * HOUR);
}

export function decisionAt(instant: number, change: Partial<DecidedRow> = {}): DecidedRow {
  const said = { symbol: SYMBOL, action: 'hold', reason: 'no trend', outcome: 'held' };
  return { first: instant, instant, times: 1, ...said, ...change };
}

export function equityAt(instant: number, value: number): EquitySpan {
  return { strategy: 'ema-cross', instant, first: instant, value, high: value, low: value, fall: 0 };
}

export function tradeAt(entryTime: number, exitTime: number, change: Partial<Trade> = {}): Trade {
  return {
    symbol: SYMBOL,
    entryTime,
    exitTime,
    entryPrice: 100,
    exitPrice: 101,
    quantity: 1,
    fees: 0.2,
    netResult: 0.8,
    netReturn: 0.008,
    barsHeld: 3,
    maxAdverseExcursion: -0.01,
    maxFavourableExcursion: 0.02,
    entryReason: 'up',
    exitReason: 'down',
    exitCause: 'decision',
    version: '',
    ...change,
  };
}

/** The same as the engine records it, with the bar that closed it. */
export function rowOf(trade: Trade): TradeRow {
  const { exitCause, ...rest } = trade;
  const tree = 'a'.repeat(40);
  return { ...rest, exitCause, version: tree, treeHash: tree, strategy: 'ema-cross', instant: trade.exitTime + HOUR };
}
