import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { MARKETS_PATH, MarketCosts, rulesFor } from '#bot/evidence/market-costs.ts';
import { minute } from '#bot/evidence/numbers.ts';
import { type Backtester, openBacktester } from '#engine/backtest/backtester.ts';
import type { BacktestRequest } from '#engine/backtest/types.ts';
import type { Subject } from '#engine/backtest/verify/subject.ts';
import { firstIndexFrom } from '#engine/candles/candle-columns.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { spanOf } from '#engine/candles/cut-in-three.ts';
import { candleFilesAt, importCandleFiles } from '#engine/candles/import-candle-files.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { selectDataset } from '#engine/candles/select-dataset.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset, Span } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import * as option from '../option-parsers.ts';
import { readStrategy, type StrategyOnDisk } from './read-strategy.ts';

/** A tick of a larger share of the lowest price is a slip in the file of markets. */
const TICK_MAX_SHARE = 0.05;

/** What a backtest is made of, as it is typed. */
export interface RunFlags {
  readonly data?: readonly string[];
  readonly store: string;
  readonly venue?: string;
  readonly param: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly capital: number;
  readonly seed: number;
  readonly feeRate?: number;
  readonly slippage?: number;
  /** Absent where a delay has no meaning. */
  readonly delay?: string;
}

/** The options every command over a backtest has. */
export function withRunFlags(command: Command): Command {
  return command
    .argument('<strategy>', 'an id under strategies/, a folder with a manifest.yaml, or one source file')
    .option('--data <path...>', 'candle files or folders of them; without it the candle store is used')
    .option('--store <dir>', 'the candle store', join('var', 'candles'))
    .option('--venue <name>', 'which venue, when several have the candles')
    .option('--param <name=value...>', 'values for the declared parameters, over those of the manifest', [])
    .option('--from <date>', 'first day, UTC; bars before it warm the strategy up', option.utcTime)
    .option('--to <date>', 'end: bars that close after it are not included', option.utcTime)
    .option('--capital <amount>', 'quote asset', option.amount, 10_000)
    .option('--seed <number>', 'part of the result id', option.seed, 1)
    .option('--fee-rate <ratio>', 'maker and taker fee instead of those of policies/markets.yaml', option.ratio)
    .option('--slippage <ratio>', 'slippage instead of that of policies/markets.yaml', option.ratio);
}

/** Everything a backtest needs, with the candles loaded; `tester` holds none yet and is closed by the caller. */
export interface PreparedRun extends Subject {
  readonly tester: Backtester;
}

/** Calls `use` with what the flags describe, and closes process, store and temporary files behind it. */
export async function withPreparedRun<T>(strategy: string, flags: RunFlags, use: (run: PreparedRun) => Promise<T>): Promise<T> {
  const delayBars = wholeNumber('--delay', flags.delay ?? '0');
  const { artifact, source, entry, parameters } = await readStrategy(strategy);
  const tester = await openBacktester(artifact);
  try {
    const candles = openCandles(flags);
    try {
      const request = requestOf(tester, candles.store, { artifact, parameters }, flags, delayBars);
      const columns = loadDataset(candles.store, request.dataset);
      requireFineTicks(request, columns);
      return await use({ source, entry, artifact, request, columns, tester });
    } finally {
      candles.close();
    }
  } finally {
    await tester.close();
  }
}

/** The store named, or one made of the files named that is gone afterwards. */
function openCandles(flags: RunFlags): { readonly store: CandleStore; close(): void } {
  if (flags.data === undefined) {
    const store = CandleStore.openExisting(flags.store);
    return { store, close: () => store.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-backtest-'));
  const discard = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const store = CandleStore.open(folder);
    importCandleFiles(store, flags.data.flatMap(candleFilesAt));
    return {
      store,
      close: () => {
        store.close();
        discard();
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

function requestOf(
  tester: Backtester,
  store: CandleStore,
  strategy: Pick<StrategyOnDisk, 'artifact' | 'parameters'>,
  flags: RunFlags,
  delayBars: number,
): BacktestRequest {
  const { symbols, timeframe } = tester.describe();
  const wants = symbols.map((symbol) => ({ symbol, timeframe }));
  const dataset = selectDataset(store, wants, { venue: flags.venue });
  return {
    artifact: strategy.artifact.digest,
    parameters: tester.fillParameters({ ...strategy.parameters, ...valuesOf(flags.param) }),
    dataset,
    span: spanWithin(spanOf(dataset), timeframe, flags),
    markets: marketsOf(dataset, flags),
    capital: flags.capital,
    seed: flags.seed,
    delayBars,
  };
}

function marketsOf(dataset: Dataset, flags: RunFlags): Record<string, MarketRules> {
  const costs = MarketCosts.parse(parse(readFileSync(MARKETS_PATH, 'utf8')));
  const { feeRate, slippage } = flags;
  const entries = dataset.entries.map(({ symbol, source }) => {
    const rules = rulesFor(costs, source.venue, symbol);
    const fees = feeRate === undefined ? {} : { makerFeeRate: feeRate, takerFeeRate: feeRate };
    return [symbol, { ...rules, ...fees, ...(slippage === undefined ? {} : { slippageRate: slippage }) }];
  });
  return Object.fromEntries(entries);
}

/**
 * What was asked for of what there is, in whole bars: none that opened before `from` or closes after `to`, and no empty years before
 * the first candle that a reader would take for tested ones.
 */
function spanWithin(whole: Span, timeframe: Timeframe, flags: RunFlags): Span {
  const barMs = timeframeMs(timeframe);
  const from = flags.from === undefined ? whole.from : Math.max(whole.from, Math.ceil(flags.from / barMs) * barMs);
  const to = flags.to === undefined ? whole.to : Math.min(whole.to, Math.floor(flags.to / barMs) * barMs);
  if (from < to) return { from, to };
  const asked = `${flags.from === undefined ? 'the first candle' : minute(flags.from)} and ${flags.to === undefined ? 'the last' : minute(flags.to)}`;
  throw new RatchetError(
    'backtest/span',
    `No ${timeframe} bar opens and closes between ${asked}.`,
    `Choose a span within the candles, which reach from ${minute(whole.from)} to ${minute(whole.to)} UTC.`,
  );
}

/** Prices move by ticks: one as large as a part of the price makes every fill, and so the whole result, an artefact of rounding. */
function requireFineTicks({ markets, span }: BacktestRequest, columns: ReadonlyMap<string, CandleColumns>): void {
  for (const [symbol, { time, close }] of columns) {
    const { tickSize } = markets[symbol]!;
    const lowest = close
      .subarray(firstIndexFrom(time, span.from), firstIndexFrom(time, span.to))
      .reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    if (tickSize <= TICK_MAX_SHARE * lowest) continue;
    throw new RatchetError(
      'backtest/tick',
      `${MARKETS_PATH} gives ${symbol} a tick of ${tickSize}, but its price falls to ${lowest}: fills would be rounded to nonsense.`,
      `Name the market's tick and step under assets, as its venue has them.`,
      { symbol, tickSize, lowest },
    );
  }
}

function valuesOf(pairs: readonly string[]): Record<string, number> {
  const entries = pairs.map((pair) => {
    const [name = '', text = '', ...rest] = pair.split('=');
    const value = Number(text);
    if (name.trim() === '' || text.trim() === '' || rest.length > 0 || !Number.isFinite(value)) {
      throw new RatchetError('backtest/usage', `--param ${pair} is not name=number.`, 'Write it like --param fast=12.');
    }
    return [name, value] as const;
  });
  // Not by assignment: that would swallow a name like __proto__ without a word.
  return Object.fromEntries(entries);
}

/** For options whose command takes them as text. */
export function wholeNumber(flag: string, text: string): number {
  try {
    return option.count(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new RatchetError('backtest/usage', `${flag} ${text} is not possible.`, error.message, { flag, text });
  }
}
