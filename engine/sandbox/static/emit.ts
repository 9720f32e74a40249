import { type TransformFailure, type TransformResult, transform } from 'esbuild';
import * as contract from '#engine/contract/index.ts';
import type { Finding } from '#engine/sandbox/finding.ts';
import { LINES_COMMENT } from '#engine/sandbox/strategy-globals.ts';
import { frozenModule } from './frozen-module.ts';
import { lineBehind, segmentsOf } from './line-map.ts';
import { escaped, Located } from './located.ts';
import { judge } from './source-rules.ts';

const CONTRACT_NAMES: ReadonlySet<string> = new Set(Object.keys(contract));
const CODE_LIKE = /<!--|-->|(?<![\w$.])import\s*(?:\(|\/[/*])|(?<=\.\.\.)import\s*\(|(?<![\w$.])eval\s*\(/;

export type Emitted = { readonly findings: Finding[] } | { readonly code: string };

/**
 * The JavaScript that will run: types stripped by esbuild, judged once more (esbuild folds constants, and what runs is what
 * must have been judged), then wrapped so that everything at module level is frozen.
 */
export async function emit(file: string, source: string): Promise<Emitted> {
  const stripped = await withoutTypes(file, source);
  if ('findings' in stripped) return stripped;
  const { code, map } = stripped;
  const segments = segmentsOf((JSON.parse(map) as { mappings: string }).mappings);
  const { findings, program } = judge(file, code, 'js', CONTRACT_NAMES);
  findings.push(...codeLikeText(file, code));
  if (findings.length > 0 || program === undefined) {
    const inSource = ({ line, column, ...rest }: Finding): Finding => ({
      ...rest,
      line: lineBehind(segments[line - 1], column - 1) || line,
      column: 1,
    });
    return { findings: findings.map(inSource) };
  }
  const lines = segments.map((line) => line[0]?.line ?? 0);
  return { code: `${frozenModule(code, program)}\n${LINES_COMMENT}${lines.join(',')}\n` };
}

async function withoutTypes(file: string, source: string): Promise<TransformResult | { readonly findings: Finding[] }> {
  try {
    return await transform(source, {
      loader: 'ts',
      target: 'esnext',
      sourcemap: 'external',
      sourcefile: file,
      legalComments: 'none',
      logLevel: 'silent',
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: false, useDefineForClassFields: true } },
    });
  } catch (error) {
    const first = (error as Partial<TransformFailure>).errors?.[0];
    if (first === undefined) throw error;
    const message = `The source does not become JavaScript: ${escaped(first.text)}`;
    const { line = 1, column = 0 } = first.location ?? {};
    return { findings: [{ rule: 'sandbox/syntax', message, file, line, column: column + 1 }] };
  }
}

/** What SES refuses to evaluate wherever it stands in the text, so that it is said here, and of which line. */
function codeLikeText(file: string, code: string): Finding[] {
  const at = CODE_LIKE.exec(code);
  if (at === null) return [];
  const message =
    'What reads like a dynamic import, a direct eval or an HTML comment is refused, even as a name, in a text or in a comment.';
  return [new Located(file, code).finding('no-code-text', message, at.index)];
}
