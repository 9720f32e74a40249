import picomatch from 'picomatch';
import { GATES_POLICY_PATH, type GatePolicy, type GatesPolicy } from '#bot/gates/policies.ts';
import { RatchetError } from '#engine/errors.ts';
import { Expression, type SeenValue, type Variables, withVariable } from './cel.ts';
import { checkFacts, type PolicyFacts } from './facts.ts';

export { type ChangeFacts, factsFromPack } from './facts.ts';

export type FailureAction = GatePolicy['failureAction'];

/** A policy with its expressions compiled. */
export interface Rule {
  readonly name: string;
  readonly action: FailureAction;
  readonly constraints: GatePolicy['matchConstraints'];
  readonly matchesPath: (path: string) => boolean;
  readonly conditions: readonly { readonly name: string; readonly expression: Expression }[];
  readonly validations: readonly CompiledValidation[];
}

interface CompiledValidation {
  /** `policy/reason`, or `policy/3` for the third of those without a reason. */
  readonly id: string;
  readonly expression: Expression;
  readonly message: string;
  readonly messageExpression: Expression | null;
}

/** `noted` is what a warning or an audited rule found: it is said, and decides nothing. */
export type Outcome = 'holds' | 'noted' | 'denied';

export interface Ruling {
  readonly isAllowed: boolean;
  readonly outcome: Outcome;
  /** What it found, in the policy's own words where it has any. */
  readonly sentence: string;
  /** Which policy and expression decided; null where none was asked. */
  readonly rule: {
    readonly id: string;
    readonly policy: string;
    readonly expression: string;
    readonly action: FailureAction;
  } | null;
  /** The facts it read, as they were. */
  readonly seen: readonly SeenValue[];
}

/**
 * @param path where the policy stands, for the error
 * @throws RatchetError `policy/expression` on the first expression that does not compile
 */
export function compile(policy: GatesPolicy, path = GATES_POLICY_PATH): readonly Rule[] {
  return policy.policies.map((one) => {
    try {
      return compileOne(one);
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      throw new RatchetError(error.code, `${path}: ${one.name}: ${error.message}`, error.remedy, error.details, error);
    }
  });
}

function compileOne(policy: GatePolicy): Rule {
  let variables: Variables = new Map();
  for (const { name, expression } of policy.variables) variables = withVariable(variables, name, expression);
  const { paths } = policy.matchConstraints;
  return {
    name: policy.name,
    action: policy.failureAction,
    constraints: policy.matchConstraints,
    matchesPath: paths === undefined ? () => true : picomatch([...paths], { dot: true }),
    conditions: policy.matchConditions.map(({ name, expression }) => ({
      name,
      expression: new Expression(expression, 'bool', variables),
    })),
    validations: policy.validations.map(({ expression, message, messageExpression, reason }, index) => ({
      id: `${policy.name}/${reason ?? index + 1}`,
      expression: new Expression(expression, 'bool', variables),
      message,
      messageExpression: messageExpression === undefined ? null : new Expression(messageExpression, 'string', variables),
    })),
  };
}

/**
 * Asks every policy that is about these facts. Each of its validations must hold, and each path must be looked at by a
 * policy that may deny: a match that is too narrow denies, it does not let pass.
 * @param paths those the ruling must cover; all of the change when left out
 */
export function judge(
  rules: readonly Rule[],
  facts: PolicyFacts,
  paths: readonly string[] = facts.change.paths ?? [],
): readonly Ruling[] {
  const broken = whatIsWrongWith(facts);
  if (broken !== null) return [broken];
  const rulings: Ruling[] = [];
  const covering: Rule[] = [];
  for (const rule of rules) {
    if (!isAbout(rule, facts, paths)) continue;
    const asked = askConditions(rule, facts);
    if (asked === 'not-matched') continue;
    if (rule.action === 'deny') covering.push(rule);
    if (asked !== 'matched') rulings.push(asked);
    else rulings.push(...rule.validations.map((validation) => validate(rule, validation, facts)));
  }
  const open = paths.find((path) => !covering.some((rule) => rule.matchesPath(path)));
  if (covering.length > 0 && open === undefined) return rulings;
  return [...rulings, unmatched(facts, open)];
}

/** Facts that nothing may be asked about deny, whatever the policies say. */
function whatIsWrongWith(facts: PolicyFacts): Ruling | null {
  try {
    checkFacts(facts);
    return null;
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return { isAllowed: false, outcome: 'denied', sentence: error.message, rule: null, seen: [] };
  }
}

function isAbout({ constraints, matchesPath }: Rule, { change, strategy }: PolicyFacts, paths: readonly string[]): boolean {
  const { authors, stages } = constraints;
  if (authors !== undefined && !authors.some((author) => author === change.author)) return false;
  if (stages !== undefined && !stages.some((stage) => stage === strategy.stage)) return false;
  return constraints.paths === undefined || paths.some(matchesPath);
}

/** A condition that cannot be judged leaves open whether the policy was meant, which counts as if it had not held. */
function askConditions(rule: Rule, facts: PolicyFacts): 'matched' | 'not-matched' | Ruling {
  for (const { name, expression } of rule.conditions) {
    const answer = ask(expression, facts);
    if (answer === false) return 'not-matched';
    if (answer !== true) return failed(rule, `${rule.name}/${name}`, expression, answer.message, facts);
  }
  return 'matched';
}

function validate(rule: Rule, { id, expression, message, messageExpression }: CompiledValidation, facts: PolicyFacts): Ruling {
  const answer = ask(expression, facts);
  const { name: policy, action } = rule;
  if (answer === true) {
    return {
      isAllowed: true,
      outcome: 'holds',
      sentence: 'holds',
      rule: { id, policy, expression: expression.text, action },
      seen: expression.seen(facts),
    };
  }
  const sentence = messageExpression === null ? message : said(messageExpression, facts, message);
  return failed(rule, id, expression, answer === false ? sentence : `${sentence} (${String(answer.details.why)})`, facts);
}

function failed({ name, action }: Rule, id: string, expression: Expression, sentence: string, facts: PolicyFacts): Ruling {
  const denies = action === 'deny';
  return {
    isAllowed: !denies,
    outcome: denies ? 'denied' : 'noted',
    sentence,
    rule: { id, policy: name, expression: expression.text, action },
    seen: expression.seen(facts),
  };
}

function ask(expression: Expression, facts: PolicyFacts): boolean | RatchetError {
  try {
    return expression.holds(facts);
  } catch (error) {
    if (error instanceof RatchetError && error.code === 'policy/expression') return error;
    throw error;
  }
}

function said(expression: Expression, facts: PolicyFacts, otherwise: string): string {
  try {
    return expression.say(facts);
  } catch {
    // The sentence is only how a denial is told; the denial itself stands.
    return otherwise;
  }
}

function unmatched({ strategy }: PolicyFacts, path: string | undefined): Ruling {
  const what = strategy.id === undefined ? '' : `${strategy.id} at stage ${strategy.stage}`;
  const where = path === undefined ? what : `${path}${what === '' ? '' : ` (${what})`}`;
  return {
    isAllowed: false,
    outcome: 'denied',
    sentence: `No policy matches ${where === '' ? 'this change' : where}, so it is denied.`,
    rule: null,
    seen: [],
  };
}

/** A ruling as a line of a report. */
export function describeRuling({ outcome, sentence, rule }: Ruling): string {
  const verdict = outcome === 'denied' ? `**denied**: ${sentence}` : outcome === 'noted' ? `**noted**: ${sentence}` : sentence;
  return rule === null ? verdict : `${verdict} (${rule.id}: \`${rule.expression}\`)`;
}
