import { readFileSync } from 'node:fs';
import { GATES_POLICY_PATH, GatesPolicy, parsePolicy, RISK_POLICY_PATH, RiskPolicy } from '#bot/gates/policies.ts';
import { compile, type Rule } from '#bot/gates/policy/judge.ts';
import type { Exam } from './exam.ts';
import { type Asked, judgeCandidacy } from './judge-candidacy.ts';
import { edgeCandidacies, type Measuring, nullCandidacies } from './measure.ts';
import type { Candidacy } from './night.ts';
import { type Tally, tallyOf } from './tally.ts';

/** The policy that ships with this checkout, compiled as its gate compiles it. */
export function shippedRules(): readonly Rule[] {
  return compile(parsePolicy(GATES_POLICY_PATH, readFileSync(GATES_POLICY_PATH, 'utf8'), GatesPolicy));
}

/** The least that real money is asked for, and paper. */
export function stagesAsked(): { readonly money: Asked; readonly paper: Asked } {
  const { stages } = parsePolicy(RISK_POLICY_PATH, readFileSync(RISK_POLICY_PATH, 'utf8'), RiskPolicy);
  return { money: { stage: 'canary', risk: stages.canary ?? {} }, paper: { stage: 'paper', risk: stages.paper ?? {} } };
}

export interface StageTallies {
  readonly money: Tally;
  readonly paper: Tally;
}

export interface Calibration {
  /** One an exam. */
  readonly nulls: readonly (StageTallies & { readonly name: string })[];
  readonly all: StageTallies;
  readonly edges: readonly (StageTallies & {
    readonly sharpe: number;
    readonly drift: number;
    readonly shown: number;
    readonly chosen: number;
  })[];
}

export interface CalibrationPlan extends Measuring {
  readonly exams: readonly Exam[];
  /** Over all exams, shared out evenly. */
  readonly nulls: number;
  /** Annual Sharpe ratios to plant, and how many nights each has; on the first exam's candles, shuffled. */
  readonly sharpes: readonly number[];
  readonly edgeNights: number;
}

/** How often these rules let pass what knows nothing, and what knows something. */
export async function calibrate(rules: readonly Rule[], plan: CalibrationPlan): Promise<Calibration> {
  const asked = stagesAsked();
  const judged = (candidacies: readonly Candidacy[]): StageTallies => ({
    money: tallyOf(candidacies.map((candidacy) => judgeCandidacy(rules, candidacy, asked.money))),
    paper: tallyOf(candidacies.map((candidacy) => judgeCandidacy(rules, candidacy, asked.paper))),
  });
  const { exams } = plan;
  const nulls: (StageTallies & { name: string })[] = [];
  const everyone: Candidacy[] = [];
  for (const [index, exam] of exams.entries()) {
    const share = Math.floor(plan.nulls / exams.length) + (index < plan.nulls % exams.length ? 1 : 0);
    const candidacies = await nullCandidacies(exam, share, plan);
    everyone.push(...candidacies);
    nulls.push({ name: exam.name, ...judged(candidacies) });
  }
  const edges = plan.edgeNights === 0 ? [] : await edgeCandidacies(exams[0]!, plan.sharpes, plan.edgeNights, plan);
  return {
    nulls,
    all: judged(everyone),
    edges: edges.map(({ candidacies, ...edge }) => ({ ...edge, ...judged(candidacies) })),
  };
}
