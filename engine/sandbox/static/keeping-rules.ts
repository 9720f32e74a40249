import type { Finding } from '#engine/sandbox/finding.ts';
import type { RuleContext } from './expression-rules.ts';
import { ALLOWED_GLOBALS } from './names.ts';
import { isShadowed } from './scopes.ts';
import { boundNames, isFunction, type Node, unwrapped, type Visit, writtenBy } from './syntax-tree.ts';

/*
 * Freezing everything at module level (see frozen-module.ts) leaves three places in which a function could keep something from bar to
 * bar: the names of functions and classes, which are variables; the arguments of the function that the whole module becomes; and
 * private fields, which a constructor that returns an object of another adds even to what is frozen.
 */

/** Nothing declared at module level is assigned. */
export function moduleAssignment(visit: Visit, { located, moduleNames }: RuleContext): Finding | undefined {
  for (const { name, start } of writtenBy(visit.node)) {
    if (!moduleNames.has(name as string) || isShadowed(visit, name as string)) continue;
    const message = `'${String(name)}' stands at module level and is not assigned: it would be hidden state. Keep it in the strategy's state.`;
    return located.finding('no-module-state', message, start);
  }
  return undefined;
}

/** `arguments` outside a function of its own belongs to the function around the module. */
export function moduleArguments({ node, up }: Visit, { located }: RuleContext): Finding | undefined {
  if (node.type !== 'Identifier' || node.name !== 'arguments') return undefined;
  for (let at = up; at !== undefined; at = at.up) {
    if (isFunction(at.node) && at.node.type !== 'ArrowFunctionExpression') return undefined;
  }
  const message = '`arguments` belongs to no function here. Write rest parameters: (...values) => ….';
  return located.finding('no-module-state', message, node.start);
}

export function constructorReturn({ node, up }: Visit, { located }: RuleContext): Finding | undefined {
  if (node.type !== 'ReturnStatement' || !node.argument) return undefined;
  let at = up;
  while (at !== undefined && !isFunction(at.node)) at = at.up;
  const method = at?.parent;
  if (method?.type !== 'MethodDefinition' || method.kind !== 'constructor') return undefined;
  const message = 'A constructor returns nothing: what it returned would stand in the place of the new object.';
  return located.finding('no-constructor-return', message, node.start);
}

/** A class extends a class: any other function could return what it likes as the new object. */
export function superClass({ node }: Visit, { located, classNames }: RuleContext): Finding | undefined {
  if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') return undefined;
  if (!node.superClass) return undefined;
  const parent = unwrapped(node.superClass as Node);
  const name = parent.type === 'Identifier' ? (parent.name as string) : undefined;
  if (name !== undefined && (classNames.has(name) || ALLOWED_GLOBALS.has(name))) return undefined;
  const message = 'A class extends a class of this module or a global one, by its name.';
  return located.finding('plain-class', message, parent.start);
}

/** Names that stand for a class wherever the module declares them. */
export function declaredClasses(visits: readonly Visit[]): Set<string> {
  const classes = new Set<string>();
  const others = new Set<string>();
  const add = (names: Set<string>, nodes: readonly Node[]) => {
    for (const node of nodes) names.add(node.name as string);
  };
  for (const { node, parent } of visits) {
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') add(classes, boundNames(node.id as Node | null));
    else if (isFunction(node)) {
      add(others, boundNames(node.id as Node | null));
      for (const parameter of node.params as Node[]) add(others, boundNames(parameter));
    } else if (node.type === 'VariableDeclarator') {
      const isClass = parent?.kind === 'const' && node.init && unwrapped(node.init as Node).type === 'ClassExpression';
      add(isClass ? classes : others, boundNames(node.id as Node));
    } else if (node.type.startsWith('Import') && node.local) add(others, [node.local as Node]);
    // A class declared in a function is a variable there, and may be made something else.
    else add(others, parent === undefined ? [] : writtenBy(node));
  }
  return new Set([...classes].filter((name) => !others.has(name)));
}
