import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Allowance, Budget } from './budget.ts';

export interface KeptBudget {
  /** The folder that is kept from run to run, as the bot's own is elsewhere. */
  readonly dir: string;
  readonly access: Allowance & { readonly model: string };
  /** UTC milliseconds. */
  readonly clock: () => number;
  /** Whether nights before this one may have asked a model: then there must be a budget that counted it. */
  readonly wasAsked: boolean;
}

/**
 * On a machine that forgets, a budget comes from wherever it was put after the last run. One that did not come back would begin at
 * nothing, so all of today counts as spent; tomorrow has its own.
 * @returns what was done about it, a sentence; null when the budget is there, or nothing was ever to be counted
 * @throws RatchetError `model/bad-budget`
 */
export function requireKept({ dir, access, clock, wasAsked }: KeptBudget): string | null {
  const path = join(dir, 'model.sqlite');
  const isThere = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (isThere || !wasAsked) return null;
  mkdirSync(dir, { recursive: true });
  const budget = Budget.open(path, access, clock);
  try {
    budget.giveUpToday(access.model);
  } finally {
    budget.close();
  }
  return 'What models had cost before was not found again, so all that they may cost today (UTC) counts as spent, and none is asked.';
}
