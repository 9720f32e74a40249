import { openBacktester } from '#engine/backtest/backtester.ts';
import { LiveStrategy } from '#engine/backtest/live-strategy.ts';
import { Sweep } from '#engine/backtest/sweep.ts';
import type { BacktestRequest, BacktestResult } from '#engine/backtest/types.ts';
import { sliceColumns } from '#engine/candles/candle-columns.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { artifactOf, datasetOf, marketsOf } from '#tests/engine/backtest/bench-market.ts';
import { compileCLoop, type LoopFigures } from './c-loop.ts';
import { peakMegabytes } from './peak-memory.ts';
import { medianOf, type Row, timings } from './row.ts';
import { CAPITAL, RULES, W, type Workload } from './workloads.ts';

const RUNS = 40;
/** The C loop takes its turn between them, now and then: handing it its candles disturbs the runs around it. */
const RUNS_PER_C = 8;
const SWEEP_SETS = 200;
const SWEEP_ROUND = 20;
const DECISIONS = 500;

function requestOf(workload: Workload, artifact: string, columns: ReadonlyMap<string, CandleColumns>): BacktestRequest {
  return {
    artifact,
    parameters: {},
    dataset: datasetOf(columns, '5m'),
    span: { from: 0, to: Number.MAX_SAFE_INTEGER },
    markets: marketsOf(workload.symbols, RULES),
    capital: CAPITAL,
    seed: 1,
    delayBars: 0,
  };
}

/**
 * A workload through the real path: sandbox process, SES compartment, real simulation, the answer judged and measured. The best of
 * several runs, and of as many of the C loop between them, since both share the machine with whatever else runs on it.
 */
export async function workloadRow(
  workload: Workload,
  columns: ReadonlyMap<string, CandleColumns>,
  cColumns: CandleColumns,
  goalPerSecond: number,
  timesCMax: number | null,
): Promise<Row> {
  const artifact = await artifactOf(workload.source);
  const request = requestOf(workload, artifact.digest, columns);
  const tester = await openBacktester(artifact);
  const cLoop = compileCLoop(cColumns);
  try {
    await tester.useDataset(request.dataset, columns);
    let best = 0;
    let bestC = 0;
    let result = await tester.run(request);
    if (cLoop !== null && workload === W) requireSame(figuresOf(result), cLoop.figures);
    for (let run = 0; run < RUNS; run += 1) {
      const [tookMs] = await timings(1, async () => {
        result = await tester.run(request);
      });
      best = Math.max(best, (workload.symbols.length * workload.barsPerSymbol * 1000) / tookMs!);
      if (cLoop !== null && run % RUNS_PER_C === 0) bestC = Math.max(bestC, cLoop.measure());
    }
    const timesC = cLoop === null ? null : bestC / best;
    const isMet = best >= goalPerSecond && (timesCMax === null || timesC === null || timesC <= timesCMax);
    const limit = timesCMax === null ? '' : `, ≤ ${timesCMax} × C`;
    return {
      name: workload.name,
      candlesPerSecond: Math.round(best),
      timesC,
      note: `best of ${RUNS} runs, ${result.metrics.trades} trades${cLoop === null ? '' : `; C ${(bestC / 1e6).toFixed(0)} M/s`}`,
      goal: `≥ ${goalPerSecond / 1e6} M/s${limit}`,
      isMet,
    };
  } finally {
    cLoop?.close();
    await tester.close();
  }
}

function figuresOf({ metrics, trades, equity }: BacktestResult): LoopFigures {
  let [excursions, dailyEquity] = [0, 0];
  for (const trade of trades) excursions += trade.maxAdverseExcursion + trade.maxFavourableExcursion;
  for (const value of equity.value) dailyEquity += value;
  const { fees, maxDrawdown, maxDrawdownBars } = metrics;
  return {
    trades: trades.length,
    fees,
    finalEquity: equity.value.at(-1)!,
    maxDrawdown,
    maxDrawdownBars,
    excursions,
    dailyEquity,
  };
}

/** A ratio to a loop that computes something else says nothing. */
function requireSame(engine: LoopFigures, loop: LoopFigures): void {
  for (const name of Object.keys(engine) as (keyof LoopFigures)[]) {
    if (engine[name] !== loop[name]) throw new Error(`The engine says ${name} ${engine[name]}, the C loop ${loop[name]}.`);
  }
}

/**
 * The same parameter sets on one process and on two, each process with its candles. In rounds, one and two in turn, so that what
 * else the machine does falls on both; the best rounds are compared.
 */
export async function sweepRow(columns: ReadonlyMap<string, CandleColumns>): Promise<Row> {
  const artifact = await artifactOf(W.source);
  const base = requestOf(W, artifact.digest, columns);
  const requests = Array.from({ length: SWEEP_SETS }, (_, set) => ({
    ...base,
    parameters: { fast: 5 + (set % 20), slow: 30 + 2 * Math.floor(set / 20), stopLoss: 0.02 },
  }));
  const one = await Sweep.open(artifact, 1);
  const two = await Sweep.open(artifact, 2);
  try {
    let bestOneMs = Number.POSITIVE_INFINITY;
    let bestTwoMs = Number.POSITIVE_INFINITY;
    for (const sweep of [one, two]) {
      await sweep.useDataset(base.dataset, columns);
      // The first runs of a process compile its code.
      await sweep.run(requests.slice(0, 6));
    }
    for (let from = 0; from < SWEEP_SETS; from += SWEEP_ROUND) {
      const round = requests.slice(from, from + SWEEP_ROUND);
      bestOneMs = Math.min(bestOneMs, ...(await timings(1, () => one.run(round))));
      bestTwoMs = Math.min(bestTwoMs, ...(await timings(1, () => two.run(round))));
    }
    const ratio = bestOneMs / bestTwoMs;
    return {
      name: 'sweep of 200 on 2 cores',
      candlesPerSecond: Math.round((SWEEP_ROUND * W.barsPerSymbol * 1000) / bestTwoMs),
      timesC: null,
      note: `${ratio.toFixed(2)} times one core, best rounds of ${SWEEP_ROUND} sets`,
      goal: '≥ 1.8 times one core',
      isMet: ratio >= 1.8,
    };
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
}

export async function memoryRow(columns: ReadonlyMap<string, CandleColumns>): Promise<Row> {
  const artifact = await artifactOf(W.source);
  const request = requestOf(W, artifact.digest, columns);
  const tester = await openBacktester(artifact);
  try {
    await tester.useDataset(request.dataset, columns);
    for (let run = 0; run < 5; run += 1) await tester.run(request);
    const megabytes = peakMegabytes();
    return {
      name: 'memory of a sandbox with W',
      candlesPerSecond: null,
      timesC: null,
      note: megabytes === null ? 'not told by this system' : `${megabytes.toFixed(0)} MB at its peak`,
      goal: '< 300 MB',
      isMet: megabytes === null || megabytes < 300,
    };
  } finally {
    await tester.close();
  }
}

export async function sandboxStartRow(): Promise<Row> {
  const artifact = await artifactOf(W.source);
  const all = await timings(11, async () => {
    const tester = await openBacktester(artifact);
    await tester.close();
  });
  return {
    name: 'sandbox start',
    candlesPerSecond: null,
    timesC: null,
    note: `${medianOf(all).toFixed(0)} ms at the median of ${all.length}, strategy loaded and closed again`,
    goal: '< 150 ms',
    isMet: medianOf(all) < 150,
  };
}

export async function decisionRow(candles: CandleColumns): Promise<Row> {
  const artifact = await artifactOf(W.source);
  const symbol = W.symbols[0]!;
  const history = new Map([[symbol, sliceColumns(candles, 0, 1000)]]);
  const live = await LiveStrategy.start(artifact, { parameters: {}, state: null, history });
  try {
    let at = 1000;
    const all = await timings(DECISIONS, async () => {
      const bar = {
        symbol,
        time: candles.time[at]!,
        open: candles.open[at]!,
        high: candles.high[at]!,
        low: candles.low[at]!,
        close: candles.close[at]!,
        volume: candles.volume[at]!,
      };
      at += 1;
      await live.decide({ bars: [bar], positions: [{ symbol, quantity: 0, entryPrice: 0, barsHeld: 0 }] });
    });
    return {
      name: 'live decision',
      candlesPerSecond: null,
      timesC: null,
      note: `${medianOf(all).toFixed(2)} ms at the median of ${DECISIONS}, ${all[Math.floor(0.99 * all.length)]!.toFixed(2)} ms at the 99th percentile`,
      goal: '< 2 ms',
      isMet: medianOf(all) < 2,
    };
  } finally {
    await live.close();
  }
}
