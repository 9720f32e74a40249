/** Fixed code: what a night is told of a version's doings is this arithmetic, and nothing a proposer writes can change it. */
export interface Benchmark {
  /** In words, with its unit, for people and models alike. */
  readonly meaning: string;
  /** One SELECT of one value over the rows of one version; see {@link VERSION_ROWS} for what `trades`, `decisions`, … are in it. */
  readonly sql: string;
}

/**
 * The rows that speak of one version up to a market time. Trades are those it opened, so a position taken over belongs to the version
 * that wanted it; decisions are its own; `equity` is the account's at the bars on which it decided; `changes` are all the account's
 * purchases and ends of positions, since what was held before counts as held: a symbol is held when it was bought later than its last
 * position ended; `loaded` is when it was loaded last. Days and hours are in milliseconds. A row of `decisions`
 * stands for as many as `times` says, and one of `equity` for `bars`, with `held` counted already where several have become a run.
 */
export const VERSION_ROWS = `WITH
  trades AS (SELECT * FROM main.trades WHERE strategy = @strategy AND version = @tree AND instant <= @asOf),
  decisions AS (
    SELECT instant, symbol, action, coalesce(
      (SELECT 'denied:' || code FROM denials WHERE decision = own.id AND denials.instant <= @asOf LIMIT 1), outcome) AS outcome, 1 AS times
    FROM main.decisions AS own WHERE strategy = @strategy AND treeHash = @tree AND instant <= @asOf
    UNION ALL SELECT instant, symbol, action, outcome, times
    FROM main.decisionTiers WHERE strategy = @strategy AND treeHash = @tree AND instant <= @asOf),
  equity AS (
    SELECT instant, value AS high, value AS low, value AS close, 0.0 AS fall, 1 AS bars, NULL AS held
    FROM main.equity WHERE strategy = @strategy AND instant <= @asOf AND instant IN (
      SELECT instant FROM main.decisions WHERE strategy = @strategy AND treeHash = @tree)
    UNION ALL SELECT instant, high, low, close, fall, bars, held
    FROM main.equityTiers WHERE strategy = @strategy AND treeHash = @tree AND instant <= @asOf),
  changes AS (
    SELECT instant, symbol, time AS bought, NULL AS ended
    FROM main.fills WHERE strategy = @strategy AND side = 'buy' AND instant <= @asOf
    UNION ALL SELECT instant, symbol, NULL, exitTime FROM main.trades WHERE strategy = @strategy AND instant <= @asOf),
  loaded AS (
    SELECT instant, loadedAt, barMs, symbols FROM main.deployments
    WHERE strategy = @strategy AND treeHash = @tree AND instant <= @asOf ORDER BY id DESC LIMIT 1)
`;

const DAY = '86400000.0';
const HOUR = '3600000.0';

export const BENCHMARKS = {
  trades: { meaning: 'closed trades it opened', sql: 'SELECT count(*) FROM trades' },
  wins: { meaning: 'trades that brought more than their fees', sql: 'SELECT count(*) FROM trades WHERE netResult > 0' },
  winRate: { meaning: 'wins, a ratio of the trades', sql: 'SELECT avg(netResult > 0) FROM trades' },
  grossResult: {
    meaning: 'result of its trades before fees, quote asset',
    sql: 'SELECT total(netResult + fees) FROM trades',
  },
  netResult: { meaning: 'result of its trades after fees, quote asset', sql: 'SELECT total(netResult) FROM trades' },
  fees: { meaning: 'fees of its trades, entry and exit, quote asset', sql: 'SELECT total(fees) FROM trades' },
  expectancy: {
    meaning: 'mean net return of a trade, a ratio of what was put in',
    sql: 'SELECT avg(netReturn) FROM trades',
  },
  profitFactor: {
    meaning: 'what winning trades brought over what losing ones cost; none without a losing one',
    sql: 'SELECT sum(max(netResult, 0)) / -nullif(sum(min(netResult, 0)), 0) FROM trades',
  },
  lossesInARow: {
    meaning: 'losing trades since the last winning one',
    sql: 'SELECT count(*) FROM trades WHERE id > (SELECT coalesce(max(id), 0) FROM trades WHERE netResult > 0)',
  },
  worstLossesInARow: {
    meaning: 'the longest run of losing trades',
    sql: 'SELECT coalesce(max(losses), 0) FROM (SELECT sum(netResult <= 0) AS losses FROM (SELECT netResult, sum(netResult > 0) OVER (ORDER BY id) AS run FROM trades) GROUP BY run)',
  },
  drawdownNow: {
    meaning: 'fall of the account from its highest equity under this version to the present, a ratio of it',
    sql: 'SELECT 1 - (SELECT close FROM equity ORDER BY instant DESC LIMIT 1) / max(high) FROM equity',
  },
  drawdownWorst: {
    meaning: 'the deepest such fall so far, a ratio',
    sql: 'SELECT max(max(fall, coalesce(1 - low / peak, 0))) FROM (SELECT fall, low, max(high) OVER (ORDER BY instant ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS peak FROM equity)',
  },
  exposure: {
    meaning: 'share of its bars at whose close something was held',
    // Fills alone do not tell: what fees took in kind, dust, and what a person has taken away are held no more and were never sold.
    sql: `SELECT 1.0 * sum(held) / sum(bars) FROM (SELECT positions > 0 AS held, 1 AS bars FROM (SELECT isBar, sum(change) OVER (ORDER BY instant, isBar ROWS UNBOUNDED PRECEDING) AS positions FROM (
      SELECT instant, 0 AS isBar, isHeld - lag(isHeld, 1, 0) OVER (PARTITION BY symbol ORDER BY instant) AS change FROM (
        SELECT instant, symbol, coalesce(max(bought) OVER own, 0) > coalesce(max(ended) OVER own, 0) AS isHeld
        FROM changes WINDOW own AS (PARTITION BY symbol ORDER BY instant))
      UNION ALL SELECT instant, 1, 0 FROM equity WHERE held IS NULL)) WHERE isBar
      UNION ALL SELECT held, bars FROM equity WHERE held IS NOT NULL)`,
  },
  decisions: { meaning: 'decisions, one a symbol and bar', sql: 'SELECT coalesce(sum(times), 0) FROM decisions' },
  holds: { meaning: 'decisions to do nothing', sql: "SELECT coalesce(sum(times), 0) FROM decisions WHERE action = 'hold'" },
  signals: { meaning: 'decisions to do something', sql: "SELECT coalesce(sum(times), 0) FROM decisions WHERE action <> 'hold'" },
  acted: {
    meaning: 'signals that became orders, in the stage shadow those that would have',
    sql: "SELECT coalesce(sum(times), 0) FROM decisions WHERE outcome IN ('accepted', 'shadow')",
  },
  refused: {
    meaning: 'signals that were refused, at once or before they filled',
    sql: "SELECT coalesce(sum(times), 0) FROM decisions WHERE outcome LIKE 'denied:%'",
  },
  refusals: {
    meaning: 'how often each reason refused a signal, by code',
    sql: "SELECT json_group_object(code, times) FROM (SELECT substr(outcome, 8) AS code, sum(times) AS times FROM decisions WHERE outcome LIKE 'denied:%' GROUP BY 1 ORDER BY 1)",
  },
  scansExpected: {
    meaning: 'decisions there should be since it was loaded: bars that closed, times its symbols',
    sql: 'SELECT (@asOf / barMs - instant / barMs) * symbols FROM loaded',
  },
  scansMade: {
    meaning: 'decisions there are since it was loaded; bars without a trade on the market are never decided on',
    sql: 'SELECT coalesce(sum(times), 0) FROM decisions WHERE instant > (SELECT instant FROM loaded)',
  },
  daysSinceSignal: {
    meaning: 'days since its last decision to do something, or since it was loaded',
    sql: `SELECT (@asOf - coalesce(max(instant), (SELECT instant FROM loaded))) / ${DAY} FROM decisions WHERE action <> 'hold'`,
  },
  daysSinceTrade: {
    meaning: 'days since it last closed a trade, or since it was loaded',
    sql: `SELECT (@asOf - coalesce(max(exitTime), (SELECT instant FROM loaded))) / ${DAY} FROM trades`,
  },
  dataAge: {
    meaning: 'hours between the newest bar it decided on and now',
    sql: `SELECT (@asOf - max(instant)) / ${HOUR} FROM decisions`,
  },
  uptime: {
    meaning: 'share of the time since it was loaded in which the engine ran, by the clock on the wall',
    sql: `SELECT min(1.0, total(max(0, min(seenAt, @now) - max(startedAt, loadedAt))) / nullif(@now - loadedAt, 0)) FROM loaded, runs`,
  },
  age: { meaning: 'days since this version was loaded', sql: `SELECT (@asOf - instant) / ${DAY} FROM loaded` },
  versions: {
    meaning: 'versions of the strategy that ran here up to now, this one included',
    sql: 'SELECT count(DISTINCT treeHash) FROM main.deployments WHERE strategy = @strategy AND instant <= @asOf',
  },
} as const satisfies Readonly<Record<string, Benchmark>>;
