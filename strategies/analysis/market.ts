import { defineAnalysis, type Json, type Query } from 'ratchet/contract';

/*
 * What the market did and does. Times are UTC milliseconds, prices are in quote asset, returns are ratios or natural logarithms as their
 * names say. A number nobody can know is null. Every statement is asked before anything is computed: a module is run from the start
 * again after each answer.
 */

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
/** Newest bars of a part that indicators are computed from. */
const BARS_MAX = 10_000;
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
    return {
      asOf: schema.asOf,
      price: byMarket(all, (bars) => price(bars)),
      indicators: byMarket(all, (bars) => indicators(bars)),
      nearness: {
        market: byMarket(
          all.filter(({ part }) => part === 'since'),
          (bars) => nearness(bars),
        ),
        strategies: waiting,
      },
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

// ── price and trend ────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * `change`: last close over the close so many days before, less 1, ratio. `volatility`: standard deviation of the log returns of adjacent
 * bars, times the root of the bars in a year. `trend.score`: log return of 7 days over the standard deviation that independent returns of
 * that many bars would have, z = ln(c/c₀) / (s·√n) with s of those days; beyond 1 either way it is called rising or falling.
 * `trend.perDay` and `trend.fit`: slope of ln(close) over time by least squares, and its R². `trend.efficiency`: net change over the way
 * travelled, |c − c₀| / Σ|Δc| (Kaufman, 1995), 1 for a straight line.
 */
function price(bars: Bars): Json {
  const { time, close, barMs } = bars;
  const last = close.length - 1;
  const returns = logReturns(bars).map(({ value }) => value);
  const deviation = standardDeviation(returns);
  const from = indexDaysBack(bars, TREND_DAYS);
  return {
    firstTime: time[0]!,
    closedTime: time[last]! + barMs,
    close: close[last]!,
    highest: Math.max(...bars.high),
    lowest: Math.min(...bars.low),
    change: Object.fromEntries(
      WINDOW_DAYS.map((days) => {
        const at = indexDaysBack(bars, days);
        return [`${days}d`, at === null ? null : close[last]! / close[at]! - 1];
      }),
    ),
    volatility: deviation === null ? null : deviation * Math.sqrt(YEAR_MS / barMs),
    trend: from === null ? null : trend(bars, from),
  };
}

function trend({ time, close }: Bars, from: number): Json {
  const part = close.slice(from);
  const net = Math.log(part[part.length - 1]! / part[0]!);
  const deviation = standardDeviation(part.slice(1).map((each, at) => Math.log(each / part[at]!)));
  const score = deviation === null || deviation === 0 ? null : net / (deviation * Math.sqrt(part.length - 1));
  const days = time.slice(from).map((each) => (each - time[from]!) / DAY_MS);
  const line = leastSquares(
    days,
    part.map((each) => Math.log(each)),
  );
  let way = 0;
  for (let at = 1; at < part.length; at += 1) way += Math.abs(part[at]! - part[at - 1]!);
  return {
    days: TREND_DAYS,
    name: score === null || Math.abs(score) <= 1 ? 'sideways' : score > 0 ? 'rising' : 'falling',
    score,
    perDay: line.slope,
    fit: line.fit,
    efficiency: way > 0 ? Math.abs(part[part.length - 1]! - part[0]!) / way : null,
  };
}

/** The newest bar that closed at least so long before the last one; null where the bars begin later. */
function indexDaysBack({ time }: Bars, days: number): number | null {
  const wanted = time[time.length - 1]! - days * DAY_MS;
  const at = time.findLastIndex((each) => each <= wanted);
  return at < 0 ? null : at;
}

// ── indicators ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Of each indicator its quantiles over the bars, its value now, and the share of the bars at or below it (`rank`). `strength`: relative
 * strength index of 14 bars (Wilder, 1978). `range`: average true range of 14 bars (Wilder, 1978) over the close. `gap`: exponential average
 * of 12 closes less that of 26, over the close. `volume`: volume over the mean of the newest 20 bars.
 */
function indicators(bars: Bars): Json {
  const { close, volume } = bars;
  const fast = exponentialAverage(close, FAST_BARS);
  const slow = exponentialAverage(close, SLOW_BARS);
  const range = averageTrueRange(bars, WILDER_BARS);
  const usual = movingAverage(volume, CHANNEL_BARS);
  return {
    bars: close.length,
    strength: distribution(relativeStrength(close, WILDER_BARS)),
    range: distribution(close.map((each, at) => ratio(range[at], each))),
    gap: distribution(close.map((each, at) => ratio(difference(fast[at], slow[at]), each))),
    volume: distribution(volume.map((each, at) => ratio(each, usual[at]))),
  };
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
 * `barsSinceCross` counts from the last change of sign; null when there was none.
 */
function nearness(bars: Bars): Json {
  const { close, high, low } = bars;
  const last = close.length - 1;
  const range = averageTrueRange(bars, WILDER_BARS)[last] ?? null;
  const fast = exponentialAverage(close, FAST_BARS);
  const slow = exponentialAverage(close, SLOW_BARS);
  const gaps = close.map((_, at) => difference(fast[at], slow[at]));
  const strength = relativeStrength(close, WILDER_BARS)[last] ?? null;
  const hasChannel = last >= CHANNEL_BARS;
  const top = hasChannel ? Math.max(...high.slice(last - CHANNEL_BARS, last)) : null;
  const bottom = hasChannel ? Math.min(...low.slice(last - CHANNEL_BARS, last)) : null;
  const crossed = gaps.findLastIndex(
    (gap, at) => gap !== null && (gaps[at - 1] ?? null) !== null && gap > 0 !== gaps[at - 1]! > 0,
  );
  return {
    cross: ratio(gaps[last], range),
    barsSinceCross: crossed < 0 ? null : last - crossed,
    breakoutUp: ratio(difference(top, close[last]), range),
    breakoutDown: ratio(difference(close[last], bottom), range),
    overbought: strength === null ? null : 70 - strength,
    oversold: strength === null ? null : strength - 30,
  };
}

/** What each strategy gave as its reason to do nothing in the last 7 days, by how often, and when it last wanted something. */
function waitingFor(query: Query, asOf: number): Json {
  const holds = query<{ strategy: string; symbol: string; reason: string; times: number }>(
    `SELECT strategy, symbol, reason, count(*) AS times FROM decisions WHERE action = 'hold' AND instant > ?
      GROUP BY 1, 2, 3 ORDER BY 1, 2, times DESC, reason LIMIT 500`,
    [asOf - TREND_DAYS * DAY_MS],
  );
  const signals = query<{ strategy: string; symbol: string; instant: number }>(
    "SELECT strategy, symbol, max(instant) AS instant FROM decisions WHERE action <> 'hold' GROUP BY 1, 2 ORDER BY 1, 2",
  );
  return {
    holds: holds.map(({ strategy, symbol, reason, times }) => ({ strategy, symbol, reason, times })),
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
  const centre = quantile(
    returns.slice().sort((a, b) => a - b),
    0.5,
  );
  const away = returns.map((value) => Math.abs(value - centre));
  const deviation =
    1.4826 *
    quantile(
      away.slice().sort((a, b) => a - b),
      0.5,
    );
  return deviation > 0 ? away.filter((distance) => distance > OUTLIER * deviation).length : null;
}

// ── correlation ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Pearson's r of the log returns of bars that two markets both have, part by part, with its interval of 95 % by Fisher's z (1921),
 * tanh(atanh r ± 1.96 / √(n − 3)). Returns are taken as independent of each other, so the interval is rather too narrow.
 */
function correlation(all: readonly Bars[]): Json {
  const told: Json[] = [];
  for (const [at, first] of all.entries()) {
    for (const second of all.slice(at + 1)) {
      if (first.part !== second.part || first.barMs !== second.barMs) continue;
      const others = new Map(logReturns(second).map(({ time, value }) => [time, value]));
      const both = logReturns(first).filter(({ time }) => others.has(time));
      if (both.length < PAIRS_MIN) continue;
      const r = pearson(
        both.map(({ value }) => value),
        both.map(({ time }) => others.get(time)!),
      );
      if (r === null) continue;
      const z = Math.atanh(Math.min(Math.max(r, -0.999_999), 0.999_999));
      const width = 1.96 / Math.sqrt(both.length - 3);
      const markets = [first.symbol, second.symbol];
      told.push({ markets, part: first.part, pairs: both.length, r, low: Math.tanh(z - width), high: Math.tanh(z + width) });
    }
  }
  return told;
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
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) * (value - centre), 0) / (values.length - 1));
}

/** Between order statistics, type 7 of Hyndman and Fan (1996). @param sorted rising, at least one */
function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)]!;
  return below + (sorted[Math.ceil(at)]! - below) * (at - Math.floor(at));
}

function pearson(left: readonly number[], right: readonly number[]): number | null {
  const [a, b] = [mean(left), mean(right)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [at, value] of left.entries()) {
    ab += (value - a) * (right[at]! - b);
    aa += (value - a) * (value - a);
    bb += (right[at]! - b) * (right[at]! - b);
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}

/** Slope of y over x by ordinary least squares, Σ(x−x̄)(y−ȳ) / Σ(x−x̄)², and R², the square of Pearson's r. */
function leastSquares(x: readonly number[], y: readonly number[]): { slope: number | null; fit: number | null } {
  const [a, b] = [mean(x), mean(y)];
  let [xy, xx] = [0, 0];
  for (const [at, value] of x.entries()) {
    xy += (value - a) * (y[at]! - b);
    xx += (value - a) * (value - a);
  }
  const r = pearson(x, y);
  return { slope: xx > 0 ? xy / xx : null, fit: r === null ? null : r * r };
}

/** Mean of the newest n; null before there are as many. */
function movingAverage(values: readonly number[], n: number): (number | null)[] {
  let sum = 0;
  return values.map((value, at) => {
    sum += value - (at >= n ? values[at - n]! : 0);
    return at >= n - 1 ? sum / n : null;
  });
}

/** Begins as the mean of the first n, then moves by 2 / (n + 1) of the way to each value. */
function exponentialAverage(values: readonly number[], n: number): (number | null)[] {
  return smoothed(values, n, 2 / (n + 1));
}

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
  const rises = smoothed(
    changes.map((change) => Math.max(change, 0)),
    n,
    1 / n,
  );
  const falls = smoothed(
    changes.map((change) => Math.max(-change, 0)),
    n,
    1 / n,
  );
  const strengths = rises.map((rise, at) => {
    const fall = falls[at];
    if (rise === null || fall == null) return null;
    return rise + fall === 0 ? 50 : (100 * rise) / (rise + fall);
  });
  return close.length === 0 ? [] : [null, ...strengths];
}

/** Mean of the true ranges, max(high, close before) − min(low, close before), smoothed by 1/n. */
function averageTrueRange({ high, low, close }: Bars, n: number): (number | null)[] {
  const ranges = high.map((top, at) => Math.max(top, close[at - 1] ?? top) - Math.min(low[at]!, close[at - 1] ?? low[at]!));
  return smoothed(ranges, n, 1 / n);
}
