import { RISK_POLICY_PATH } from '#bot/gates/policies.ts';
import { statementOver } from '#bot/gates/proven-before.ts';
import type { Target } from '#bot/gates/readiness-policy.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { riskAt } from './next-target.ts';

export interface Place {
  readonly repository: Repository;
  readonly state: StateReader;
  /** Main. */
  readonly main: CommitHash;
}

/**
 * Why a version is not proposed for a stage however ready it is, one sentence; null when nothing stands in the way.
 * @throws RatchetError `policy/unreadable`
 */
export async function obstacleTo(strategy: string, target: Target, { repository, state, main }: Place): Promise<string | null> {
  const tree = await repository.treeOf(main, `strategies/${strategy}`);
  if (tree === null) return 'Main no longer has it.';
  if (target !== 'paper' && (await riskAt(repository, main)).live?.allowed !== true)
    return `${RISK_POLICY_PATH} does not say \`live.allowed: true\`, so nothing is proposed that trades with money.`;
  const statement = await statementOver({ repository, base: main, state }, { id: strategy, baseTree: tree, headTree: tree });
  if (statement === null) return 'No signature that counts today vouches for the version on main.';
  if (statement.predicate.ratchet.kind !== 'gates')
    return 'This version was put in place without evidence, and no stage above is proposed of what was never proven.';
  return null;
}
