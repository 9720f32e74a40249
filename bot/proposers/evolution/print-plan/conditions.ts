import type { Condition, Plan } from '../grammar/plan.ts';
import { comparisonsIn, membersOf } from '../grammar/traverse.ts';
import { wordsOf } from '../grammar/words.ts';
import { quoted } from '../print/text.ts';
import { printComparison } from './expression.ts';
import { foldedLogic } from './folded.ts';

/** What an expression of the decision is called, each name once in a module. */
export class Names {
  readonly #taken = new Map<string, number>();

  take(name: string): string {
    const count = (this.#taken.get(name) ?? 0) + 1;
    this.#taken.set(name, count);
    return count === 1 ? name : `${name}${count}`;
  }
}

/** An expression, and the constants it reads, which stand before it. */
interface Printed {
  readonly constants: readonly string[];
  readonly expression: string;
  readonly negation: string;
}

/** Reasons not to buy: one for each member of the condition that does not hold. */
export function printGuards(condition: Condition, plan: Plan, names: Names): string[] {
  return outermost(condition, 'all').flatMap((member) => {
    const { constants, negation } = printed(member, plan, names);
    return [...constants, `if (${negation}) return context.hold(${quoted(missingOf(member, plan))});`];
  });
}

/** Reasons to leave: one for each member of the condition that holds. */
export function printExits(condition: Condition, plan: Plan, names: Names): string[] {
  return outermost(condition, 'any').flatMap((member) => {
    const { constants, expression } = printed(member, plan, names);
    return [...constants, `if (${expression}) return context.exit(${quoted(clauseOf(member, plan))});`];
  });
}

/** The condition as one constant, and the lines that make it. */
export function printConstant(name: string, condition: Condition, plan: Plan, names: Names): string[] {
  const { constants, expression } = grouped(condition, plan, names);
  return [...constants, ...foldedLogic(`const ${names.take(name)} =`, expression, ';', 4)];
}

/** What holds, as a clause: `either the market is oversold or the price has risen`; what is said before `or` belongs to it alone. */
export function clauseOf(condition: Condition, plan: Plan): string {
  if ('left' in condition) return wordsOf(condition, plan.timeframe).clause;
  if ('not' in condition) return `not while ${clauseOf(condition.not, plan)}`;
  const clauses = membersOf(condition).map((member) => clauseOf(member, plan));
  return 'all' in condition ? clauses.join(' and ') : `either ${clauses.join(' or ')}`;
}

/** The members of a group of that kind, or the condition alone. */
export function outermost(condition: Condition, kind: 'all' | 'any'): readonly Condition[] {
  if (kind === 'all' && 'all' in condition) return condition.all;
  if (kind === 'any' && 'any' in condition) return condition.any;
  return [condition];
}

function printed(condition: Condition, plan: Plan, names: Names): Printed {
  if ('left' in condition) {
    return {
      constants: [],
      expression: printComparison(condition, plan),
      negation: printComparison(condition, plan, true),
    };
  }
  if ('not' in condition) {
    const { constants, expression, negation } = printed(condition.not, plan, names);
    return { constants, expression: negation, negation: expression };
  }
  const { constants, expression } = grouped(condition, plan, names);
  const name = names.take(nameOf(condition, plan));
  return {
    constants: [...constants, ...foldedLogic(`const ${name} =`, expression, ';', 4)],
    expression: name,
    negation: `!${name}`,
  };
}

/** The members of a group side by side; a group among them becomes a constant of its own. */
function grouped(
  condition: Condition,
  plan: Plan,
  names: Names,
): { constants: readonly string[]; expression: readonly string[] } {
  if ('left' in condition || 'not' in condition) {
    const { constants, expression } = printed(condition, plan, names);
    return { constants, expression: [expression] };
  }
  const members = membersOf(condition).map((member) => printed(member, plan, names));
  const sign = 'all' in condition ? ' &&' : ' ||';
  return {
    constants: members.flatMap(({ constants }) => constants),
    expression: members.map(({ expression }, index) => (index < members.length - 1 ? expression + sign : expression)),
  };
}

/** `oversoldOrDipped` */
function nameOf(condition: Condition, plan: Plan): string {
  if ('left' in condition) return wordsOf(condition, plan.timeframe).name;
  if ('not' in condition) return `not${capitalised(nameOf(condition.not, plan))}`;
  const word = 'all' in condition ? 'And' : 'Or';
  const [first, ...rest] = membersOf(condition).map((member) => nameOf(member, plan));
  return first! + rest.map((name) => word + capitalised(name)).join('');
}

function missingOf(condition: Condition, plan: Plan): string {
  if ('left' in condition) return wordsOf(condition, plan.timeframe).missing;
  if ('not' in condition) return clauseOf(condition.not, plan);
  const reasons = comparisonsIn(condition).map((comparison) => wordsOf(comparison, plan.timeframe).missing);
  return [...new Set(reasons)].join('all' in condition ? ' or ' : ' and ');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
