import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBacktester } from '#engine/backtest/backtester.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { selectDataset } from '#engine/candles/select-dataset.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import {
  type EngineFixture,
  engineFixture,
  hourMs,
  type RunningEngine,
  read,
  startEngine,
  untilStatus,
} from '../runtime/engine-fixture.ts';
import { artifactOf, cut, FROM, marketsOf, simulated } from './bench-market.ts';
import { everythingSource } from './everything-strategy.ts';

const symbols = ['BTC', 'ETH', 'SOL', 'ADA', 'LINK', 'XRP', 'DOGE', 'DOT', 'LTC'].map((asset) => `${asset}/USDT`);
const warmupBars = 600;
const yearBars = 8760;
const replayFrom = FROM + warmupBars * hourMs;
const end = replayFrom + yearBars * hourMs;

let fixture: EngineFixture;
let running: RunningEngine | null = null;
beforeEach(async () => {
  fixture = await engineFixture();
});
afterEach(async () => {
  await running?.stop();
  running = null;
  fixture.dispose();
});

/** As markets are: hours in which nothing traded are left out for some symbols and flat for others, one falls silent for days, one lists late. */
function market(): Map<string, CandleColumns> {
  return new Map(
    [...simulated(symbols, '1h', warmupBars + yearBars, 11)].map(([symbol, series], at) => {
      if (at % 3 === 0) return [symbol, quiet(series, (index) => index % (89 + at) === 0)];
      const isSilent = (index: number): boolean => at === 4 && index > 4000 && index < 4100;
      const isListed = (index: number): boolean => at !== 7 || index >= 3000;
      return [symbol, cut(series, (index) => index % (97 + at) !== 0 && !isSilent(index) && isListed(index))];
    }),
  );
}

/** The last price again and no volume, as an exchange's API gives hours without a trade. */
function quiet(series: CandleColumns, isQuiet: (index: number) => boolean): CandleColumns {
  const still = (column: Float64Array): Float64Array =>
    column.map((value, index) => (index > 0 && isQuiet(index) ? series.close[index - 1]! : value));
  return {
    time: series.time,
    open: still(series.open),
    high: still(series.high),
    low: still(series.low),
    close: still(series.close),
    volume: series.volume.map((value, index) => (index > 0 && isQuiet(index) ? 0 : value)),
  };
}

describe('a year of nine symbols', () => {
  it('traded on paper by the engine gives the trades of the backtester, to the last digit', async () => {
    const source = everythingSource.replace("['BTC/USDT', 'ETH/USDT', 'SOL/USDT']", JSON.stringify(symbols).replaceAll('"', "'"));
    const candlesDir = join(fixture.root, 'year');
    const store = CandleStore.open(candlesDir);
    for (const [symbol, series] of market()) {
      store.put({ venue: 'simulated', symbol, timeframe: '1h' }, series, { isSimulated: true, source: 'seed 11' });
    }
    const dataset = selectDataset(
      store,
      symbols.map((symbol) => ({ symbol, timeframe: '1h' as const })),
    );
    const columns = loadDataset(store, dataset);
    store.close();
    const markets = marketsOf(symbols);

    await fixture.deploy({ everything: source });
    const options = fixture.options({ candlesDir, market: { dataset, replayFrom, markets } });
    running = await startEngine(options);
    await untilStatus(options.dir, 'the end of the year', ({ feed }) => feed === 'end-of-data', 280_000);
    const record = read(options.dir, (reader) => ({ trades: reader.trades(), counts: reader.counts() }));

    const artifact = await artifactOf(source);
    const tester = await openBacktester(artifact);
    try {
      await tester.useDataset(dataset, columns);
      const result = await tester.run(
        {
          artifact: artifact.digest,
          dataset,
          parameters: {},
          span: { from: replayFrom, to: end },
          markets,
          capital: options.capital,
          seed: 1,
          delayBars: 0,
        },
        { verify: true },
      );
      const tested = result.trades
        .filter(({ exitCause }) => exitCause !== 'end-of-data')
        .map(({ version: _v, ...trade }) => trade);
      const traded = record.trades.map(({ strategy: _s, treeHash: _t, instant: _i, version: _v, ...trade }) => trade);
      expect(tested.length).toBeGreaterThan(500);
      expect(new Set(tested.map(({ symbol }) => symbol)).size).toBe(9);
      expect(new Set(tested.map(({ exitCause }) => exitCause)).size).toBeGreaterThanOrEqual(5);
      expect(traded).toEqual(tested);
      const decided = result.decisions.reduce((sum, { count }) => sum + count, 0);
      expect(record.counts.decisions).toBe(decided);
    } finally {
      await tester.close();
    }
  }, 300_000);
});
