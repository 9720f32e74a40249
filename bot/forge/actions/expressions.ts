import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { RatchetError } from '#engine/errors.ts';

/** Plain data by the names expressions use: `github`, `needs`, `steps`, … */
export type Contexts = Readonly<Record<string, unknown>>;

/** What became of what an `if` looks back on. */
export type Outcome = 'success' | 'failure' | 'cancelled';

const STATUS_FUNCTIONS = ['success', 'failure', 'always', 'cancelled'] as const;
const FUNCTIONS = STATUS_FUNCTIONS.map((name) => ({ name, minArgs: 0, maxArgs: 0 }));

/** One expression, without the braces, as GitHub's own evaluator has it. @throws RatchetError `forge/bad-expression` */
export function evaluate(text: string, contexts: Contexts, outcome: Outcome = 'success'): unknown {
  try {
    const { tokens } = new Lexer(text).lex();
    const parsed = new Parser(tokens, Object.keys(contexts), FUNCTIONS).parse();
    const said: Record<(typeof STATUS_FUNCTIONS)[number], boolean> = {
      success: outcome === 'success',
      failure: outcome === 'failure',
      always: true,
      cancelled: outcome === 'cancelled',
    };
    const functions = FUNCTIONS.map(
      (info) => [info.name, { ...info, call: () => new data.BooleanData(said[info.name]) }] as const,
    );
    const context = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
    const value = new Evaluator(parsed, context, new Map(functions)).evaluate();
    return JSON.parse(JSON.stringify(value, data.replacer)) as unknown;
  } catch (error) {
    throw new RatchetError(
      'forge/bad-expression',
      `The expression ${text} cannot be evaluated: ${error instanceof Error ? error.message : String(error)}`,
      'See the workflow.',
      { text },
      error,
    );
  }
}

/** A text in which each `${{ … }}` stands for what it evaluates to. */
export function interpolate(text: string, contexts: Contexts): string {
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, inner: string) => asText(evaluate(inner, contexts)));
}

/** A value that is one expression and nothing else keeps its kind: a matrix may be a list. */
export function evaluatedValue(value: unknown, contexts: Contexts): unknown {
  if (typeof value !== 'string') return value;
  const whole = /^\s*\$\{\{((?:(?!\$\{\{).)*)\}\}\s*$/s.exec(value)?.[1];
  return whole === undefined ? interpolate(value, contexts) : evaluate(whole, contexts);
}

/** Whether to run. A condition without a status function means "and what came before succeeded", as on GitHub. */
export function holds(condition: string | undefined, contexts: Contexts, outcome: Outcome): boolean {
  const text = condition === undefined ? 'success()' : (/^\s*\$\{\{(.*)\}\}\s*$/s.exec(condition)?.[1] ?? condition);
  const namesStatus = STATUS_FUNCTIONS.some((name) => new RegExp(`\\b${name}\\s*\\(`).test(text));
  if (!namesStatus && outcome !== 'success') return false;
  const value = evaluate(text, contexts, outcome);
  return value !== false && value !== null && value !== '' && value !== 0;
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
