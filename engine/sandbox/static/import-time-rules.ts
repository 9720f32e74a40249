import type { Finding } from '#engine/sandbox/finding.ts';
import { type ImportTimeNode, importTimeNodes, isClass } from './import-time.ts';
import type { Located } from './located.ts';
import { type ImportTime, inPlace, isConversion, isNumber, isPlainTable, pureCall } from './pure-calls.ts';
import { boundNames, isFunction, type Node, staticName, unwrapped } from './syntax-tree.ts';

/*
 * What is evaluated when a module is loaded may make plain data and nothing else. All of it is frozen where it is made (see
 * frozen-module.ts), so the one way left to keep state from bar to bar is a variable that a function keeps: these rules see to it that
 * no function is made by another function at import, neither by a call nor by a conversion or a getter that calls in secret.
 */

interface Refusal {
  readonly rule: string;
  readonly message: string;
}

const NOT_PURE: Refusal = {
  rule: 'no-side-effect',
  message: 'At module level only the contract’s functions and plain data methods are called. Call it in a function.',
};
const HIDDEN_STATE: Refusal = {
  rule: 'no-module-state',
  message: 'A callback at import is written out in place and makes no functions: those could share hidden state.',
};
const CHANGED: Refusal = {
  rule: 'no-side-effect',
  message: 'Nothing is changed at import: make new data (Object.fromEntries, map, concat), or do it in a function.',
};
const MADE: Refusal = {
  rule: 'no-module-state',
  message: 'An object made at import lives from bar to bar. Make it where it is used, or keep data in the state.',
};
const ACCESSOR: Refusal = { rule: 'no-module-state', message: 'A getter or setter here could run at import. Write a method.' };
const SELF: Refusal = {
  rule: 'no-side-effect',
  message: 'What is made at import does not refer to itself; a static field may read an earlier one that holds data.',
};
const COMPUTED: Refusal = {
  rule: 'no-side-effect',
  message: 'At import a computed property is read of a table written out here only. Read it in a function.',
};
const REST: Refusal = {
  rule: 'no-side-effect',
  message: 'The rest of an object is not taken inside a pattern at import. Name what is needed.',
};
const STATIC_FUNCTION: Refusal = {
  rule: 'no-module-state',
  message: 'In a static field a function stands alone. Write a static method, or put the data in another field.',
};
const STATIC_PRIVATE: Refusal = {
  rule: 'no-module-state',
  message: 'A static private field is hidden state. Keep it in the strategy’s state.',
};

/** Judges an expression, a pattern or a class as far as it is evaluated at import. */
export function importTimeFindings(root: Node, at: ImportTime, located: Located): Finding[] {
  const findings: Finding[] = [];
  for (const each of importTimeNodes(root, at)) {
    const refusal = refusalOf(each, root) ?? (each.callback === undefined ? undefined : refusalInCallback(each));
    if (refusal !== undefined) findings.push(located.finding(refusal.rule, refusal.message, each.node.start));
  }
  return findings;
}

function refusalOf(each: ImportTimeNode, root: Node): Refusal | undefined {
  const { node, parent, at, owner, callback } = each;
  if (isFunction(node))
    return owner !== undefined && node !== callback && parent?.type !== 'ClassBody' ? STATIC_FUNCTION : undefined;
  switch (node.type) {
    case 'ClassBody':
      return classRefusal(node);
    case 'NewExpression':
      return MADE;
    case 'ClassExpression':
      return owner === undefined ? undefined : MADE;
    case 'TaggedTemplateExpression':
      return NOT_PURE;
    case 'CallExpression':
      return callRefusal(node, at);
    case 'ThisExpression':
    case 'Super':
      return SELF;
    case 'Identifier':
      return owner !== undefined && isOwnName(node, parent, owner) ? SELF : undefined;
    case 'Property':
      return node.kind === 'init' ? computedRefusal(each) : ACCESSOR;
    case 'MemberExpression':
      return computedRefusal(each);
    case 'RestElement':
      return parent?.type === 'ObjectPattern' && parent !== root ? REST : undefined;
    case 'UnaryExpression':
      return node.operator === 'delete' ? CHANGED : undefined;
    default:
      return changes(node, at) ? CHANGED : undefined;
  }
}

/** Inside a callback locals may be assigned, and nothing that could keep what it is given may be made. */
function refusalInCallback({ node, callback }: ImportTimeNode): Refusal | undefined {
  return (isFunction(node) && node !== callback) || isClass(node) ? HIDDEN_STATE : undefined;
}

function changes(node: Node, { locals }: ImportTime): boolean {
  const isLoop = node.type === 'ForOfStatement' || node.type === 'ForInStatement';
  if (isLoop ? (node.left as Node).type === 'VariableDeclaration' : !/^(Assignment|Update)Expression$/.test(node.type))
    return false;
  const target = unwrapped((node.type === 'UpdateExpression' ? node.argument : node.left) as Node);
  return target.type !== 'Identifier' || !locals.has(target.name as string);
}

function callRefusal(node: Node, at: ImportTime): Refusal | undefined {
  const call = pureCall(node, at);
  if (call === undefined) return NOT_PURE;
  if (call.callback === undefined || inPlace(call) !== undefined || isConversion(call.callback)) return undefined;
  return HIDDEN_STATE;
}

/** A name that is computed could be that of a getter, or lead to what holds one. */
function computedRefusal({ node, parent, at }: ImportTimeNode): Refusal | undefined {
  if (!node.computed) return undefined;
  const isPattern = node.type === 'Property' && parent?.type === 'ObjectPattern';
  if (node.type === 'Property' && !isPattern) return undefined;
  const key = (isPattern ? node.key : node.property) as Node;
  if (staticName(key, true) !== undefined || isNumber(key, at)) return undefined;
  return !isPattern && isPlainTable(node.object as Node, at) ? undefined : COMPUTED;
}

function classRefusal(body: Node): Refusal | undefined {
  for (const member of body.body as Node[]) {
    if (!member.static) continue;
    if (member.type === 'MethodDefinition' && member.kind !== 'method') return ACCESSOR;
    if (member.type === 'PropertyDefinition' && (member.key as Node).type === 'PrivateIdentifier') return STATIC_PRIVATE;
  }
  return undefined;
}

/** The class's own name in its static part, unless it is read for a static field of data: a method could keep something on the class. */
function isOwnName(node: Node, parent: Node | undefined, owner: Node): boolean {
  if (boundNames(owner.id as Node | null)[0]?.name !== node.name) return false;
  if (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) return false;
  if (parent?.type === 'Property' && parent.key === node && !parent.computed && !parent.shorthand) return false;
  if (parent?.type !== 'MemberExpression' || parent.object !== node) return true;
  const name = staticName(parent.property as Node, Boolean(parent.computed));
  return !((owner.body as Node).body as Node[]).some(
    (member) =>
      member.static &&
      member.type === 'PropertyDefinition' &&
      staticName(member.key as Node, Boolean(member.computed)) === name &&
      !isFunction(member.value ? unwrapped(member.value as Node) : member),
  );
}
