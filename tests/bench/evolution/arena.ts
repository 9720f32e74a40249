import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARKETS_PATH, MarketCosts, rulesFor } from '#bot/evidence/market-costs.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { parsePolicy } from '#bot/gates/policies.ts';
import { BacktesterPool } from '#bot/orchestrator/backtester-pool.ts';
import type { Evaluation, StrategyFiles } from '#bot/proposers/proposer.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { cutColumns } from '#engine/candles/candle-columns.ts';
import { columnsUntil, cutInThree } from '#engine/candles/cut-in-three.ts';
import { digestOfColumns } from '#engine/candles/digest-columns.ts';
import { readCandleFile } from '#engine/candles/read-candle-file.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset, Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT'] as const;
const TIMEFRAME = '1h';
const DAYS = '20200920-20250630';
/** As `ratchet up` cuts a workspace's candles. */
const SHARES = { development: 0.6, selection: 0.25, vault: 0.15 } as const;

/** Recorded candles on which versions of the first strategy run through real sandboxes, cut as evidence cuts them. */
export interface Arena {
  /** What a proposer is offered: the development data, a refusal as an answer. */
  evaluate(files: StrategyFiles): Promise<Evaluation>;
  develop(files: StrategyFiles): Promise<BacktestResult>;
  /** On data that nothing was chosen by. */
  select(files: StrategyFiles): Promise<BacktestResult>;
  readonly spans: { readonly development: Span; readonly selection: Span };
  close(): Promise<void>;
}

/** @returns null when a file of recorded candles is not in the folder */
export function openArena(folder: string, workers: number): Arena | null {
  const files = SYMBOLS.map((symbol) => join(folder, `binance_${symbol.replace('/', '')}_${TIMEFRAME}_${DAYS}.csv.gz`));
  if (!files.every((file) => existsSync(file))) return null;
  const read = files.map((file, index): [string, CandleColumns] => [SYMBOLS[index]!, readCandleFile(file).columns]);
  const times = read.map(([, { time }]) => time);
  const span = {
    from: Math.max(...times.map((time) => time[0]!)),
    to: Math.min(...times.map((time) => time.at(-1)! + timeframeMs(TIMEFRAME))),
  };
  const whole = new Map(read.map(([symbol, columns]) => [symbol, cutColumns(columns, span)]));
  const { development, selection } = cutInThree(span, SHARES);
  const dataset = datasetOf(whole);
  const costs = parsePolicy(MARKETS_PATH, readFileSync(MARKETS_PATH, 'utf8'), MarketCosts);
  const markets = Object.fromEntries(SYMBOLS.map((symbol) => [symbol, rulesFor(costs, 'binance', symbol)]));
  const developing = new BacktesterPool(dataset, columnsUntil(whole, development.to), workers);
  const selecting = new BacktesterPool(dataset, columnsUntil(whole, selection.to), 1);
  const run = async (pool: BacktesterPool, version: StrategyFiles, on: Span) => {
    const built = await readVersion('ema-cross', version);
    const { artifact, manifest } = built;
    return pool.use(built, (tester) =>
      tester.run({
        artifact: artifact.digest,
        parameters: manifest.parameters,
        dataset,
        span: on,
        markets,
        capital: 10_000,
        seed: 1,
        delayBars: 0,
      }),
    );
  };
  return {
    spans: { development, selection },
    develop: (version) => run(developing, version, development),
    select: (version) => run(selecting, version, selection),
    async evaluate(version) {
      try {
        return { outcome: 'scored', result: await run(developing, version, development) };
      } catch (error) {
        if (error instanceof RatchetError) return { outcome: 'rejected', reason: error.message };
        throw error;
      }
    },
    async close() {
      await Promise.all([developing.close(), selecting.close()]);
    },
  };
}

function datasetOf(columns: ReadonlyMap<string, CandleColumns>): Dataset {
  const entries = [...columns].map(([symbol, one]) => ({
    symbol,
    timeframe: TIMEFRAME,
    source: { venue: 'binance', symbol, timeframe: TIMEFRAME },
    from: one.time[0]!,
    to: one.time.at(-1)! + timeframeMs(TIMEFRAME),
    bars: one.time.length,
    digest: digestOfColumns(one),
  })) satisfies Dataset['entries'];
  return { digest: digestOfJson(entries), isSimulated: false, entries };
}
