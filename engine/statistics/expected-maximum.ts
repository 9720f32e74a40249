import { normalQuantile } from './normal-distribution.ts';
import { demandWithin } from './observations.ts';

const EULER_MASCHERONI = 0.577_215_664_901_532_9;

/**
 * The best of N independent standard normal draws, on average: (1 - γ)·Φ⁻¹(1 - 1/N) + γ·Φ⁻¹(1 - 1/(N·e)), γ being Euler and
 * Mascheroni's constant. The luck that trying N worthless ideas buys, in standard deviations of their Sharpe ratios.
 * Bailey, Borwein, López de Prado and Zhu (2014), "Pseudo-mathematics and financial charlatanism", proposition 1.
 *
 * The formula is an approximation for many draws and falls below zero near N = 1, where the truth is exactly 0: it is cut there.
 * @param trials N >= 1; an effective number of trials need not be whole
 * @throws statistics/out-of-range
 */
export function expectedMaximum(trials: number): number {
  demandWithin(trials, 1, Number.MAX_SAFE_INTEGER, 'the number of trials');
  if (trials === 1) return 0;
  // The upper quantile by symmetry, from the small probability itself: 1 - 1/N would lose its digits when N is large.
  const extreme = -normalQuantile(1 / trials);
  const beyond = -normalQuantile(1 / (trials * Math.E));
  return Math.max(0, (1 - EULER_MASCHERONI) * extreme + EULER_MASCHERONI * beyond);
}
