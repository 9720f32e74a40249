import type { Finding } from '#engine/sandbox/finding.ts';
import { SOURCE_LIMITS } from './limits.ts';
import { Located } from './located.ts';

/**
 * Characters nobody types: controls, formats (zero-width, bidirectional), private and unassigned ones, odd spaces and line ends,
 * those that are drawn as nothing (Hangul fillers, variation selectors), the blank Braille pattern.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]/u;
const TYPED = new Set(['\n', '\t', ' ']);

/** An operator or arrow that nests what follows it, repeated: no bracket shows its depth. */
const PREFIX_RUN = new RegExp(
  `(?:(?:[!~]|(?:\\+|-)\\s|(?:typeof|void|delete|new|await)\\s|[\\w$]+\\s*=>|[\\w$]+\\s*:\\s)\\s*){${SOURCE_LIMITS.prefixRun},}`,
);

/**
 * What can be judged without a parser, and must be, because parsers crash on hostile input: size, nesting, hidden characters.
 * Comments and strings may hold letters of any language.
 */
export function textFindings(file: string, source: string): Finding[] {
  const located = new Located(file, source);
  const bytes = Buffer.byteLength(source, 'utf8');
  if (bytes > SOURCE_LIMITS.bytes) {
    return [
      located.finding(
        'size',
        `The source has ${bytes} bytes, the limit is ${SOURCE_LIMITS.bytes}. Leave out what is not logic.`,
        0,
      ),
    ];
  }
  // The rule about nesting takes the square of a line's length: no longer line may reach it.
  const lines = lineFindings(located, source);
  const others = lines.length > 0 ? [] : [...hiddenFindings(located, source), ...nestingFindings(located, source)];
  return [...lines, ...sourceMapFindings(located, source), ...others].slice(0, SOURCE_LIMITS.findings);
}

/** esbuild would believe it, and every finding and fault would name lines of the author's choosing. */
function sourceMapFindings(located: Located, source: string): Finding[] {
  const at = /[#@]\s?source(?:Mapping)?URL\s?=/.exec(source);
  if (at === null) return [];
  const message = 'A comment that says where the source came from is refused: what is judged is what stands here.';
  return [located.finding('no-source-map', message, at.index)];
}

function lineFindings(located: Located, source: string): Finding[] {
  const lines = source.split('\n');
  if (lines.length > SOURCE_LIMITS.lines) {
    return [located.finding('size', `The source has ${lines.length} lines, the limit is ${SOURCE_LIMITS.lines}.`, 0)];
  }
  const findings: Finding[] = [];
  let offset = 0;
  for (const line of lines) {
    if (line.length > SOURCE_LIMITS.lineCharacters) {
      const message = `The line has ${line.length} characters, the limit is ${SOURCE_LIMITS.lineCharacters}. Break it where a reader would.`;
      findings.push(located.finding('line-length', message, offset));
    }
    offset += line.length + 1;
  }
  return findings;
}

function hiddenFindings(located: Located, source: string): Finding[] {
  const findings: Finding[] = [];
  let offset = 0;
  for (const character of source) {
    const isLineEnd = character === '\r' && source[offset + 1] === '\n';
    if (!TYPED.has(character) && !isLineEnd && HIDDEN.test(character)) {
      const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
      findings.push(located.finding('hidden-character', `The character ${code} cannot be seen in a review. Remove it.`, offset));
    }
    offset += character.length;
  }
  return findings;
}

function nestingFindings(located: Located, source: string): Finding[] {
  let depth = 0;
  let brackets = 0;
  for (let offset = 0; offset < source.length; offset += 1) {
    const character = source[offset]!;
    if ('([{'.includes(character)) {
      depth += 1;
      brackets += 1;
      if (depth > SOURCE_LIMITS.bracketDepth) {
        const message = `Brackets nest deeper than ${SOURCE_LIMITS.bracketDepth} levels. Give the inner parts names.`;
        return [located.finding('nesting', message, offset)];
      }
      if (brackets > SOURCE_LIMITS.brackets) {
        return [located.finding('nesting', `The source opens more than ${SOURCE_LIMITS.brackets} brackets.`, offset)];
      }
    } else if (')]}'.includes(character)) depth = Math.max(0, depth - 1);
  }
  const run = PREFIX_RUN.exec(source);
  if (run === null) return [];
  return [located.finding('nesting', `More than ${SOURCE_LIMITS.prefixRun} operators that nest follow each other.`, run.index)];
}
