import type { Column, Table } from '#engine/contract/analysis.ts';

/** A table that an analysis module may ask about, and where its rows come from. */
export interface SourcedTable extends Table {
  /** One SELECT of the columns, in order, from the engine's store: `@asOf` and `@rowsMax` are given. Null for what comes from candles. */
  readonly fromStore: string | null;
  /** Columns of its index; rows are looked up by them. */
  readonly index: string;
}

const text = (name: string, meaning: string): Column => ({ name, type: 'TEXT', meaning });
const whole = (name: string, meaning: string): Column => ({ name, type: 'INTEGER', meaning });
const real = (name: string, meaning: string): Column => ({ name, type: 'REAL', meaning });

const STRATEGY = text('strategy', 'id of the strategy');
const SYMBOL = text('symbol', 'market, as BTC/USDT');
const TREE = text('treeHash', 'the version that was loaded: git tree of its folder');
const INSTANT = whole('instant', 'close of the bar that made the row known, UTC ms');

/** Newest rows win, and stand in the order in which they were recorded. */
const newest = (columns: string, table: string) =>
  `SELECT ${columns} FROM (SELECT * FROM ${table} WHERE instant <= @asOf ORDER BY id DESC LIMIT @rowsMax) AS own ORDER BY id`;

/**
 * Everything an analysis module may ask about. Rows are the engine's own up to the night's market time; bars are those of `spans` and no
 * others, so neither the selection data nor the vault are among them. Only the newest 200,000 rows of a table are there.
 */
export const TABLES: readonly SourcedTable[] = [
  {
    name: 'spans',
    meaning: 'a stretch of bars of one market that is shown; between two of one market lie bars that nobody may see',
    columns: [
      SYMBOL,
      text('timeframe', 'length of the bars: 1m 5m 15m 30m 1h 4h 1d'),
      whole('barMs', 'the same in ms'),
      text('part', "'development', or 'since' for what came after the vault"),
      whole('fromTime', 'open of the first bar there can be, UTC ms'),
      whole('toTime', 'bars that close by then are shown, UTC ms'),
    ],
    fromStore: null,
    index: 'symbol, part',
  },
  {
    name: 'candles',
    meaning: 'a closed bar of one market; a bar without a trade on the market is not there',
    columns: [
      SYMBOL,
      text('timeframe', 'as in spans'),
      text('part', 'as in spans'),
      whole('time', 'open of the bar, UTC ms'),
      real('open', 'quote asset'),
      real('high', 'quote asset'),
      real('low', 'quote asset'),
      real('close', 'quote asset'),
      real('volume', 'base asset'),
    ],
    fromStore: null,
    index: 'symbol, time',
  },
  {
    name: 'trades',
    meaning: 'a position from the fill that opened it to the fill that closed it',
    columns: [
      STRATEGY,
      text('version', 'the version that opened it: git tree'),
      SYMBOL,
      INSTANT,
      whole('entryTime', 'UTC ms'),
      whole('exitTime', 'UTC ms'),
      real('entryPrice', 'quote asset'),
      real('exitPrice', 'quote asset'),
      real('quantity', 'base asset'),
      real('fees', 'entry and exit, quote asset'),
      real('netResult', 'after all fees, quote asset'),
      real('netReturn', 'netResult as a ratio of what was put in'),
      whole('barsHeld', 'bars'),
      real('maxAdverseExcursion', 'worst price while it was held, ratio of the entry price'),
      real('maxFavourableExcursion', 'best price while it was held, ratio of the entry price'),
      text('entryReason', "the strategy's words"),
      text('exitReason', "the strategy's words"),
      text(
        'exitCause',
        'decision, stop, take-profit, trailing-stop, horizon, end-of-data, or by-hand where a person took it away',
      ),
    ],
    fromStore: newest(
      'strategy, version, symbol, instant, entryTime, exitTime, entryPrice, exitPrice, quantity, fees, netResult, netReturn, barsHeld, maxAdverseExcursion, maxFavourableExcursion, entryReason, exitReason, exitCause',
      'trades',
    ),
    index: 'strategy, exitTime',
  },
  {
    name: 'decisions',
    meaning:
      'what a strategy decided for one market at the close of one bar; of times long past a row may stand for several alike: sum(times) counts them',
    columns: [
      STRATEGY,
      TREE,
      INSTANT,
      SYMBOL,
      text('action', 'hold, target, limit or cancel'),
      text('reason', "the strategy's words"),
      text('outcome', "'held', 'accepted', 'shadow', or 'denied:' and the code of what refused it, at once or before it filled"),
      whole('times', 'how many decisions alike the row stands for, the last of them at instant'),
    ],
    fromStore: `SELECT strategy, treeHash, instant, symbol, action, reason, outcome, times FROM (
        SELECT * FROM (
          SELECT id, strategy, treeHash, instant, symbol, action, reason, coalesce(
            (SELECT 'denied:' || code FROM denials WHERE decision = own.id AND denials.instant <= @asOf LIMIT 1), outcome) AS outcome, 1 AS times
          FROM decisions AS own WHERE instant <= @asOf
          UNION ALL SELECT 0, strategy, treeHash, instant, symbol, action, reason, outcome, times
          FROM decisionTiers WHERE instant <= @asOf
        ) ORDER BY instant DESC, id DESC, strategy DESC, symbol DESC LIMIT @rowsMax
      ) ORDER BY instant, id, strategy, symbol`,
    index: 'strategy, symbol, instant',
  },
  {
    name: 'orders',
    meaning: 'the terms of a decision that became an order',
    columns: [
      STRATEGY,
      SYMBOL,
      INSTANT,
      real('weight', 'share of the equity asked for; 0 leaves the market'),
      real('stopLoss', 'below the entry, ratio; null without'),
      real('takeProfit', 'above the entry, ratio; null without'),
      real('trailingStop', 'below the best price since, ratio; null without'),
      whole('horizonBars', 'bars after which it is closed; null without'),
    ],
    fromStore: newest(
      "strategy, symbol, instant, terms ->> '$.weight', terms ->> '$.stopLoss', terms ->> '$.takeProfit', terms ->> '$.trailingStop', terms ->> '$.horizonBars'",
      'orders',
    ),
    index: 'strategy, symbol, instant',
  },
  {
    name: 'fills',
    meaning: 'one execution',
    columns: [
      STRATEGY,
      TREE,
      INSTANT,
      whole('time', 'UTC ms'),
      SYMBOL,
      text('side', 'buy or sell'),
      real('quantity', 'base asset'),
      real('price', 'quote asset'),
      real('fee', 'quote asset'),
      text('cause', 'entry, or what closed it as in trades.exitCause'),
    ],
    fromStore: newest('strategy, treeHash, instant, time, symbol, side, quantity, price, fee, cause', 'fills'),
    index: 'strategy, instant',
  },
  {
    name: 'equity',
    meaning:
      "a strategy's account at the close of one bar; of times long past only of the last bar of five minutes, an hour or a day",
    columns: [STRATEGY, INSTANT, real('value', 'cash and holdings at the close, quote asset')],
    fromStore: `SELECT * FROM (SELECT * FROM (
          SELECT strategy, instant, value FROM equity WHERE instant <= @asOf
          UNION ALL SELECT strategy, instant, close FROM equityTiers WHERE instant <= @asOf
        ) ORDER BY instant DESC LIMIT @rowsMax) ORDER BY instant, strategy`,
    index: 'strategy, instant',
  },
  {
    name: 'positions',
    meaning: 'what a strategy holds; nothing where its account has gone on since',
    columns: [
      STRATEGY,
      SYMBOL,
      real('quantity', 'base asset'),
      real('entryPrice', 'quote asset'),
      whole('barsHeld', 'bars since it was opened'),
      whole('barMs', 'length of these bars in ms; null where it was not recorded'),
    ],
    fromStore: `SELECT accounts.strategy, held.value ->> '$.symbol', held.value ->> '$.quantity', held.value ->> '$.entryPrice',
        held.value ->> '$.barsHeld', deployments.barMs
      FROM accounts JOIN json_each(accounts.positions) AS held LEFT JOIN deployments ON deployments.id = accounts.deployment
      WHERE accounts.instant <= @asOf ORDER BY 1, 2 LIMIT @rowsMax`,
    index: 'strategy, symbol',
  },
  {
    name: 'deployments',
    meaning: 'a version of a strategy that was loaded',
    columns: [
      STRATEGY,
      TREE,
      text('stage', 'shadow, paper, canary or live'),
      whole('instant', 'market time of loading, UTC ms'),
      whole('barMs', 'length of the bars it decides on, ms; null where it was not recorded'),
      whole('symbols', 'markets it decides on; null where it was not recorded'),
    ],
    fromStore: newest('strategy, treeHash, stage, instant, barMs, symbols', 'deployments'),
    index: 'strategy, instant',
  },
];

/** As a module is handed them. */
export const SHOWN_TABLES: readonly Table[] = TABLES.map(({ name, meaning, columns }) => ({ name, meaning, columns }));
