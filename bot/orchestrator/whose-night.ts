import { readLedgerFrom, recordsOf, unfinishedNight } from '#bot/evidence/ledger.ts';
import { tradingTrees } from '#bot/gates/staleness.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';

/**
 * Which strategy the next night is about: that of a night that was left, and otherwise, of those that trade, the one whose last night
 * is longest ago; by name where none had one.
 * @throws RatchetError `night/no-strategy` when none trades
 */
export async function whoseNight(repository: Repository, base: CommitHash, state: StateBranch): Promise<string> {
  const ledger = await readLedgerFrom(state);
  const trading = Object.keys(await tradingTrees(repository, base, [])).sort();
  const left = unfinishedNight(ledger)?.strategy;
  // Another one's night would end it.
  if (left !== undefined && trading.includes(left)) return left;
  const last = new Map<string, number>();
  for (const { entry } of recordsOf(ledger, 'night-began')) last.set(entry.strategy, entry.asOf);
  const [first] = trading.sort((one, other) => (last.get(one) ?? 0) - (last.get(other) ?? 0));
  if (first !== undefined) return first;
  throw new RatchetError('night/no-strategy', 'main has no strategy that trades.', 'Add one, or name one with --strategy.');
}
