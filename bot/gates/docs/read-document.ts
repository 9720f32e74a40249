import MarkdownIt, { type Token } from 'markdown-it';

/** Something a document says is there. */
export interface Mention {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface DocumentReading {
  /** Targets of links and pictures, as written. */
  readonly links: readonly Mention[];
  /** What stands in backticks, and each line of a block of code without its comment. */
  readonly codes: readonly Mention[];
  /** Names a link can end in behind `#`: headings as GitHub names them, and `id`s in HTML. */
  readonly anchors: ReadonlySet<string>;
}

const markdown = new MarkdownIt({ html: true });

/** Reads a Markdown document as GitHub does. */
export function readDocument(text: string): DocumentReading {
  const links: Mention[] = [];
  const codes: Mention[] = [];
  const anchors = new Set<string>();
  const tokens = markdown.parse(text, {});
  let line = 1;
  for (const [index, token] of tokens.entries()) {
    if (token.map !== null) line = token.map[0] + 1;
    if (token.type === 'fence') codes.push(...linesOfCode(token.content, line + 1));
    else if (token.type === 'code_block') codes.push(...linesOfCode(token.content, line));
    else if (token.type === 'html_block') readHtml(token.content, line, links, anchors);
    else if (token.type === 'inline') {
      readInline(token.children ?? [], line, links, codes, anchors);
      if (tokens[index - 1]?.type === 'heading_open') addHeading(anchors, token.children ?? []);
    }
  }
  return { links, codes, anchors };
}

function readInline(tokens: readonly Token[], first: number, links: Mention[], codes: Mention[], anchors: Set<string>): void {
  let line = first;
  for (const token of tokens) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') line += 1;
    else if (token.type === 'code_inline') codes.push({ text: token.content.trim(), line });
    else if (token.type === 'html_inline') readHtml(token.content, line, links, anchors);
    else {
      const target = token.attrGet('href') ?? token.attrGet('src');
      if (target !== null) links.push({ text: String(target), line });
    }
  }
}

function readHtml(html: string, first: number, links: Mention[], anchors: Set<string>): void {
  for (const [index, line] of html.split('\n').entries()) {
    for (const match of line.matchAll(/\s(href|src|id|name)\s*=\s*["']([^"']+)["']/gi)) {
      if (/^(?:href|src)$/i.test(match[1]!)) links.push({ text: match[2]!, line: first + index });
      else anchors.add(match[2]!);
    }
  }
}

/** Lower case, no punctuation, a hyphen for each space; the second of a name has `-1` behind it. */
function addHeading(anchors: Set<string>, tokens: readonly Token[]): void {
  const words = tokens.map((token) => (token.type === 'text' || token.type === 'code_inline' ? token.content : '')).join('');
  const name = words
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replace(/ /g, '-');
  let anchor = name;
  for (let count = 1; anchors.has(anchor); count += 1) anchor = `${name}-${count}`;
  anchors.add(anchor);
}

function linesOfCode(content: string, first: number): readonly Mention[] {
  const found: Mention[] = [];
  let joined: Mention | null = null;
  for (const [index, raw] of content.split('\n').entries()) {
    const before: Mention = joined ?? { text: '', line: first + index };
    const text = `${before.text}${raw.replace(/\\$/, ' ')}`;
    joined = raw.endsWith('\\') ? { text, line: before.line } : null;
    if (joined === null) found.push({ text, line: before.line });
  }
  return found
    .map(({ text, line }) => ({
      text: text
        .replace(/(?:^|\s)#.*$/, '')
        .replace(/^\s*\$\s/, '')
        .trim(),
      line,
    }))
    .filter(({ text }) => text !== '');
}
