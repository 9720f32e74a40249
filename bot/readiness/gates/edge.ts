import { chance, counted, decimal, signedPercent } from '#bot/evidence/numbers.ts';
import type { Prediction } from '#bot/evidence/pack/prediction.ts';
import type { ScoredForecast } from '#bot/memory/memory.ts';
import { brierScore } from '#engine/statistics/brier-score.ts';
import { probabilisticSharpe } from '#engine/statistics/probabilistic-sharpe.ts';
import { sharpeSampleOf } from '#engine/statistics/sharpe-ratio.ts';
import { type Judge, notEnough, tooLittle } from './question.ts';

/**
 * Does it earn, as far as its days can tell, and as was foretold of it? The first is the probability that the true Sharpe ratio of its
 * daily returns is above zero, given how many there are and their shape (Bailey and López de Prado 2012). The second is the interval of
 * its evidence, and every forecast that has come due. Between likely enough and rather not it is undecided, and says so.
 */
export const edge: Judge = (question) => {
  const { figures, limits, prediction, forecasts } = question;
  const { result, days } = figures;
  const wrong = forecasts.filter(({ state }) => state === 'did-not');
  const few = tooLittle(question);
  const sample = result === null ? null : sharpeSampleOf(result.daily);
  const value = few !== null || sample === null ? null : probabilisticSharpe(sample);
  const { edge: limit } = limits;
  if (wrong.length > 0) return { verdict: 'fail', value, limit, sentence: `${scoreText(forecasts)} ${few ?? ''}`.trim() };
  if (few !== null || result === null) return notEnough(few ?? '', value, limit);
  if (value === null) return notEnough('Its days are all alike, so nothing is known of how sure its result is.', null, limit);
  if (prediction === null) return notEnough('Its evidence foretells nothing that could be compared.', value, limit);
  const { low, high } = expectedAfter(prediction, days);
  const likely = `Its ${counted(result.daily.length, 'daily return')} make it ${chance(value)} likely that it earns at all; ${chance(limit)} is asked.`;
  const foretold = `It made ${signedPercent(result.netReturn)}, where ${signedPercent(low)} to ${signedPercent(high)} was foretold for as long.`;
  const sentence = [likely, foretold, scoreText(forecasts)].filter((part) => part !== '').join(' ');
  if (result.netReturn < low || value < 0.5) return { verdict: 'fail', value, limit, sentence };
  return { verdict: value >= limit ? 'pass' : 'not-enough', value, limit, sentence };
};

/**
 * The interval of a forecast at another time than its own: what returns add up to grows with the time, and their spread with its root
 * (Bachelier 1900, "Théorie de la spéculation"). Ratios; nine of ten such futures lie between them.
 */
export function expectedAfter({ days, netReturn }: NonNullable<Prediction>, after: number): { low: number; high: number } {
  const share = after / days;
  const median = netReturn.median * share;
  return {
    low: median - (netReturn.median - netReturn.low) * Math.sqrt(share),
    high: median + (netReturn.high - netReturn.median) * Math.sqrt(share),
  };
}

/** Empty while none has come due. */
function scoreText(forecasts: readonly ScoredForecast[]): string {
  const due = forecasts
    .filter(({ state }) => state === 'came-true' || state === 'did-not')
    .map(({ state, probability }) => ({ probability, cameTrue: state === 'came-true' }));
  const score = brierScore(due);
  if (score === null) return '';
  const true_ = due.filter(({ cameTrue }) => cameTrue).length;
  return `${true_} of ${counted(due.length, 'forecast')} that came due came true (mean squared error ${decimal(score.brier, 2)}).`;
}
