/** Where chance comes from: a seeded stream of the caller's, so that every number here can be computed again to the byte. */
export interface RandomSource {
  /** In (0, 1), neither end included. */
  uniform(): number;
}

/** A whole number from 0 to `count` - 1, each as likely as the other (to 2⁻³² of a 32-bit stream). */
export function randomIndex(random: RandomSource, count: number): number {
  return Math.floor(random.uniform() * count);
}

/** The numbers 0 to `count` - 1 in an order in which every order is as likely (Fisher and Yates 1938; Durstenfeld 1964). */
export function randomOrder(random: RandomSource, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const chosen = randomIndex(random, last + 1);
    const kept = order[last]!;
    order[last] = order[chosen]!;
    order[chosen] = kept;
  }
  return order;
}
