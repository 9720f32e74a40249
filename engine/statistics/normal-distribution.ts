import { demandWithin } from './observations.ts';

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);
/** Below it the series is short and cancels nothing; above it the continued fraction is. */
const TAIL_FROM = 2;
/** At 2 the fraction settles to the last bit after some sixty terms, further out after fewer. */
const FRACTION_TERMS = 120;
/** Half a bit of the smallest density that counts. */
const NEGLIGIBLE = 1e-18;

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  // x is cut at 1/16 so that its square is exact: the rounding of x² alone would cost the tail three digits.
  const coarse = Math.trunc(x * 16) / 16;
  return (Math.exp((-coarse * coarse) / 2) * Math.exp((-(x - coarse) * (x + coarse)) / 2)) / ROOT_TWO_PI;
}

/**
 * Probability that a standard normal variable is at most x, to about 1e-16, and in the lower tail to about 1e-14 of itself.
 * Series Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …) near the middle (Marsaglia 2004, "Evaluating the normal distribution");
 * Laplace's continued fraction in the tails (Abramowitz and Stegun 1964, 26.2.14).
 * @throws statistics/out-of-range for NaN
 */
export function normalCdf(x: number): number {
  demandWithin(x, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 'the argument of the normal distribution');
  if (Math.abs(x) < TAIL_FROM) return 0.5 + normalDensity(x) * oddSeries(x);
  return x < 0 ? upperTail(-x) : 1 - upperTail(x);
}

function oddSeries(x: number): number {
  let term = x;
  let total = x;
  for (let odd = 3; Math.abs(term) > NEGLIGIBLE; odd += 2) {
    term *= (x * x) / odd;
    total += term;
  }
  return total;
}

/** Of x >= 2: φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))), evaluated from the inside. */
function upperTail(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  let fraction = x;
  for (let term = FRACTION_TERMS; term > 0; term -= 1) fraction = x + term / fraction;
  return normalDensity(x) / fraction;
}

/**
 * The x below which a standard normal variable falls with the given probability; -∞ at 0, ∞ at 1.
 * A first guess to 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23), then Halley's method on `normalCdf`.
 * @param probability in [0, 1]
 * @throws statistics/out-of-range
 */
export function normalQuantile(probability: number): number {
  demandWithin(probability, 0, 1, 'a probability');
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 1) return Number.POSITIVE_INFINITY;
  if (probability === 0.5) return 0;
  // The lower tail keeps its digits, the upper one has lost them in 1 - p already.
  return probability > 0.5 ? -lowerQuantile(1 - probability) : lowerQuantile(probability);
}

function lowerQuantile(probability: number): number {
  let x = -firstGuess(probability);
  for (let round = 0; round < 4; round += 1) {
    const step = (normalCdf(x) - probability) / normalDensity(x);
    x -= step / (1 + (x * step) / 2);
  }
  return x;
}

function firstGuess(probability: number): number {
  const t = Math.sqrt(-2 * Math.log(probability));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}
