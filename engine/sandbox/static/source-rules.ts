import { parseSync } from 'oxc-parser';
import type { Finding } from '#engine/sandbox/finding.ts';
import { declaredNames, EXPRESSION_RULES, writtenKeys } from './expression-rules.ts';
import { declaredClasses } from './keeping-rules.ts';
import { SOURCE_LIMITS } from './limits.ts';
import { Located } from './located.ts';
import { moduleFindings } from './module-rules.ts';
import { moduleNames } from './scopes.ts';
import { type Node, type Visit, visits } from './syntax-tree.ts';

export interface Judged {
  readonly findings: Finding[];
  /** Absent when the text does not parse. */
  readonly program?: Node;
}

/**
 * Parses a module and judges its syntax tree by every rule. `lang` js is for what esbuild made of it.
 * @param exports what the contract gives; of the source nobody can tell yet which imports are types
 */
export function judge(file: string, source: string, lang: 'ts' | 'js', exports?: ReadonlySet<string>): Judged {
  const located = new Located(file, source);
  const parsed = parseSync(file, source, {
    lang,
    sourceType: 'module',
    astType: lang,
    preserveParens: false,
    showSemanticErrors: true,
  });
  const error = parsed.errors[0];
  if (error !== undefined) {
    return {
      findings: [located.finding('syntax', `The source does not parse: ${error.message}`, error.labels.at(-1)?.start ?? 0)],
    };
  }
  const program = parsed.program as unknown as Node;
  if (program.hashbang) return { findings: [located.finding('syntax', 'A strategy is no script: leave out the first line.', 0)] };
  const all = boundedVisits(program);
  if (all === undefined) {
    const message = `The syntax tree is deeper than ${SOURCE_LIMITS.treeDepth} levels or has more than ${SOURCE_LIMITS.treeNodes} nodes.`;
    return { findings: [located.finding('nesting', message, 0)] };
  }
  const context = {
    located,
    source,
    declared: declaredNames(all),
    moduleNames: moduleNames(program),
    classNames: declaredClasses(all),
    ownKeys: writtenKeys(all),
  };
  const findings = all.flatMap((visit) => EXPRESSION_RULES.flatMap((rule) => rule(visit, context) ?? []));
  findings.push(...moduleFindings(program, all, located, exports));
  findings.sort((a, b) => a.line - b.line || a.column - b.column);
  return { findings: findings.slice(0, SOURCE_LIMITS.findings), program };
}

function boundedVisits(program: Node): Visit[] | undefined {
  const all: Visit[] = [];
  for (const visit of visits(program)) {
    if (visit.depth > SOURCE_LIMITS.treeDepth || all.length >= SOURCE_LIMITS.treeNodes) return undefined;
    all.push(visit);
  }
  return all;
}
