import type { Finding } from '#engine/sandbox/finding.ts';
import type { Located } from './located.ts';
import { childrenOf, isFunction, isTypeOnly, type Node, staticName, unwrapped, type Visit, visits } from './syntax-tree.ts';

export const CONTRACT = 'ratchet/contract';

/** Methods that read a Map or Set. One that stands at module level may be used by these only. */
const READING = new Set(['has', 'get', 'size', 'keys', 'values', 'entries', 'forEach']);

/** Calls that may stand at module level beside the contract's: they make plain data of plain data. */
const PURE_NAMESPACES: Readonly<Record<string, ReadonlySet<string>>> = {
  Object: new Set(['freeze', 'keys', 'values', 'entries', 'fromEntries', 'assign']),
  Array: new Set(['from', 'of']),
  JSON: new Set(['parse', 'stringify']),
};
const PURE_METHODS = new Set([
  'map',
  'filter',
  'concat',
  'slice',
  'flat',
  'flatMap',
  'join',
  'split',
  'toFixed',
  'includes',
  'reduce',
]);

interface Shape {
  readonly located: Located;
  readonly all: readonly Visit[];
  /** Local names of what is imported from the contract. */
  readonly contract: ReadonlySet<string>;
}

/**
 * The shape of the whole module: one import, one default export, constants and declarations, and nothing that happens at import
 * or lives on from one bar to the next.
 */
export function moduleFindings(program: Node, all: readonly Visit[], located: Located): Finding[] {
  const body = program.body as Node[];
  const shape = { located, all, contract: importedNames(body) };
  const findings = body.flatMap((statement) => statementFindings(statement, shape));
  const defaults = body.filter((statement) => statement.type === 'ExportDefaultDeclaration');
  if (defaults.length !== 1) {
    const message = `A strategy has exactly one default export, this module has ${defaults.length}: export default defineStrategy({ … }).`;
    findings.push(located.finding('one-default-export', message, defaults[1]?.start ?? 0));
  }
  return findings;
}

function importedNames(body: readonly Node[]): Set<string> {
  const imports = body.filter((statement) => statement.type === 'ImportDeclaration');
  return new Set(
    imports.flatMap((statement) => (statement.specifiers as Node[]).map((item) => (item.local as Node).name as string)),
  );
}

function statementFindings(statement: Node, shape: Shape): Finding[] {
  const { located } = shape;
  if (isTypeOnly(statement)) return [];
  switch (statement.type) {
    case 'ImportDeclaration':
      return importFindings(statement, located);
    case 'FunctionDeclaration':
      return [];
    case 'ClassDeclaration':
      return classFindings(statement, shape);
    case 'VariableDeclaration':
      return constantFindings(statement, shape);
    case 'ExportDefaultDeclaration':
      return defaultFindings(statement.declaration as Node, shape);
    case 'ExportNamedDeclaration': {
      const declaration = statement.declaration as Node | null;
      if (statement.exportKind === 'type' || (declaration !== null && isTypeOnly(declaration))) return [];
      return [located.finding('one-default-export', 'Only the default export and types may be exported.', statement.start)];
    }
    case 'ExportAllDeclaration':
      return [located.finding('one-import', `Re-exports are refused; the one import is ${CONTRACT}.`, statement.start)];
    default: {
      const message =
        'Only imports, constants, functions, classes and the default export stand at module level: nothing happens at import.';
      return [located.finding('no-side-effect', message, statement.start)];
    }
  }
}

function importFindings(statement: Node, located: Located): Finding[] {
  const from = (statement.source as Node).value;
  if (from !== CONTRACT) {
    return [located.finding('one-import', `'${String(from)}' is refused: the only import is '${CONTRACT}'.`, statement.start)];
  }
  if ((statement.attributes as Node[] | undefined)?.length || statement.phase) {
    return [located.finding('one-import', 'Import attributes are refused.', statement.start)];
  }
  const isNamed = (statement.specifiers as Node[]).every((item) => item.type === 'ImportSpecifier');
  return isNamed ? [] : [located.finding('one-import', `Import by name: import { … } from '${CONTRACT}'.`, statement.start)];
}

function defaultFindings(declaration: Node, shape: Shape): Finding[] {
  const isStatement = declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration';
  if (!isStatement) return eagerFindings(declaration, shape);
  return [
    shape.located.finding(
      'one-default-export',
      'The default export is a definition: export default defineStrategy({ … }).',
      declaration.start,
    ),
  ];
}

function constantFindings(statement: Node, shape: Shape): Finding[] {
  if (statement.declare) return [];
  if (statement.kind !== 'const') {
    const message = `A ${String(statement.kind)} at module level is hidden state. Use const, or keep it in the strategy's state.`;
    return [shape.located.finding('no-module-state', message, statement.start)];
  }
  return (statement.declarations as Node[]).flatMap((declarator) => {
    const init = declarator.init as Node | null;
    if (init === null) return [];
    const value = unwrapped(init);
    return isCollection(value) ? collectionFindings(declarator.id as Node, value, shape) : eagerFindings(value, shape);
  });
}

/** What a Map or Set at module level would need to be to hold no state: filled once, from plain data, and only read. */
function collectionFindings(id: Node, init: Node, shape: Shape): Finding[] {
  const refused = (node: Node) => {
    const message =
      'A Map or Set at module level may only be read (has, get, size, forEach, for of): what changes belongs in the state.';
    return shape.located.finding('no-module-state', message, node.start);
  };
  if (id.type !== 'Identifier') return [refused(id)];
  const uses = shape.all.filter(
    ({ node, parent }) => node.type === 'Identifier' && node.name === id.name && node !== id && parent !== undefined,
  );
  const writes = uses.filter(({ node, parent }) => !isReading(node, parent!));
  return [
    ...writes.map(({ node }) => refused(node)),
    ...(init.arguments as Node[]).flatMap((argument) => eagerFindings(argument, shape)),
  ];
}

function isReading(node: Node, parent: Node): boolean {
  if (parent.type === 'MemberExpression') {
    if (parent.object !== node) return !parent.computed;
    const name = staticName(parent.property as Node, Boolean(parent.computed));
    return name !== undefined && READING.has(name);
  }
  if (parent.type === 'SpreadElement') return true;
  if (parent.type === 'ForOfStatement') return parent.right === node;
  return parent.type === 'Property' && parent.key === node && !parent.shorthand && !parent.computed;
}

function isCollection(node: Node): boolean {
  const callee = node.type === 'NewExpression' ? (node.callee as Node) : undefined;
  return callee?.type === 'Identifier' && (callee.name === 'Map' || callee.name === 'Set');
}

/** Expressions evaluated at import, that is, everything outside the bodies of functions. */
function eagerFindings(expression: Node, shape: Shape): Finding[] {
  const findings: Finding[] = [];
  const stack = [expression];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (isFunction(node) || isTypeOnly(node)) continue;
    if (node.type === 'ClassExpression') {
      findings.push(...classFindings(node, shape));
      continue;
    }
    const refusal = eagerRefusal(node, shape.contract);
    if (refusal !== undefined) findings.push(shape.located.finding(refusal.rule, refusal.message, node.start));
    stack.push(...childrenOf(node));
  }
  return findings;
}

function eagerRefusal(node: Node, contract: ReadonlySet<string>): { rule: string; message: string } | undefined {
  switch (node.type) {
    case 'NewExpression':
      return {
        rule: 'no-module-state',
        message: 'An object made at import lives from bar to bar. Make it where it is used, or keep data in the state.',
      };
    case 'AssignmentExpression':
    case 'UpdateExpression':
      return { rule: 'no-side-effect', message: 'Nothing is assigned at import.' };
    case 'CallExpression':
    case 'TaggedTemplateExpression':
      return callRefusal(node, contract);
    default:
      return undefined;
  }
}

function callRefusal(call: Node, contract: ReadonlySet<string>): { rule: string; message: string } | undefined {
  const callee = unwrapped((call.callee ?? call.tag) as Node);
  if (callee.type === 'Identifier' && contract.has(callee.name as string)) return undefined;
  const isPure =
    callee.type === 'Identifier' ? ['Number', 'String', 'Boolean'].includes(callee.name as string) : isPureMethod(callee);
  if (!isPure) {
    return {
      rule: 'no-side-effect',
      message: 'At module level only the contract’s functions and plain data methods are called. Call it in a function.',
    };
  }
  const makesFunctions = ((call.arguments as Node[] | undefined) ?? []).some((argument) => holdsNestedFunction(argument));
  if (!makesFunctions) return undefined;
  return { rule: 'no-module-state', message: 'Functions made at import can share hidden state. Declare them one by one.' };
}

function isPureMethod(callee: Node): boolean {
  if (callee.type !== 'MemberExpression') return false;
  const name = staticName(callee.property as Node, Boolean(callee.computed));
  const object = callee.object as Node;
  if (name === undefined) return false;
  if (object.type !== 'Identifier') return PURE_METHODS.has(name);
  if (object.name === 'Math') return true;
  const names = Object.hasOwn(PURE_NAMESPACES, object.name as string) ? PURE_NAMESPACES[object.name as string] : undefined;
  return names?.has(name) ?? PURE_METHODS.has(name);
}

function holdsNestedFunction(argument: Node): boolean {
  const isOuter = isFunction(argument);
  for (const { node } of visits(argument)) {
    if (node.type === 'ClassExpression' || (isFunction(node) && !(isOuter && node === argument))) return true;
  }
  return false;
}

/** Static fields and computed keys of a class run at import; static private ones would be state that nothing can freeze. */
function classFindings(declaration: Node, shape: Shape): Finding[] {
  const findings: Finding[] = [];
  const superClass = declaration.superClass as Node | null;
  if (superClass !== null) findings.push(...eagerFindings(superClass, shape));
  for (const member of (declaration.body as Node).body as Node[]) {
    if (member.computed) findings.push(...eagerFindings(member.key as Node, shape));
    if (member.type !== 'PropertyDefinition' || !member.static) continue;
    if ((member.key as Node).type === 'PrivateIdentifier') {
      findings.push(
        shape.located.finding(
          'no-module-state',
          'A static private field is hidden state. Keep it in the strategy’s state.',
          member.start,
        ),
      );
    }
    if (member.value) findings.push(...eagerFindings(member.value as Node, shape));
  }
  return findings;
}
