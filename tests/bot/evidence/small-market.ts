import { readFileSync } from 'node:fs';
import type { PackInputs } from '#bot/evidence/build-pack.ts';
import { Evaluation } from '#bot/evidence/evaluation.ts';
import { daysOf } from '#bot/evidence/ledger.ts';
import { openWithCandles } from '#bot/evidence/open-with-candles.ts';
import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { digestOf, digestOfJson } from '#engine/attestation/canonical.ts';
import { columnsUntil, cutInThree } from '#engine/candles/cut-in-three.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { RULES } from './measures/landscape.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const FROM = Date.UTC(2024, 0, 1);
const BARS = 24 * 240;
const TO = FROM + BARS * 3_600_000;
/** Everything is computed, and little of it. */
const EFFORT = {
  intervalResamples: 200,
  testResamples: 200,
  overfittingBlocks: 4,
  walkWindows: 3,
  walkConfigurations: 4,
  permutations: 3,
  permutationConfigurations: 2,
  neighbourhoodDirections: 1,
  capacityMultiples: [100],
  predictionDays: 20,
};

/** Eight months of two simulated markets, cut in three, with a night of eight trials in the ledger. */
export async function smallMarket() {
  const columns = simulateMarket({ seed: 7, symbols: SYMBOLS, timeframe: '1h', from: FROM, bars: BARS });
  const entries = SYMBOLS.map((symbol) => ({
    symbol,
    timeframe: '1h',
    source: { venue: 'simulated', symbol, timeframe: '1h' },
    from: FROM,
    to: TO,
    bars: BARS,
    digest: digestOf(symbol),
  }));
  const evaluation = Evaluation.parse({
    dataset: { digest: digestOfJson(entries), isSimulated: true, entries },
    spans: cutInThree({ from: FROM, to: TO }, { development: 0.6, selection: 0.25, vault: 0.15 }),
    markets: { 'BTC/USDT': RULES, 'ETH/USDT': RULES },
    capital: 10_000,
    seed: 7,
    effort: EFFORT,
  });
  const seen = columnsUntil(columns, evaluation.spans.selection.to);
  const incumbent = await version({});
  const inputs: PackInputs = {
    cycle: '20260101-1',
    strategy: 'ema-cross',
    against: 'ema-cross',
    claim: {
      kind: 'TWEAK',
      hypothesis: 'Slower is cheaper.',
      changes: ['slow: 21 → 60'],
      proposer: 'evolution',
      riskTier: 1,
      forecast: null,
      killRule: null,
      knownUntil: null,
    },
    search: {
      trials: 8,
      trialsEver: 20,
      trialsEffective: 5,
      sharpeVariance: 0.001,
      sharpeVarianceEffective: 0.002,
      ledgerHead: digestOf('ledger'),
    },
    trialReturns: trialReturns(daysOf(evaluation.spans.development).days),
    parentTree: '0'.repeat(40),
    candidate: await version({ slow: 60 }),
    incumbent,
    beside: [],
    evaluation,
    columns: seen,
  };
  const open = (one: StrategyVersion) => openWithCandles(one, evaluation.dataset, seen);
  return { inputs, open };
}

/** The shipped strategy with other parameters, or with another source. */
export async function version(parameters: Record<string, number>, edit: (source: string) => string = (source) => source) {
  let manifest = readFileSync('strategies/ema-cross/manifest.yaml', 'utf8');
  for (const [name, value] of Object.entries(parameters))
    manifest = manifest.replace(new RegExp(`^  ${name}: .*$`, 'm'), `  ${name}: ${value}`);
  const source = edit(readFileSync('strategies/ema-cross/strategy.ts', 'utf8'));
  return readVersion(
    'ema-cross',
    new Map([
      ['strategy.ts', source],
      ['manifest.yaml', manifest],
    ]),
  );
}

function trialReturns(days: number): Float64Array[] {
  const random = new RandomStream(3, 'trials');
  return Array.from({ length: 8 }, () => Float64Array.from({ length: days }, () => random.normal() / 100));
}
