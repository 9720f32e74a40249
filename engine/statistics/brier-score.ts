import { demandCount, demandWithin } from './observations.ts';

/** A probability that was said, and whether it happened. */
export interface ProbabilityForecast {
  readonly probability: number;
  readonly cameTrue: boolean;
}

/** Forecasts of about the same probability. */
export interface ForecastBin {
  readonly from: number;
  readonly to: number;
  readonly forecasts: number;
  readonly meanProbability: number;
  readonly cameTrue: number;
}

export interface BrierScore {
  readonly brier: number;
  readonly reliability: number;
  readonly resolution: number;
  readonly uncertainty: number;
  readonly withinBins: number;
  /** Those that hold a forecast, by probability. */
  readonly bins: readonly ForecastBin[];
}

/**
 * The Brier score, the mean of (f − o)² over probabilities f and outcomes o of 0 or 1 (Brier 1950, Monthly Weather Review 78, eq. 2,
 * for one of the two classes), and where it comes from (Murphy 1973, Journal of Applied Meteorology 12): of n
 * forecasts in bins k of n_k each, with mean probability f_k, share ō_k that happened, and ō of all,
 * reliability Σ n_k (f_k − ō_k)² / n, resolution Σ n_k (ō_k − ō)² / n, uncertainty ō (1 − ō).
 * Bins blur what differs inside them: variance less covariance within them (Stephenson, Coelho and Jolliffe 2008, Weather and
 * Forecasting 23) is `withinBins`, so that brier = reliability − resolution + uncertainty + withinBins.
 * @param bins of equal width over 0 to 1; the last holds 1
 * @returns null without a forecast
 * @throws RatchetError statistics/out-of-range
 */
export function brierScore(forecasts: readonly ProbabilityForecast[], bins = 10): BrierScore | null {
  demandCount(bins, 1, 1_000, 'the number of bins');
  for (const { probability } of forecasts) demandWithin(probability, 0, 1, 'a forecast’s probability');
  const count = forecasts.length;
  if (count === 0) return null;
  const brier = mean(forecasts.map((one) => (one.probability - outcome(one)) ** 2));
  const base = mean(forecasts.map(outcome));
  const filled = Array.from({ length: bins }, (_, bin) => {
    const within = forecasts.filter(({ probability }) => Math.min(bins - 1, Math.floor(probability * bins)) === bin);
    return { from: bin / bins, to: (bin + 1) / bins, within };
  }).filter(({ within }) => within.length > 0);
  const table = filled.map(({ from, to, within }) => ({
    from,
    to,
    forecasts: within.length,
    meanProbability: mean(within.map(({ probability }) => probability)),
    cameTrue: within.filter(({ cameTrue }) => cameTrue).length,
  }));
  const weighted = (of: (bin: ForecastBin) => number): number =>
    table.reduce((sum, bin) => sum + bin.forecasts * of(bin), 0) / count;
  const share = (bin: ForecastBin): number => bin.cameTrue / bin.forecasts;
  const reliability = weighted((bin) => (bin.meanProbability - share(bin)) ** 2);
  const resolution = weighted((bin) => (share(bin) - base) ** 2);
  const uncertainty = base * (1 - base);
  const withinBins = filled.reduce((sum, { within }, index) => sum + blurred(within, table[index]!), 0) / count;
  return { brier, reliability, resolution, uncertainty, withinBins, bins: table };
}

function outcome({ cameTrue }: ProbabilityForecast): number {
  return cameTrue ? 1 : 0;
}

/** Within one bin: the variance of the probabilities less twice their covariance with what happened, each summed. */
function blurred(within: readonly ProbabilityForecast[], { meanProbability, cameTrue, forecasts }: ForecastBin): number {
  const share = cameTrue / forecasts;
  return within.reduce((sum, one) => {
    const off = one.probability - meanProbability;
    return sum + off * off - 2 * off * (outcome(one) - share);
  }, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
