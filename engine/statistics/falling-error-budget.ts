import { demandCount, demandWithin } from './observations.ts';

/**
 * What is left of the error that a vault of unseen data may make. The k-th opening may be wrong with probability
 * α·6/(π²·k²); over all k these sum to α, so that however often the vault is opened, the chance that it ever lets through a
 * candidate worth nothing stays below α (by the union bound, whatever depends on what). Alpha spending: Lan and DeMets (1983);
 * the sequence from Euler's Σ 1/k² = π²/6.
 *
 * New days refill it: every `daysPerRefill` days that no opening has seen give the last opening back. The promise is then about
 * the openings that still stand: at any time, the chance that any of them was wrong is below α. Over many years errors add up, as
 * they must where decisions go on for ever; `opened` says how many openings there were.
 *
 * Plain data: state in, state out, kept by the caller.
 */
export interface FallingErrorBudget {
  /** In (0, 1): the error probability of all openings that stand, together. */
  readonly alpha: number;
  /** New days that give one opening back, at least 1. */
  readonly daysPerRefill: number;
  /** Openings that stand: made and not given back. */
  readonly standing: number;
  /** New days towards the next refill, below `daysPerRefill`. With nothing to give back they are not saved up. */
  readonly days: number;
  /** Openings ever made. */
  readonly opened: number;
}

/** Nothing opened yet. @throws statistics/out-of-range */
export function fallingErrorBudget(alpha: number, daysPerRefill: number): FallingErrorBudget {
  demandWithin(alpha, Number.MIN_VALUE, 1 - Number.EPSILON, 'the error budget');
  demandCount(daysPerRefill, 1, Number.MAX_SAFE_INTEGER, 'the days of a refill');
  return { alpha, daysPerRefill, standing: 0, days: 0, opened: 0 };
}

export interface ErrorAllowance {
  /** Significance level of the next opening: its test must have a p-value of at most this. */
  readonly next: number;
  /** What the standing openings have spent, in probability. */
  readonly spent: number;
  /** alpha - spent: what all openings to come could use, the next one included. Always above 0. */
  readonly left: number;
  /** New days until the budget grows; null where there is nothing to give back. */
  readonly daysToRefill: number | null;
}

/** What the next opening may use and what is left; nothing is spent. */
export function allowanceOf(budget: FallingErrorBudget): ErrorAllowance {
  let spent = 0;
  for (let opening = 1; opening <= budget.standing; opening += 1) spent += levelOf(budget.alpha, opening);
  return {
    next: levelOf(budget.alpha, budget.standing + 1),
    spent,
    left: budget.alpha - spent,
    daysToRefill: budget.standing === 0 ? null : budget.daysPerRefill - budget.days,
  };
}

/** Opens the vault once: the level to test at, and the budget from now on, which must be kept before the result is known. */
export function spendOpening(budget: FallingErrorBudget): { readonly level: number; readonly budget: FallingErrorBudget } {
  const opening = budget.standing + 1;
  return { level: levelOf(budget.alpha, opening), budget: { ...budget, standing: opening, opened: budget.opened + 1 } };
}

/**
 * Days have come into the vault that no opening has seen.
 * @param days whole days, at least 0
 * @throws statistics/out-of-range
 */
export function refillWithDays(budget: FallingErrorBudget, days: number): FallingErrorBudget {
  demandCount(days, 0, Number.MAX_SAFE_INTEGER, 'the number of new days');
  const saved = budget.days + days;
  const standing = budget.standing - Math.floor(saved / budget.daysPerRefill);
  // Days that find nothing to give back must not become credit: the first opening of an old vault would then be free.
  if (standing <= 0) return { ...budget, standing: 0, days: 0 };
  return { ...budget, standing, days: saved % budget.daysPerRefill };
}

function levelOf(alpha: number, opening: number): number {
  return (alpha * 6) / (Math.PI * Math.PI * opening * opening);
}
