import type { Backtester } from '#engine/backtest/backtester.ts';
import { buyAndHold } from '#engine/backtest/metrics/buy-and-hold.ts';
import { SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { CandleColumns, Span } from '#engine/candles/types.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import type { Evaluation } from './evaluation.ts';
import { Pack, type ProposalClaim, type Run } from './pack.ts';
import { fileDigests, type StrategyVersion } from './strategy-version.ts';

/** Costs are multiplied by each of these in turn. */
const COST_MULTIPLIERS = [1, 2, 3] as const;

export interface PackInputs {
  readonly cycle: string;
  readonly strategy: string;
  readonly claim: ProposalClaim;
  readonly search: Pack['search'];
  readonly parentTree: string;
  readonly candidate: StrategyVersion;
  readonly incumbent: StrategyVersion;
  readonly evaluation: Evaluation;
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

/**
 * Makes the evidence for one candidate. A pure function of its inputs: the author runs it to make the pack,
 * the gate runs it to make it again, and the bytes must be the same.
 * @param open starts a sandbox for a version with the evaluation's candles in it
 */
export async function buildPack(inputs: PackInputs, open: (version: StrategyVersion) => Promise<Backtester>): Promise<Pack> {
  const { evaluation } = inputs;
  const [candidate, incumbent] = await Promise.all([
    withBacktester(inputs.candidate, open, (tester) => measure(tester, inputs.candidate, evaluation)),
    withBacktester(inputs.incumbent, open, (tester) => measure(tester, inputs.incumbent, evaluation)),
  ]);
  const times = candidate.selection.equity.time;
  const held = (span: Span, at: readonly number[]) =>
    buyAndHold(inputs.columns, evaluation.markets, span, evaluation.capital, at);
  const heldSelection = held(evaluation.spans.selection, times);
  const heldDevelopment = held(evaluation.spans.development, candidate.development.equity.time);
  return Pack.parse({
    schema: 'ratchet/evidence/1',
    cycle: inputs.cycle,
    strategy: inputs.strategy,
    semantics: SEMANTICS_VERSION,
    proposal: inputs.claim,
    parentTree: inputs.parentTree,
    files: fileDigests(inputs.candidate.files),
    dataset: evaluation.dataset,
    spans: { development: evaluation.spans.development, selection: evaluation.spans.selection },
    markets: evaluation.markets,
    capital: evaluation.capital,
    seed: evaluation.seed,
    search: inputs.search,
    candidate: versionOf(inputs.candidate, candidate),
    incumbent: versionOf(inputs.incumbent, incumbent),
    buyAndHold: { development: summary(heldDevelopment), selection: summary(heldSelection) },
    costs: COST_MULTIPLIERS.map((multiplier, index) => ({
      multiplier,
      candidate: candidate.costs[index]!.metrics.netReturn,
      incumbent: incumbent.costs[index]!.metrics.netReturn,
    })),
    delayedOneBar: { candidate: candidate.delayed.metrics.netReturn, incumbent: incumbent.delayed.metrics.netReturn },
    equity: {
      time: times,
      candidate: candidate.selection.equity.value,
      incumbent: incumbent.selection.equity.value,
      buyAndHold: heldSelection.value,
    },
  });
}

interface Measured {
  readonly parameters: Readonly<Record<string, number>>;
  readonly development: BacktestResult;
  readonly selection: BacktestResult;
  readonly costs: readonly BacktestResult[];
  readonly delayed: BacktestResult;
}

/** What the evaluation asks of a version on a span, as a backtest request. */
export function requestFor(tester: Backtester, version: StrategyVersion, evaluation: Evaluation, span: Span) {
  return {
    artifact: version.artifact.digest,
    parameters: tester.fillParameters(version.manifest.parameters),
    dataset: evaluation.dataset,
    span,
    markets: evaluation.markets,
    capital: evaluation.capital,
    seed: evaluation.seed,
    delayBars: 0,
  };
}

async function measure(tester: Backtester, version: StrategyVersion, evaluation: Evaluation): Promise<Measured> {
  const inDevelopment = requestFor(tester, version, evaluation, evaluation.spans.development);
  const inSelection = requestFor(tester, version, evaluation, evaluation.spans.selection);
  const verify = { verify: true };
  const development = await tester.run(inDevelopment, verify);
  const selection = await tester.run(inSelection, verify);
  const costs: BacktestResult[] = [];
  for (const multiplier of COST_MULTIPLIERS) {
    costs.push(
      multiplier === 1
        ? selection
        : await tester.run({ ...inSelection, markets: dearer(evaluation.markets, multiplier) }, verify),
    );
  }
  const delayed = await tester.run({ ...inSelection, delayBars: 1 }, verify);
  return { parameters: inSelection.parameters, development, selection, costs, delayed };
}

/** The same markets with every cost multiplied. */
function dearer(markets: Readonly<Record<string, MarketRules>>, multiplier: number): Record<string, MarketRules> {
  const scaled = Object.entries(markets).map(([symbol, rules]) => [
    symbol,
    {
      ...rules,
      makerFeeRate: rules.makerFeeRate * multiplier,
      takerFeeRate: rules.takerFeeRate * multiplier,
      halfSpreadRate: rules.halfSpreadRate * multiplier,
      slippageRate: rules.slippageRate * multiplier,
    },
  ]);
  return Object.fromEntries(scaled);
}

function versionOf(version: StrategyVersion, measured: Measured): Pack['candidate'] {
  return {
    artifact: version.artifact.digest,
    parameters: measured.parameters,
    development: runOf(measured.development),
    selection: runOf(measured.selection),
  };
}

function runOf({ resultId, resultDigest, metrics }: BacktestResult): Run {
  return { resultId: resultId as Run['resultId'], resultDigest: resultDigest as Run['resultDigest'], metrics: { ...metrics } };
}

function summary({ netReturn, maxDrawdown }: { netReturn: number; maxDrawdown: number }) {
  return { netReturn, maxDrawdown };
}

async function withBacktester<T>(
  version: StrategyVersion,
  open: (version: StrategyVersion) => Promise<Backtester>,
  use: (tester: Backtester) => Promise<T>,
): Promise<T> {
  const tester = await open(version);
  try {
    return await use(tester);
  } finally {
    await tester.close();
  }
}
