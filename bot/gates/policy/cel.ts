import { Environment } from '@marcbachmann/cel-js';
import { RatchetError } from '#engine/errors.ts';

/** The facts a policy may speak of. Numbers are CEL doubles: write `20.0`, not `20`. */
export interface PolicyFacts {
  readonly change: { readonly author: 'bot' | 'person'; readonly paths: readonly string[] };
  readonly strategy: { readonly id: string; readonly stage: string; readonly stageBefore: string };
  readonly evidence: {
    readonly selection: { readonly candidate: RunFacts; readonly incumbent: RunFacts };
    readonly development: { readonly candidate: RunFacts; readonly incumbent: RunFacts };
    readonly costs: { readonly doubled: PairFacts; readonly tripled: PairFacts };
    readonly delayedOneBar: PairFacts;
    readonly trials: number;
    readonly trialsEver: number;
  };
  readonly gates: Readonly<Record<string, string>>;
}

interface RunFacts {
  readonly netReturn: number;
  readonly maxDrawdown: number;
  readonly trades: number;
}

interface PairFacts {
  readonly candidate: number;
  readonly incumbent: number;
}

const RUN = { netReturn: 'double', maxDrawdown: 'double', trades: 'double' } as const;
const PAIR = { candidate: 'double', incumbent: 'double' } as const;

function environment(): Environment {
  return new Environment({ unlistedVariablesAreDyn: false })
    .registerVariable({ name: 'change', schema: { author: 'string', paths: 'list<string>' } })
    .registerVariable({ name: 'strategy', schema: { id: 'string', stage: 'string', stageBefore: 'string' } })
    .registerVariable({
      name: 'evidence',
      schema: {
        selection: { candidate: RUN, incumbent: RUN },
        development: { candidate: RUN, incumbent: RUN },
        costs: { doubled: PAIR, tripled: PAIR },
        delayedOneBar: PAIR,
        trials: 'double',
        trialsEver: 'double',
      },
    })
    .registerVariable('gates', 'map<string, string>');
}

/** A CEL condition, compiled and type-checked: a misspelt field is refused when the policy is loaded, not when it matters. */
export class Condition {
  readonly #evaluate: (facts: Record<string, unknown>) => unknown;
  readonly text: string;

  /** @throws RatchetError `policy/expression` */
  constructor(text: string) {
    const compiler = environment();
    const checked = compiler.check(text);
    if (!checked.valid) throw bad(text, firstLine(checked.error));
    if (checked.type !== 'bool') throw bad(text, `it gives ${checked.type}, not true or false`);
    this.text = text;
    this.#evaluate = compiler.parse(text);
  }

  /**
   * True only when the expression is true. NaN anywhere in the facts is refused before asking,
   * because in CEL `!(NaN > 0.2)` would be true.
   * @throws RatchetError `policy/expression` when it cannot be evaluated
   */
  holds(facts: PolicyFacts): boolean {
    refuseNotFinite(facts, 'facts');
    let value: unknown;
    try {
      value = this.#evaluate({ ...facts });
    } catch (error) {
      throw bad(this.text, firstLine(error));
    }
    return value === true;
  }
}

function refuseNotFinite(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw bad(path, `it is ${value}`);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) refuseNotFinite(item, `${path}.${key}`);
}

function bad(text: string, why: string): RatchetError {
  return new RatchetError(
    'policy/expression',
    `The policy expression \`${text}\` cannot be judged: ${why}.`,
    'It denies until it is mended on main.',
    {
      text,
    },
  );
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
