import { importTimeNodes, isClass, moduleScope } from './import-time.ts';
import type { ImportTime } from './pure-calls.ts';
import { boundNames, isFunction, type Node } from './syntax-tree.ts';

/**
 * A judged module as CommonJS: what it imports comes from `require`, and `harden` freezes all that is made while it is loaded, each
 * thing where it is made, before anything could hide in it. No line moves.
 */
export function frozenModule(code: string, program: Node): string {
  const text = new Edits(code);
  const body = program.body as Node[];
  const at = moduleScope(body);
  const functions = body.filter(({ type }) => type === 'FunctionDeclaration').map(({ id }) => (id as Node).name as string);
  // Functions are there before the first line runs.
  if (functions.length > 0) text.insert(0, `harden([${functions.join(', ')}]);`);
  for (const statement of body) {
    if (statement.type === 'ImportDeclaration') text.replace(statement.start, statement.end, required(statement));
    else if (statement.type === 'ClassDeclaration') {
      freezeMade(statement, at, text);
      text.insert(statement.end, `harden(${String((statement.id as Node).name)});`);
    } else if (statement.type === 'VariableDeclaration') {
      for (const declarator of statement.declarations as Node[]) freezeDeclared(declarator, at, text);
    } else if (statement.type === 'ExportDefaultDeclaration') {
      const value = statement.declaration as Node;
      freezeMade(value, at, text);
      text.replace(statement.start, value.start, 'module.exports = { default: harden((');
      text.replace(value.end, statement.end, ')) };');
    }
  }
  return text.applied();
}

function freezeDeclared(declarator: Node, at: ImportTime, text: Edits): void {
  const id = declarator.id as Node;
  const init = declarator.init as Node;
  // Freezing a function or class in place would cost it its name; patterns make what stands nowhere else: a rest, a default.
  if (isFunction(init) || init.type === 'ClassExpression' || id.type !== 'Identifier') {
    const names = boundNames(id).map(({ name }) => name as string);
    if (names.length > 0) text.insert(declarator.end, `, [] = harden([${names.join(', ')}])`);
  } else if (init.type !== 'Literal') text.wrap(init, 'harden((', '))');
  freezeMade(id, at, text);
  freezeMade(init, at, text);
}

/** Freezes the objects, lists and results of calls that are made when this is evaluated. */
function freezeMade(root: Node, at: ImportTime, text: Edits): void {
  const links = new Set<Node>();
  for (const { node } of importTimeNodes(root, at)) {
    if (node.type === 'ChainExpression') for (const link of linksOf(node)) links.add(link);
    const isMade = MADE.has(node.type) || (isClass(node) && node !== root);
    if (isMade && !links.has(node)) text.wrap(node, 'harden(', ')');
  }
}

const MADE: ReadonlySet<string> = new Set(['ObjectExpression', 'ArrayExpression', 'CallExpression', 'ChainExpression']);

/** The calls along `a?.b().c()`: something around one of them would cut the chain. */
function linksOf(chain: Node): Node[] {
  const links: Node[] = [];
  let node = chain.expression as Node | undefined;
  while (node?.type === 'CallExpression' || node?.type === 'MemberExpression') {
    links.push(node);
    node = (node.type === 'CallExpression' ? node.callee : node.object) as Node | undefined;
  }
  return links;
}

function required(statement: Node): string {
  const names = (statement.specifiers as Node[]).map((item) => {
    const imported = (item.imported as Node).name as string;
    const local = (item.local as Node).name as string;
    return imported === local ? local : `${imported}: ${local}`;
  });
  return `const { ${names.join(', ')} } = require(${JSON.stringify((statement.source as Node).value)});`;
}

/** Changes to a text, each at its offset in the text as it was. */
class Edits {
  readonly #text: string;
  /** What is put in at an offset: what closes, the inner first; what is inserted; what opens, the outer first. */
  readonly #at = new Map<number, { closing: string; inserted: string; opening: string }>();
  readonly #removed: { from: number; until: number }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  insert(offset: number, text: string): void {
    this.#place(offset).inserted += text;
  }

  replace(from: number, until: number, text: string): void {
    this.insert(from, text);
    this.#removed.push({ from, until });
  }

  /** What wraps a node must be called for before what wraps its parts. */
  wrap(node: Node, before: string, after: string): void {
    this.#place(node.start).opening += before;
    const end = this.#place(node.end);
    end.closing = after + end.closing;
  }

  applied(): string {
    const offsets = new Set([...this.#at.keys(), ...this.#removed.map(({ until }) => until), this.#text.length]);
    let text = '';
    let from = 0;
    for (const offset of [...offsets].sort((left, right) => left - right)) {
      const isRemoved = this.#removed.some((range) => range.from <= from && offset <= range.until && from < offset);
      if (!isRemoved) text += this.#text.slice(from, offset);
      const { closing = '', inserted = '', opening = '' } = this.#at.get(offset) ?? {};
      text += closing + inserted + opening;
      from = offset;
    }
    return text;
  }

  #place(offset: number): { closing: string; inserted: string; opening: string } {
    const known = this.#at.get(offset);
    if (known !== undefined) return known;
    const made = { closing: '', inserted: '', opening: '' };
    this.#at.set(offset, made);
    return made;
  }
}
