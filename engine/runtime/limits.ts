import type { Repository } from '#engine/repository/repository.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { parseRiskPolicy, RISK_POLICY_PATH, RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { EngineProblem } from './status.ts';

const limitsKey = 'limits';

export type LimitsReading =
  | { readonly policy: RiskPolicy; readonly problem: null }
  | { readonly policy: null; readonly problem: EngineProblem };

/** The limits a commit of main writes, or why they cannot be read: then what was known stays, and an engine that knows none loads nothing. */
export async function readLimits(repository: Repository, commit: CommitHash, isAnyKnown: boolean): Promise<LimitsReading> {
  const bytes = await repository.readFile(commit, RISK_POLICY_PATH);
  const parsed = parseRiskPolicy(bytes === null ? null : Buffer.from(bytes).toString('utf8'));
  if ('policy' in parsed) return { policy: parsed.policy, problem: null };
  const broken = `${RISK_POLICY_PATH} on main cannot be read (${parsed.problem})`;
  const problem: EngineProblem = isAnyKnown
    ? { status: 'Degraded', code: 'limits', reason: `${broken}, so the limits it had before stay in force` }
    : { status: 'Degraded', code: 'no-limits', reason: `${broken}, and no limits are known from before, so nothing is loaded` };
  return { policy: null, problem };
}

/** The limits obeyed last, as the record has them; null before any were read. */
export function knownLimits(record: Pick<EngineReader, 'meta'>): RiskPolicy | null {
  const known = record.meta(limitsKey);
  return known === null ? null : RiskPolicy.parse(JSON.parse(known));
}

/** The same of a running engine, which is asked for every order: what stands there is understood once. */
export function limitsNow(record: Pick<EngineReader, 'meta'>): () => RiskPolicy | null {
  let text: string | null = null;
  let policy: RiskPolicy | null = null;
  return () => {
    const now = record.meta(limitsKey);
    if (now !== text) policy = knownLimits(record);
    text = now;
    return policy;
  };
}

export function keepLimits(store: EngineStore, policy: RiskPolicy): void {
  store.setMeta(limitsKey, JSON.stringify(policy));
}
