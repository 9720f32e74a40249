import { transform } from 'esbuild';
import type { Finding } from '#engine/sandbox/finding.ts';
import { LINES_COMMENT } from '#engine/sandbox/strategy-globals.ts';
import { sourceLines } from './line-map.ts';
import { judge } from './source-rules.ts';
import { isFunction, type Node } from './syntax-tree.ts';

export type Emitted = { readonly findings: Finding[] } | { readonly code: string };

/**
 * The JavaScript that will run: types stripped by esbuild, judged once more (esbuild folds constants, and what runs is what
 * must have been judged), then wrapped so that everything at module level is frozen.
 */
export async function emit(file: string, source: string): Promise<Emitted> {
  const { code, map } = await transform(source, {
    loader: 'ts',
    target: 'esnext',
    sourcemap: 'external',
    sourcefile: file,
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: false, useDefineForClassFields: true } },
  });
  const lines = sourceLines((JSON.parse(map) as { mappings: string }).mappings);
  const { findings, program } = judge(file, code, 'js');
  if (findings.length > 0 || program === undefined) {
    return { findings: findings.map((finding) => ({ ...finding, line: lines[finding.line - 1] || finding.line, column: 1 })) };
  }
  return { code: `${frozenModule(code, program)}\n${LINES_COMMENT}${lines.join(',')}\n` };
}

interface Edit {
  readonly at: number;
  readonly until: number;
  readonly text: string;
}

/** The module as CommonJS: what it imports comes from `require`, and `harden` freezes what it keeps. No line moves. */
function frozenModule(code: string, program: Node): string {
  const edits: Edit[] = [];
  const named: string[] = [];
  const around = (node: Node, before: string, after: string) => {
    edits.push({ at: node.start, until: node.start, text: before }, { at: node.end, until: node.end, text: after });
  };
  for (const statement of program.body as Node[]) {
    if (statement.type === 'ImportDeclaration')
      edits.push({ at: statement.start, until: statement.end, text: required(statement) });
    else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      named.push((statement.id as Node).name as string);
    } else if (statement.type === 'VariableDeclaration') {
      for (const declarator of statement.declarations as Node[]) freeze(declarator, named, around);
    } else if (statement.type === 'ExportDefaultDeclaration') {
      const value = statement.declaration as Node;
      edits.push({ at: statement.start, until: value.start, text: 'module.exports = { default: harden(' });
      edits.push({ at: value.end, until: statement.end, text: ') };' });
    }
  }
  return `${applied(code, edits)}harden([${named.join(', ')}]);`;
}

function freeze(declarator: Node, named: string[], around: (node: Node, before: string, after: string) => void): void {
  const init = declarator.init as Node;
  if (isFunction(init) || init.type === 'ClassExpression') {
    // Freezing these in place would cost them their names.
    named.push((declarator.id as Node).name as string);
  } else {
    around(init, 'harden(', ')');
    // The contents of a Map or Set, which freezing it does not reach.
    if (init.type === 'NewExpression') for (const argument of init.arguments as Node[]) around(argument, 'harden(', ')');
  }
}

function required(statement: Node): string {
  const names = (statement.specifiers as Node[]).map((item) => {
    const imported = (item.imported as Node).name as string;
    const local = (item.local as Node).name as string;
    return imported === local ? local : `${imported}: ${local}`;
  });
  return `const { ${names.join(', ')} } = require(${JSON.stringify((statement.source as Node).value)});`;
}

function applied(code: string, edits: readonly Edit[]): string {
  let text = '';
  let from = 0;
  for (const edit of [...edits].sort((a, b) => a.at - b.at || a.until - b.until)) {
    text += code.slice(from, edit.at) + edit.text;
    from = edit.until;
  }
  return text + code.slice(from);
}
