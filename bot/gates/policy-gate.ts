import type { GateResult } from '#bot/evidence/gate-result.ts';
import type { GateContext } from './context.ts';
import { type Annotation, annotateFile, failure, success } from './outcome.ts';
import { GATES_POLICY_PATH, RISK_POLICY_PATH } from './policies.ts';
import { describeRuling } from './policy/judge.ts';
import { type Judgement, judgeChange } from './policy/judge-change.ts';
import { checkNewPolicies } from './policy/new-policies.ts';
import { widenedLimits } from './policy/widened-limits.ts';

export { GATES_POLICY_PATH } from './policies.ts';

/** Does the written policy of the base commit allow what the evidence shows? */
export async function policyGate(context: GateContext, earlier: readonly GateResult[]): Promise<GateResult> {
  const proof = earlier.find((result) => result.gate === 'backtest');
  if (proof !== undefined && proof.conclusion !== 'success') {
    return failure('policy', 'The evidence was not proven, so it is not judged', `The backtest gate says: ${proof.title}`);
  }
  const judgements = await judgeChange(context, Object.fromEntries(earlier.map(({ gate, conclusion }) => [gate, conclusion])));
  const rulings = judgements.flatMap((judgement) => judgement.rulings);
  const summary = judgements.map(describeJudgement).join('\n\n');
  const denied = rulings.find((ruling) => !ruling.isAllowed);
  if (denied !== undefined) return failure('policy', denied.sentence, summary);
  const broken = await checkNewPolicies(context);
  if (broken !== null) return broken;
  const noted = rulings.filter((ruling) => ruling.outcome === 'noted');
  const widened = await widenedLimits(context);
  const wider = widened.length === 0 ? '' : `; it widens ${widened.length} of the limits in ${RISK_POLICY_PATH}`;
  const beside = widened.map(
    (clause): Annotation => ({ ...annotateFile(RISK_POLICY_PATH, `Wider: ${clause}.`), level: 'warning' }),
  );
  const told = widened.map((clause) => `\n- wider: ${clause}`).join('');
  if (rulings.length === 0) {
    const people = 'A person brings it, and a person merges it.';
    return success('policy', `No strategy changed, so no evidence is asked for${wider}`, `${people}${told}`, beside);
  }
  const title = `${rulings.length - noted.length} of ${rulings.length} conditions hold${noted.length === 0 ? '' : `; ${noted.length} noted`}`;
  return success('policy', `${title}${wider}`, `${summary}${told}`, [...warnings(judgements), ...beside]);
}

function describeJudgement({ strategy, rulings }: Judgement): string {
  const lines = rulings.map((ruling) => `- ${describeRuling(ruling)}`);
  return [`${strategy === null ? 'Outside strategies' : `\`${strategy}\``}:`, '', ...lines].join('\n');
}

/** What a warning found stands beside the file it is about; what an audit found, in the summary only. */
function warnings(judgements: readonly Judgement[]): readonly Annotation[] {
  return judgements.flatMap(({ strategy, rulings }) =>
    rulings
      .filter(({ outcome, rule }) => outcome === 'noted' && rule?.action === 'warn')
      .map(({ sentence }): Annotation => {
        const path = strategy === null ? GATES_POLICY_PATH : `strategies/${strategy}/manifest.yaml`;
        return { ...annotateFile(path, sentence), level: 'warning' };
      }),
  );
}
