import { boundNames, childrenOf, isFunction, type Node, type Visit } from './syntax-tree.ts';

/** The names declared at module level, imported ones included. */
export function moduleNames(program: Node): Set<string> {
  const names = new Set<string>();
  for (const statement of program.body as Node[]) {
    for (const node of declaredBy(statement)) names.add(node.name as string);
    if (statement.type !== 'ImportDeclaration') continue;
    for (const item of statement.specifiers as Node[]) names.add((item.local as Node).name as string);
  }
  return names;
}

/**
 * Whether a name means, where it stands, something declared between there and the module level. Where that is hard to tell, the
 * answer is no: rules refuse what may be the module's.
 */
export function isShadowed(visit: Visit, name: string): boolean {
  let child = visit.node;
  for (let at = visit.up; at?.up !== undefined; at = at.up) {
    if (scopeNames(at.node, child).some((node) => node.name === name)) return true;
    child = at.node;
  }
  return false;
}

/** What a node declares for one of its children. */
function scopeNames(node: Node, child: Node): Node[] {
  if (isFunction(node)) {
    const own = node.type === 'FunctionExpression' ? boundNames(node.id as Node | null) : [];
    const parameters = (node.params as Node[]).flatMap((parameter) => boundNames(parameter));
    // A default value of a parameter does not see the body's variables.
    return child === node.body ? [...own, ...parameters, ...variablesOf(child)] : [...own, ...parameters];
  }
  switch (node.type) {
    case 'BlockStatement':
      return (node.body as Node[]).flatMap(declaredBy);
    case 'SwitchStatement':
      if (child.type !== 'SwitchCase') return [];
      return (node.cases as Node[]).flatMap((each) => (each.consequent as Node[]).flatMap(declaredBy));
    case 'ForStatement':
      return declaredBy(node.init as Node | null);
    case 'ForInStatement':
    case 'ForOfStatement':
      return declaredBy(node.left as Node);
    case 'ClassExpression':
      return boundNames(node.id as Node | null);
    default:
      return [];
  }
}

function declaredBy(statement: Node | null): Node[] {
  if (statement?.type === 'VariableDeclaration') {
    return (statement.declarations as Node[]).flatMap((declarator) => boundNames(declarator.id as Node));
  }
  if (statement?.type === 'FunctionDeclaration' || statement?.type === 'ClassDeclaration') {
    return boundNames(statement.id as Node | null);
  }
  return [];
}

/** `var` belongs to the whole function, wherever in it it stands. */
function variablesOf(body: Node): Node[] {
  const names: Node[] = [];
  const stack = [body];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (isFunction(node)) continue;
    if (node.type === 'VariableDeclaration' && node.kind === 'var') names.push(...declaredBy(node));
    stack.push(...childrenOf(node));
  }
  return names;
}
