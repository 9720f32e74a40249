import { boundNames, isFunction, type Node, staticName, unwrapped, visits, writtenBy } from './syntax-tree.ts';

/*
 * What may be called while a module is loaded: functions of the language that run no code of the strategy's but a callback written out
 * in place, on values that surely are what they seem.
 */

/** What the rules know of the place where an expression is evaluated at import. */
export interface ImportTime {
  /** Local names of what is imported from the contract. */
  readonly contract: ReadonlySet<string>;
  /** The constants at module level and what they are initialised with. */
  readonly constants: ReadonlyMap<string, Node>;
  /** Names a callback around this place declares: they hide the module's. */
  readonly locals: ReadonlySet<string>;
  /** Those of them that surely hold a text, a number or a boolean. */
  readonly primitives: ReadonlySet<string>;
  /** Those of them that surely hold a number. */
  readonly numbers: ReadonlySet<string>;
}

export interface PureCall {
  /** The function it is given to call at once. */
  readonly callback: Node | undefined;
  /** What the callback's parameters surely are, as far as known. */
  readonly primitives: readonly number[];
  readonly numbers: readonly number[];
}

const CONVERSIONS: ReadonlySet<string> = new Set(['Number', 'String', 'Boolean', 'parseFloat', 'parseInt', 'isNaN', 'isFinite']);

/** Static functions, with the place of their callback, if they take one. */
const FUNCTIONS: Readonly<Record<string, Readonly<Record<string, number | null>>>> = {
  Object: { freeze: null, keys: null, values: null, entries: null, fromEntries: null },
  Array: { from: 1, of: null },
  JSON: { parse: null, stringify: null },
  Number: { isFinite: null, isInteger: null, isNaN: null, isSafeInteger: null, parseFloat: null, parseInt: null },
};

/** Methods of arrays and texts, with the place of their callback, if they take one, and of the index among its parameters. */
const LIST_METHODS: Readonly<Record<string, { readonly callback: number; readonly index: number } | null>> = {
  map: { callback: 0, index: 1 },
  filter: { callback: 0, index: 1 },
  flatMap: { callback: 0, index: 1 },
  reduce: { callback: 0, index: 2 },
  concat: null,
  slice: null,
  flat: null,
  join: null,
  split: null,
  includes: null,
  indexOf: null,
  toReversed: null,
};

/** Methods of texts and numbers; all of them give texts, numbers or booleans. */
const PRIMITIVE_METHODS: ReadonlySet<string> = new Set(
  'at charAt charCodeAt codePointAt concat endsWith includes indexOf lastIndexOf padEnd padStart repeat slice startsWith substring toExponential toFixed toLowerCase toPrecision toString toUpperCase trim trimEnd trimStart'.split(
    ' ',
  ),
);

/** Calls whose result is an array or a text, so that its methods are the language's own. */
const YIELDS_LIST: ReadonlySet<string> = new Set([
  ...['Object.keys', 'Object.values', 'Object.entries', 'Array.from', 'Array.of', 'JSON.stringify', 'String'],
  ...['.map', '.filter', '.flatMap', '.concat', '.slice', '.flat', '.join', '.split', '.toReversed'],
]);

/** List methods whose result holds what the list held. */
const KEEPS_ITEMS: ReadonlySet<string> = new Set(['filter', 'slice', 'toReversed']);

const ARITHMETIC: ReadonlySet<string> = new Set(['-', '*', '/', '%', '|', '&', '^', '<<', '>>', '>>>']);
const BUDGET = 8;

/** Undefined when the call is not known to be pure. The callback may still be anything: whoever asks judges it. */
export function pureCall(call: Node, at: ImportTime, budget = BUDGET): PureCall | undefined {
  const callee = unwrapped(call.callee as Node);
  if (callee.type === 'Identifier') {
    const name = callee.name as string;
    const isKnown = (at.contract.has(name) && !at.locals.has(name)) || CONVERSIONS.has(name);
    return isKnown ? { callback: undefined, primitives: [], numbers: [] } : undefined;
  }
  if (callee.type !== 'MemberExpression') return undefined;
  const name = staticName(callee.property as Node, Boolean(callee.computed));
  if (name === undefined) return undefined;
  const object = unwrapped(callee.object as Node);
  if (object.type === 'Identifier' && object.name === 'Math') return { callback: undefined, primitives: [], numbers: [] };
  if (object.type === 'Identifier' && Object.hasOwn(FUNCTIONS, object.name as string)) {
    const functions = FUNCTIONS[object.name as string]!;
    if (!Object.hasOwn(functions, name)) return undefined;
    const place = functions[name] ?? null;
    // A reviver is handed half-made objects.
    if (name === 'parse' && object.name === 'JSON' && (call.arguments as Node[]).length > 1) return undefined;
    return place === null
      ? { callback: undefined, primitives: [], numbers: [] }
      : { callback: argument(call, place), primitives: [], numbers: [1] };
  }
  if (PRIMITIVE_METHODS.has(name) && isPrimitive(object, at, budget)) return { callback: undefined, primitives: [], numbers: [] };
  if (!Object.hasOwn(LIST_METHODS, name) || !isList(object, at, budget)) return undefined;
  const places = LIST_METHODS[name] ?? null;
  if (places === null) return { callback: undefined, primitives: [], numbers: [] };
  const holdsPrimitives = isPrimitiveList(object, at, budget);
  return {
    callback: argument(call, places.callback),
    primitives: holdsPrimitives ? [places.index - 1] : [],
    numbers: [places.index],
  };
}

/** A conversion may be a callback by its name. */
export function isConversion(node: Node): boolean {
  return node.type === 'Identifier' && CONVERSIONS.has(node.name as string);
}

/** Whether a property with a computed name may be read of this: no getter of the strategy's can stand there. */
export function isPlainTable(expression: Node, at: ImportTime, budget = BUDGET): boolean {
  const node = unwrapped(expression);
  if (isList(node, at, budget)) return true;
  if (node.type === 'ObjectExpression') return true;
  const init = constantNamed(node, at);
  if (init !== undefined) return budget > 0 && isPlainTable(init, at, budget - 1);
  const frozen = frozenValue(node);
  return frozen !== undefined && budget > 0 && isPlainTable(frozen, at, budget - 1);
}

/** Whether an expression is surely a number, and as a property's name therefore harmless. */
export function isNumber(expression: Node, at: ImportTime, budget = BUDGET): boolean {
  const node = unwrapped(expression);
  if (budget === 0) return false;
  if (node.type === 'Literal') return typeof node.value === 'number';
  if (node.type === 'Identifier') return at.numbers.has(node.name as string);
  if (node.type === 'UnaryExpression') return ['-', '+', '~'].includes(node.operator as string);
  if (node.type !== 'BinaryExpression') return false;
  if (ARITHMETIC.has(node.operator as string)) return true;
  return node.operator === '+' && isNumber(node.left as Node, at, budget - 1) && isNumber(node.right as Node, at, budget - 1);
}

function isPrimitive(expression: Node, at: ImportTime, budget: number): boolean {
  const node = unwrapped(expression);
  if (budget === 0) return false;
  if (node.type === 'Literal') return !node.regex;
  if (node.type === 'TemplateLiteral' || node.type === 'BinaryExpression' || node.type === 'UnaryExpression') return true;
  if (node.type === 'Identifier') {
    if (at.primitives.has(node.name as string) || at.numbers.has(node.name as string)) return true;
    const init = constantNamed(node, at);
    return init !== undefined && isPrimitive(init, at, budget - 1);
  }
  if (node.type !== 'CallExpression') return false;
  const callee = unwrapped(node.callee as Node);
  if (callee.type === 'Identifier') return CONVERSIONS.has(callee.name as string);
  if (callee.type !== 'MemberExpression') return false;
  const object = unwrapped(callee.object as Node);
  if (object.type === 'Identifier' && object.name === 'Math') return true;
  const name = staticName(callee.property as Node, Boolean(callee.computed)) ?? '';
  return PRIMITIVE_METHODS.has(name) && isPrimitive(object, at, budget - 1);
}

/** Whether an expression is surely an array or a text, and its methods therefore not the strategy's own. */
function isList(expression: Node, at: ImportTime, budget: number): boolean {
  const node = unwrapped(expression);
  if (budget === 0) return false;
  if (node.type === 'ArrayExpression' || node.type === 'TemplateLiteral') return true;
  if (node.type === 'Literal') return typeof node.value === 'string';
  if (node.type === 'Identifier') {
    const init = constantNamed(node, at);
    return init !== undefined && isList(init, at, budget - 1);
  }
  if (node.type !== 'CallExpression') return false;
  const callee = unwrapped(node.callee as Node);
  if (callee.type === 'Identifier') return YIELDS_LIST.has(callee.name as string);
  if (callee.type !== 'MemberExpression') return false;
  const name = staticName(callee.property as Node, Boolean(callee.computed)) ?? '';
  const object = unwrapped(callee.object as Node);
  if (object.type === 'Identifier' && YIELDS_LIST.has(`${String(object.name)}.${name}`)) return true;
  const frozen = frozenValue(node);
  if (frozen !== undefined) return isList(frozen, at, budget - 1);
  return YIELDS_LIST.has(`.${name}`) && isList(object, at, budget - 1);
}

/** Whether an expression is surely a list of texts, numbers and booleans. */
function isPrimitiveList(expression: Node, at: ImportTime, budget: number): boolean {
  const node = unwrapped(expression);
  if (budget === 0) return false;
  if (node.type === 'ArrayExpression') {
    return (node.elements as (Node | null)[]).every((item) => item !== null && isPrimitive(item, at, budget - 1));
  }
  const init = constantNamed(node, at);
  if (init !== undefined) return isPrimitiveList(init, at, budget - 1);
  if (node.type !== 'CallExpression') return false;
  const frozen = frozenValue(node);
  if (frozen !== undefined) return isPrimitiveList(frozen, at, budget - 1);
  const callee = unwrapped(node.callee as Node);
  if (callee.type !== 'MemberExpression') return false;
  const name = staticName(callee.property as Node, Boolean(callee.computed)) ?? '';
  const object = unwrapped(callee.object as Node);
  if (object.type === 'Identifier' && object.name === 'Object' && name === 'keys') return true;
  if (name === 'split') return isPrimitive(object, at, budget - 1);
  if (name === 'map') return givesPrimitives(node, at, budget - 1);
  return KEEPS_ITEMS.has(name) && isPrimitiveList(object, at, budget - 1);
}

/** Whether a call's callback is an expression that is surely a text, a number or a boolean. */
function givesPrimitives(call: Node, at: ImportTime, budget: number): boolean {
  const pure = budget > 0 ? pureCall(call, at, budget) : undefined;
  const callback = inPlace(pure);
  if (callback === undefined || callback.type !== 'ArrowFunctionExpression') return false;
  return isPrimitive(callback.body as Node, within(callback, pure!, at), budget);
}

function constantNamed(node: Node, at: ImportTime): Node | undefined {
  if (node.type !== 'Identifier' || at.locals.has(node.name as string)) return undefined;
  return at.constants.get(node.name as string);
}

/** What `Object.freeze` is given. */
function frozenValue(node: Node): Node | undefined {
  if (node.type !== 'CallExpression') return undefined;
  const callee = unwrapped(node.callee as Node);
  if (callee.type !== 'MemberExpression') return undefined;
  const object = unwrapped(callee.object as Node);
  if (object.type !== 'Identifier' || object.name !== 'Object') return undefined;
  return staticName(callee.property as Node, Boolean(callee.computed)) === 'freeze' ? argument(node, 0) : undefined;
}

/** None when a spread argument comes before or at it: then nobody knows what stands there. */
function argument(call: Node, place: number): Node | undefined {
  const given = (call.arguments as Node[]).slice(0, place + 1);
  const found = given[place];
  if (given.some((item) => item.type === 'SpreadElement')) return call;
  return found === undefined ? undefined : unwrapped(found);
}

/** The callback of a call, when it is a function written out in place. */
export function inPlace(call: PureCall | undefined): Node | undefined {
  return call?.callback !== undefined && isFunction(call.callback) ? call.callback : undefined;
}

/** What is known inside a callback. A parameter that is written, or whose name is declared again, may be anything. */
export function within(callback: Node, call: PureCall, at: ImportTime): ImportTime {
  const parameters = callback.params as Node[];
  const locals = new Set(parameters.flatMap((parameter) => boundNames(parameter)).map(({ name }) => name as string));
  const changed = new Set<string>();
  for (const { node } of visits(callback)) {
    for (const { name } of changedBy(node)) changed.add(name as string);
    if (node.type === 'VariableDeclarator') for (const { name } of boundNames(node.id as Node)) locals.add(name as string);
  }
  const surely = (places: readonly number[]) => {
    const known = places.map((place) => parameters[place]).filter((parameter) => parameter?.type === 'Identifier');
    return new Set(known.map((parameter) => parameter!.name as string).filter((name) => !changed.has(name)));
  };
  return { ...at, locals, primitives: surely(call.primitives), numbers: surely(call.numbers) };
}

function changedBy(node: Node): Node[] {
  if (node.type === 'VariableDeclarator') return boundNames(node.id as Node);
  return writtenBy(node);
}
