import { type ChangeContext, readText } from '#bot/gates/context.ts';
import { parsePolicy, RISK_POLICY_PATH, RiskPolicy } from '#bot/gates/policies.ts';
import { widenings } from '#engine/risk/widenings.ts';

/** What a change lets pass of `policies/risk.yaml` that was held back before, a clause each; nobody shall approve of it unseen. */
export async function widenedLimits({ repository, base, head, changes }: ChangeContext): Promise<string[]> {
  if (!changes.some(({ path, previousPath }) => path === RISK_POLICY_PATH || previousPath === RISK_POLICY_PATH)) return [];
  const [before, after] = await Promise.all([base, head].map((commit) => readText(repository, commit, RISK_POLICY_PATH)));
  // Removed, the engine keeps the limits it read last.
  if (after === null || after === undefined) return [];
  const known = before === null || before === undefined ? { stages: {} } : parsePolicy(RISK_POLICY_PATH, before, RiskPolicy);
  return widenings(known, parsePolicy(RISK_POLICY_PATH, after, RiskPolicy));
}
