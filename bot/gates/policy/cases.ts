import { z } from 'zod';
import { type PolicyFacts, PolicyFactsSchema } from './facts.ts';
import { judge, type Rule } from './judge.ts';

/** Stands in for a rule where no policy matches, or where one matches too little. */
export const NO_POLICY = 'no-policy';

const Given = z.record(z.string(), z.unknown());

/** `policies/gates.test.yaml`: what the rules must say about facts made up for the purpose. */
export const PolicyCases = z.strictObject({
  /** What every case starts from. */
  facts: Given,
  cases: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200),
        /** The name of an earlier case, to start from its facts. */
        like: z.string().optional(),
        /** Laid over what it starts from, object by object; null takes a fact away. */
        given: Given.default({}),
        expect: z.enum(['allowed', 'denied']),
        /** Every validation that must not hold, denying or not, as `policy/reason`, or `no-policy`. */
        fails: z.array(z.string()).default([]),
      }),
    )
    .min(1),
});
export type PolicyCases = z.infer<typeof PolicyCases>;

export interface CaseResult {
  readonly name: string;
  readonly isAsExpected: boolean;
  /** Empty when it came out as expected. */
  readonly complaint: string;
}

export interface CasesReport {
  readonly cases: readonly CaseResult[];
  /** Validations that no case sees hold, or that none sees fail: nobody would notice if they stopped working. */
  readonly unproven: readonly { readonly validation: string; readonly lacks: 'a passing case' | 'a failing case' }[];
  readonly passed: boolean;
}

/** Runs the table of cases against the rules, and says which validations it leaves untried. */
export function runCases(rules: readonly Rule[], table: PolicyCases): CasesReport {
  const held = new Set<string>();
  const failed = new Set<string>();
  const known = new Map<string, unknown>();
  const cases = table.cases.map(({ name, like, given, expect, fails }): CaseResult => {
    const start = like === undefined ? table.facts : known.get(like);
    if (start === undefined) return { name, isAsExpected: false, complaint: `there is no case before it named ${like}` };
    const raw = laidOver(start, given);
    known.set(name, raw);
    const facts = PolicyFactsSchema.safeParse(raw);
    if (!facts.success) {
      const issue = facts.error.issues[0];
      return { name, isAsExpected: false, complaint: `its facts are wrong: ${issue?.path.join('.')}: ${issue?.message}` };
    }
    const outcome = outcomeOf(rules, facts.data);
    for (const id of outcome.held) held.add(id);
    for (const id of outcome.failed) failed.add(id);
    const complaint = compare(outcome, expect, fails);
    return { name, isAsExpected: complaint === '', complaint };
  });
  const ids = rules.flatMap(({ validations }) => validations.map(({ id }) => id));
  const unproven = [
    ...ids.filter((id) => !held.has(id)).map((validation) => ({ validation, lacks: 'a passing case' as const })),
    ...ids.filter((id) => !failed.has(id)).map((validation) => ({ validation, lacks: 'a failing case' as const })),
  ];
  return { cases, unproven, passed: unproven.length === 0 && cases.every(({ isAsExpected }) => isAsExpected) };
}

interface CaseOutcome {
  readonly isAllowed: boolean;
  readonly held: readonly string[];
  readonly failed: readonly string[];
}

function outcomeOf(rules: readonly Rule[], facts: PolicyFacts): CaseOutcome {
  const rulings = judge(rules, facts);
  const idsOf = (wanted: readonly string[]): string[] =>
    rulings.filter(({ outcome }) => wanted.includes(outcome)).map(({ rule }) => rule?.id ?? NO_POLICY);
  return {
    isAllowed: rulings.every(({ isAllowed }) => isAllowed),
    held: idsOf(['holds']),
    failed: idsOf(['denied', 'noted']),
  };
}

function compare({ isAllowed, failed }: CaseOutcome, expect: 'allowed' | 'denied', fails: readonly string[]): string {
  const verdict = isAllowed ? 'allowed' : 'denied';
  if (verdict !== expect) return `it is ${verdict}${failed.length === 0 ? '' : ` by ${failed.join(', ')}`}, not ${expect}`;
  const unexpected = failed.filter((id) => !fails.includes(id));
  const missing = fails.filter((id) => !failed.includes(id));
  if (unexpected.length > 0) return `${unexpected.join(', ')} fails too`;
  return missing.length > 0 ? `${missing.join(', ')} does not fail` : '';
}

function laidOver(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === null) delete merged[key];
    else merged[key] = laidOver(merged[key] ?? {}, value);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
