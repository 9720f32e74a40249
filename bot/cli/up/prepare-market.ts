import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Evaluation } from '#bot/evidence/evaluation.ts';
import { type MarketCosts, rulesFor } from '#bot/evidence/market-costs.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import { cutInThree, spanOf } from '#engine/candles/cut-in-three.ts';
import { candleFilesAt, importCandleFiles } from '#engine/candles/import-candle-files.ts';
import { selectDataset, type Want } from '#engine/candles/select-dataset.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Dataset, Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';

const DAY_MS = 86_400_000;
/** The simulated market: four years of bars from here. */
const SIMULATED_FROM = Date.UTC(2022, 0, 1);
const SIMULATED_MS = 4 * 365 * DAY_MS;
/** The last part of the candles is kept for trading: to the strategies and the evidence it has not happened yet. */
const REPLAY_SHARE = 0.1;
const SHARES = { development: 0.6, selection: 0.25, vault: 0.15 } as const;

/** What a workspace trades on and proves with; written once, and the same for as long as the workspace lives. */
export const Market = z.strictObject({
  /** Where the candles came from: `the simulated market 7`, or the path that was imported. */
  origin: z.string(),
  /** History up to the replay: what evidence is made from. */
  evaluation: Evaluation,
  /** All the candles, the replay included: what the engine trades on. */
  dataset: Evaluation.shape.dataset,
  /** UTC milliseconds: the engine's first bar. */
  replayFrom: z.number().int(),
});
export type Market = z.infer<typeof Market>;

export interface MarketRequest {
  readonly path: string;
  /** A folder or file of candles; undefined for the simulated market. */
  readonly data: string | undefined;
  readonly venue: string | undefined;
  /** Undefined when nobody named one. */
  readonly seed: number | undefined;
  readonly defaultSeed: number;
  readonly capital: number;
  readonly wants: readonly Want[];
  readonly costs: MarketCosts;
}

/** Takes up the workspace's market, or makes it: simulates or imports candles, chooses those the strategies ask for, and cuts them. */
export function prepareMarket(store: CandleStore, request: MarketRequest, say: (message: string) => void): Market {
  if (existsSync(request.path)) return takeUp(request);
  const seed = request.seed ?? request.defaultSeed;
  if (request.data === undefined) simulate(store, request, seed, say);
  else importAll(store, request.data, say);
  const venue = request.data === undefined ? 'simulated' : request.venue;
  const dataset = selectDataset(store, request.wants, { venue });
  const whole = spanOf(dataset);
  const replayFrom = Math.floor((whole.from + (whole.to - whole.from) * (1 - REPLAY_SHARE)) / DAY_MS) * DAY_MS;
  const history: Span = { from: whole.from, to: replayFrom };
  const market = Market.parse({
    origin: originOf(request, seed),
    evaluation: {
      dataset: selectDataset(store, request.wants, { venue, span: history }),
      spans: cutInThree(history, SHARES),
      markets: rulesOf(dataset, request.costs),
      capital: request.capital,
      seed,
    },
    dataset,
    replayFrom,
  });
  writeFileSync(`${request.path}.new`, `${JSON.stringify(market, null, 2)}\n`);
  renameSync(`${request.path}.new`, request.path);
  return market;
}

/** The workspace keeps its market; flags may repeat it, not change it. */
function takeUp(request: MarketRequest): Market {
  const market = Market.parse(JSON.parse(readFileSync(request.path, 'utf8')));
  const { seed } = market.evaluation;
  const isOther = request.data !== undefined && originOf(request, seed) !== market.origin;
  if (!isOther && (request.seed === undefined || request.seed === seed)) return market;
  const asked = originOf(request, request.seed ?? seed);
  throw new RatchetError(
    'up/other-market',
    `This workspace trades on ${market.origin} with seed ${seed}, not on ${asked} with seed ${request.seed ?? seed}.`,
    'Give another folder with --workspace, or leave --data and --seed out to go on.',
    { path: request.path },
  );
}

function originOf(request: MarketRequest, seed: number): string {
  if (request.data === undefined) return `the simulated market ${seed}`;
  return request.venue === undefined ? request.data : `${request.data} (${request.venue})`;
}

function simulate(store: CandleStore, request: MarketRequest, seed: number, say: (message: string) => void): void {
  const timeframe = request.wants[0]?.timeframe;
  if (timeframe === undefined)
    throw new RatchetError('up/no-strategy', 'There is no strategy to run.', 'Put one under strategies/.');
  const finest = request.wants.reduce(
    (least, want) => (timeframeMs(want.timeframe) < timeframeMs(least) ? want.timeframe : least),
    timeframe,
  );
  const bars = Math.floor(SIMULATED_MS / timeframeMs(finest));
  const symbols = [...new Set(request.wants.map((want) => want.symbol))].sort();
  const columns = simulateMarket({ seed, symbols, timeframe: finest, from: SIMULATED_FROM, bars });
  for (const [symbol, bar] of columns) {
    store.put({ venue: 'simulated', symbol, timeframe: finest }, bar, { isSimulated: true, source: `seed ${seed}` });
  }
  say(`SIMULATED market, seed ${seed}: ${symbols.join(', ')}, ${bars} bars of ${finest} each`);
}

function importAll(store: CandleStore, path: string, say: (message: string) => void): void {
  const imported = importCandleFiles(store, candleFilesAt(path), { isReplacing: true });
  const bars = imported.reduce((sum, file) => sum + file.quality.bars, 0);
  const gaps = imported.reduce((sum, file) => sum + file.quality.gaps, 0);
  say(`imported ${imported.length} files, ${bars} bars, ${gaps} gaps`);
}

function rulesOf(dataset: Dataset, costs: MarketCosts) {
  return Object.fromEntries(dataset.entries.map((entry) => [entry.symbol, rulesFor(costs, entry.source.venue, entry.symbol)]));
}

/** Which stored series serves which market, for people: `BTC/USDT 1h from kraken BTC/USD 1h`. */
export function describeDataset(dataset: Dataset): string {
  return dataset.entries
    .map((entry) => {
      const { venue, symbol, timeframe } = entry.source;
      const isSame = symbol === entry.symbol && timeframe === entry.timeframe;
      return `${entry.symbol} ${entry.timeframe} from ${venue}${isSame ? '' : ` ${symbol} ${timeframe}`}`;
    })
    .join(', ');
}
