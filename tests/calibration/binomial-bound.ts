/**
 * The most of `count` independent tries that may pass before a true rate of at most `rate` is no longer believable: the least k for
 * which P[X > k] <= `doubt`, X being binomial. Clopper and Pearson (1934), "The use of confidence or fiducial limits illustrated in
 * the case of the binomial", as a one-sided test.
 * @param rate in (0, 1) @param doubt how often a true rate of `rate` is wrongly called higher
 */
export function mostBelievable(count: number, rate: number, doubt: number): number {
  let probability = (1 - rate) ** count;
  let most = 0;
  let atMost = probability;
  while (1 - atMost > doubt && most < count) {
    most += 1;
    probability *= ((count - most + 1) / most) * (rate / (1 - rate));
    atMost += probability;
  }
  return most;
}
