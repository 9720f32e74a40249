import { Pack } from '#bot/evidence/pack.ts';
import type { RenderContext } from '#bot/evidence/render.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import { SEMANTICS_VERSION } from '#engine/simulation/semantics.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2025, 0, 1);
const DAYS = 410;

/**
 * A pack that looks like a good night's: the numbers are drawn from a seeded walk, not from a market, and agree with
 * each other (the last point of a line is its net return). `change` alters it before the schema checks it.
 */
export function samplePack(change: (pack: Pack) => void = () => {}): Pack {
  const buyAndHold = walk(11, DAYS, 0.0006, 0.024);
  const incumbent = walk(5, DAYS, -0.0004, 0.009);
  const candidate = walk(23, DAYS, 0.0007, 0.008);
  const pack: Pack = {
    schema: 'ratchet/evidence/3',
    cycle: '20260301-1',
    strategy: 'ema-cross',
    against: 'ema-cross',
    semantics: SEMANTICS_VERSION,
    proposal: {
      kind: 'TWEAK',
      hypothesis: 'Slower averages trade less often, so fees eat less of the same trend.',
      changes: ['fast: 9 → 14', 'slow: 21 → 40', 'stopLoss: 2 % → 3.5 %'],
      proposer: 'evolution',
      riskTier: 1,
      forecast: null,
      killRule: null,
      knownUntil: null,
    },
    parentTree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
    files: { 'strategy.ts': digestOf('strategy'), 'manifest.yaml': digestOf('manifest') },
    dataset: {
      digest: digestOf('dataset'),
      isSimulated: false,
      entries: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'].map((symbol) => ({
        symbol,
        timeframe: '1h',
        source: { venue: 'kraken', symbol: symbol.replace('USDT', 'USD'), timeframe: '1h' },
        from: START - 730 * DAY_MS,
        to: START + DAYS * DAY_MS,
        bars: 24 * (730 + DAYS),
        digest: digestOf(symbol),
      })),
    },
    spans: {
      development: { from: START - 730 * DAY_MS, to: START },
      selection: { from: START, to: START + DAYS * DAY_MS },
    },
    markets: {
      'BTC/USDT': {
        makerFeeRate: 0.0016,
        takerFeeRate: 0.0026,
        halfSpreadRate: 0.0002,
        slippageRate: 0.0003,
        volumeShare: 0.1,
        tickSize: 0.1,
        stepSize: 0.000_01,
        minQuantity: 0.000_1,
        minNotional: 5,
      },
    },
    capital: 10_000,
    seed: 7,
    search: {
      trials: 96,
      trialsEver: 1_284,
      trialsEffective: 61,
      sharpeVariance: 0.0009,
      sharpeVarianceEffective: 0.0013,
      ledgerHead: digestOf('ledger'),
    },
    candidate: {
      artifact: digestOf('candidate'),
      parameters: { fast: 14, slow: 40, rsi: 14, stopLoss: 0.035, takeProfit: 0.04 },
      development: run('candidate-development', { netReturn: 0.3121, maxDrawdown: 0.1408, sharpe: 0.91, trades: 402 }),
      selection: run('candidate-selection', summary(candidate, { sharpe: 0.74, trades: 187, winRate: 0.4438, fees: 812.4 })),
    },
    incumbent: {
      artifact: digestOf('incumbent'),
      parameters: { fast: 9, slow: 21, rsi: 14, stopLoss: 0.02, takeProfit: 0.04 },
      development: run('incumbent-development', { netReturn: -0.2874, maxDrawdown: 0.3312, sharpe: -0.62, trades: 1_122 }),
      selection: run('incumbent-selection', summary(incumbent, { sharpe: -0.55, trades: 604, winRate: 0.3361, fees: 2_604.1 })),
    },
    buyAndHold: {
      development: { netReturn: 0.8124, maxDrawdown: 0.5201 },
      selection: summary(buyAndHold, {}),
    },
    comparison: {
      incumbent: {
        netReturn: paired(last(candidate) - last(incumbent), 0.152, 0.664, 0.9985),
        sharpe: paired(1.29, 0.21, 2.31, 0.991),
        maxDrawdown: paired(worstDrop(candidate) - worstDrop(incumbent), -0.331, -0.071, 0.0005),
      },
      buyAndHold: {
        netReturn: paired(last(candidate) - last(buyAndHold), -1.104, 0.517, 0.4125),
        sharpe: paired(-0.18, -2.02, 1.71, 0.428),
        maxDrawdown: paired(worstDrop(candidate) - worstDrop(buyAndHold), -0.402, -0.058, 0.002),
      },
    },
    statistics: {
      observations: DAYS,
      sharpe: 0.74,
      probabilisticSharpe: 0.783,
      deflatedSharpe: 0.316,
      deflation: { counted: 'raw', benchmark: 1.21 },
      minTrackRecordDays: 1_804.6,
      trials: { raw: 1_284, effective: 61 },
      overfitting: { trials: 91, splits: 12_870, probability: 0.184, probabilityOfLoss: 0.262, degradationSlope: 0.31 },
      bestOfNight: {
        trials: 91,
        superiorPredictiveAbility: { pValue: 0.0729, lower: 0.0689, upper: 0.0809 },
        realityCheck: { pValue: 0.0969 },
      },
      permutation: {
        permutations: 20,
        configurations: 4,
        observed: 1.12,
        medianPermuted: 0.41,
        atLeast: 1,
        pValue: 2 / 21,
        resolution: 1 / 21,
      },
      intervals: {
        sharpe: interval(0.74, -1.12, 2.58),
        netReturn: interval(last(candidate), -0.092, 0.503),
        maxDrawdown: interval(worstDrop(candidate), 0.061, 0.204),
      },
    },
    walkForward: { configurations: 24, anchored: walked(0.42), rolling: walked(0.55) },
    neighbourhood: [
      { radius: 0.1, neighbours: 18, median: last(candidate) - 0.021, worst: last(candidate) - 0.094, shareAhead: 1 },
      { radius: 0.2, neighbours: 18, median: last(candidate) - 0.048, worst: last(candidate) - 0.231, shareAhead: 17 / 18 },
    ],
    costs: [
      { multiplier: 1, candidate: last(candidate), incumbent: last(incumbent) },
      { multiplier: 2, candidate: last(candidate) - 0.081, incumbent: last(incumbent) - 0.26 },
      { multiplier: 3, candidate: last(candidate) - 0.163, incumbent: last(incumbent) - 0.52 },
    ],
    delayedOneBar: { candidate: last(candidate) - 0.012, incumbent: last(incumbent) - 0.034 },
    breakEven: { candidate: { outcome: 'found', multiplier: 3.0625 }, incumbent: { outcome: 'never-earns' } },
    regimes: [
      regime('rising, calm', 96, 0.081, 0.012),
      regime('rising, volatile', 41, 0.034, -0.021),
      regime('sideways, calm', 138, 0.012, -0.094),
      regime('falling, volatile', 135, 0.031, -0.162),
    ],
    correlation: [
      { strategy: 'ema-cross', role: 'incumbent', daily: 0.612 },
      { strategy: 'carry', role: 'beside', daily: -0.041 },
    ],
    capacity: {
      rows: [
        { capital: 10_000, netReturn: last(candidate) },
        { capital: 100_000, netReturn: last(candidate) - 0.003 },
        { capital: 1_000_000, netReturn: last(candidate) - 0.041 },
        { capital: 10_000_000, netReturn: last(candidate) - 0.149 },
      ],
      holdsUpTo: 1_000_000,
    },
    prediction: {
      days: 90,
      netReturn: { low: -0.058, median: 0.034, high: 0.131 },
      maxDrawdown: 0.098,
      killRule: { maxDrawdown: 0.127, netReturn: -0.058, afterDays: 90 },
    },
    equity: {
      time: Array.from({ length: DAYS }, (_, index) => START + (index + 1) * DAY_MS),
      candidate: candidate.map((value) => 10_000 * (1 + value)),
      incumbent: incumbent.map((value) => 10_000 * (1 + value)),
      buyAndHold: buyAndHold.map((value) => 10_000 * (1 + value)),
    },
  };
  change(pack);
  return Pack.parse(pack);
}

/** What the orchestrator would say about the pull request of `samplePack`. */
export function sampleContext(change: Partial<RenderContext> = {}): RenderContext {
  return {
    repositoryUrl: 'https://github.com/ratchet/demo',
    base: { ref: 'main', sha: '1f0c9a7be2d34c5a8e6f7d8091a2b3c4d5e6f708' },
    head: { ref: 'evolve/ema-cross/20260301-1', sha: '9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d' },
    stage: 'paper',
    commands: [
      { name: 'help', usage: '/help', summary: 'list what can be asked' },
      { name: 'merge', usage: '/merge SHA', summary: 'merge this pull request at exactly this commit' },
    ],
    ...change,
  };
}

function interval(point: number, low: number, high: number) {
  return { point, low, high, confidence: 0.95, blockLength: 2.6, resamples: 2_000 };
}

function paired(point: number, low: number, high: number, shareAbove: number) {
  return { ...interval(point, low, high), shareAbove };
}

/** Six windows whose parts out of sample earn `efficiency` times as much as their samples, but the last, which loses. */
function walked(efficiency: number): Pack['walkForward']['anchored'] {
  const step = 90 * DAY_MS;
  const windows = Array.from({ length: 6 }, (_, index) => ({
    inSample: { from: START - 730 * DAY_MS, to: START - 150 * DAY_MS + index * step },
    outOfSample: { from: START - 150 * DAY_MS + index * step, to: START - 150 * DAY_MS + (index + 1) * step },
    parameters: { fast: 11 + index, slow: 38 },
    inSampleReturn: 0.2,
    outOfSampleReturn: index === 5 ? -0.04 : 0.2 * efficiency,
    efficiency: index === 5 ? -0.2 : efficiency,
  }));
  return { windows, efficiency: (5 * efficiency - 0.2) / 6, netReturn: 0.121, sharpe: 0.66, windowsAhead: 5 };
}

function regime(name: string, days: number, candidate: number, incumbent: number) {
  const trades = Math.round(days / 2.2);
  return {
    regime: name,
    days,
    candidate: { netReturn: candidate, trades },
    incumbent: { netReturn: incumbent, trades: 3 * trades },
  };
}

function run(name: string, metrics: { netReturn: number; maxDrawdown: number } & Record<string, number>) {
  return {
    resultId: digestOf(`${name} id`),
    resultDigest: digestOf(`${name} result`),
    metrics: {
      bars: 9_840,
      trades: 0,
      sharpe: 0,
      fees: 940.3,
      cagr: metrics.netReturn / 1.12,
      volatility: 0.148,
      sortino: 1.02,
      profitFactor: 1.18,
      winRate: 0.4102,
      exposure: 0.3127,
      calmar: 0.81,
      maxDrawdownBars: 2_104,
      ulcer: 0.041,
      tailRatio: 1.09,
      alpha: 0.071,
      beta: 0.18,
      expectancy: 0.0009,
      sqn: 0.82,
      turnover: 188.4,
      feeShare: 0.21,
      averageHoldBars: 14.2,
      averageAdverseExcursion: -0.0121,
      averageFavourableExcursion: 0.0174,
      worstAdverseExcursion: -0.0362,
      ...metrics,
    },
  };
}

function summary<T extends object>(returns: readonly number[], more: T) {
  return { netReturn: last(returns), maxDrawdown: worstDrop(returns), ...more };
}

function worstDrop(returns: readonly number[]): number {
  let peak = 1;
  let worst = 0;
  for (const value of returns) {
    peak = Math.max(peak, 1 + value);
    worst = Math.max(worst, 1 - (1 + value) / peak);
  }
  return worst;
}

function last(values: readonly number[]): number {
  return values[values.length - 1]!;
}

/** Returns since the start of a walk with the given daily drift and spread. */
function walk(seed: number, days: number, drift: number, spread: number): number[] {
  let state = seed;
  let equity = 1;
  return Array.from({ length: days }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    equity *= 1 + drift + spread * (state / 2 ** 31 - 1);
    return equity - 1;
  });
}
