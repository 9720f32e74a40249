import type { Effort, Evaluation } from '#bot/evidence/evaluation.ts';
import { returnsByDay } from '#bot/evidence/ledger.ts';
import type { Permutation } from '#bot/evidence/pack/statistics.ts';
import { settled } from '#bot/evidence/settled.ts';
import type { StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { orNull, requestFor } from '#bot/evidence/subject.ts';
import type { TesterTeam } from '#bot/evidence/tester-team.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import type { ParameterRanges } from '#engine/contract/types.ts';
import { permutationTest } from '#engine/statistics/permutation-test.ts';
import { permuteBars } from '#engine/statistics/permute-bars.ts';
import { annualSharpe } from './annual.ts';
import { configurationsOver } from './configurations.ts';
import { streamOf } from './streams.ts';

interface Inputs {
  readonly version: StrategyVersion;
  readonly ranges: ParameterRanges;
  readonly evaluation: Evaluation;
  readonly columns: ReadonlyMap<string, CandleColumns>;
  readonly effort: Pick<Effort, 'permutations' | 'permutationConfigurations'>;
}

/**
 * Whether a search over the candidate's rules finds more in the candles than in candles whose moves were shuffled, where by
 * construction there is nothing to find but drift (Masters 2018, chapter 7; see `permuteBars`). The search is small and fixed: the best
 * annual Sharpe ratio of a few configurations spread over the declared ranges, on the development data. It is the same search in both
 * cases; the candidate's own values, for which the whole night searched, are not in it.
 * @param team sandboxes of the version that may be given other candles; nobody else uses them after
 */
export async function permutation(team: TesterTeam, inputs: Inputs): Promise<Permutation> {
  const { permutations } = inputs.effort;
  const { seed, spans, dataset } = inputs.evaluation;
  const seen = columnsUntil(inputs.columns, spans.development.to);
  const observed = await search(team, inputs, () => ({ dataset, columns: seen }));
  const permuted = await settled(
    Array.from({ length: permutations }, (_, round) => search(team, inputs, () => shuffled(dataset, seen, seed, round))),
  );
  const test = await permutationTest<number>({
    data: -1,
    permute: (_, round) => round,
    statistic: (round) => (round < 0 ? observed.best : permuted[round]!.best),
    permutations,
  });
  return {
    permutations,
    configurations: observed.configurations,
    observed: test?.observed ?? null,
    medianPermuted: test?.medianPermuted ?? null,
    atLeast: test?.atLeast ?? null,
    pValue: test?.pValue ?? null,
    resolution: 1 / (permutations + 1),
  };
}

interface Candles {
  readonly dataset: Dataset;
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

/** The whole small search on one set of candles, in one sandbox; a configuration that fails is one that found nothing. */
async function search(team: TesterTeam, { version, ranges, evaluation, effort }: Inputs, candles: () => Candles) {
  const { seed, capital, spans } = evaluation;
  const random = streamOf(seed, 'permutation/configurations');
  const configurations = configurationsOver(ranges, effort.permutationConfigurations, random);
  let best: number | null = null;
  let at = 0;
  do {
    // A sandbox in which a configuration failed is gone; the next goes on behind it.
    await orNull(
      team.use(async (tester) => {
        const { dataset, columns } = candles();
        await tester.useDataset(dataset, columns);
        const base = { ...requestFor(tester, version, evaluation, spans.development), dataset };
        for (; at < configurations.length; at += 1) {
          const { equity } = await tester.run({ ...base, parameters: configurations[at]! });
          const ratio = annualSharpe(returnsByDay(equity, capital, spans.development));
          if (ratio !== null && (best === null || ratio > best)) best = ratio;
        }
      }),
    );
    at += 1;
  } while (at < configurations.length);
  return { best: best as number | null, configurations: configurations.length };
}

/** Candles that never were must not pass for the dataset's, so they have a digest of their own. */
function shuffled(dataset: Dataset, columns: ReadonlyMap<string, CandleColumns>, seed: number, round: number): Candles {
  const made = permuteBars([...columns.values()], streamOf(seed, `permutation/${round}`));
  return {
    dataset: { ...dataset, digest: digestOfJson({ shuffled: dataset.digest, seed, round }) },
    columns: new Map([...columns.keys()].map((symbol, index) => [symbol, made[index]!])),
  };
}
