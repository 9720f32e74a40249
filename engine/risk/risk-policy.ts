import { parse } from 'yaml';
import { z } from 'zod';
import { excessOf, Stage } from '#engine/contract/manifest.ts';

/** Where main says what a version may lose, by stage: read by the gates before it runs, and by the engine while it does. */
export const RISK_POLICY_PATH = 'policies/risk.yaml';

export const StageLimits = z.strictObject({
  /** Ratio of the highest equity so far: 0.2 is a fifth lost. */
  maxDrawdown: z.number().positive().max(1),
  /** Ratio of the equity with which the UTC day began. */
  dailyLoss: z.number().positive().max(1).optional(),
});
export type StageLimits = z.infer<typeof StageLimits>;

/** A stage that is not named has no limit. */
export const RiskPolicy = z.strictObject({ stages: z.partialRecord(Stage, StageLimits) });
export type RiskPolicy = z.infer<typeof RiskPolicy>;

/** The limits, or in a few words what is wrong with the file; null stands for a file that is missing. */
export function parseRiskPolicy(text: string | null): { readonly policy: RiskPolicy } | { readonly problem: string } {
  if (text === null) return { problem: 'it is missing' };
  const excess = excessOf(text);
  if (excess !== undefined) return { problem: excess };
  let value: unknown;
  try {
    value = parse(text, { stringKeys: true, logLevel: 'error', maxAliasCount: 0 });
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
  const parsed = RiskPolicy.safeParse(value);
  if (parsed.success) return { policy: parsed.data };
  const issue = parsed.error.issues[0]!;
  return { problem: `${issue.path.join('.') || 'the file'}: ${issue.message}` };
}
