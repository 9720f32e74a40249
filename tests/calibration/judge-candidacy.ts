import type { PolicyFacts } from '#bot/gates/policy/facts.ts';
import { judge, type Rule, type Ruling } from '#bot/gates/policy/judge.ts';
import type { Candidacy } from './night.ts';

/** A stage that is asked for, and the drawdown that `policies/risk.yaml` allows it. */
export interface Asked {
  readonly stage: 'paper' | 'canary';
  readonly risk: PolicyFacts['risk'];
}

export interface Verdict {
  /** By validation, in the order of the policy: did it hold? */
  readonly conditions: ReadonlyMap<string, boolean>;
  /** Everything that denies and speaks of evidence or risk holds. */
  readonly passesEvidence: boolean;
  /** Everything that denies holds, what was seen after the evidence included. */
  readonly passes: boolean;
}

/**
 * Asks the compiled policy as its gate does. A person proposes and every gate before has passed, so only numbers are left to refuse.
 * @throws Error when a condition reads a fact that calibration does not make: it would be counted as a refusal by evidence, and is none
 */
export function judgeCandidacy(rules: readonly Rule[], { evidence, forward }: Candidacy, { stage, risk }: Asked): Verdict {
  const paths = ['strategy.ts', 'manifest.yaml', 'evidence/pack.json'].map((name) => `strategies/null/${name}`);
  const rulings = judge(rules, {
    change: { author: 'person', paths },
    strategy: { id: 'null', stage, stageBefore: stage, ranBefore: false, steps: 0, onlyStage: false },
    evidence,
    forward,
    risk,
    gates: {},
  });
  const conditions = new Map<string, boolean>();
  for (const ruling of rulings) {
    if (ruling.rule === null) throw new Error(`The policy has nothing to say of a candidate for ${stage}: ${ruling.sentence}`);
    const missing = ruling.seen.find(({ name, value }) => value === 'absent' && !MAY_BE_ABSENT.has(name));
    if (missing !== undefined) throw new Error(`${ruling.rule.id} reads ${missing.name}, which calibration does not make.`);
    conditions.set(ruling.rule.id, ruling.outcome === 'holds');
  }
  return {
    conditions,
    passesEvidence: rulings.every((ruling) => ruling.isAllowed || !isOfEvidence(ruling)),
    passes: rulings.every(({ isAllowed }) => isAllowed),
  };
}

/** A candidate that never traded has none: there is nothing to compute them from, and that denies, as it should. */
const MAY_BE_ABSENT: ReadonlySet<string> = new Set([
  'evidence.statistics.deflatedSharpe',
  'evidence.statistics.probabilisticSharpe',
  'evidence.statistics.overfittingProbability',
  'evidence.statistics.minTrackRecordDays',
]);

function isOfEvidence({ seen }: Ruling): boolean {
  return seen.some(({ name }) => name.startsWith('evidence.'));
}
