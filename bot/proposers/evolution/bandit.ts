/**
 * Which move to make next, learned while searching: UCB1 (Auer, Cesa-Bianchi and Fischer 2002, figure 1). Each arm is pulled once, in
 * order; then the one with the highest mean reward plus √(2 ln n / n_j). A pull counts from the moment it is made, so that pulls that
 * are judged side by side do not all fall on one arm.
 */
export class Bandit<Arm extends string> {
  readonly #arms: readonly Arm[];
  readonly #pulls = new Map<Arm, number>();
  readonly #rewards = new Map<Arm, number>();
  #total = 0;

  constructor(arms: readonly Arm[]) {
    this.#arms = arms;
  }

  pull(): Arm {
    let best = this.#arms[0]!;
    let highest = Number.NEGATIVE_INFINITY;
    for (const arm of this.#arms) {
      const bound = this.#boundOf(arm);
      if (bound > highest) [best, highest] = [arm, bound];
    }
    this.#pulls.set(best, (this.#pulls.get(best) ?? 0) + 1);
    this.#total += 1;
    return best;
  }

  /** @param value 0 to 1; nothing said is 0 */
  reward(arm: Arm, value: number): void {
    this.#rewards.set(arm, (this.#rewards.get(arm) ?? 0) + value);
  }

  #boundOf(arm: Arm): number {
    const pulls = this.#pulls.get(arm) ?? 0;
    if (pulls === 0) return Number.POSITIVE_INFINITY;
    return (this.#rewards.get(arm) ?? 0) / pulls + Math.sqrt((2 * Math.log(this.#total)) / pulls);
  }
}
