import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARKETS_PATH, MarketCosts, rulesFor } from '#bot/evidence/market-costs.ts';
import { parsePolicy } from '#bot/gates/policies.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { cutColumns } from '#engine/candles/candle-columns.ts';
import { cutInThree } from '#engine/candles/cut-in-three.ts';
import { digestOfColumns } from '#engine/candles/digest-columns.ts';
import { readCandleFile } from '#engine/candles/read-candle-file.ts';
import { resample } from '#engine/candles/resample.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import type { CandleColumns, Dataset, Span } from '#engine/candles/types.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

/** Four-hour bars: a quarter of the work of hourly ones, and it is daily returns that are judged. */
export const TIMEFRAME = '4h';
export const BAR_MS = 4 * 3_600_000;
const DAY_MS = 86_400_000;

/** As `ratchet up` cuts a workspace's candles. */
const SHARES = { development: 0.6, selection: 0.25, vault: 0.15 } as const;
/** What a person may have watched before real money is asked for: it begins where the selection data end. */
const FORWARD_DAYS = 90;

/** Two markets over one time, cut as evidence cuts them, with what trading costs there. */
export interface Exam {
  readonly name: string;
  readonly symbols: readonly [string, string];
  readonly dataset: Dataset;
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly spans: { readonly development: Span; readonly selection: Span; readonly forward: Span };
  readonly markets: Readonly<Record<string, MarketRules>>;
}

const REAL = [
  { venue: 'binance', symbols: ['BTC/USDT', 'ETH/USDT'], days: '20200920-20250630' },
  { venue: 'binance', symbols: ['ADA/USDT', 'LINK/USDT'], days: '20220101-20250630' },
  { venue: 'binance', symbols: ['SOL/USDT', 'ETH/USDT'], days: '20200920-20250630' },
  { venue: 'kraken', symbols: ['BTC/USD', 'ETH/USD'], days: '20170101-20220630' },
] as const;

/** Recorded candles from a folder of files; null when one of them is not there. */
export function realExams(folder: string): readonly Exam[] | null {
  const wanted = REAL.map(({ venue, symbols, days }) => ({
    venue,
    symbols,
    files: symbols.map((symbol) => join(folder, `${venue}_${symbol.replace('/', '')}_1h_${days}.csv.gz`)),
  }));
  if (!wanted.every(({ files }) => files.every((file) => existsSync(file)))) return null;
  return wanted.map(({ venue, symbols, files }) => {
    const read = files.map((file, index): [string, CandleColumns] => [
      symbols[index]!,
      resample(readCandleFile(file).columns, '1h', TIMEFRAME),
    ]);
    return examOf(`${venue} ${symbols.map((symbol) => symbol.split('/')[0]).join('+')}`, venue, symbols, new Map(read));
  });
}

/** Simulated markets, one a seed. */
export function simulatedExams(seeds: readonly number[], years: number): readonly Exam[] {
  const symbols = ['BTC/USDT', 'ETH/USDT'] as const;
  const bars = Math.round((years * 365 * DAY_MS) / BAR_MS);
  return seeds.map((seed) => {
    const columns = simulateMarket({ seed, symbols, timeframe: TIMEFRAME, from: Date.UTC(2022, 0, 1), bars });
    return examOf(`SIMULATED ${seed}`, 'simulated', symbols, new Map(columns));
  });
}

/** The same exam on other candles of the same times. */
export function withCandles(exam: Exam, columns: ReadonlyMap<string, CandleColumns>): Exam {
  return { ...exam, columns, dataset: datasetOf(columns, exam.dataset.entries[0]!.source.venue) };
}

function examOf(
  name: string,
  venue: string,
  symbols: readonly [string, string],
  whole: ReadonlyMap<string, CandleColumns>,
): Exam {
  const costs = parsePolicy(MARKETS_PATH, readFileSync(MARKETS_PATH, 'utf8'), MarketCosts);
  const all = [...whole.values()];
  const span = {
    from: Math.max(...all.map(({ time }) => time[0]!)),
    to: Math.min(...all.map(({ time }) => time.at(-1)! + BAR_MS)),
  };
  const columns = new Map([...whole].map(([symbol, one]) => [symbol, cutColumns(one, span)]));
  const { development, selection, vault } = cutInThree(span, SHARES);
  return {
    name,
    symbols,
    dataset: datasetOf(columns, venue),
    columns,
    spans: { development, selection, forward: { from: vault.from, to: Math.min(vault.to, vault.from + FORWARD_DAYS * DAY_MS) } },
    markets: Object.fromEntries(symbols.map((symbol) => [symbol, rulesFor(costs, venue, symbol)])),
  };
}

function datasetOf(columns: ReadonlyMap<string, CandleColumns>, venue: string): Dataset {
  const entries = [...columns].map(([symbol, one]) => ({
    symbol,
    timeframe: TIMEFRAME,
    source: { venue, symbol, timeframe: TIMEFRAME },
    from: one.time[0]!,
    to: one.time.at(-1)! + BAR_MS,
    bars: one.time.length,
    digest: digestOfColumns(one),
  })) satisfies Dataset['entries'];
  return { digest: digestOfJson(entries), isSimulated: venue === 'simulated', entries };
}
