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
    schema: 'ratchet/evidence/1',
    cycle: '20260301-1',
    strategy: 'ema-cross',
    semantics: SEMANTICS_VERSION,
    proposal: {
      kind: 'TWEAK',
      hypothesis: 'Slower averages trade less often, so fees eat less of the same trend.',
      changes: ['fast: 9 → 14', 'slow: 21 → 40', 'stopLoss: 2 % → 3.5 %'],
      proposer: 'evolution',
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
    costs: [
      { multiplier: 1, candidate: last(candidate), incumbent: last(incumbent) },
      { multiplier: 2, candidate: last(candidate) - 0.081, incumbent: last(incumbent) - 0.26 },
      { multiplier: 3, candidate: last(candidate) - 0.163, incumbent: last(incumbent) - 0.52 },
    ],
    delayedOneBar: { candidate: last(candidate) - 0.012, incumbent: last(incumbent) - 0.034 },
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
