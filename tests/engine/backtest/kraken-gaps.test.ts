import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type Backtester, openBacktester } from '#engine/backtest/backtester.ts';
import { allocateColumns } from '#engine/candles/candle-columns.ts';
import { readCandleFile } from '#engine/candles/read-candle-file.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { artifactOf, datasetOf, marketsOf, usualRules } from './bench-market.ts';
import { everythingSource } from './everything-strategy.ts';

/*
 * Kraken's dumps leave out the bars in which nothing traded; its API repeats the last price with no volume. A strategy must not be
 * able to tell which of the two its engine was fed, on its own timeframe and on higher ones.
 */

const HOUR_MS = 3_600_000;
const dump = (asset: string): string => `../shared/data/kraken_${asset}USD_1h_20170101-20220630.csv.gz`;
const symbols = ['BTC/USD', 'ETH/USD'];

const open: Backtester[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((tester) => tester.close()));
});

/** Every hour from the first bar to the last; where the dump has none, the last close and no volume. */
function asTheApiGivesIt(dumped: CandleColumns): CandleColumns {
  const { time } = dumped;
  const first = time[0]!;
  const hours = (time.at(-1)! - first) / HOUR_MS + 1;
  const filled = allocateColumns(hours);
  let from = 0;
  for (let hour = 0; hour < hours; hour += 1) {
    const at = first + hour * HOUR_MS;
    const isTraded = time[from] === at;
    const last = isTraded ? Number.NaN : dumped.close[from - 1]!;
    filled.time[hour] = at;
    for (const name of ['open', 'high', 'low', 'close'] as const) filled[name][hour] = isTraded ? dumped[name][from]! : last;
    filled.volume[hour] = isTraded ? dumped.volume[from]! : 0;
    if (isTraded) from += 1;
  }
  return filled;
}

async function play(source: string, columns: ReadonlyMap<string, CandleColumns>) {
  const artifact = await artifactOf(source);
  const tester = await openBacktester(artifact);
  open.push(tester);
  const dataset = datasetOf(columns, '1h');
  await tester.useDataset(dataset, columns);
  const span = { from: Date.UTC(2017, 2, 1), to: Date.UTC(2022, 6, 1) };
  const markets = marketsOf(symbols, { ...usualRules, tickSize: 0.01 });
  return tester.run(
    { artifact: artifact.digest, parameters: {}, dataset, span, markets, capital: 10_000, seed: 1, delayBars: 0 },
    { verify: true },
  );
}

const onHours = everythingSource.replace("['BTC/USDT', 'ETH/USDT', 'SOL/USDT']", "['BTC/USD', 'ETH/USD']");
/** Decides on bars that are themselves built from hours. */
const onFourHours = onHours.replace("timeframe: '1h'", "timeframe: '4h'").replace("{ timeframe: '4h' }", "{ timeframe: '1d' }");

describe.skipIf(!existsSync(dump('BTC')))('five years of Kraken', () => {
  const dumped = new Map(symbols.map((symbol) => [symbol, readCandleFile(dump(symbol.slice(0, 3))).columns]));
  const filled = new Map([...dumped].map(([symbol, series]) => [symbol, asTheApiGivesIt(series)]));

  it('have gaps to tell of', () => {
    for (const [symbol, series] of dumped) expect(filled.get(symbol)!.time.length - series.time.length).toBeGreaterThan(50);
  });

  it.each([
    ['hours', onHours],
    ['four hours', onFourHours],
  ])('give a strategy on %s the same result with bars left out as with flat ones', async (_name, source) => {
    const [fromDump, fromApi] = [await play(source, dumped), await play(source, filled)];
    expect(fromDump.trades.length).toBeGreaterThan(200);
    expect(fromApi.trades).toEqual(fromDump.trades);
    expect(fromApi.metrics).toEqual(fromDump.metrics);
    expect(fromApi.resultDigest).toBe(fromDump.resultDigest);
  });
});
