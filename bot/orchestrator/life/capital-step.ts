import { share as asShare } from '#bot/evidence/numbers.ts';
import { readText } from '#bot/gates/context.ts';
import type { ForwardEvidence } from '#bot/gates/forward-evidence.ts';
import { parsePolicy, RISK_POLICY_PATH, RiskPolicy } from '#bot/gates/policies.ts';
import { CAPITAL_STEP_LINE, capitalStepOf } from '#bot/readiness/next-target.ts';
import { readinessText, weeklyReport } from '#bot/readiness/readiness-text.ts';
import { RatchetError } from '#engine/errors.ts';
import type { LifeOptions } from './life-options.ts';
import { tipOfMain } from './life-options.ts';
import { openOnDemand, type Proposed, STAGE } from './on-demand.ts';

/**
 * Opens a pull request that gives what trades live the next share of the capital: one number in `policies/risk.yaml`. The file is none of
 * the bot's, so its gates stay red until a person approves of exactly that head. Once for each state of the policies, whatever became of it.
 * @param ready all that trades live, each with what it has shown; the first of them names the branch
 * @throws RatchetError `policy/unreadable`, `life/capital-step` when the number has no line of its own, `life/foreign-commits`
 */
export async function proposeCapitalStep(
  ready: readonly [ForwardEvidence, ...ForwardEvidence[]],
  options: LifeOptions,
): Promise<Proposed> {
  const { repository } = options;
  const base = await tipOfMain(options);
  const text = (await readText(repository, base, RISK_POLICY_PATH)) ?? '';
  const { step, share, next } = capitalStepOf(parsePolicy(RISK_POLICY_PATH, text, RiskPolicy));
  const changed = text.replace(CAPITAL_STEP_LINE, (_, before: string) => `${before}${step + 1}`);
  if (next === null || changed === text || capitalStepOf(parsePolicy(RISK_POLICY_PATH, changed, RiskPolicy)).step !== step + 1) {
    const message = `${RISK_POLICY_PATH} has no line of its own for the step of capital.`;
    throw new RatchetError('life/capital-step', message, 'Write `capitalStep:` under `live:`, or change it by hand.');
  }
  const policies = await repository.treeOf(base, 'policies');
  const names = ready.map(({ strategy }) => strategy).join(', ');
  return openOnDemand(
    {
      kind: STAGE,
      strategy: ready[0].strategy,
      name: `capital-${step + 1}-${policies!.slice(0, 12)}`,
      base,
      changes: new Map([[RISK_POLICY_PATH, Buffer.from(changed)]]),
      title: `Capital: from step ${step} to ${step + 1}`,
      message: `What trades live has shown enough for it: ${names}.`,
      isRepeatable: false,
      body: (head) =>
        [
          `Changes \`live.capitalStep\` in \`${RISK_POLICY_PATH}\` from **${step}** to **${step + 1}**, and nothing else: from ${asShare(share)} to ${asShare(next)} of \`maxCapital\` for everything at stage live together.`,
          '',
          `What trades live has shown enough for it since it was given what it has, and nobody has decided yet: a person who agrees comments \`/approve ${head}\`, and \`/merge ${head}\` once the checks have passed. Until then they refuse it, for the bot may touch no policy.`,
          '',
          '## What it has shown',
          ...ready.flatMap((one) => ['', weeklyReport(one), '', readinessText(one)]),
        ].join('\n'),
    },
    options,
  );
}
