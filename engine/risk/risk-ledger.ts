import { z } from 'zod';
import { lossFrom } from './loss.ts';
import { LOCK_CODES, type LockCode, type Standing } from './standing.ts';
import { tradingDay } from './trading-day.ts';
import type { LockRules, TradingLimits } from './trading-limits.ts';

/** UTC milliseconds. */
const Instant = z.int();

const EndedTrade = z.strictObject({
  time: Instant,
  strategy: z.string(),
  symbol: z.string(),
  /** After fees, a ratio of what was put in. */
  netReturn: z.number(),
  /** A stop or a trailing stop ended it. */
  isStop: z.boolean(),
});
export type EndedTrade = z.infer<typeof EndedTrade>;

const Lock = z.strictObject({ code: z.enum(LOCK_CODES), strategy: z.string(), symbol: z.string(), until: Instant });
export type Lock = z.infer<typeof Lock>;

/**
 * What must be remembered of a venue account to judge its next order. Plain JSON, kept with the journal: a restart begins with what stood
 * before. Money in the quote asset.
 */
export const RiskLedger = z.strictObject({
  /** Null before anything was marked. */
  equity: z
    .strictObject({
      /** When it was marked last, and what the account was worth then. */
      time: Instant,
      value: z.number(),
      peak: z.number(),
      /** What the day of that mark began with. */
      dayOpening: z.number(),
    })
    .nullable(),
  /** When orders were sent, oldest first. */
  orders: z.array(Instant),
  /** What was bought and sold, oldest first. */
  traded: z.array(z.strictObject({ time: Instant, value: z.number() })),
  /** Trades that locks may still ask for; those of one strategy in one symbol oldest first. */
  trades: z.array(EndedTrade),
  /** Losing trades in a row, by strategy. */
  losses: z.record(z.string(), z.int()),
  locks: z.array(Lock),
});
export type RiskLedger = z.infer<typeof RiskLedger>;

export const emptyLedger: RiskLedger = { equity: null, orders: [], traded: [], trades: [], losses: {}, locks: [] };

/**
 * After the account was valued at fresh prices. The first value of a day is held against the last one known before, however many days lie
 * between: what was lost while nobody looked is lost on the day on which it is seen. One from before the last mark comes of a clock that
 * was ahead and was set back: it counts, for the day that had begun, and the marks go on from there.
 */
export function equityMarked(
  ledger: RiskLedger,
  { time, value }: { readonly time: number; readonly value: number },
  { timeZone }: Pick<TradingLimits, 'timeZone'>,
): RiskLedger {
  const before = ledger.equity;
  if (before === null) return { ...ledger, equity: { time, value, peak: value, dayOpening: value } };
  const isNewDay = time > before.time && tradingDay(time, timeZone) !== tradingDay(before.time, timeZone);
  const dayOpening = isNewDay ? before.value : before.dayOpening;
  return { ...ledger, equity: { time, value, peak: Math.max(before.peak, value), dayOpening } };
}

/** After an order was journalled. @param now what is older than the window by then is forgotten */
export function orderNoted(ledger: RiskLedger, now: number, { orderRate }: Pick<TradingLimits, 'orderRate'>): RiskLedger {
  return { ...ledger, orders: [...ledger.orders.filter((time) => time > now - orderRate.windowMs), now] };
}

/** Parts of a window that fills are put together in: what is kept stays small however many there are, and none is forgotten early. */
const windowParts = 256;

/** After a fill. Fills close to one another count from the newest of them on. */
export function fillNoted(
  ledger: RiskLedger,
  { time, value }: { readonly time: number; readonly value: number },
  { turnover: { windowMs } }: Pick<TradingLimits, 'turnover'>,
): RiskLedger {
  const kept = ledger.traded.filter((part) => part.time > time - windowMs);
  const last = kept.at(-1);
  const partOf = (instant: number) => Math.floor((instant * windowParts) / windowMs);
  if (last === undefined || partOf(last.time) < partOf(time)) return { ...ledger, traded: [...kept, { time, value }] };
  // One that comes late belongs to the newest too: it is forgotten later than it had to be, never earlier.
  return { ...ledger, traded: [...kept.slice(0, -1), { time: Math.max(last.time, time), value: last.value + value }] };
}

/** As many as a rule may count; of more, the newest of a strategy in a symbol are remembered. */
const tradesMax = 100;

/** After a trade has ended: what it locks, and how many were lost in a row. */
export function tradeNoted(ledger: RiskLedger, trade: EndedTrade, { locks: rules }: Pick<TradingLimits, 'locks'>): RiskLedger {
  const lookbackMs = Math.max(rules.stops.lookbackMs, rules.lowProfit.lookbackMs);
  const isOwn = ({ strategy, symbol }: EndedTrade) => strategy === trade.strategy && symbol === trade.symbol;
  const recent = ledger.trades.filter(({ time }) => time > trade.time - lookbackMs);
  const own = [...recent.filter(isOwn), trade].slice(-tradesMax);
  const trades = [...recent.filter((other) => !isOwn(other)), ...own];
  const locks = locksAfter(own, trade, rules).reduce(
    withLock,
    ledger.locks.filter(({ until }) => until > trade.time),
  );
  const losses = trade.netReturn < 0 ? (ledger.losses[trade.strategy] ?? 0) + 1 : 0;
  return { ...ledger, trades, locks, losses: { ...ledger.losses, [trade.strategy]: losses } };
}

/**
 * After a person said that trading goes on: the highest equity, the day and losses in a row count from now on, and no lock stands.
 * What was sent and traded within the windows stays: it protects from a machine, not from a market.
 */
export function ledgerAnswered(ledger: RiskLedger): RiskLedger {
  const { equity } = ledger;
  const anew = equity === null ? null : { ...equity, peak: equity.value, dayOpening: equity.value };
  return { ...ledger, equity: anew, trades: [], losses: {}, locks: [] };
}

/** After another version of a strategy was loaded: what the one before lost in a row is not its fault. */
export function strategyRenewed(ledger: RiskLedger, strategy: string): RiskLedger {
  return { ...ledger, losses: { ...ledger.losses, [strategy]: 0 } };
}

/** What a ledger says about a strategy's next order. Not a number where the account was never valued: then nothing is opened. */
export function standingOf(
  ledger: RiskLedger,
  { strategy, symbol, now }: { readonly strategy: string; readonly symbol: string; readonly now: number },
  { orderRate, turnover }: Pick<TradingLimits, 'orderRate' | 'turnover'>,
): Standing {
  const { equity } = ledger;
  const until = (code: LockCode) =>
    Math.max(
      0,
      ...ledger.locks
        .filter((lock) => lock.code === code && lock.strategy === strategy && lock.symbol === symbol)
        .map((lock) => lock.until),
    );
  return {
    dailyLoss: equity === null ? Number.NaN : lossFrom(equity.dayOpening, equity.value),
    drawdown: equity === null ? Number.NaN : lossFrom(equity.peak, equity.value),
    consecutiveLosses: ledger.losses[strategy] ?? 0,
    orders: ledger.orders.filter((time) => time > now - orderRate.windowMs).length,
    traded: ledger.traded.filter(({ time }) => time > now - turnover.windowMs).reduce((sum, { value }) => sum + value, 0),
    lockedUntil: { 'stops-in-a-row': until('stops-in-a-row'), 'low-profit': until('low-profit'), cooldown: until('cooldown') },
  };
}

/** One of a kind for each strategy and symbol: the one that lasts longest. */
function withLock(locks: readonly Lock[], lock: Lock): Lock[] {
  const isSame = (other: Lock) => other.code === lock.code && other.strategy === lock.strategy && other.symbol === lock.symbol;
  const until = Math.max(lock.until, ...locks.filter(isSame).map((other) => other.until));
  return [...locks.filter((other) => !isSame(other)), { ...lock, until }];
}

/** @param own the trades of the strategy in the symbol, oldest first, the one that just ended the last */
function locksAfter(own: readonly EndedTrade[], { time, strategy, symbol }: EndedTrade, rules: LockRules): Lock[] {
  const { stops, lowProfit, cooldownMs } = rules;
  const lock = (code: LockCode, ms: number): Lock => ({ code, strategy, symbol, until: time + ms });
  const locks: Lock[] = [];
  if (cooldownMs > 0) locks.push(lock('cooldown', cooldownMs));
  const lastStops = own.slice(-stops.count);
  const areAllStops = lastStops.every((trade) => trade.isStop && trade.netReturn < 0 && trade.time > time - stops.lookbackMs);
  if (lastStops.length === stops.count && areAllStops) locks.push(lock('stops-in-a-row', stops.lockMs));
  const recent = own.filter((trade) => trade.time > time - lowProfit.lookbackMs);
  const earned = recent.reduce((sum, { netReturn }) => sum + netReturn, 0);
  if (recent.length >= lowProfit.trades && earned < lowProfit.minReturn) locks.push(lock('low-profit', lowProfit.lockMs));
  return locks;
}
