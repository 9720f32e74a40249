import type { Finding } from '#engine/sandbox/finding.ts';
import type { Located } from './located.ts';
import { childrenOf, isFunction, isTypeOnly, type Node, staticName, unwrapped, visits } from './syntax-tree.ts';

/*
 * What is evaluated when a module is loaded may make plain data and nothing else. Everything that stands at module level is
 * frozen when it runs (see emit.ts), so the one way left to keep state from bar to bar is a variable that a function keeps:
 * these rules see to it that no function is made by another function at import.
 */

/** What the rules know of the module around an expression. */
export interface ModuleScope {
  readonly located: Located;
  /** Local names of what is imported from the contract. */
  readonly contract: ReadonlySet<string>;
  /** The constants at module level and what they are initialised with. */
  readonly constants: ReadonlyMap<string, Node>;
}

interface Refusal {
  readonly rule: string;
  readonly message: string;
}

const CONVERSIONS: ReadonlySet<string> = new Set(['Number', 'String', 'Boolean']);

/** Static functions that may be called, with the place of their callback, if they take one. */
const PURE_FUNCTIONS: Readonly<Record<string, Readonly<Record<string, number | null>>>> = {
  Object: { freeze: null, keys: null, values: null, entries: null, fromEntries: null },
  Array: { from: 1, of: null },
  JSON: { parse: 1, stringify: 1 },
};

/** Methods of arrays and texts that may be called, with the place of their callback, if they take one. */
const PURE_METHODS: Readonly<Record<string, number | null>> = {
  map: 0,
  filter: 0,
  flatMap: 0,
  reduce: 0,
  concat: null,
  slice: null,
  flat: null,
  join: null,
  split: null,
  includes: null,
  indexOf: null,
  toReversed: null,
};

/** Calls whose result is an array or a text, so that its methods are the language's own. */
const YIELDS_LIST: ReadonlySet<string> = new Set([
  ...['Object.keys', 'Object.values', 'Object.entries', 'Array.from', 'Array.of', 'JSON.stringify', 'String'],
  ...['.map', '.filter', '.flatMap', '.concat', '.slice', '.flat', '.join', '.split', '.toReversed'],
]);

const NOT_PURE: Refusal = {
  rule: 'no-side-effect',
  message: 'At module level only the contract’s functions and plain data methods are called. Call it in a function.',
};
const HIDDEN_STATE: Refusal = {
  rule: 'no-module-state',
  message: 'A callback at import is written out in place and makes no functions: those could share hidden state.',
};

/** Judges an expression evaluated at import, that is, all of it but the bodies of functions. */
export function importTimeFindings(expression: Node, scope: ModuleScope): Finding[] {
  const findings: Finding[] = [];
  const stack = [expression];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (isFunction(node) || isTypeOnly(node)) continue;
    if (node.type === 'ClassExpression') {
      findings.push(...classFindings(node, scope));
      continue;
    }
    const refusal = refusalOf(node, scope);
    if (refusal !== undefined) findings.push(scope.located.finding(refusal.rule, refusal.message, node.start));
    stack.push(...childrenOf(node));
  }
  return findings;
}

/** Static fields and computed keys of a class run at import; static private ones would be state that nothing can freeze. */
export function classFindings(declaration: Node, scope: ModuleScope): Finding[] {
  const findings: Finding[] = [];
  const superClass = declaration.superClass as Node | null;
  if (superClass !== null) findings.push(...importTimeFindings(superClass, scope));
  for (const member of (declaration.body as Node).body as Node[]) {
    if (member.computed) findings.push(...importTimeFindings(member.key as Node, scope));
    if (!member.static) continue;
    if (member.type === 'MethodDefinition' && member.kind !== 'method') findings.push(accessor(member, scope));
    if (member.type !== 'PropertyDefinition') continue;
    if ((member.key as Node).type === 'PrivateIdentifier') {
      const message = 'A static private field is hidden state. Keep it in the strategy’s state.';
      findings.push(scope.located.finding('no-module-state', message, member.start));
    }
    if (member.value) findings.push(...importTimeFindings(member.value as Node, scope));
  }
  return findings;
}

function accessor(node: Node, scope: ModuleScope): Finding {
  const message = 'A getter or setter here could run at import. Write a method.';
  return scope.located.finding('no-module-state', message, node.start);
}

function refusalOf(node: Node, scope: ModuleScope): Refusal | undefined {
  switch (node.type) {
    case 'NewExpression':
      return {
        rule: 'no-module-state',
        message: 'An object made at import lives from bar to bar. Make it where it is used, or keep data in the state.',
      };
    case 'AssignmentExpression':
    case 'UpdateExpression':
      return { rule: 'no-side-effect', message: 'Nothing is assigned at import.' };
    case 'Property':
      if (node.kind === 'init') return undefined;
      return { rule: 'no-module-state', message: 'A getter or setter here could run at import. Write a method.' };
    case 'CallExpression':
      return callRefusal(node, scope);
    case 'TaggedTemplateExpression':
      return NOT_PURE;
    default:
      return undefined;
  }
}

function callRefusal(call: Node, scope: ModuleScope): Refusal | undefined {
  const callee = unwrapped(call.callee as Node);
  if (callee.type === 'Identifier') {
    return scope.contract.has(callee.name as string) || CONVERSIONS.has(callee.name as string) ? undefined : NOT_PURE;
  }
  if (callee.type !== 'MemberExpression') return NOT_PURE;
  const place = callbackPlace(callee, scope);
  if (place === undefined) return NOT_PURE;
  if (place === null) return undefined;
  const callArguments = call.arguments as Node[];
  if (callArguments.some((argument) => argument.type === 'SpreadElement')) return HIDDEN_STATE;
  const callback = callArguments[place];
  return callback === undefined || isHarmlessCallback(callback) ? undefined : HIDDEN_STATE;
}

/** Where a method takes its callback, null when it takes none, undefined when it may not be called at all. */
function callbackPlace(callee: Node, scope: ModuleScope): number | null | undefined {
  const name = staticName(callee.property as Node, Boolean(callee.computed));
  if (name === undefined) return undefined;
  const object = unwrapped(callee.object as Node);
  if (object.type === 'Identifier' && object.name === 'Math') return null;
  if (object.type === 'Identifier' && Object.hasOwn(PURE_FUNCTIONS, object.name as string)) {
    const functions = PURE_FUNCTIONS[object.name as string]!;
    return Object.hasOwn(functions, name) ? functions[name] : undefined;
  }
  return Object.hasOwn(PURE_METHODS, name) && isList(object, scope, 8) ? PURE_METHODS[name] : undefined;
}

/** Whether an expression is surely an array or a text, and its methods therefore not the strategy's own. */
function isList(expression: Node, scope: ModuleScope, budget: number): boolean {
  const node = unwrapped(expression);
  if (budget === 0) return false;
  if (node.type === 'ArrayExpression' || node.type === 'TemplateLiteral') return true;
  if (node.type === 'Literal') return typeof node.value === 'string';
  if (node.type === 'Identifier') {
    const init = scope.constants.get(node.name as string);
    return init !== undefined && isList(init, scope, budget - 1);
  }
  if (node.type !== 'CallExpression') return false;
  const callee = unwrapped(node.callee as Node);
  if (callee.type === 'Identifier') return YIELDS_LIST.has(callee.name as string);
  if (callee.type !== 'MemberExpression') return false;
  const name = staticName(callee.property as Node, Boolean(callee.computed)) ?? '';
  const object = unwrapped(callee.object as Node);
  if (object.type === 'Identifier' && YIELDS_LIST.has(`${String(object.name)}.${name}`)) return true;
  if (object.type === 'Identifier' && object.name === 'Object' && name === 'freeze') {
    const frozen = (node.arguments as Node[])[0];
    return frozen !== undefined && isList(frozen, scope, budget - 1);
  }
  return YIELDS_LIST.has(`.${name}`) && isList(object, scope, budget - 1);
}

/** A conversion, or a function written out in place that makes no function. */
function isHarmlessCallback(callback: Node): boolean {
  if (callback.type === 'Identifier') return CONVERSIONS.has(callback.name as string);
  if (!isFunction(callback)) return false;
  for (const { node } of visits(callback)) {
    const isMade = isFunction(node) || node.type === 'ClassExpression' || node.type === 'ClassDeclaration';
    if (isMade && node !== callback) return false;
  }
  return true;
}
