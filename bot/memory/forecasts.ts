import type { Prediction } from '#bot/evidence/pack/prediction.ts';
import type { Measure, ProposalClaim } from '#bot/evidence/pack.ts';
import { DAY_MS } from './measured.ts';
import type { Event, ForecastState, ScoredForecast } from './memory.ts';
import type { Run } from './version-record.ts';

/** What the bootstrap of the evidence says of its interval and of its worst fall; see `Prediction`. */
const WITHIN_INTERVAL = 0.9;
const NO_DEEPER = 0.95;

/** A probability that stands in a proposal, before anything is known. */
export type Wager = Pick<ScoredForecast, 'source' | 'event' | 'probability' | 'afterDays'>;

/** What was foretold: by the author, or, where they foresaw nothing, by the bootstrap of the evidence. */
export function wagersOf({ forecast }: Pick<ProposalClaim, 'forecast'>, prediction: Prediction): readonly Wager[] {
  if (forecast !== null) {
    const { probability, afterDays, ...event } = forecast;
    return [{ source: 'author', event, probability, afterDays }];
  }
  if (prediction === null) return [];
  const { days: afterDays, netReturn, maxDrawdown } = prediction;
  const said = { source: 'bootstrap', afterDays } as const;
  const { low, high } = netReturn;
  return [
    { ...said, event: { measure: 'netReturn', is: 'between', low, high }, probability: WITHIN_INTERVAL },
    { ...said, event: { measure: 'maxDrawdown', is: 'at-most', value: maxDrawdown }, probability: NO_DEEPER },
  ];
}

export function happened(event: Event, measured: number): boolean {
  switch (event.is) {
    case 'above':
      return measured > event.value;
    case 'below':
      return measured < event.value;
    case 'between':
      return measured >= event.low && measured <= event.high;
    case 'at-most':
      return measured <= event.value;
    default:
      return event satisfies never;
  }
}

/** How a version that was proposed stands with the engine. */
export type Standing =
  /** And why, where more is known. */
  | { readonly state: 'waiting' | 'never-ran' | 'unknown'; readonly why: string | null }
  | {
      readonly state: 'ran';
      readonly run: Pick<Run, 'since' | 'until'>;
      /** Why it stopped, where that is known. */
      readonly stopped: string | null;
      readonly measuredAt: (measure: Measure, at: number) => number | null;
    };

/**
 * What became of a forecast by a market time. It is measured at the moment it was due, however long ago that was.
 * @param asOf market time, UTC milliseconds
 */
export function scored(wager: Wager, standing: Standing, asOf: number): ScoredForecast {
  const unscored = (state: ForecastState, dueAt: number | null, why: string | null = null): ScoredForecast => ({
    ...wager,
    dueAt,
    state,
    measured: null,
    why,
  });
  if (standing.state === 'waiting') return unscored('pending', null, standing.why);
  if (standing.state !== 'ran') return unscored(standing.state, null, standing.why);
  const { since, until } = standing.run;
  const dueAt = since + wager.afterDays * DAY_MS;
  if (until !== null && until < dueAt) return unscored('censored', dueAt, standing.stopped);
  if (dueAt > asOf) return unscored('pending', dueAt);
  const measured = standing.measuredAt(wager.event.measure, dueAt);
  if (measured === null) return unscored('unknown', dueAt);
  return { ...wager, dueAt, state: happened(wager.event, measured) ? 'came-true' : 'did-not', measured, why: null };
}
