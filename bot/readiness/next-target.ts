import { readText } from '#bot/gates/context.ts';
import { parsePolicy, RISK_POLICY_PATH, RiskPolicy } from '#bot/gates/policies.ts';
import type { Target } from '#bot/gates/readiness-policy.ts';
import { Stage } from '#engine/contract/manifest.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { DEFAULT_CAPITAL_STEPS } from '#engine/risk/risk-policy.ts';

/** What stage live has of the capital allowed, and would have next. */
export interface CapitalStep {
  /** Counted from 1. */
  readonly step: number;
  /** Shares of `live.maxCapital`. */
  readonly share: number;
  readonly next: number | null;
}

export function capitalStepOf({ live }: RiskPolicy): CapitalStep {
  const steps = live?.capitalSteps ?? DEFAULT_CAPITAL_STEPS;
  const step = live?.capitalStep ?? 1;
  return { step, share: steps[step - 1]!, next: steps[step] ?? null };
}

/** One step up from a stage; null for what has all there is. */
export function nextTarget(stage: Stage, risk: RiskPolicy): Target | null {
  if (stage === 'live') return capitalStepOf(risk).next === null ? null : 'capital';
  return Stage.options[Stage.options.indexOf(stage) + 1] as Target;
}

/** The stage whose limits hold after the step. */
export function stageOf(target: Target): Stage {
  return target === 'capital' ? 'live' : target;
}

/** A commit without the file has no limits. @throws RatchetError `policy/unreadable` */
export async function riskAt(repository: Repository, commit: CommitHash): Promise<RiskPolicy> {
  const text = await readText(repository, commit, RISK_POLICY_PATH);
  return text === null ? { stages: {} } : parsePolicy(RISK_POLICY_PATH, text, RiskPolicy);
}

/** When main last gave stage live another share of the capital, UTC milliseconds; null when it never did. */
export async function capitalSince(repository: Repository, main: CommitHash): Promise<number | null> {
  const present = capitalStepOf(await riskAt(repository, main)).step;
  let since: number | null = null;
  for (const { commit, committedAt } of (await repository.history(main, RISK_POLICY_PATH)).toReversed()) {
    if (stepIn(await readText(repository, commit, RISK_POLICY_PATH)) !== present) return since;
    since = committedAt;
  }
  return null;
}

/** The line by which a policy names the step in force. */
export const CAPITAL_STEP_LINE = /^(\s+capitalStep:\s*)(\d+)/m;

/** A file that nobody could read gave no other share. */
function stepIn(text: string | null): number {
  const [, , step] = CAPITAL_STEP_LINE.exec(text ?? '') ?? [];
  return step === undefined ? 1 : Number(step);
}
