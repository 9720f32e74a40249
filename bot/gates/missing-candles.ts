import { EVALUATION_PATH, type Evaluation } from '#bot/evidence/evaluation.ts';
import { isFetchableVenue } from '#engine/candles/open-venue.ts';
import { simulatedVenue } from '#engine/candles/series-key.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { DatasetEntry } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { GateContext } from './context.ts';

/**
 * What a gate says that needs the candles of the base's yardstick and has not got them: which they are, and what brings them.
 * @param cause what the store said; null when there is no store at all
 */
export function missingCandles(
  { repository, base }: Pick<GateContext, 'repository' | 'base'>,
  evaluation: Evaluation,
  cause: RatchetError | null,
): RatchetError {
  const { digest, entries } = evaluation.dataset;
  const series = entries.map(({ source, timeframe, symbol, from, to }) => {
    return `${symbol} ${timeframe} of ${source.venue}, ${day(from)} to ${day(to)}`;
  });
  const why = cause === null ? 'no candle store was named, and the workspace has none.' : cause.message;
  return new RatchetError(
    cause?.code ?? 'candles/no-store',
    `${EVALUATION_PATH} names candles that are not there: dataset ${digest.slice(0, 19)} (${series.join('; ')}): ${why}`,
    `${waysTo(evaluation, repository.dir, base).join(' ')} Then give --candles DIR.`,
    { dataset: digest, ...cause?.details },
    cause ?? undefined,
  );
}

/** One sentence for each kind of source; digests then say whether it brought the right ones. */
function waysTo({ dataset: { entries }, seed }: Evaluation, repository: string, base: string): readonly string[] {
  const simulated = entries.filter(({ source }) => source.venue === simulatedVenue);
  const rest = entries.filter(({ source }) => source.venue !== simulatedVenue);
  const fetched = rest.some(({ source }) => isFetchableVenue(source.venue));
  const imported = rest.filter(({ source }) => !isFetchableVenue(source.venue));
  return [
    ...[...new Set(simulated.map(({ source }) => source.timeframe))].map((timeframe) =>
      simulation(
        simulated.filter(({ source }) => source.timeframe === timeframe),
        seed,
      ),
    ),
    ...(fetched ? [`Run ratchet data require --repository ${repository} --at ${base.slice(0, 12)} --store DIR.`] : []),
    ...(imported.length === 0
      ? []
      : [`Run ratchet data import FILES --store DIR with the files of ${[...new Set(imported.map(venueOf))].join(' and ')}.`]),
  ];
}

/** Bars are drawn in order of time and each symbol by itself, so the evaluation's own span makes them again. */
function simulation(entries: readonly DatasetEntry[], seed: number): string {
  const { timeframe } = entries[0]!.source;
  const from = Math.min(...entries.map((entry) => entry.from));
  const to = Math.max(...entries.map((entry) => entry.to));
  const symbols = entries.map(({ source }) => source.symbol).join(',');
  const bars = Math.ceil((to - from) / timeframeMs(timeframe));
  return `Run ratchet data simulate --seed ${seed} --symbols ${symbols} --timeframe ${timeframe} --from ${new Date(from).toISOString().slice(0, 16)}Z --bars ${bars} --store DIR.`;
}

function venueOf({ source }: DatasetEntry): string {
  return source.venue;
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
