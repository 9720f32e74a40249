import type { Finding } from '#engine/sandbox/finding.ts';
import { constructorReturn, moduleArguments, moduleAssignment, superClass } from './keeping-rules.ts';
import { SOURCE_LIMITS } from './limits.ts';
import type { Located } from './located.ts';
import { ALLOWED_GLOBALS, FORBIDDEN_NAMES, FORBIDDEN_PROPERTIES, FORBIDDEN_SYNTAX, FORBIDDEN_TEXTS } from './names.ts';
import { boundNames, constantOf, isFunction, type Node, staticName, type Visit } from './syntax-tree.ts';

/** Source offsets must be those of the text that `located` was made from. */
export interface RuleContext {
  readonly located: Located;
  readonly source: string;
  /** Every name the module declares, in whatever scope. */
  readonly declared: ReadonlySet<string>;
  /** Those it declares at module level. */
  readonly moduleNames: ReadonlySet<string>;
  /** Those that stand for a class wherever they are declared. */
  readonly classNames: ReadonlySet<string>;
  /** Properties and methods the module writes itself. */
  readonly ownKeys: ReadonlySet<string>;
}

const REGULAR_TEXT: ReadonlySet<string> = new Set(['match', 'matchAll', 'search']);

type Rule = (visit: Visit, context: RuleContext) => Finding | undefined;

/** The rules that look at one node at a time, wherever it stands. */
export const EXPRESSION_RULES: readonly Rule[] = [
  forbiddenSyntax,
  asynchronous,
  disposal,
  power,
  regularExpression,
  identifier,
  property,
  constantText,
  constantNumber,
  table,
  mathRandom,
  regularText,
  moduleAssignment,
  moduleArguments,
  constructorReturn,
  superClass,
];

export function declaredNames(visits: readonly Visit[]): Set<string> {
  const names = new Set<string>();
  const add = (nodes: Node[]) => {
    for (const node of nodes) names.add(node.name as string);
  };
  for (const { node } of visits) {
    if (node.type === 'VariableDeclarator') add(boundNames(node.id as Node));
    else if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') {
      add(boundNames(node.id as Node | null));
      for (const parameter of (node.params as Node[] | undefined) ?? []) add(boundNames(parameter));
    } else if (node.type.startsWith('Import') && node.local) add([node.local as Node]);
  }
  return names;
}

/** The names of properties and methods in literals and classes. */
export function writtenKeys(visits: readonly Visit[]): Set<string> {
  const keys = new Set<string>();
  for (const { node, parent } of visits) {
    if (node.type === 'MemberExpression' || parent?.type === 'ObjectPattern') continue;
    const key = keyOf(node);
    const name = key === undefined ? undefined : staticName(key, Boolean(node.computed));
    if (name !== undefined) keys.add(name);
  }
  return keys;
}

function forbiddenSyntax({ node }: Visit, { located }: RuleContext): Finding | undefined {
  const refused = FORBIDDEN_SYNTAX[node.type];
  return refused === undefined ? undefined : located.finding(refused.rule, refused.message, node.start);
}

function asynchronous({ node }: Visit, { located }: RuleContext): Finding | undefined {
  if (isFunction(node) && node.async)
    return located.finding('no-async', 'async is refused: a strategy decides at once.', node.start);
  if (isFunction(node) && node.generator) {
    return located.finding('no-generator', 'Generators are refused: they keep hidden state. Build an array.', node.start);
  }
  if (node.type === 'ForOfStatement' && node.await) return located.finding('no-async', 'for await is refused.', node.start);
  return undefined;
}

/** Syntax that Node 20 does not have: a verdict must not depend on where it is made. */
function disposal({ node }: Visit, { located }: RuleContext): Finding | undefined {
  if (node.type !== 'VariableDeclaration' || !String(node.kind).endsWith('using')) return undefined;
  return located.finding('no-using', 'using is refused: it runs code when a block ends. Use const.', node.start);
}

function power({ node }: Visit, { located }: RuleContext): Finding | undefined {
  if (node.operator !== '**' && node.operator !== '**=') return undefined;
  const message = 'The ** operator differs in the last bit between Node versions. Use Math.pow, which is ours here.';
  return located.finding('no-power-operator', message, node.start);
}

function regularExpression({ node }: Visit, { located }: RuleContext): Finding | undefined {
  if (node.type !== 'Literal' || !node.regex) return undefined;
  const message = 'Regular expressions are refused: they can take forever. Use string methods.';
  return located.finding('no-regexp', message, node.start);
}

/** Names that stand for a value: what they refer to must be the strategy's own, its contract's, or on the list of globals. */
function identifier({ node, parent }: Visit, { located, source, declared }: RuleContext): Finding | undefined {
  if (node.type !== 'Identifier' && node.type !== 'PrivateIdentifier') return undefined;
  const name = node.name as string;
  const written = source.slice(node.start, node.start + name.length + (node.type === 'PrivateIdentifier' ? 1 : 0));
  if (!written.endsWith(name) || !/^[\w$]+$/.test(name)) {
    const message = 'Names are written in plain ASCII letters, digits, _ and $, without escapes: others look alike.';
    return located.finding('plain-names', message, node.start);
  }
  if (node.type === 'PrivateIdentifier' || isPropertyPosition(node, parent)) return undefined;
  const why = Object.hasOwn(FORBIDDEN_NAMES, name) ? FORBIDDEN_NAMES[name] : undefined;
  if (why !== undefined) return located.finding('no-global', `'${name}' is refused: ${why}.`, node.start);
  if (declared.has(name) && ALLOWED_GLOBALS.has(name)) {
    return located.finding('no-shadow', `'${name}' is a global and is not declared again: a reader would be misled.`, node.start);
  }
  if (declared.has(name) || ALLOWED_GLOBALS.has(name)) return undefined;
  const message = `'${name}' is not declared here and is no global of a strategy. Import it from ratchet/contract or declare it.`;
  return located.finding('unknown-global', message, node.start);
}

function isPropertyPosition(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false;
  switch (parent.type) {
    case 'MemberExpression':
      return parent.property === node && !parent.computed;
    case 'Property':
      return parent.key === node && !parent.computed && !parent.shorthand;
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return parent.key === node && !parent.computed;
    case 'ImportSpecifier':
      return parent.local !== node;
    case 'ExportSpecifier':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return true;
    default:
      return false;
  }
}

function property({ node }: Visit, { located }: RuleContext): Finding | undefined {
  const key = keyOf(node);
  if (key === undefined) return undefined;
  const name = staticName(key, Boolean(node.computed));
  if (name === undefined) return undefined;
  if (!/^[\x20-\x7e]*$/.test(name)) {
    return located.finding('plain-names', 'Names of properties are written in plain ASCII: others look alike.', key.start);
  }
  if (name === 'constructor' && node.type === 'MethodDefinition' && node.kind === 'constructor') return undefined;
  const why = Object.hasOwn(FORBIDDEN_PROPERTIES, name) ? FORBIDDEN_PROPERTIES[name] : undefined;
  if (why === undefined) return undefined;
  return located.finding('no-property', `The property '${name}' is refused: ${why}.`, key.start);
}

function keyOf(node: Node): Node | undefined {
  if (node.type === 'MemberExpression') return node.property as Node;
  if (node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') return node.key as Node;
  return undefined;
}

function constantText({ node, parent }: Visit, { located }: RuleContext): Finding | undefined {
  if (!isConstantRoot(node, parent)) return undefined;
  const text = constantOf(node);
  if (typeof text !== 'string') return undefined;
  if (FORBIDDEN_TEXTS.has(text)) {
    return located.finding('no-property', `The text '${text}' serves only to reach what is refused.`, node.start);
  }
  if (text.length > SOURCE_LIMITS.stringCharacters) {
    const message = `A text of ${text.length} characters is data; the limit is ${SOURCE_LIMITS.stringCharacters}.`;
    return located.finding('no-data', message, node.start);
  }
  if (/(?:19|20)\d\d-[01]\d/.test(text)) {
    return located.finding(
      'no-timestamp',
      `'${text.slice(0, 40)}' names a date. A strategy must not know when it runs.`,
      node.start,
    );
  }
  // What SES itself refuses to evaluate, wherever it stands.
  if (/<!--|-->|\bimport\s*\(|\beval\s*\(/.test(text)) {
    return located.finding(
      'no-code-text',
      'A text that looks like code (an import, eval or HTML comment) is refused.',
      node.start,
    );
  }
  return undefined;
}

/** Moments from 2008 to 2040 in milliseconds or seconds; round numbers such as 2,000,000,000 are sizes. */
function constantNumber({ node, parent }: Visit, { located }: RuleContext): Finding | undefined {
  if (!isConstantRoot(node, parent)) return undefined;
  const constant = constantOf(node);
  const value = typeof constant === 'string' && /^\d{10,13}$/.test(constant) ? Number(constant) : constant;
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  const seconds = value > 1.2e12 ? value / 1000 : value;
  if (seconds < 1.2e9 || seconds > 2.21e9 || seconds % 1e8 === 0) return undefined;
  return located.finding('no-timestamp', `${value} is a moment in time. A strategy must not know when it runs.`, node.start);
}

/** Judge a constant expression as a whole, not also each of its parts. */
function isConstantRoot(node: Node, parent: Node | undefined): boolean {
  if (node.type !== 'Literal' && node.type !== 'BinaryExpression' && node.type !== 'TemplateLiteral') return false;
  return parent?.type !== 'BinaryExpression' || constantOf(parent) === undefined;
}

function table({ node }: Visit, { located }: RuleContext): Finding | undefined {
  const parts = node.type === 'ArrayExpression' ? node.elements : node.type === 'ObjectExpression' ? node.properties : undefined;
  if (!Array.isArray(parts) || parts.length <= SOURCE_LIMITS.listElements) return undefined;
  const message = `A list of ${parts.length} entries is data, not logic; the limit is ${SOURCE_LIMITS.listElements}.`;
  return located.finding('no-data', message, node.start);
}

function mathRandom({ node }: Visit, { located }: RuleContext): Finding | undefined {
  const isRead =
    node.type === 'MemberExpression' &&
    isMath(node.object) &&
    staticName(node.property as Node, Boolean(node.computed)) === 'random';
  const isTaken =
    node.type === 'VariableDeclarator' &&
    isMath(node.init) &&
    (node.id as Node).type === 'ObjectPattern' &&
    ((node.id as Node).properties as Node[]).some(
      (item) => item.type === 'Property' && staticName(item.key as Node, Boolean(item.computed)) === 'random',
    );
  if (!isRead && !isTaken) return undefined;
  return located.finding('no-chance', 'Math.random is refused: the same bars must give the same decisions.', node.start);
}

/** `match`, `matchAll` and `search` make a regular expression of the text they are given. */
function regularText({ node }: Visit, { located, ownKeys }: RuleContext): Finding | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const name = staticName(node.property as Node, Boolean(node.computed)) ?? '';
  if (!REGULAR_TEXT.has(name) || ownKeys.has(name)) return undefined;
  const message = `'${name}' makes a regular expression of a text, and those can take forever. Use includes, indexOf or split.`;
  return located.finding('no-regexp', message, (node.property as Node).start);
}

function isMath(value: unknown): boolean {
  const node = value as Node | null;
  return node?.type === 'Identifier' && node.name === 'Math';
}
