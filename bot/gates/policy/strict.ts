/**
 * Writes a CEL expression again so that an error anywhere is an error of the whole. By the standard `<error> || true` is
 * true, and so is `all()` over an empty list; a policy must not be satisfied by either. The text that comes out has the same
 * value as the one that went in wherever that one has no such place.
 */

/** What this needs of a parsed expression. */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
  readonly input: string;
  readonly start: number;
  readonly end: number;
}

/** Functions of the engine that the strict text calls; no policy may. */
export const STRICT_FUNCTIONS = { finite: 'finite__', every: 'every__', some: 'some__' } as const;

/** What a policy may call. `dyn` is not among them: it would take a misspelt field past the type checker. */
const CALLS: ReadonlySet<string> = new Set(['has', 'size', 'string', 'double', 'int']);
const METHODS: ReadonlySet<string> = new Set([
  ...['size', 'startsWith', 'endsWith', 'contains', 'matches'],
  ...['all', 'exists', 'exists_one', 'filter', 'map'],
]);
const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);

export interface Rewriting {
  /** By the standard, with the variables written out. */
  readonly plain: string;
  readonly strict: string;
  /** Dotted names of the facts it reads, `has()` apart, in order of appearance. */
  readonly reads: readonly string[];
  /** The arguments of `has()`: the type checker leaves them unread. */
  readonly asked: readonly string[];
}

/**
 * @param variables parsed expressions by name, for `variables.name`; each may use those before it
 * @param facts names that no loop may take for its own
 * @throws Error with what is not allowed, one clause
 */
export function rewrite(node: CelNode, variables: ReadonlyMap<string, Rewriting>, facts: readonly string[]): Rewriting {
  const reads = new Set<string>();
  const asked = new Set<string>();
  const plain = write(node, false);
  const strict = write(node, true);
  return { plain, strict, reads: [...reads], asked: [...asked] };

  function write(part: CelNode, isStrict: boolean): string {
    const args = part.args as readonly CelNode[];
    const inner = (one: CelNode): string => write(one, isStrict);
    switch (part.op) {
      case 'value':
        return part.input.slice(part.start, part.end);
      case 'id':
        return part.args as string;
      case '.':
        return select(part, isStrict);
      case '[]':
        return `${inner(args[0]!)}[${inner(args[1]!)}]`;
      case '||':
        return isStrict ? `(${inner(args[0]!)} ? true : ${inner(args[1]!)})` : `(${inner(args[0]!)} || ${inner(args[1]!)})`;
      case '&&':
        return isStrict ? `(${inner(args[0]!)} ? ${inner(args[1]!)} : false)` : `(${inner(args[0]!)} && ${inner(args[1]!)})`;
      case '?:':
        return `(${inner(args[0]!)} ? ${inner(args[1]!)} : ${inner(args[2]!)})`;
      case '!_':
        return `(!${inner(part.args as CelNode)})`;
      case '-_':
        return `(-${inner(part.args as CelNode)})`;
      case 'list':
        return `[${args.map(inner).join(', ')}]`;
      case 'call':
        return call(part.args as [string, readonly CelNode[]], isStrict);
      case 'rcall':
        return method(part.args as [string, CelNode, readonly CelNode[]], isStrict);
      default:
        if (COMPARISONS.has(part.op)) return `(${inner(args[0]!)} ${part.op} ${inner(args[1]!)})`;
        if (!ARITHMETIC.has(part.op)) throw new Error(`${part.op} is not part of what a policy may say`);
        return finite(`${inner(args[0]!)} ${part.op} ${inner(args[1]!)}`, isStrict);
    }
  }

  function select(part: CelNode, isStrict: boolean): string {
    const [from, field] = part.args as [CelNode, string];
    if (from.op === 'id' && from.args === 'variables') {
      const variable = variables.get(field);
      if (variable === undefined) throw new Error(`there is no variable ${field} before it`);
      for (const name of variable.reads) reads.add(name);
      for (const name of variable.asked) asked.add(name);
      return `(${isStrict ? variable.strict : variable.plain})`;
    }
    const name = dotted(part);
    if (name !== null && facts.includes(name.split('.')[0]!)) reads.add(name);
    return name ?? `${write(from, isStrict)}.${field}`;
  }

  function call([name, args]: [string, readonly CelNode[]], isStrict: boolean): string {
    if (!CALLS.has(name)) throw new Error(`${name}() is not among the functions a policy may call`);
    if (name === 'has') {
      const field = args[0] === undefined ? null : dotted(args[0]);
      if (field === null || !facts.includes(field.split('.')[0]!)) throw new Error('has() asks for a fact by its dotted name');
      asked.add(field);
      return `has(${field})`;
    }
    const text = `${name}(${args.map((one) => write(one, isStrict)).join(', ')})`;
    return name === 'double' ? finite(text, isStrict) : text;
  }

  function method([name, receiver, args]: [string, CelNode, readonly CelNode[]], isStrict: boolean): string {
    if (!METHODS.has(name)) throw new Error(`.${name}() is not among the functions a policy may call`);
    const [variable] = args;
    if (MACROS.has(name) && (variable?.op !== 'id' || [...facts, 'variables'].includes(variable.args as string))) {
      throw new Error(`.${name}() needs a name of its own for the item`);
    }
    const on = write(receiver, isStrict);
    const given = args.map((one) => write(one, isStrict)).join(', ');
    if (isStrict && name === 'all') return `${STRICT_FUNCTIONS.every}(${on}.map(${given}))`;
    if (isStrict && name === 'exists') return `${STRICT_FUNCTIONS.some}(${on}.map(${given}))`;
    return `${on}.${name}(${given})`;
  }
}

function finite(text: string, isStrict: boolean): string {
  return isStrict ? `${STRICT_FUNCTIONS.finite}(${text})` : `(${text})`;
}

/** `a.b.c`, or null when the node is something else than names joined by dots. */
function dotted(node: CelNode): string | null {
  if (node.op === 'id') return node.args as string;
  if (node.op !== '.') return null;
  const [from, field] = node.args as [CelNode, string];
  const before = dotted(from);
  return before === null || before === 'variables' ? null : `${before}.${field}`;
}
