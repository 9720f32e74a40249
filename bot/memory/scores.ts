import { brierScore } from '#engine/statistics/brier-score.ts';
import { wilsonInterval } from '#engine/statistics/wilson-interval.ts';
import type { ForecastState, ScoredForecast, Scores } from './memory.ts';

/** With fewer forecasts a score says more about luck than about who made them. */
export const LEAST_SCORED = 10;

/** How well what was foretold came true. Both forecasts of one version share its fate, so they count for less than they seem to. */
export function scoresOf(forecasts: readonly Pick<ScoredForecast, 'state' | 'probability'>[]): Scores {
  const count = (state: ForecastState): number => forecasts.filter((one) => one.state === state).length;
  const settled = forecasts
    .filter(({ state }) => state === 'came-true' || state === 'did-not')
    .map(({ state, probability }) => ({ probability, cameTrue: state === 'came-true' }));
  const tally = {
    scored: settled.length,
    pending: count('pending'),
    censored: count('censored'),
    neverRan: count('never-ran'),
    unknown: count('unknown'),
  };
  const score = settled.length < LEAST_SCORED ? null : brierScore(settled);
  if (score === null) return { ...tally, figures: null };
  const { bins, ...figures } = score;
  const calibration = bins.map((bin) => ({ ...bin, ...wilsonInterval(bin.cameTrue, bin.forecasts) }));
  return { ...tally, figures: { ...figures, calibration } };
}
