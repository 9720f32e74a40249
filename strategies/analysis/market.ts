import { defineAnalysis, type Json, type Query } from 'ratchet/contract';

/*
 * What the market did and does. Times are UTC milliseconds, prices are in quote asset, returns are ratios or natural logarithms as their
 * names say. A number nobody can know is null, and `unknown` beside it says why, by its name. Bars are missing where nothing was traded or
 * recorded: what is computed from bars that follow each other starts anew behind such a hole. Every statement is asked before anything
 * is computed: a module is run from the start again after each answer.
 */

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
/** Newest bars of a part that are looked at: seven days of minutes, and some. */
const BARS_MAX = 12_000;
/** Days back over which the price's change is told. */
const WINDOW_DAYS = [1, 7, 30, 90];
/** Days over which the market is called rising or falling. */
const TREND_DAYS = 7;
const FAST_BARS = 12;
const SLOW_BARS = 26;
const WILDER_BARS = 14;
const CHANNEL_BARS = 20;
/** Standard deviations beyond which a return counts as an outlier. */
const OUTLIER = 10;
/** Pairs of returns below which no correlation is told. */
const PAIRS_MIN = 30;
/** Reasons to wait that are told of a strategy. */
const REASONS_MAX = 12;
/** Spread below this part of the values' own size is what rounding leaves. */
const ROUNDING = 1e-9;

interface Bars {
  readonly symbol: string;
  /** `development`, or `since` for what came after the bars that nobody may see. */
  readonly part: string;
  readonly barMs: number;
  readonly toTime: number;
  /** Open times. */
  readonly time: readonly number[];
  readonly high: readonly number[];
  readonly low: readonly number[];
  readonly close: readonly number[];
  readonly volume: readonly number[];
}

export default defineAnalysis({
  description: 'Price and trend, indicators, nearness of a signal, data quality and correlation, market by market.',

  analyze(query, schema) {
    const all = allBars(query);
    const quality = dataQuality(query, all, schema.asOf);
    const waiting = waitingFor(query, schema.asOf);
    const newest = all.filter(({ part }) => part === 'since');
    return {
      asOf: schema.asOf,
      price: byMarket(all, price),
      indicators: byMarket(all, indicators),
      nearness: { market: byMarket(newest, nearness), strategies: waiting },
      quality,
      correlation: correlation(all),
    };
  },
});

// ── what is asked ──────────────────────────────────────────────────────────────────────────────────────────────────────

function allBars(query: Query): Bars[] {
  const spans = query<{ symbol: string; part: string; barMs: number; toTime: number }>(
    'SELECT symbol, part, barMs, toTime FROM spans ORDER BY symbol, part',
  );
  return spans.map((span) => {
    const rows = query<{ time: number; high: number; low: number; close: number; volume: number }>(
      `SELECT time, high, low, close, volume FROM candles WHERE symbol = ? AND part = ? ORDER BY time DESC LIMIT ${BARS_MAX}`,
      [span.symbol, span.part],
    ).toReversed();
    return {
      ...span,
      time: rows.map((row) => row.time),
      high: rows.map((row) => row.high),
      low: rows.map((row) => row.low),
      close: rows.map((row) => row.close),
      volume: rows.map((row) => row.volume),
    };
  });
}

/** `{ 'BTC/USDT': { development: …, since: … } }`, of parts that have bars. */
function byMarket(all: readonly Bars[], tell: (bars: Bars) => Json): { [symbol: string]: { [part: string]: Json } } {
  const told: { [symbol: string]: { [part: string]: Json } } = {};
  for (const bars of all) {
    if (bars.time.length === 0) continue;
    told[bars.symbol] = { ...told[bars.symbol], [bars.part]: tell(bars) };
  }
  return told;
}

/** Of what is null, by its name, why. */
function whyNull(told: { readonly [name: string]: Json }, why: { readonly [name: string]: string }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(why).filter(([name]) => told[name] === null));
}

// ── price and trend ────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * `change`: last close over the close so many days before, less 1, ratio; unknown where the bar of that time is missing. `volatility`:
 * standard deviation of the log returns of adjacent bars, times the root of the bars in a year. `trend.score`: log return of 7 days over the
 * standard deviation that independent returns of that many bars would have, z = ln(c/c₀) / (s·√n) with s of those days; beyond 1 either way
 * it is called rising or falling. `trend.perDay` and `trend.fit`: slope of ln(close) over time by least squares, and its R².
 * `trend.efficiency`: net change over the way travelled, |c − c₀| / Σ|Δc| (Kaufman, 1995), 1 for a straight line. There is no trend of days
 * of which a bar is missing.
 */
function price(bars: Bars): Json {
  const { time, close, barMs } = bars;
  const last = close.length - 1;
  const deviation = standardDeviation(logReturns(bars).map(({ value }) => value));
  const change = WINDOW_DAYS.map((days) => {
    const at = indexDaysBack(bars, days);
    return { name: `${days}d`, value: at === null ? null : close[last]! / close[at]! - 1, reason: noBarBefore(bars, days) };
  });
  const within = newestDays(bars, TREND_DAYS);
  return {
    firstTime: time[0]!,
    closedTime: time[last]! + barMs,
    close: close[last]!,
    highest: Math.max(...bars.high),
    lowest: Math.min(...bars.low),
    change: Object.fromEntries(change.map(({ name, value }) => [name, value])),
    volatility: deviation === null ? null : deviation * Math.sqrt(YEAR_MS / barMs),
    trend: typeof within === 'string' ? null : trend(within),
    unknown: {
      ...Object.fromEntries(change.filter(({ value }) => value === null).map(({ name, reason }) => [name, reason])),
      ...(deviation === null && { volatility: 'there are not two returns of adjacent bars' }),
      ...(typeof within === 'string' && { trend: within }),
    },
  };
}

/** @param bars that follow each other without a hole */
function trend({ time, close }: Bars): Json {
  const net = Math.log(close[close.length - 1]! / close[0]!);
  const deviation = standardDeviation(close.slice(1).map((each, at) => Math.log(each / close[at]!)));
  const score = deviation === null || deviation === 0 ? null : net / (deviation * Math.sqrt(close.length - 1));
  const days = time.map((each) => (each - time[0]!) / DAY_MS);
  const logs = close.map((each) => Math.log(each));
  const line = leastSquares(days, logs);
  let way = 0;
  for (let at = 1; at < close.length; at += 1) way += Math.abs(close[at]! - close[at - 1]!);
  // Returns that are all the same have no spread to weigh them by: where they go is the trend.
  const weight = score ?? (net === 0 ? 0 : Math.sign(net) * Number.POSITIVE_INFINITY);
  const told = {
    days: TREND_DAYS,
    name: weight > 1 ? 'rising' : weight < -1 ? 'falling' : 'sideways',
    score,
    perDay: line.slope,
    fit: line.fit,
    efficiency: way > 0 ? Math.abs(close[close.length - 1]! - close[0]!) / way : null,
  };
  const still = 'the close did not change';
  return { ...told, unknown: whyNull(told, { score: 'all returns of these days are the same', fit: still, efficiency: still }) };
}

/** The bar that was open so long before the last one; null where it is missing. */
function indexDaysBack({ time, barMs }: Bars, days: number): number | null {
  const wanted = time[time.length - 1]! - days * DAY_MS;
  const at = time.findLastIndex((each) => each <= wanted);
  return at < 0 || wanted - time[at]! >= barMs ? null : at;
}

function noBarBefore({ time }: Bars, days: number): string {
  if (time[0]! <= time[time.length - 1]! - days * DAY_MS) return `the bar of ${days} days before is missing`;
  return time.length < BARS_MAX ? `bars begin less than ${days} days before` : `only the newest ${BARS_MAX} bars are looked at`;
}

/** The bars of the newest so many days and the one before them, or why they are not all there. */
function newestDays(bars: Bars, days: number): Bars | string {
  const from = indexDaysBack(bars, days);
  if (from === null) return noBarBefore(bars, days);
  const missing = Math.round((days * DAY_MS) / bars.barMs) - (bars.time.length - 1 - from);
  return missing > 0 ? `${missing} bars of the newest ${days} days are missing` : cut(bars, from, bars.time.length);
}

// ── indicators ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Of each indicator its quantiles over the bars, its value now, and the share of the bars at or below it (`rank`). `strength`: relative
 * strength index of 14 bars (Wilder, 1978). `range`: average true range of 14 bars (Wilder, 1978) over the close. `gap`: exponential average
 * of 12 closes less that of 26, over the close. `volume`: volume over the mean of the newest 20 bars. Behind a hole each is unknown until it
 * has as many bars again as it needs at the start.
 */
function indicators(bars: Bars): Json {
  const parts = stretches(bars);
  const each = (of: (part: Bars) => (number | null)[]) => parts.flatMap((part) => of(part));
  const values = {
    strength: each(({ close }) => relativeStrength(close, WILDER_BARS)),
    range: each((part) => averageTrueRange(part, WILDER_BARS).map((range, at) => ratio(range, part.close[at]))),
    gap: each(({ close }) => averageGap(close).map((gap, at) => ratio(gap, close[at]))),
    volume: each(({ volume }) => movingAverage(volume, CHANNEL_BARS).map((usual, at) => ratio(volume[at], usual))),
  };
  const following = parts[parts.length - 1]!.time.length;
  const last = Object.fromEntries(Object.entries(values).map(([name, series]) => [name, series[series.length - 1]!]));
  const why = Object.fromEntries(Object.keys(values).map((name) => [name, whyNotNow(name, following)]));
  return {
    bars: bars.close.length,
    barsWithoutHole: following,
    ...Object.fromEntries(Object.entries(values).map(([name, series]) => [name, distribution(series)])),
    unknown: whyNull(last, why),
  };
}

/** Bars in a row that each needs; a relative strength of 14 changes needs the bar before them. */
const BARS_NEEDED: { readonly [name: string]: number } = {
  strength: WILDER_BARS + 1,
  range: WILDER_BARS,
  gap: SLOW_BARS,
  volume: CHANNEL_BARS,
  breakout: CHANNEL_BARS + 1,
};

function whyNotNow(name: string, following: number): string {
  const needed = BARS_NEEDED[name]!;
  return following < needed ? `needs ${needed} bars in a row, and there are ${following}` : 'would be divided by 0';
}

function distribution(values: readonly (number | null)[]): Json {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const now = values[values.length - 1] ?? null;
  if (known.length === 0) return null;
  const at = Object.fromEntries([5, 25, 50, 75, 95].map((percent) => [`q${percent}`, quantile(known, percent / 100)]));
  return { ...at, now, rank: now === null ? null : known.filter((value) => value <= now).length / known.length };
}

// ── nearness of a signal ───────────────────────────────────────────────────────────────────────────────────────────────

/**
 * How far the usual signals are, after the last closed bar. In average true ranges: `cross` is how far the fast average stands above the
 * slow one (a cross is at 0), `breakoutUp` how far the close is below the highest high of the 20 bars before, `breakoutDown` how far above
 * their lowest low; what is negative has happened. `overbought` and `oversold` are points of relative strength left to 70 and 30.
 * `barsSinceCross` counts from the last change of sign; null when there was none. All of it from the newest bars that follow each other
 * without a hole.
 */
function nearness(bars: Bars): Json {
  const { close, high, low } = stretches(bars).at(-1)!;
  const last = close.length - 1;
  const range = averageTrueRange({ high, low, close }, WILDER_BARS)[last] ?? null;
  const gaps = averageGap(close);
  const strength = relativeStrength(close, WILDER_BARS)[last] ?? null;
  const hasChannel = last >= CHANNEL_BARS;
  const top = hasChannel ? Math.max(...high.slice(last - CHANNEL_BARS, last)) : null;
  const bottom = hasChannel ? Math.min(...low.slice(last - CHANNEL_BARS, last)) : null;
  const crossed = gaps.findLastIndex(
    (gap, at) => gap !== null && (gaps[at - 1] ?? null) !== null && gap > 0 !== gaps[at - 1]! > 0,
  );
  const told = {
    cross: ratio(gaps[last], range),
    barsSinceCross: crossed < 0 ? null : last - crossed,
    breakoutUp: ratio(difference(top, close[last]), range),
    breakoutDown: ratio(difference(close[last], bottom), range),
    overbought: strength === null ? null : 70 - strength,
    oversold: strength === null ? null : strength - 30,
  };
  const why = {
    cross: whyNotNow('gap', close.length),
    barsSinceCross: `none in the newest ${close.length} bars without a hole`,
    breakoutUp: whyNotNow('breakout', close.length),
    breakoutDown: whyNotNow('breakout', close.length),
    overbought: whyNotNow('strength', close.length),
    oversold: whyNotNow('strength', close.length),
  };
  return { ...told, unknown: whyNull(told, why) };
}

/**
 * What each strategy gave as its reason to do nothing in the last 7 days, by how often, and when it last wanted something. Of each the
 * most frequent reasons are told; `leftOut` says how many others it gave, and how often.
 */
function waitingFor(query: Query, asOf: number): Json {
  const holds = query<{ strategy: string; symbol: string; reason: string; times: number; reasons: number; all: number }>(
    `WITH counted AS (
        SELECT strategy, symbol, reason, sum(times) AS times FROM decisions
        WHERE action = 'hold' AND instant > ? GROUP BY 1, 2, 3),
      ranked AS (
        SELECT *, row_number() OVER (PARTITION BY strategy ORDER BY times DESC, symbol, reason) AS place,
          count(*) OVER (PARTITION BY strategy) AS reasons, sum(times) OVER (PARTITION BY strategy) AS "all" FROM counted)
      SELECT strategy, symbol, reason, times, reasons, "all" FROM ranked WHERE place <= ${REASONS_MAX} ORDER BY strategy, place`,
    [asOf - TREND_DAYS * DAY_MS],
  );
  const signals = query<{ strategy: string; symbol: string; instant: number }>(
    "SELECT strategy, symbol, max(instant) AS instant FROM decisions WHERE action <> 'hold' GROUP BY 1, 2 ORDER BY 1, 2",
  );
  const leftOut = [...new Set(holds.map(({ strategy }) => strategy))].map((strategy) => {
    const told = holds.filter((hold) => hold.strategy === strategy);
    const times = told[0]!.all - told.reduce((sum, hold) => sum + hold.times, 0);
    return { strategy, reasons: told[0]!.reasons - told.length, times };
  });
  return {
    holds: holds.map(({ strategy, symbol, reason, times }) => ({ strategy, symbol, reason, times })),
    leftOut: leftOut.filter(({ reasons }) => reasons > 0),
    lastSignal: signals.map(({ strategy, symbol, instant }) => ({ strategy, symbol, daysAgo: (asOf - instant) / DAY_MS })),
  };
}

// ── data quality ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Of every part: bars that could be there and are, holes between them and the longest in bars, bars without a price change (`flat`) or
 * volume (`empty`), prices that cannot be (`impossible`: the high below another price, or the low above one), hours from the newest close
 * to the end of what is shown, and outliers: log returns of adjacent bars further from their median than 10 robust standard deviations,
 * 1.4826 times the median absolute deviation (Hampel, 1974).
 */
function dataQuality(query: Query, all: readonly Bars[], asOf: number): Json {
  const counted = query<Counted>(
    `SELECT s.symbol, s.part, (s.toTime - s.fromTime) / s.barMs AS expected, count(c.time) AS bars, total(c.high = c.low) AS flat,
      total(c.volume = 0) AS empty, total(c.high < max(c.open, c.close, c.low) OR c.low > min(c.open, c.close)) AS impossible,
      max(c.time) + s.barMs AS closed FROM spans s LEFT JOIN candles c USING (symbol, part) GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const holes = query<{ symbol: string; part: string; holes: number; longest: number }>(
    `SELECT symbol, part, total(step > barMs) AS holes, coalesce(max(step / barMs), 1) - 1 AS longest FROM (
      SELECT c.symbol, c.part, s.barMs, c.time - lag(c.time) OVER (PARTITION BY c.symbol, c.part ORDER BY c.time) AS step
      FROM candles c JOIN spans s USING (symbol, part)) GROUP BY 1, 2`,
  );
  return counted.map(({ symbol, part, closed, ...counts }) => {
    const gap = holes.find((one) => one.symbol === symbol && one.part === part);
    const bars = all.find((one) => one.symbol === symbol && one.part === part)!;
    return {
      symbol,
      part,
      ...counts,
      missing: counts.expected > 0 ? 1 - counts.bars / counts.expected : null,
      holes: gap?.holes ?? 0,
      longestHole: gap?.longest ?? 0,
      hoursOld: closed === null ? null : (Math.min(bars.toTime, asOf) - closed) / 3_600_000,
      outliers: outliers(logReturns(bars).map(({ value }) => value)),
    };
  });
}

type Counted = {
  symbol: string;
  part: string;
  expected: number;
  bars: number;
  flat: number;
  empty: number;
  impossible: number;
  closed: number | null;
};

function outliers(returns: readonly number[]): number | null {
  if (returns.length < PAIRS_MIN) return null;
  const centre = median(returns);
  const away = returns.map((value) => Math.abs(value - centre));
  const deviation = 1.4826 * median(away);
  return deviation > 0 ? away.filter((distance) => distance > OUTLIER * deviation).length : null;
}

// ── correlation ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Pearson's r of the log returns of bars that two markets both have, part by part, with its interval of 95 % by Fisher's z (1921),
 * tanh(atanh r ± 1.96 / √(n − 3)). Returns are taken as independent of each other, so the interval is rather too narrow. Markets with bars
 * of different lengths are not compared.
 */
function correlation(all: readonly Bars[]): Json {
  const told: Json[] = [];
  for (const [at, first] of all.entries()) {
    for (const second of all.slice(at + 1)) {
      if (first.part !== second.part || first.barMs !== second.barMs) continue;
      const others = new Map(logReturns(second).map(({ time, value }) => [time, value]));
      const both = logReturns(first).filter(({ time }) => others.has(time));
      const left = both.map(({ value }) => value);
      const right = both.map(({ time }) => others.get(time)!);
      const markets = [first.symbol, second.symbol];
      told.push({ markets, part: first.part, pairs: both.length, ...correlated(left, right) });
    }
  }
  return told;
}

function correlated(left: readonly number[], right: readonly number[]) {
  const unknown = (why: string) => ({ r: null, low: null, high: null, unknown: { r: why } });
  if (left.length < PAIRS_MIN) return unknown(`fewer than ${PAIRS_MIN} bars with a return are those of both`);
  const r = pearson(left, right);
  if (r === null) return unknown('the returns of one of them are all the same');
  const z = Math.atanh(Math.min(Math.max(r, -0.999_999), 0.999_999));
  const width = 1.96 / Math.sqrt(left.length - 3);
  return { r, low: Math.tanh(z - width), high: Math.tanh(z + width), unknown: {} };
}

// ── bars without a hole ────────────────────────────────────────────────────────────────────────────────────────────────

/** The bars in pieces of which each bar follows the one before it. */
function stretches(bars: Bars): Bars[] {
  const { time, barMs } = bars;
  const begins = time.flatMap((each, at) => (at === 0 || each - time[at - 1]! !== barMs ? [at] : []));
  return begins.map((from, at) => cut(bars, from, begins[at + 1] ?? time.length));
}

function cut(bars: Bars, from: number, to: number): Bars {
  const { time, high, low, close, volume } = bars;
  const part = (column: readonly number[]) => column.slice(from, to);
  return { ...bars, time: part(time), high: part(high), low: part(low), close: part(close), volume: part(volume) };
}

// ── arithmetic ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** ln(close / close before), of bars that follow each other without a hole; `time` is the later one's. */
function logReturns({ time, close, barMs }: Bars): { time: number; value: number }[] {
  const returns: { time: number; value: number }[] = [];
  for (let at = 1; at < time.length; at += 1) {
    if (time[at]! - time[at - 1]! === barMs) returns.push({ time: time[at]!, value: Math.log(close[at]! / close[at - 1]!) });
  }
  return returns;
}

function ratio(above: number | null | undefined, below: number | null | undefined): number | null {
  return above == null || below == null || below === 0 ? null : above / below;
}

function difference(left: number | null | undefined, right: number | null | undefined): number | null {
  return left == null || right == null ? null : left - right;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample: n − 1. */
function standardDeviation(values: readonly number[]): number | null {
  return values.length < 2 ? null : Math.sqrt(spread(values) / (values.length - 1));
}

/** Σ(x−x̄)², and 0 where it is no more than what rounding leaves of values that are all the same. */
function spread(values: readonly number[]): number {
  const squares = together(values, values);
  const size = values.reduce((sum, value) => sum + value * value, 0);
  return squares > ROUNDING * ROUNDING * size ? squares : 0;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return quantile(sorted, 0.5);
}

/** Between order statistics, type 7 of Hyndman and Fan (1996). @param sorted rising, at least one */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

/** Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² · Σ(y−ȳ)²); null where one of them does not change. */
function pearson(left: readonly number[], right: readonly number[]): number | null {
  const size = Math.sqrt(spread(left)) * Math.sqrt(spread(right));
  return size > 0 ? Math.min(Math.max(together(left, right) / size, -1), 1) : null;
}

/** Σ(x−x̄)(y−ȳ). */
function together(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [mean(left), mean(right)];
  return left.reduce((sum, value, at) => sum + (value - a) * (right[at]! - b), 0);
}

/** Slope of y over x by ordinary least squares, Σ(x−x̄)(y−ȳ) / Σ(x−x̄)², and R², the square of Pearson's r. */
function leastSquares(x: readonly number[], y: readonly number[]): { slope: number | null; fit: number | null } {
  const size = spread(x);
  const r = pearson(x, y);
  return { slope: size > 0 ? together(x, y) / size : null, fit: r === null ? null : r * r };
}

/** Mean of the newest n; null before there are as many. Each sum is made anew: a running one keeps the rounding of what has left it. */
function movingAverage(values: readonly number[], n: number): (number | null)[] {
  return values.map((_, at) => (at >= n - 1 ? mean(values.slice(at - n + 1, at + 1)) : null));
}

/** Exponential average of the fast closes less that of the slow ones, quote asset. */
function averageGap(close: readonly number[]): (number | null)[] {
  const slow = exponentialAverage(close, SLOW_BARS);
  return exponentialAverage(close, FAST_BARS).map((fast, at) => difference(fast, slow[at]));
}

/** Begins as the mean of the first n, then moves by 2 / (n + 1) of the way to each value. */
function exponentialAverage(values: readonly number[], n: number): (number | null)[] {
  return smoothed(values, n, 2 / (n + 1));
}

/** The same with another `share` of the way. */
function smoothed(values: readonly number[], n: number, share: number): (number | null)[] {
  let average = 0;
  return values.map((value, at) => {
    average = at < n ? average + value / n : average + share * (value - average);
    return at >= n - 1 ? average : null;
  });
}

/** 100 − 100 / (1 + mean rise / mean fall), both smoothed by 1/n; 50 where nothing moved. */
function relativeStrength(close: readonly number[], n: number): (number | null)[] {
  const changes = close.slice(1).map((value, at) => value - close[at]!);
  const average = (values: readonly number[]) => smoothed(values, n, 1 / n);
  const rises = average(changes.map((change) => Math.max(change, 0)));
  const falls = average(changes.map((change) => Math.max(-change, 0)));
  const strengths = rises.map((rise, at) => {
    const fall = falls[at];
    if (rise === null || fall == null) return null;
    return rise + fall === 0 ? 50 : (100 * rise) / (rise + fall);
  });
  return close.length === 0 ? [] : [null, ...strengths];
}

/** Mean of the true ranges, max(high, close before) − min(low, close before), smoothed by 1/n. */
function averageTrueRange({ high, low, close }: Pick<Bars, 'high' | 'low' | 'close'>, n: number): (number | null)[] {
  const ranges = high.map((top, at) => Math.max(top, close[at - 1] ?? top) - Math.min(low[at]!, close[at - 1] ?? low[at]!));
  return smoothed(ranges, n, 1 / n);
}
