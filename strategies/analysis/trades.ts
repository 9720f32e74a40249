import { defineAnalysis, type Json, type Query } from 'ratchet/contract';

/*
 * What the strategies did on the engine, cut every way that may explain it. Times are UTC milliseconds and results are in quote asset,
 * after fees where it is not said otherwise. Cutting a few trades many ways always finds a cut that looks good: every group carries how
 * many trades it has and how uncertain its figures are. Every statement is asked before anything is computed.
 */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Newest trades that are looked at. */
const TRADES_MAX = 10_000;
/** Newest bars of a market from which its regime is told: seven days of minutes before a trade, and some. */
const BARS_MAX = 12_000;
/** Days before an entry over which the market was rising or falling. */
const REGIME_DAYS = 7;
const WINDOW_DAYS = [7, 30, 90];
const WINDOW_TRADES = [10, 20, 50];
/** Lengths of the windows that are told one after the other, and how many of each. */
const SERIES_DAYS = [7, 30];
const SERIES_WINDOWS = 12;
/** Spread below this part of the values' own size is what rounding leaves. */
const ROUNDING = 1e-9;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
/** Hours below which a trade falls into a class of holding time, or a position into one of age, with the class's name. */
const HOLDING: readonly (readonly [number, string])[] = [
  [1, 'under 1 h'],
  [4, '1 h to 4 h'],
  [24, '4 h to 1 d'],
  [72, '1 d to 3 d'],
  [168, '3 d to 7 d'],
  [Number.POSITIVE_INFINITY, '7 d and more'],
];

type Trade = {
  readonly strategy: string;
  readonly version: string;
  readonly symbol: string;
  readonly entryTime: number;
  readonly exitTime: number;
  readonly fees: number;
  readonly netResult: number;
  readonly netReturn: number;
  readonly exitCause: string;
  /** Bars after which its order would have closed it; null without. */
  readonly horizonBars: number | null;
};

interface Closes {
  readonly symbol: string;
  readonly barMs: number;
  readonly time: readonly number[];
  readonly close: readonly number[];
}

export default defineAnalysis({
  description:
    'Performance by symbol, regime, horizon, version, hour, weekday, holding time and age; fees, refusals and windows.',

  analyze(query, schema) {
    const trades = allTrades(query);
    const markets = allCloses(query);
    const refused = refusals(query);
    const positions = openPositions(query, trades);
    const strategies = [...new Set(trades.map(({ strategy }) => strategy))].sort();
    return {
      asOf: schema.asOf,
      strategies: Object.fromEntries(
        strategies.map((id) => [
          id,
          performance(
            trades.filter(({ strategy }) => strategy === id),
            markets,
            schema.asOf,
          ),
        ]),
      ),
      positions,
      positionsByAge: byAge(positions),
      refusals: refused,
    };
  },
});

// ── what is asked ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The newest trades, in order of their exits, each with the horizon of the newest order to enter that its entry can have come from. */
function allTrades(query: Query): readonly Trade[] {
  return query<Trade>(
    `SELECT strategy, version, symbol, entryTime, exitTime, fees, netResult, netReturn, exitCause, (SELECT horizonBars
      FROM orders o WHERE o.strategy = t.strategy AND o.symbol = t.symbol AND o.instant <= t.entryTime AND o.weight > 0
      ORDER BY o.instant DESC LIMIT 1) AS horizonBars FROM trades t ORDER BY exitTime DESC, entryTime DESC, symbol LIMIT ${TRADES_MAX}`,
  ).toReversed();
}

function allCloses(query: Query): readonly Closes[] {
  const spans = query<{ symbol: string; part: string; barMs: number }>(
    'SELECT symbol, part, barMs FROM spans WHERE symbol IN (SELECT symbol FROM trades) ORDER BY symbol, part',
  );
  return spans.map(({ symbol, part, barMs }) => {
    const rows = query<{ time: number; close: number }>(
      `SELECT time, close FROM candles WHERE symbol = ? AND part = ? ORDER BY time DESC LIMIT ${BARS_MAX}`,
      [symbol, part],
    ).toReversed();
    return { symbol, barMs, time: rows.map((row) => row.time), close: rows.map((row) => row.close) };
  });
}

// ── performance ────────────────────────────────────────────────────────────────────────────────────────────────────────

function performance(trades: readonly Trade[], markets: readonly Closes[], asOf: number): Json {
  return {
    all: measure(trades),
    bySymbol: grouped(trades, ({ symbol }) => symbol),
    byRegime: grouped(trades, (trade) => regimeAt(markets, trade.symbol, trade.entryTime)),
    byHorizon: grouped(trades, ({ horizonBars }) => (horizonBars === null ? 'none' : `${horizonBars} bars`)),
    byVersion: grouped(trades, ({ version }) => version),
    byHour: grouped(trades, ({ entryTime }) => `${hourOf(entryTime)} h`),
    byWeekday: grouped(trades, ({ entryTime }) => weekdayOf(entryTime)),
    byHoldingTime: grouped(trades, holdingClass),
    byExit: grouped(trades, ({ exitCause }) => exitCause),
    fees: feeImpact(trades),
    windows: windows(trades, asOf),
    windowSeries: Object.fromEntries(SERIES_DAYS.map((days) => [`${days}d`, windowSeries(trades, asOf, days)])),
  };
}

function grouped(trades: readonly Trade[], keyOf: (trade: Trade) => string): Json {
  const groups = new Map<string, Trade[]>();
  for (const trade of trades) {
    const key = keyOf(trade);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [trade]);
    else group.push(trade);
  }
  return Object.fromEntries([...groups].map(([key, group]) => [key, measure(group)]));
}

/**
 * `winRate`: share of trades that brought more than their fees, with its interval of 95 % by Wilson (1927). `expectancy`: mean net return of
 * a trade, a ratio of what was put in, with `error`, its standard error s/√n, which takes trades as independent. `profitFactor`: what
 * winning trades brought over what losing ones cost; null without a losing one.
 */
function measure(trades: readonly Trade[]) {
  const n = trades.length;
  const wins = trades.filter(({ netResult }) => netResult > 0);
  const returns = trades.map(({ netReturn }) => netReturn);
  const gained = sum(wins.map(({ netResult }) => netResult));
  const lost = -sum(trades.map(({ netResult }) => Math.min(netResult, 0)));
  const deviation = standardDeviation(returns);
  return {
    trades: n,
    netResult: gained - lost,
    fees: sum(trades.map(({ fees }) => fees)),
    winRate: n === 0 ? null : wins.length / n,
    winRateInterval: n === 0 ? null : wilson(wins.length, n),
    expectancy: n === 0 ? null : sum(returns) / n,
    error: deviation === null ? null : deviation / Math.sqrt(n),
    profitFactor: lost > 0 ? gained / lost : null,
    best: n === 0 ? null : Math.max(...returns),
    worst: n === 0 ? null : Math.min(...returns),
  };
}

/**
 * What the market had done when a trade was opened: the log return of the 7 days before, over the standard deviation that independent
 * returns of that many bars would have, z = ln(c/c₀) / (s·√n), from bars closed by then. Rising above 1, falling below −1. Unknown, with the
 * reason, where a bar of these days is missing: across a hole one return would stand for many.
 */
function regimeAt(markets: readonly Closes[], symbol: string, entryTime: number): string {
  let why = 'unknown: no bar of then is shown';
  for (const { symbol: market, barMs, time, close } of markets) {
    if (market !== symbol) continue;
    const last = time.findLastIndex((open) => open + barMs <= entryTime);
    // A bar that closed after this one and by then would have to be there.
    if (last < 0 || entryTime - time[last]! >= 2 * barMs) continue;
    const bars = Math.round((REGIME_DAYS * DAY_MS) / barMs);
    const first = last - bars;
    if (first < 0 || time[first] !== time[last]! - bars * barMs) {
      why = `unknown: a bar of the ${REGIME_DAYS} days is missing`;
      continue;
    }
    const returns = close.slice(first + 1, last + 1).map((each, at) => Math.log(each / close[first + at]!));
    const net = sum(returns);
    const deviation = standardDeviation(returns);
    // Returns that are all the same have no spread to weigh them by: where they go is the regime.
    const score = deviation === null || deviation === 0 ? net * Number.MAX_VALUE : net / (deviation * Math.sqrt(bars));
    return Math.abs(score) <= 1 ? 'sideways' : score > 0 ? 'rising' : 'falling';
  }
  return why;
}

function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) % 24;
}

/** 1 January 1970 was a Thursday. */
function weekdayOf(time: number): string {
  return WEEKDAYS[(Math.floor(time / DAY_MS) + 4) % 7]!;
}

function holdingClass({ entryTime, exitTime }: Trade): string {
  return classOf((exitTime - entryTime) / HOUR_MS);
}

function classOf(hours: number): string {
  return HOLDING.find(([below]) => hours < below)![1];
}

// ── fees ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * `gross`: results before fees. `share`: fees over the sum of the gross results' sizes, Σ fees / Σ|gross|, so of what moved. `turnedByFees`:
 * trades that won before their fees and lost after. `breakEven`: the multiple of today's fees at which the gross result is used up; null
 * where there is none to use up.
 */
function feeImpact(trades: readonly Trade[]): Json {
  const fees = sum(trades.map((trade) => trade.fees));
  const gross = trades.map((trade) => trade.netResult + trade.fees);
  const moved = sum(gross.map((result) => Math.abs(result)));
  const total = sum(gross);
  return {
    gross: total,
    fees,
    net: total - fees,
    share: moved > 0 ? fees / moved : null,
    turnedByFees: trades.filter((trade) => trade.netResult <= 0 && trade.netResult + trade.fees > 0).length,
    breakEven: fees > 0 && total > 0 ? total / fees : null,
  };
}

// ── windows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The same figures over the newest days up to now, and over the newest trades; null where there are fewer trades than that. */
function windows(trades: readonly Trade[], asOf: number): Json {
  const byDays = WINDOW_DAYS.map((days) => [
    `${days}d`,
    measure(trades.filter((trade) => trade.exitTime > asOf - days * DAY_MS)),
  ]);
  const byTrades = WINDOW_TRADES.map((n) => [`${n} trades`, trades.length < n ? null : measure(trades.slice(-n))]);
  return Object.fromEntries([...byDays, ...byTrades]);
}

/**
 * Windows of so many days that lie side by side, the newest last and up to now, by the exits within. No window before the first trade that
 * is known: that nothing was traded there is not known. Few trades a window: what differs by less than `error` is no change.
 */
function windowSeries(trades: readonly Trade[], asOf: number, days: number): Json {
  const lengthMs = days * DAY_MS;
  const first = trades[0];
  if (first === undefined) return [];
  const count = Math.min(SERIES_WINDOWS, Math.floor((asOf - first.exitTime) / lengthMs) + 1);
  return Array.from({ length: count }, (_, at) => {
    const to = asOf - (count - 1 - at) * lengthMs;
    const within = trades.filter(({ exitTime }) => exitTime > to - lengthMs && exitTime <= to);
    const { trades: n, netResult, winRate, expectancy, error } = measure(within);
    return { to, trades: n, netResult, winRate, expectancy, error };
  });
}

// ── what is held, and what was refused ─────────────────────────────────────────────────────────────────────────────────

/**
 * Open positions: their age in hours, the share of the strategy's closed trades that were over by that age (`olderThan`), and, at the newest
 * close that is shown, the return before fees, ratio of the entry price, and the result before fees, quote asset. Null, and `unknown` says why.
 */
function openPositions(query: Query, trades: readonly Trade[]) {
  const held = query<{
    strategy: string;
    symbol: string;
    quantity: number;
    entryPrice: number;
    barsHeld: number;
    barMs: number | null;
    close: number | null;
  }>(
    `SELECT strategy, symbol, quantity, entryPrice, barsHeld, barMs, (SELECT close FROM candles c WHERE c.symbol = p.symbol
      AND part = 'since' ORDER BY time DESC LIMIT 1) AS close FROM positions p ORDER BY 1, 2`,
  );
  return held.map(({ strategy, symbol, quantity, entryPrice, barsHeld, barMs, close }) => {
    const age = barMs === null ? null : barsHeld * barMs;
    const others = trades.filter((trade) => trade.strategy === strategy);
    const over = age === null ? [] : others.filter((trade) => trade.exitTime - trade.entryTime <= age);
    return {
      strategy,
      symbol,
      barsHeld,
      hours: age === null ? null : age / HOUR_MS,
      olderThan: age === null || others.length === 0 ? null : over.length / others.length,
      openReturn: close === null || entryPrice <= 0 ? null : close / entryPrice - 1,
      openResult: close === null ? null : quantity * (close - entryPrice),
      unknown: {
        ...(age === null && { hours: 'the length of its bars was not recorded' }),
        ...(others.length === 0 && { olderThan: 'no trade of the strategy is closed' }),
        ...(close === null && { openResult: 'no bar of its market is shown' }),
      },
    };
  });
}

/**
 * Open positions of each strategy by their age, in the classes of holding time: how many, of how many the result is known (`valued`), and its
 * sum before fees, quote asset. What is open is not over: the losing ones of it are not yet among the trades.
 */
function byAge(positions: ReturnType<typeof openPositions>): Json {
  const groups = new Map<string, Map<string, (number | null)[]>>();
  for (const { strategy, hours, openResult } of positions) {
    const ages = groups.get(strategy) ?? new Map<string, (number | null)[]>();
    const age = hours === null ? 'unknown' : classOf(hours);
    groups.set(strategy, ages.set(age, [...(ages.get(age) ?? []), openResult]));
  }
  return Object.fromEntries(
    [...groups].map(([strategy, ages]) => [
      strategy,
      Object.fromEntries(
        [...ages].map(([age, results]) => {
          const known = results.filter((result) => result !== null);
          return [age, { positions: results.length, valued: known.length, openResult: known.length === 0 ? null : sum(known) }];
        }),
      ),
    ]),
  );
}

/** What stopped signals: how often, when last, and which share of the strategy's signals that is. */
function refusals(query: Query): Json {
  const rows = query<{ strategy: string; code: string; times: number; last: number; share: number }>(
    `SELECT strategy, substr(outcome, 8) AS code, sum(times) AS times, max(instant) AS last, 1.0 * sum(times) / (SELECT sum(times)
      FROM decisions s WHERE s.strategy = d.strategy AND s.action <> 'hold') AS share
      FROM decisions d WHERE outcome LIKE 'denied:%' GROUP BY 1, 2 ORDER BY 1, times DESC, code`,
  );
  return rows.map(({ strategy, code, times, last, share }) => ({ strategy, code, times, last, share }));
}

// ── arithmetic ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of a sample: n − 1. 0 where the spread is no more than what rounding leaves of values that are all the same. */
function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = sum(values) / values.length;
  const squares = sum(values.map((value) => (value - centre) * (value - centre)));
  const size = sum(values.map((value) => value * value));
  return squares > ROUNDING * ROUNDING * size ? Math.sqrt(squares / (values.length - 1)) : 0;
}

/** Score interval of a share of n, with z = 1.96: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n). */
function wilson(wins: number, n: number): Json {
  const z = 1.96;
  const p = wins / n;
  const centre = p + (z * z) / (2 * n);
  const width = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const whole = 1 + (z * z) / n;
  return [(centre - width) / whole, (centre + width) / whole];
}
