import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { uncaughtCanaries } from '../canaries/uncaught.ts';

/** Why what the gates say is not enough to merge by policy, to follow "but"; null when it is. */
export async function doubtInGates(state: StateBranch): Promise<string | null> {
  try {
    const uncaught = uncaughtCanaries(await readLedgerFrom(state));
    return uncaught.length === 0 ? null : `they let a canary through and no night has stopped it since (${uncaught.join(', ')})`;
  } catch (error) {
    if (!(error instanceof RatchetError) || !error.code.startsWith('ledger/')) throw error;
    return `the ledger cannot be read, so nobody knows whether they stop what they should (${error.message})`;
  }
}
