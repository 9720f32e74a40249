import type { Backtester, RunOptions } from '#engine/backtest/backtester.ts';
import type { BacktestRequest, BacktestResult } from '#engine/backtest/types.ts';
import type { Span } from '#engine/candles/types.ts';
import type { ParameterRanges } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Evaluation } from './evaluation.ts';
import type { StrategyVersion } from './strategy-version.ts';
import type { TesterTeam } from './tester-team.ts';

/** What differs from a plain run on the selection data. */
export type Change = Partial<Pick<BacktestRequest, 'parameters' | 'span' | 'markets' | 'capital' | 'delayBars'>>;

/** One version under examination: it can be run, and that is all a measure needs to know of it. */
export interface Subject {
  /** The values it runs with. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly ranges: ParameterRanges;
  /** As the evaluation asks on the selection data, with a change. A measure's many runs; the headline ones are verified too. */
  run(change?: Change, options?: RunOptions): Promise<BacktestResult>;
  /** The same; null when the strategy fails with these parameters, which is an answer. */
  attempt(change: Change): Promise<BacktestResult | null>;
}

/** What the evaluation asks of a version on a span, as a backtest request. */
export function requestFor(tester: Backtester, version: StrategyVersion, evaluation: Evaluation, span: Span): BacktestRequest {
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

export async function subjectOf(team: TesterTeam, version: StrategyVersion, evaluation: Evaluation): Promise<Subject> {
  const { base, ranges } = await team.use(async (tester) => ({
    base: requestFor(tester, version, evaluation, evaluation.spans.selection),
    ranges: tester.describe().parameters,
  }));
  const run = (change: Change = {}, options: RunOptions = {}) =>
    team.use((tester) => tester.run({ ...base, ...change }, options));
  return { parameters: base.parameters, ranges, run, attempt: (change) => orNull(run(change)) };
}

/** What a strategy does wrong is a `RatchetError`; anything else is a fault of ours and passes through. */
export async function orNull<T>(result: Promise<T>): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof RatchetError) return null;
    throw error;
  }
}
