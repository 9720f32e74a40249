import type { Backtester } from '#engine/backtest/backtester.ts';
import { buyAndHold } from '#engine/backtest/metrics/buy-and-hold.ts';
import { SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { CandleColumns, Span } from '#engine/candles/types.ts';
import type { Series } from '#engine/statistics/observations.ts';
import type { Evaluation } from './evaluation.ts';
import { daysOf, returnsByDay } from './ledger.ts';
import { bestOfNight } from './measures/best-of-night.ts';
import { breakEven, dearer } from './measures/break-even.ts';
import { capacity } from './measures/capacity.ts';
import { correlation } from './measures/correlation.ts';
import { differences } from './measures/differences.ts';
import { intervals } from './measures/intervals.ts';
import { luck } from './measures/luck.ts';
import { neighbourhood } from './measures/neighbourhood.ts';
import { overfitting } from './measures/overfitting.ts';
import { permutation } from './measures/permutation.ts';
import { prediction } from './measures/prediction.ts';
import { regimes } from './measures/regimes.ts';
import { requireSameDays } from './measures/same-days.ts';
import { walkForward } from './measures/walk-forward.ts';
import { Pack, type ProposalClaim, type Run } from './pack.ts';
import { settled } from './settled.ts';
import { fileDigests, type StrategyVersion } from './strategy-version.ts';
import { orNull, requestFor, type Subject, subjectOf } from './subject.ts';
import { TesterTeam } from './tester-team.ts';

export { requestFor } from './subject.ts';

/** Costs are multiplied by each of these in turn. */
const COST_MULTIPLIERS = [1, 2, 3] as const;
/** Sandboxes that run the candidate at once; results do not depend on it. */
const CANDIDATES_AT_ONCE = 2;

/** A strategy that trades on the base beside the one that is examined. */
export interface Neighbour {
  readonly strategy: string;
  /** Null when it cannot be built, and so cannot be compared with. */
  readonly version: StrategyVersion | null;
}

export interface PackInputs {
  readonly cycle: string;
  readonly strategy: string;
  /** Whose version runs; the same, unless the strategy is new. */
  readonly against: string;
  readonly claim: ProposalClaim;
  readonly search: Pack['search'];
  /** Daily returns of the night's scored trials on the development span, as the ledger keeps them. */
  readonly trialReturns: readonly Series[];
  readonly parentTree: string;
  readonly candidate: StrategyVersion;
  readonly incumbent: StrategyVersion;
  readonly beside: readonly Neighbour[];
  readonly evaluation: Evaluation;
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

type Open = (version: StrategyVersion) => Promise<Backtester>;

/**
 * Makes the evidence for one candidate. A pure function of its inputs: the author runs it to make the pack,
 * the gate runs it to make it again, and the bytes must be the same.
 * @param open starts a sandbox for a version with the evaluation's candles in it
 * @throws RatchetError `evidence/other-days` when the trials' returns are not of the development span
 */
export async function buildPack(inputs: PackInputs, open: Open): Promise<Pack> {
  requireSameDays(inputs.trialReturns, inputs.evaluation.spans.development);
  const team = new TesterTeam(() => open(inputs.candidate), CANDIDATES_AT_ONCE);
  const rivals = new TesterTeam(() => open(inputs.incumbent), 1);
  try {
    const [candidate, incumbent] = await settled([
      subjectOf(team, inputs.candidate, inputs.evaluation),
      subjectOf(rivals, inputs.incumbent, inputs.evaluation),
    ]);
    return Pack.parse(await examined(inputs, { candidate: candidate!, incumbent: incumbent!, team, open }));
  } finally {
    await Promise.all([team.close(), rivals.close()]);
  }
}

interface Examiners {
  readonly candidate: Subject;
  readonly incumbent: Subject;
  /** The candidate's sandboxes. */
  readonly team: TesterTeam;
  readonly open: Open;
}

async function examined(inputs: PackInputs, { candidate: subject, incumbent: rival, team, open }: Examiners): Promise<Pack> {
  const { evaluation, columns, trialReturns } = inputs;
  const { capital, effort, markets, seed, spans } = evaluation;
  const [mine, theirs] = await settled([measure(subject, evaluation), measure(rival, evaluation)]);
  const [candidate, incumbent] = [mine!, theirs!];

  const times = candidate.selection.equity.time;
  const held = (span: Span, at: readonly number[]) => buyAndHold(columns, markets, span, capital, at);
  const heldSelection = held(spans.selection, times);
  const heldDevelopment = held(spans.development, candidate.development.equity.time);

  const daily = (equity: BacktestResult['equity'], span = spans.selection) => returnsByDay(equity, capital, span);
  const own = daily(candidate.selection.equity);
  const others = daily(incumbent.selection.equity);
  const market = daily({ time: times, value: heldSelection.value });
  const resampled = { seed, resamples: effort.intervalResamples };

  const whole = { from: spans.development.from, to: spans.selection.to };
  const { netReturn } = candidate.selection.metrics;
  const [walked, near, ownBreakEven, othersBreakEven, stretched, beside] = await allOf([
    walkForward(subject, whole, { seed, capital, windows: effort.walkWindows, configurations: effort.walkConfigurations }),
    neighbourhood(subject, incumbent.selection.metrics.netReturn, { seed, directions: effort.neighbourhoodDirections }),
    breakEven(subject, markets),
    breakEven(rival, markets),
    capacity(subject, netReturn, { capital, multiples: effort.capacityMultiples }),
    correlationsBeside(inputs, own, open),
  ]);
  // Last, for it hands the sandboxes other candles.
  const permuted = await permutation(team, { version: inputs.candidate, ranges: subject.ranges, evaluation, columns, effort });

  return {
    schema: 'ratchet/evidence/3',
    cycle: inputs.cycle,
    strategy: inputs.strategy,
    against: inputs.against,
    semantics: SEMANTICS_VERSION,
    proposal: inputs.claim,
    parentTree: inputs.parentTree,
    files: fileDigests(inputs.candidate.files),
    dataset: evaluation.dataset,
    spans: { development: spans.development, selection: spans.selection },
    markets,
    capital,
    seed,
    search: inputs.search,
    candidate: versionOf(inputs.candidate, subject, candidate),
    incumbent: versionOf(inputs.incumbent, rival, incumbent),
    buyAndHold: { development: summary(heldDevelopment), selection: summary(heldSelection) },
    comparison: {
      incumbent: differences(own, others, { ...resampled, name: 'incumbent' }),
      buyAndHold: differences(own, market, { ...resampled, name: 'buy-and-hold' }),
    },
    statistics: {
      ...luck(own, inputs.search),
      overfitting: overfitting(trialReturns, effort.overfittingBlocks),
      bestOfNight: bestOfNight(trialReturns, daily(incumbent.development.equity, spans.development), {
        seed,
        resamples: effort.testResamples,
      }),
      permutation: permuted,
      intervals: intervals(own, resampled),
    },
    walkForward: walked,
    neighbourhood: near,
    costs: COST_MULTIPLIERS.map((multiplier, index) => ({
      multiplier,
      candidate: candidate.costs[index]!.metrics.netReturn,
      incumbent: incumbent.costs[index]!.metrics.netReturn,
    })),
    breakEven: { candidate: ownBreakEven, incumbent: othersBreakEven },
    delayedOneBar: { candidate: candidate.delayed.metrics.netReturn, incumbent: incumbent.delayed.metrics.netReturn },
    regimes: regimes(
      { returns: own, trades: candidate.selection.trades },
      { returns: others, trades: incumbent.selection.trades },
      daysOf(spans.selection).firstDay,
      columns,
    ),
    correlation: [{ strategy: inputs.incumbent.manifest.id, role: 'incumbent', daily: correlation(own, others) }, ...beside],
    capacity: stretched,
    prediction: prediction(own, { ...resampled, days: effort.predictionDays }),
    equity: {
      time: [...times],
      candidate: [...candidate.selection.equity.value],
      incumbent: [...incumbent.selection.equity.value],
      buyAndHold: [...heldSelection.value],
    },
  };
}

interface Measured {
  readonly development: BacktestResult;
  readonly selection: BacktestResult;
  readonly costs: readonly BacktestResult[];
  readonly delayed: BacktestResult;
}

/** The runs whose numbers policies read: each is made twice and made again from its decisions before it is believed. */
async function measure(subject: Subject, { markets, spans }: Evaluation): Promise<Measured> {
  const verify = { verify: true };
  const selection = await subject.run({}, verify);
  const [development, delayed, ...dear] = await settled([
    subject.run({ span: spans.development }, verify),
    subject.run({ delayBars: 1 }, verify),
    ...COST_MULTIPLIERS.filter((multiplier) => multiplier > 1).map((multiplier) =>
      subject.run({ markets: dearer(markets, multiplier) }, verify),
    ),
  ]);
  return { development: development!, selection, costs: [selection, ...dear], delayed: delayed! };
}

/** A strategy that the dataset cannot serve has no returns to compare with. */
async function correlationsBeside({ beside, evaluation }: PackInputs, own: Series, open: Open): Promise<Pack['correlation']> {
  const { selection } = evaluation.spans;
  const found: Pack['correlation'] = [];
  for (const { strategy, version } of beside) {
    if (version === null) {
      found.push({ strategy, role: 'beside', daily: null });
      continue;
    }
    const team = new TesterTeam(() => open(version), 1);
    try {
      const result = await orNull(
        team.use((tester) => tester.run(requestFor(tester, version, evaluation, selection), { verify: true })),
      );
      const daily = result === null ? null : correlation(own, returnsByDay(result.equity, evaluation.capital, selection));
      found.push({ strategy, role: 'beside', daily });
    } finally {
      await team.close();
    }
  }
  return found;
}

function versionOf(version: StrategyVersion, { parameters }: Subject, measured: Measured): Pack['candidate'] {
  return {
    artifact: version.artifact.digest,
    parameters: { ...parameters },
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

/** `Promise.all`, but a failure is thrown only once nothing uses a sandbox any more. */
async function allOf<T extends readonly unknown[]>(promises: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  return (await settled<unknown>(promises as readonly Promise<unknown>[])) as unknown as T;
}
