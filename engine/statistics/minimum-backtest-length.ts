import { expectedMaximum } from './expected-maximum.ts';
import { demandWithin } from './observations.ts';

/**
 * The length of backtest, in years, below which the best of N worthless trials is expected to show the given annual Sharpe
 * ratio by luck: (E[max of N] / SR)². A shorter one proves nothing after so many trials.
 * Bailey, Borwein, López de Prado and Zhu (2014), "Pseudo-mathematics and financial charlatanism", the formula of MinBTL.
 * @param trials N >= 1
 * @param annualSharpe above 0; ANNUAL, unlike elsewhere in this room
 * @returns years; 0 for a single trial
 * @throws statistics/out-of-range
 */
export function minimumBacktestLength(trials: number, annualSharpe: number): number {
  demandWithin(annualSharpe, Number.MIN_VALUE, Number.MAX_VALUE, 'the annual Sharpe ratio');
  const ratio = expectedMaximum(trials) / annualSharpe;
  return ratio * ratio;
}
