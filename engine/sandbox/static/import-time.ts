import { type ImportTime, inPlace, pureCall, within } from './pure-calls.ts';
import { childrenOf, isFunction, isTypeOnly, type Node, unwrapped } from './syntax-tree.ts';

/** One node that is evaluated when the module is loaded. */
export interface ImportTimeNode {
  readonly node: Node;
  readonly parent: Node | undefined;
  readonly at: ImportTime;
  /** The callback it stands in, if it stands in one. */
  readonly callback: Node | undefined;
  /** The class whose static part it belongs to, if it belongs to one. */
  readonly owner: Node | undefined;
}

export function moduleScope(body: readonly Node[]): ImportTime {
  const constants = new Map<string, Node>();
  const contract = new Set<string>();
  for (const statement of body) {
    if (statement.type === 'ImportDeclaration') {
      for (const item of statement.specifiers as Node[]) contract.add((item.local as Node).name as string);
    }
    if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') continue;
    for (const { id, init } of statement.declarations as Node[]) {
      if ((id as Node).type === 'Identifier' && init) constants.set((id as Node).name as string, init as Node);
    }
  }
  const none: ReadonlySet<string> = new Set();
  return { contract, constants, locals: none, primitives: none, numbers: none };
}

/**
 * Everything in an expression that is evaluated at import: all of it but the bodies of functions, except those callbacks that a
 * pure call runs at once. Of a class these are its heritage, computed names and static fields.
 */
export function* importTimeNodes(root: Node, at: ImportTime): Generator<ImportTimeNode> {
  const stack: ImportTimeNode[] = [{ node: root, parent: undefined, at, callback: undefined, owner: undefined }];
  while (stack.length > 0) {
    const each = stack.pop()!;
    const { node } = each;
    if (isTypeOnly(node)) continue;
    yield each;
    if (isFunction(node) && node !== each.callback) continue;
    const owner = isClass(node) ? node : each.owner;
    const run = node.type === 'CallExpression' && each.callback === undefined ? pureCall(node, at) : undefined;
    const callback = inPlace(run);
    for (const child of partsOf(node).reverse()) {
      if (callback === undefined || unwrapped(child) !== callback) stack.push({ ...each, node: child, parent: node, owner });
      else stack.push({ node: callback, parent: node, at: within(callback, run!, at), callback, owner });
    }
  }
}

export function isClass(node: Node): boolean {
  return node.type === 'ClassExpression' || node.type === 'ClassDeclaration';
}

function partsOf(node: Node): Node[] {
  if (isClass(node)) return [...(node.superClass ? [node.superClass as Node] : []), node.body as Node];
  if (node.type !== 'ClassBody') return childrenOf(node);
  return (node.body as Node[]).flatMap((member) => [
    ...(member.computed ? [member.key as Node] : []),
    ...(member.static && member.type === 'PropertyDefinition' && member.value ? [unwrapped(member.value as Node)] : []),
  ]);
}
