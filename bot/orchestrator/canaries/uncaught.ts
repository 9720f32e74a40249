import { type LedgerReading, recordsOf } from '#bot/evidence/ledger.ts';
import { CHEAT_NAMES, type CheatName } from './cheats.ts';

/** The null strategy, or a cheat by its name. */
export type CanaryName = 'null' | CheatName;

const NAMES: readonly string[] = ['null', ...CHEAT_NAMES] satisfies readonly CanaryName[];

/**
 * The canaries that the gates let through when they last were judged. While there is one, nothing is proposed and nothing is merged by
 * policy: that stands in the ledger, and no label, title or closed issue changes it.
 */
export function uncaughtCanaries(ledger: LedgerReading): readonly string[] {
  const last = new Map<string, string>();
  for (const { entry } of recordsOf(ledger, 'canary')) if (entry.outcome !== 'not-judged') last.set(entry.canary, entry.outcome);
  return [...last].flatMap(([canary, outcome]) => (outcome === 'slipped' && NAMES.includes(canary) ? [canary] : []));
}
