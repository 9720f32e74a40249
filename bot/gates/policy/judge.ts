import type { Pack } from '#bot/evidence/pack.ts';
import type { GatesPolicy } from '#bot/gates/policies.ts';
import { Condition, type PolicyFacts } from './cel.ts';

/** A policy with its expressions compiled. */
export interface Rule {
  readonly name: string;
  readonly match: Condition;
  readonly validations: readonly { readonly condition: Condition; readonly message: string }[];
}

export interface Ruling {
  readonly isAllowed: boolean;
  /** What it found, in the policy's own words where it has any. */
  readonly sentence: string;
  /** Which policy and expression decided; null where none was asked. */
  readonly rule: { readonly policy: string; readonly expression: string } | null;
}

/** @throws RatchetError `policy/expression` on the first expression that does not compile */
export function compile(policy: GatesPolicy): readonly Rule[] {
  return policy.policies.map(({ name, match, validations }) => ({
    name,
    match: new Condition(match),
    validations: validations.map(({ expression, message }) => ({ condition: new Condition(expression), message })),
  }));
}

/** Every matching policy must hold; no matching policy is a denial. */
export function judge(rules: readonly Rule[], facts: PolicyFacts): readonly Ruling[] {
  const matching = rules.filter((rule) => rule.match.holds(facts));
  if (matching.length === 0) {
    return [
      {
        isAllowed: false,
        sentence: `No policy matches ${facts.strategy.id} at stage ${facts.strategy.stage}, so it is denied.`,
        rule: null,
      },
    ];
  }
  return matching.flatMap(({ name, validations }) =>
    validations.map(({ condition, message }) => {
      const isAllowed = condition.holds(facts);
      return { isAllowed, sentence: isAllowed ? 'holds' : message, rule: { policy: name, expression: condition.text } };
    }),
  );
}

/** A ruling as a line of a report. */
export function describeRuling({ isAllowed, sentence, rule }: Ruling): string {
  const verdict = isAllowed ? sentence : `**denied**: ${sentence}`;
  return rule === null ? verdict : `${verdict} (${rule.policy}: \`${rule.expression}\`)`;
}

/** The part of the facts that does not come from the evidence. */
export interface ChangeFacts {
  readonly author: 'bot' | 'person';
  readonly paths: readonly string[];
  readonly stage: string;
  readonly stageBefore: string;
  readonly gates: Readonly<Record<string, string>>;
}

export function factsFromPack(pack: Pack, change: ChangeFacts): PolicyFacts {
  const run = ({ metrics }: Pack['candidate']['selection']) => ({
    netReturn: metrics.netReturn,
    maxDrawdown: metrics.maxDrawdown,
    trades: metrics.trades,
  });
  return {
    change: { author: change.author, paths: change.paths },
    strategy: { id: pack.strategy, stage: change.stage, stageBefore: change.stageBefore },
    evidence: {
      selection: { candidate: run(pack.candidate.selection), incumbent: run(pack.incumbent.selection) },
      development: { candidate: run(pack.candidate.development), incumbent: run(pack.incumbent.development) },
      costs: { doubled: costs(pack, 2), tripled: costs(pack, 3) },
      delayedOneBar: pack.delayedOneBar,
      trials: pack.search.trials,
      trialsEver: pack.search.trialsEver,
    },
    gates: change.gates,
  };
}

function costs(pack: Pack, multiplier: number): { candidate: number; incumbent: number } {
  const found = pack.costs.find((item) => item.multiplier === multiplier);
  if (found === undefined) throw new Error(`The evidence has no run with costs times ${multiplier}.`);
  return { candidate: found.candidate, incumbent: found.incumbent };
}
