/** A node of the ESTree that oxc gives; every field but these is reached by name. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Fields that hold types only; they leave no trace in what runs. */
const TYPE_FIELDS = new Set([
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'returnType',
  'superTypeArguments',
  'implements',
  'parent',
]);

/** TypeScript around an expression that does run. */
const WRAPPERS = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'ParenthesizedExpression',
]);

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The expression itself, without assertions of its type around it. */
export function unwrapped(node: Node): Node {
  let inner = node;
  while (WRAPPERS.has(inner.type)) inner = inner.expression as Node;
  return inner;
}

export function isTypeOnly(node: Node): boolean {
  return node.type.startsWith('TS') && !WRAPPERS.has(node.type);
}

/** The node's parts that run, in order of the text. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const [field, value] of Object.entries(node)) {
    if (TYPE_FIELDS.has(field)) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) children.push(item);
    } else if (isNode(value)) children.push(value);
  }
  return children;
}

export interface Visit {
  readonly node: Node;
  readonly parent: Node | undefined;
  /** The visit of the parent. */
  readonly up: Visit | undefined;
  readonly depth: number;
}

/** Every node that runs, parents before children. No recursion: the tree may be as deep as an attacker likes. */
export function* visits(root: Node): Generator<Visit> {
  const stack: Visit[] = [{ node: root, parent: undefined, up: undefined, depth: 0 }];
  while (stack.length > 0) {
    const visit = stack.pop()!;
    yield visit;
    if (isTypeOnly(visit.node)) continue;
    const children = childrenOf(visit.node);
    for (let index = children.length - 1; index >= 0; index -= 1) {
      stack.push({ node: children[index]!, parent: visit.node, up: visit, depth: visit.depth + 1 });
    }
  }
}

export function isFunction(node: Node): boolean {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration';
}

/** The name of a property where it stands in the text (`a.name`, `{ name: … }`, `a['name']`); undefined when it is computed. */
export function staticName(key: Node, isComputed: boolean): string | undefined {
  if (!isComputed && (key.type === 'Identifier' || key.type === 'PrivateIdentifier')) return key.name as string;
  const value = constantOf(key);
  return value === undefined ? undefined : String(value);
}

/** The value of an expression made of literals only. */
export function constantOf(expression: Node): string | number | undefined {
  return constantWithin(expression, 64);
}

function constantWithin(expression: Node, budget: number): string | number | undefined {
  if (budget === 0) return undefined;
  const node = unwrapped(expression);
  if (node.type === 'Literal') {
    return typeof node.value === 'string' || typeof node.value === 'number' ? node.value : undefined;
  }
  if (node.type === 'UnaryExpression' && node.operator === '-') {
    const value = constantWithin(node.argument as Node, budget - 1);
    return typeof value === 'number' ? -value : undefined;
  }
  if (node.type === 'TemplateLiteral') return constantTemplate(node, budget);
  if (node.type !== 'BinaryExpression') return undefined;
  const left = constantWithin(node.left as Node, budget - 1);
  if (left === undefined) return undefined;
  const right = constantWithin(node.right as Node, budget - 1);
  if (right === undefined) return undefined;
  return combined(String(node.operator), left, right);
}

function constantTemplate(node: Node, budget: number): string | undefined {
  const quasis = node.quasis as Node[];
  let text = '';
  for (const [index, quasi] of quasis.entries()) {
    text += (quasi.value as { cooked?: string }).cooked ?? '';
    const hole = (node.expressions as Node[])[index];
    if (hole === undefined) continue;
    const value = constantWithin(hole, budget - 1);
    if (value === undefined) return undefined;
    text += String(value);
  }
  return text;
}

function combined(operator: string, left: string | number, right: string | number): string | number | undefined {
  if (operator === '+') return typeof left === 'number' && typeof right === 'number' ? left + right : `${left}${right}`;
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  if (operator === '-') return left - right;
  if (operator === '*') return left * right;
  return operator === '/' ? left / right : undefined;
}

/** The names a pattern, a parameter or a declaration binds, or an assignment writes to. */
export function boundNames(pattern: Node | null | undefined): Node[] {
  const names: Node[] = [];
  const stack = pattern ? [pattern] : [];
  while (stack.length > 0) {
    const node = unwrapped(stack.pop()!);
    if (node.type === 'Identifier') names.push(node);
    else if (node.type === 'ObjectPattern') stack.push(...(node.properties as Node[]));
    else if (node.type === 'ArrayPattern') stack.push(...(node.elements as (Node | null)[]).filter((item) => item !== null));
    else if (node.type === 'Property') stack.push(node.value as Node);
    else if (node.type === 'RestElement') stack.push(node.argument as Node);
    else if (node.type === 'AssignmentPattern') stack.push(node.left as Node);
  }
  return names;
}

/** The names a node assigns to, declarations aside. */
export function writtenBy(node: Node): Node[] {
  if (node.type === 'AssignmentExpression') return boundNames(node.left as Node);
  if (node.type === 'UpdateExpression') return boundNames(node.argument as Node);
  const isLoop = node.type === 'ForOfStatement' || node.type === 'ForInStatement';
  return isLoop && (node.left as Node).type !== 'VariableDeclaration' ? boundNames(node.left as Node) : [];
}
