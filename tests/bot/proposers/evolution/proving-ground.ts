import { readVersion } from '#bot/evidence/strategy-version.ts';
import { BacktesterPool } from '#bot/orchestrator/backtester-pool.ts';
import type { Evaluation, StrategyFiles } from '#bot/proposers/proposer.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { digestOfColumns } from '#engine/candles/digest-columns.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset, Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { MarketRules } from '#engine/simulation/types.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const TIMEFRAME = '1h';
const FROM = Date.UTC(2022, 0, 1);

const RULES: MarketRules = {
  makerFeeRate: 0.001,
  takerFeeRate: 0.001,
  halfSpreadRate: 0.0001,
  slippageRate: 0.0003,
  volumeShare: 0.05,
  tickSize: 0.01,
  stepSize: 0.0001,
  minQuantity: 0.0001,
  minNotional: 5,
};

/** Where strategies show what they can: real sandboxes, real backtests, a simulated market. */
export interface ProvingGround {
  readonly development: Span;
  readonly selection: Span;
  run(files: StrategyFiles, span: Span): Promise<BacktestResult>;
  /** What the night offers a proposer: the development data only, a refusal as an answer. */
  evaluate(files: StrategyFiles): Promise<Evaluation>;
  close(): Promise<void>;
}

export function openProvingGround(seed: number, days: number): ProvingGround {
  const columns = simulateMarket({ seed, symbols: SYMBOLS, timeframe: TIMEFRAME, from: FROM, bars: 24 * days });
  const dataset = datasetOf(columns);
  const pool = new BacktesterPool(dataset, columns, 2);
  const middle = FROM + Math.floor(0.7 * days) * 24 * timeframeMs(TIMEFRAME);
  const development = { from: FROM, to: middle };
  const run = async (files: StrategyFiles, span: Span) => {
    const version = await readVersion('ema-cross', files);
    return pool.use(version, (tester) =>
      tester.run({
        artifact: version.artifact.digest,
        parameters: version.manifest.parameters,
        dataset,
        span,
        markets: Object.fromEntries(SYMBOLS.map((symbol) => [symbol, RULES])),
        capital: 10_000,
        seed: 1,
        delayBars: 0,
      }),
    );
  };
  return {
    development,
    selection: { from: middle, to: FROM + days * 24 * timeframeMs(TIMEFRAME) },
    run,
    async evaluate(files) {
      try {
        return { outcome: 'scored', result: await run(files, development) };
      } catch (error) {
        if (error instanceof RatchetError) return { outcome: 'rejected', reason: error.message };
        throw error;
      }
    },
    close: () => pool.close(),
  };
}

function datasetOf(columns: ReadonlyMap<string, CandleColumns>): Dataset {
  const entries = [...columns].map(([symbol, bars]) => ({
    symbol,
    timeframe: TIMEFRAME as typeof TIMEFRAME,
    source: { venue: 'simulated', symbol, timeframe: TIMEFRAME as typeof TIMEFRAME },
    from: bars.time[0]!,
    to: bars.time.at(-1)! + timeframeMs(TIMEFRAME),
    bars: bars.time.length,
    digest: digestOfColumns(bars),
  }));
  return { digest: digestOfJson(entries), isSimulated: true, entries };
}
