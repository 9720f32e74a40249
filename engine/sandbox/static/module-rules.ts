import type { Finding } from '#engine/sandbox/finding.ts';
import { moduleScope } from './import-time.ts';
import { importTimeFindings } from './import-time-rules.ts';
import type { Located } from './located.ts';
import type { ImportTime } from './pure-calls.ts';
import { isTypeOnly, type Node, staticName, unwrapped, type Visit } from './syntax-tree.ts';

export const CONTRACT = 'ratchet/contract';

/** Methods that read a Map or Set. One that stands at module level may be used by these only. */
const READING = new Set(['has', 'get', 'size', 'keys', 'values', 'entries']);

interface Shape {
  readonly located: Located;
  readonly all: readonly Visit[];
  readonly at: ImportTime;
  /** What the contract gives, where that is known already. */
  readonly exports: ReadonlySet<string> | undefined;
}

/**
 * The shape of the whole module: one import, one default export, constants and declarations, and nothing that happens at import
 * or lives on from one bar to the next.
 */
export function moduleFindings(
  program: Node,
  all: readonly Visit[],
  located: Located,
  exports: ReadonlySet<string> | undefined,
): Finding[] {
  const body = program.body as Node[];
  const shape = { located, all, at: moduleScope(body), exports };
  const findings = body.flatMap((statement) => statementFindings(statement, shape));
  const defaults = body.filter((statement) => statement.type === 'ExportDefaultDeclaration');
  if (defaults.length !== 1) {
    const message = `A strategy has exactly one default export, this module has ${defaults.length}: export default defineStrategy({ … }).`;
    findings.push(located.finding('one-default-export', message, defaults[1]?.start ?? 0));
  }
  return findings;
}

function statementFindings(statement: Node, shape: Shape): Finding[] {
  const { located } = shape;
  if (isTypeOnly(statement)) return [];
  switch (statement.type) {
    case 'ImportDeclaration':
      return importFindings(statement, shape);
    case 'FunctionDeclaration':
      return [];
    case 'ClassDeclaration':
      return importTimeFindings(statement, shape.at, located);
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

function importFindings(statement: Node, { located, exports }: Shape): Finding[] {
  const from = (statement.source as Node).value;
  if (from !== CONTRACT) {
    return [located.finding('one-import', `'${String(from)}' is refused: the only import is '${CONTRACT}'.`, statement.start)];
  }
  if ((statement.attributes as Node[] | undefined)?.length || statement.phase) {
    return [located.finding('one-import', 'Import attributes are refused.', statement.start)];
  }
  const specifiers = statement.specifiers as Node[];
  const isNamed = specifiers.every((item) => item.type === 'ImportSpecifier' && (item.imported as Node).type === 'Identifier');
  if (!isNamed) return [located.finding('one-import', `Import by name: import { … } from '${CONTRACT}'.`, statement.start)];
  const unknown = specifiers.map((item) => item.imported as Node).filter(({ name }) => exports?.has(name as string) === false);
  return unknown.map(({ name, start }) =>
    located.finding('one-import', `'${CONTRACT}' has nothing called '${String(name)}'.`, start),
  );
}

function defaultFindings(declaration: Node, shape: Shape): Finding[] {
  const isStatement = declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration';
  if (!isStatement) return importTimeFindings(declaration, shape.at, shape.located);
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
    if (isCollection(value)) return collectionFindings(declarator.id as Node, value, shape);
    return [declarator.id as Node, value].flatMap((part) => importTimeFindings(part, shape.at, shape.located));
  });
}

/** What a Map or Set at module level would need to be to hold no state: filled once, from plain data, and only read. */
function collectionFindings(id: Node, init: Node, shape: Shape): Finding[] {
  const refused = (node: Node) => {
    const message =
      'A Map or Set at module level may only be read (has, get, size, keys, values, for of): what changes belongs in the state.';
    return shape.located.finding('no-module-state', message, node.start);
  };
  if (id.type !== 'Identifier') return [refused(id)];
  const uses = shape.all.filter(
    ({ node, parent }) => node.type === 'Identifier' && node.name === id.name && node !== id && parent !== undefined,
  );
  const writes = uses.filter(({ node, parent }) => !isReading(node, parent!));
  return [
    ...writes.map(({ node }) => refused(node)),
    ...(init.arguments as Node[]).flatMap((argument) => importTimeFindings(argument, shape.at, shape.located)),
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
