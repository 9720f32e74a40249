import { Environment } from '@marcbachmann/cel-js';
import { RatchetError } from '#engine/errors.ts';
import { checkFacts, FACTS, factAt, type PolicyFacts } from './facts.ts';
import { type CelNode, type Rewriting, rewrite, STRICT_FUNCTIONS } from './strict.ts';

/** A fact that an expression reads, as it was when it was judged; `absent` when there was none. */
export interface SeenValue {
  readonly name: string;
  readonly value: unknown;
}

const FACT_NAMES = Object.keys(FACTS);

function factsEnvironment(): Environment {
  const environment = new Environment({ unlistedVariablesAreDyn: false });
  for (const [name, schema] of Object.entries(FACTS)) environment.registerVariable({ name, schema });
  return environment;
}

function strictEnvironment(): Environment {
  const { finite, every, some } = STRICT_FUNCTIONS;
  return factsEnvironment()
    .registerFunction(`${finite}(double): double`, (value: number) => {
      if (!Number.isFinite(value)) throw new Error(`a calculation gives ${value}`);
      return value;
    })
    .registerFunction(`${finite}(int): int`, (value: bigint) => value)
    .registerFunction(`${finite}(string): string`, (value: string) => value)
    .registerFunction(`${every}(list<dyn>): bool`, (values: readonly unknown[]) => {
      if (values.length === 0) throw new Error('all() was asked of an empty list');
      return values.every((value) => value === true);
    })
    .registerFunction(`${some}(list<dyn>): bool`, (values: readonly unknown[]) => values.includes(true));
}

/** The names a policy gave to parts of its expressions. */
export type Variables = ReadonlyMap<string, Rewriting>;

/** Declares one more variable; it may use those declared before. @throws RatchetError `policy/expression` */
export function withVariable(variables: Variables, name: string, text: string): Variables {
  const { rewriting } = compile(text, variables, null);
  return new Map([...variables, [name, rewriting]]);
}

/** A CEL expression, compiled and type-checked: a misspelt field is refused when the policy is loaded, not when it matters. */
export class Expression {
  readonly text: string;
  /** The same by the standard, without variables: what another implementation would be asked. */
  readonly plain: string;
  readonly reads: readonly string[];
  readonly #evaluate: (facts: Record<string, unknown>) => unknown;

  /** @throws RatchetError `policy/expression` */
  constructor(text: string, type: 'bool' | 'string', variables: Variables = new Map()) {
    const { rewriting, evaluate } = compile(text, variables, type);
    this.text = text;
    this.plain = rewriting.plain;
    this.reads = [...new Set([...rewriting.reads, ...rewriting.asked])];
    this.#evaluate = evaluate;
  }

  /**
   * True only when the expression is true.
   * @throws RatchetError `policy/facts` or `policy/expression` when it cannot be judged, which always counts against
   */
  holds(facts: PolicyFacts): boolean {
    return this.#value(facts) === true;
  }

  /** The text a `messageExpression` gives. @throws as `holds` */
  say(facts: PolicyFacts): string {
    return String(this.#value(facts));
  }

  /** What it read, for people who ask why. */
  seen(facts: PolicyFacts): readonly SeenValue[] {
    return this.reads.map((name) => ({ name, value: factAt(facts, name) ?? 'absent' }));
  }

  #value(facts: PolicyFacts): unknown {
    checkFacts(facts);
    try {
      return this.#evaluate({ ...facts });
    } catch (error) {
      throw unjudgeable(this.text, this.#absent(facts) ?? firstLine(error));
    }
  }

  /** An absent fact is by far the commonest reason, and a name says more than the library's message. */
  #absent(facts: PolicyFacts): string | null {
    const missing = this.reads.filter((name) => factAt(facts, name) === undefined);
    return missing.length === 0 ? null : `there is no ${missing.join(', no ')}`;
  }
}

function compile(
  text: string,
  variables: Variables,
  type: 'bool' | 'string' | null,
): { rewriting: Rewriting; evaluate: (facts: Record<string, unknown>) => unknown } {
  const plain = factsEnvironment();
  let rewriting: Rewriting;
  try {
    rewriting = rewrite(plain.parse(text).ast as CelNode, variables, FACT_NAMES);
  } catch (error) {
    throw unjudgeable(text, firstLine(error));
  }
  for (const field of rewriting.asked) {
    const asked = plain.check(field);
    if (!asked.valid) throw unjudgeable(text, firstLine(asked.error));
  }
  const checked = plain.check(rewriting.plain);
  if (!checked.valid) throw unjudgeable(text, firstLine(checked.error));
  if (type !== null && checked.type !== type) {
    throw unjudgeable(text, `it gives ${checked.type}, not ${type === 'bool' ? 'true or false' : 'a text'}`);
  }
  const strict = strictEnvironment();
  const strictCheck = strict.check(rewriting.strict);
  if (!strictCheck.valid) throw unjudgeable(text, firstLine(strictCheck.error));
  return { rewriting, evaluate: strict.parse(rewriting.strict) };
}

function unjudgeable(text: string, why: string): RatchetError {
  return new RatchetError(
    'policy/expression',
    `The policy expression \`${text}\` cannot be judged: ${why}.`,
    'It denies until it is mended on main.',
    { text, why },
  );
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
